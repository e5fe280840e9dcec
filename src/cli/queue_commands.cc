// arbiter queue list | show | pause | resume | drain | set
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <thread>

#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/limit_flags.h"
#include "cli/table.h"
#include "cli/usage.h"

namespace arbiter::cli {
namespace {

using base::fail;

constexpr auto kDrainPoll = std::chrono::milliseconds(500);

std::string path_of(const std::string& name) { return "/api/v1/queues/" + client::escape(name); }

std::string rate(const json::value& queue, std::string_view key) {
  const auto& value = at(queue, key);
  char out[32];
  std::snprintf(out, sizeof out, "%.1f/s", value.is_number() ? value.to_number<double>() : 0.0);
  return out;
}

std::string latency(const json::value& durations) {
  if (number(durations, "samples") == 0) return "";
  return human_duration(number(durations, "p50Ms")) + " / " + human_duration(number(durations, "p99Ms"));
}

std::string oldest(const json::value& queue) {
  const auto& value = at(queue, "oldestAgeMs");
  return value.is_null() ? "" : human_duration(number(queue, "oldestAgeMs"));
}

// `5 at a time, 10/1s`; of each key after it.
std::string limits(const json::value& queue) {
  const auto of = [](const json::value& has) {
    std::string out = number(has, "concurrency") ? std::to_string(number(has, "concurrency")) + " at a time" : "";
    const std::string per = rate_text(at(has, "rate"));
    return out + (out.empty() || per.empty() ? "" : ", ") + per;
  };
  const std::string own = of(queue);
  const std::string each = at(queue, "keyLimits").is_object() ? of(at(queue, "keyLimits")) : "";
  return own + (own.empty() || each.empty() ? "" : "; ") + (each.empty() ? "" : "each key " + each);
}

std::string state_of(const json::value& queue) {
  const auto is = [&](std::string_view what) { return at(queue, what) == json::value(true); };
  if (is("drained")) return "drained";
  if (is("draining")) return is("paused") ? "draining, paused" : "draining";
  return is("paused") ? "paused" : "open";
}

std::string as_table(const json::array& queues, bool colours) {
  Table table({"QUEUE", "STATE", ">QUEUED", ">PENDING", ">RUNNING", ">MAX", "LIMITS", ">OLDEST", ">IN", ">DONE",
               ">FAILED", "WAIT p50/p99", "RUN p50/p99"});
  for (const auto& queue : queues) {
    const std::string state = state_of(queue);
    const auto& depth = at(queue, "depth");
    table.add({text(queue, "name"), Cell(state, state == "open" ? Colour::kGreen : Colour::kYellow),
               std::to_string(number(depth, "queued")), std::to_string(number(depth, "pending")),
               std::to_string(number(depth, "running") + number(depth, "assigned")), text(queue, "maxDepth"),
               limits(queue), oldest(queue), rate(queue, "submittedPerSecond"), rate(queue, "completedPerSecond"),
               rate(queue, "failedPerSecond"), latency(at(queue, "wait")), latency(at(queue, "run"))});
  }
  return table.text(colours);
}

Result<int> show_one(Context& context, const Result<json::value>& queue) {
  if (!queue) return fail(queue.error());
  context.show(*queue, [&](const json::value& value) { return as_table({value}, context.colours()); });
  return 0;
}

struct QueueSet {
  std::int64_t max_depth = -1;  // not given
  std::shared_ptr<LimitFlags> own, of_keys;
};

Result<int> set_queue(Context& context, const std::string& name, const QueueSet& set) {
  json::object body;
  if (set.max_depth >= 0) body["maxDepth"] = set.max_depth;
  if (auto ok = set.own->put(body); !ok) return fail(ok.error());
  json::object of_keys;
  if (auto ok = set.of_keys->put(of_keys); !ok) return fail(ok.error());
  if (!of_keys.empty()) body["keyLimits"] = std::move(of_keys);
  if (body.empty()) return fail({base::ErrorCode::kInvalidRequest, "Nothing to set: give at least one limit."});
  return show_one(context, context.send("PUT", path_of(name), std::move(body)));
}

void add_queue_set(Context& context, const auto& named) {
  auto set = std::make_shared<QueueSet>();
  auto* command = named("set",
                        {"Set a queue's limits; what is not given stays as it is",
                         "  arbiter queue set default --max-depth 100000\n"
                         "  arbiter queue set deploy --concurrency 1\n"
                         "  arbiter queue set calls --rate 100/1m --burst 10 --key-concurrency 5"},
                        [&context, set](const auto& name) { return set_queue(context, name, *set); });
  command
      ->add_option("--max-depth", set->max_depth,
                   "Most tasks that may wait in it (0: no limit); more are refused with queue_full")
      ->check(at_least(0));
  set->own = LimitFlags::add(command, "", "the queue", /*with_weight=*/false);
  set->of_keys = LimitFlags::add(command, "key-", "each key without limits of its own", /*with_weight=*/true);
}

struct QueueDrain {
  std::string reason;
  bool wait = false;
};

std::int64_t left_in(const json::value& queue) {
  std::int64_t left = 0;
  if (const auto* depth = at(queue, "depth").if_object()) {
    for (const auto& state : *depth) left += state.value().to_number<std::int64_t>();
  }
  return left;
}

Result<int> drain_queue(Context& context, const std::string& name, const QueueDrain& o) {
  json::object body;
  if (!o.reason.empty()) body["reason"] = o.reason;
  auto queue = context.post(path_of(name) + "/drain", std::move(body));
  std::int64_t told = -1;
  while (queue && o.wait && at(*queue, "drained") != json::value(true)) {
    const std::int64_t left = left_in(*queue);
    if (left != told) std::fprintf(stderr, "%lld left\n", static_cast<long long>(left));
    told = left;
    std::this_thread::sleep_for(kDrainPoll);
    queue = context.get(path_of(name));
    if (queue && at(*queue, "draining") != json::value(true)) {
      return fail({base::ErrorCode::kInvalidState, "Queue " + name + " was resumed before it was empty."});
    }
  }
  return show_one(context, queue);
}

void add_drain(Context& context, const auto& named) {
  auto o = std::make_shared<QueueDrain>();
  auto* command = named("drain",
                        {"Take no new tasks into a queue; those in it are worked off",
                         "  arbiter queue drain nightly --wait && echo 'nothing left'\n"
                         "  arbiter queue resume nightly"},
                        [&context, o](const auto& name) { return drain_queue(context, name, *o); });
  command->add_option("--reason", o->reason, "Why, for the record");
  command->add_flag("--wait", o->wait, "Wait until nothing is left in it, and tell how much is");
}

}  // namespace

void add_queue_commands(Commands& commands) {
  Context& context = commands.context();
  auto* queue = commands.noun("queue", "Queues: how deep and how fast they are; pause, resume, limit them");
  commands.add(queue, "list", {"All queues with their depth, rates and durations", "  arbiter queue list"},
               [&context]() -> Result<int> {
                 auto queues = context.list("/api/v1/queues?limit=1000", 0);
                 if (!queues) return fail(queues.error());
                 context.show(*queues,
                              [&](const json::value& value) { return as_table(items(value), context.colours()); });
                 return 0;
               });
  const auto named = [&](const std::string& verb, const Help& help,
                         std::function<Result<int>(const std::string&)> body) {
    auto name = std::make_shared<std::string>();
    auto* command = commands.add(queue, verb, help, [name, body = std::move(body)] { return body(*name); });
    command->add_option("queue", *name, "The queue's name")->required();
    return command;
  };
  named("show", {"One queue", "  arbiter queue show default"},
        [&context](const auto& name) { return show_one(context, context.get(path_of(name))); });
  auto pause = std::make_shared<std::shared_ptr<PauseFlags>>();
  *pause = PauseFlags::add(
      named("pause",
            {"Hand out no more tasks of a queue; running ones go on",
             "  arbiter queue pause nightly\n  arbiter queue pause crawl --for 10m --reason 'the site asked for it'"},
            [&context, pause](const auto& name) -> Result<int> {
              auto body = (*pause)->body();
              if (!body) return fail(body.error());
              return show_one(context, context.post(path_of(name) + "/pause", std::move(*body)));
            }));
  add_drain(context, named);
  named("resume", {"Hand out tasks of a queue again, and take new ones", "  arbiter queue resume nightly"},
        [&context](const auto& name) {
          return show_one(context, context.post(path_of(name) + "/resume", json::object{}));
        });
  add_queue_set(context, named);
}

}  // namespace arbiter::cli
