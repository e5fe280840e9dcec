#include "cli/limit_flags.h"

#include <charconv>

#include "cli/table.h"
#include "cli/usage.h"

namespace arbiter::cli {

using base::fail;

std::shared_ptr<LimitFlags> LimitFlags::add(CLI::App* command, const std::string& prefix, const std::string& of,
                                            bool with_weight) {
  auto flags = std::make_shared<LimitFlags>();
  flags->prefix_ = prefix;
  command
      ->add_option("--" + prefix + "concurrency", flags->concurrency_,
                   "Most leased tasks at a time of " + of + " (0: no limit)")
      ->check(at_least(0));
  command->add_option("--" + prefix + "rate", flags->rate_, "Most starts of " + of + " in a time: 10/1s, 500/1m, none");
  command->add_option("--" + prefix + "burst", flags->burst_, "How many of these may start at once [1]")
      ->check(at_least(1));
  if (with_weight) {
    command->add_option("--" + prefix + "weight", flags->weight_, "Its share beside other keys, 1 to 1000 [1]")
        ->check(CLI::Range(1, 1'000));
  }
  return flags;
}

Result<void> LimitFlags::put(json::object& body) const {
  if (concurrency_ >= 0) body["concurrency"] = concurrency_;
  if (weight_ > 0) body["weight"] = weight_;
  if (rate_.empty()) {
    if (burst_ == 0) return {};
    return fail({base::ErrorCode::kInvalidRequest, "--" + prefix_ + "burst needs --" + prefix_ + "rate."});
  }
  auto rate = rate_argument(rate_, "--" + prefix_ + "rate");
  if (!rate) return fail(rate.error());
  if (burst_ > 0) (*rate)["burst"] = burst_;
  body["rate"] = std::move(*rate);
  return {};
}

std::shared_ptr<PauseFlags> PauseFlags::add(CLI::App* command) {
  auto flags = std::make_shared<PauseFlags>();
  auto* time = command->add_option("--for", flags->for_, "Resume by itself after this time: 30s, 10m, 2h");
  command->add_option("--until", flags->until_, "Resume by itself at this time: 2026-01-31T12:00:00Z")->excludes(time);
  command->add_option("--reason", flags->reason_, "Why; it stands in the event log");
  return flags;
}

Result<json::object> PauseFlags::body() const {
  json::object body;
  if (!for_.empty()) {
    auto ms = duration_argument(for_, "--for");
    if (!ms) return fail(ms.error());
    body["forMs"] = *ms;
  }
  if (!until_.empty()) body["until"] = until_;
  if (!reason_.empty()) body["reason"] = reason_;
  return body;
}

Result<json::object> rate_argument(const std::string& argument, std::string_view what) {
  if (argument == "none") return json::object{{"count", 0}};
  const auto slash = argument.find('/');
  std::int64_t count = 0;
  const char* end = argument.data() + (slash == std::string::npos ? 0 : slash);
  const auto parsed = std::from_chars(argument.data(), end, count);
  if (slash == std::string::npos || parsed.ec != std::errc{} || parsed.ptr != end || count < 1) {
    return fail({base::ErrorCode::kInvalidRequest,
                 std::string(what) + ": `" + argument + "` is not a rate; write it like 10/1s, 500/1m or none."});
  }
  auto per = duration_argument(argument.substr(slash + 1), what);
  if (!per) return fail(per.error());
  return json::object{{"count", count}, {"perMs", *per}};
}

std::string rate_text(const json::value& rate) {
  if (rate.is_null() || number(rate, "count") == 0) return "";
  const std::int64_t per = at(rate, "perMs").is_null() ? 1'000 : number(rate, "perMs");
  std::string out = std::to_string(number(rate, "count")) + "/" + human_duration(per);
  const std::int64_t burst = at(rate, "burst").is_null() ? 1 : number(rate, "burst");
  return burst > 1 ? out + " burst " + std::to_string(burst) : out;
}

}  // namespace arbiter::cli
