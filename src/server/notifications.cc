#include "server/notifications.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "base/json.h"
#include "core/events.h"
#include "effects/command.h"
#include "effects/webhook.h"

namespace arbiter::server {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::size_t kArgumentsMax = 100;
constexpr std::size_t kSecretBytesMax = 4'096;

// Reads one element of the list.
class Reader {
 public:
  Reader(const YAML::Node& node, std::string where, const Mistake& mistake)
      : node_(node), where_(std::move(where)), mistake_(mistake) {}

  [[nodiscard]] Notification read() {
    Notification out;
    if (!node_.IsMap()) {
      wrong(node_, "", "must have keys: name, and webhook or command");
      return out;
    }
    read_keys(out);
    if (out.notifier.name.empty()) wrong(node_, "name", "is missing");
    if (out.webhook.empty() == out.command.empty()) wrong(node_, "", "must have either webhook or command");
    if (!out.webhook.empty() && out.secret_file.empty() == out.secret_env.empty()) {
      wrong(node_, "webhook", "must have a secret: either secretFile or secretEnv, and the receiver checks with it");
    }
    const bool has_secret = !out.secret_file.empty() || !out.secret_env.empty() || !out.ca_file.empty();
    if (!out.command.empty() && has_secret) wrong(node_, "command", "has no use for secretFile, secretEnv and caFile");
    return out;
  }

 private:
  void wrong(const YAML::Node& at, const std::string& key, const std::string& reason) {
    std::string place = where_;
    if (!key.empty()) place += "." + key;
    mistake_(at.Mark().line, place + ": " + reason);
  }

  void read_keys(Notification& out) {
    std::set<std::string> seen;
    for (const auto& entry : node_) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : "";
      const YAML::Node& value = entry.second;
      core::Notifier& n = out.notifier;
      if (!seen.insert(key).second) {
        wrong(entry.first, key, "is given twice");
      } else if (key == "name") {
        n.name = text(value, key);
        if (!n.name.empty() && !base::is_name(n.name)) wrong(value, key, "must be a name: letters, digits and . _ : -");
      } else if (key == "webhook") {
        out.webhook = text(value, key);
        const std::string why = effects::url_mistake(out.webhook);
        if (!why.empty()) wrong(value, key, why);
      } else if (key == "secretFile") {
        out.secret_file = text(value, key);
      } else if (key == "secretEnv") {
        out.secret_env = text(value, key);
      } else if (key == "caFile") {
        out.ca_file = text(value, key);
      } else if (key == "command") {
        out.command = texts(value, key);
      } else if (key == "types") {
        n.types = texts(value, key);
        check_types(value, n.types);
      } else if (key == "namespaces") {
        n.namespaces = texts(value, key);
      } else if (key == "severity") {
        n.least = severity(value);
      } else if (key == "quietMs") {
        n.quiet_ms = number(value, key, 0, 7 * kDayMs);
      } else if (key == "timeoutMs") {
        n.timeout_ms = number(value, key, 100, 60'000);
      } else if (key == "attemptsMax") {
        n.attempts_max = number(value, key, 1, 100);
      } else {
        wrong(entry.first, key, "is not a known key");
      }
    }
  }

  std::string text(const YAML::Node& value, const std::string& key) {
    const bool is_text = value.IsScalar() && !value.Scalar().empty();
    if (is_text && base::parse_json(base::to_json(value.Scalar()))) return value.Scalar();
    wrong(value, key, is_text ? "is not UTF-8" : "must be a text");
    return {};
  }

  std::vector<std::string> texts(const YAML::Node& value, const std::string& key) {
    std::vector<std::string> out;
    if (!value.IsSequence() || value.size() == 0) {
      wrong(value, key, "must be a list, for example [a, b]");
      return out;
    }
    if (value.size() > kArgumentsMax) wrong(value, key, "has more than " + std::to_string(kArgumentsMax) + " elements");
    for (const auto& one : value) out.push_back(text(one, key));
    return out;
  }

  std::int64_t number(const YAML::Node& value, const std::string& key, std::int64_t low, std::int64_t high) {
    const std::string digits = value.IsScalar() ? value.Scalar() : "";
    std::int64_t out = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
    if (error == std::errc{} && end == digits.data() + digits.size() && out >= low && out <= high) return out;
    wrong(value, key, "must be a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return low;
  }

  core::Severity severity(const YAML::Node& value) {
    for (const auto one : {core::Severity::kInfo, core::Severity::kWarning, core::Severity::kCritical}) {
      if (value.IsScalar() && value.Scalar() == base::to_text(one)) return one;
    }
    wrong(value, "severity", "must be info, warning or critical");
    return core::Severity::kInfo;
  }

  void check_types(const YAML::Node& value, const std::vector<std::string>& patterns) {
    base::Schemas schemas;
    static const auto known = core::event_types(schemas);
    for (const auto& pattern : patterns) {
      const bool is_known = std::any_of(known.begin(), known.end(),
                                        [&](const auto& type) { return core::matches_type(pattern, type.first); });
      if (!is_known) wrong(value, "types", "no event has the type `" + pattern + "`");
    }
  }

  const YAML::Node node_;
  const std::string where_;
  const Mistake& mistake_;
};

std::string json_of(const Notification& one) {
  const core::Notifier& n = one.notifier;
  std::string out = "{\"name\":" + base::to_json(n.name);
  const auto add = [&out](std::string_view key, const std::string& json) {
    out.append(",\"").append(key).append("\":").append(json);
  };
  if (!one.webhook.empty()) add("webhook", base::to_json(effects::url_origin(one.webhook)));
  if (!one.secret_file.empty()) add("secretFile", base::to_json(one.secret_file));
  if (!one.secret_env.empty()) add("secretEnv", base::to_json(one.secret_env));
  if (!one.ca_file.empty()) add("caFile", base::to_json(one.ca_file));
  if (!one.command.empty()) add("command", base::to_json(std::vector<std::string>{one.command.front()}));
  if (!n.types.empty()) add("types", base::to_json(n.types));
  add("severity", base::to_json(n.least));
  if (!n.namespaces.empty()) add("namespaces", base::to_json(n.namespaces));
  add("quietMs", std::to_string(n.quiet_ms));
  add("timeoutMs", std::to_string(n.timeout_ms));
  add("attemptsMax", std::to_string(n.attempts_max));
  return out + "}";
}

base::Error unusable(const Notification& one, const std::string& why) {
  return {ErrorCode::kInvalidRequest, "notifications: " + one.notifier.name + ": " + why};
}

base::Result<std::string> secret_of(const Notification& one) {
  std::string secret;
  std::string where = "secretEnv: " + one.secret_env;
  if (!one.secret_env.empty()) {
    const char* value = std::getenv(one.secret_env.c_str());
    if (!value) return fail(unusable(one, where + " is not set"));
    secret = value;
  } else {
    where = "secretFile: " + one.secret_file;
    std::ifstream in(one.secret_file);
    std::stringstream text;
    if (in) text << in.rdbuf();
    if (!in) return fail(unusable(one, where + " cannot be read"));
    secret = text.str();
  }
  while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
  if (secret.empty()) return fail(unusable(one, where + " is empty"));
  if (secret.size() > kSecretBytesMax) {
    return fail(unusable(one, where + " has more than " + std::to_string(kSecretBytesMax) + " bytes"));
  }
  return secret;
}

}  // namespace

void read_notifications(const YAML::Node& list, std::vector<Notification>& into, const Mistake& mistake) {
  if (list.IsNull()) return;
  if (!list.IsSequence()) {
    return mistake(list.Mark().line, "notifications: must be a list: each element with name, and webhook or command");
  }
  std::set<std::string> names;
  for (const auto& node : list) {
    const std::string where = "notifications[" + std::to_string(into.size()) + "]";
    if (into.size() >= core::kNotifiersMax) {
      return mistake(node.Mark().line, "notifications: there may be at most " + std::to_string(core::kNotifiersMax));
    }
    Notification one = Reader(node, where, mistake).read();
    if (!one.notifier.name.empty() && !names.insert(one.notifier.name).second) {
      mistake(node.Mark().line, where + ".name: there is another " + one.notifier.name);
    }
    into.push_back(std::move(one));
  }
}

std::string notifications_json(const std::vector<Notification>& notifications) {
  std::string out = "[";
  for (const auto& one : notifications) out += (out.size() > 1 ? "," : "") + json_of(one);
  return out + "]";
}

std::string notifications_yaml(const std::vector<Notification>& notifications) {
  return "# Who is told of what needs a human. In this file only; docs/guides/notifications.md explains it. An "
         "element:\n"
         "#   - name: ops\n"
         "#     webhook: https://hooks.example.com/arbiter     # or command: [/usr/local/bin/page, --urgent]\n"
         "#     secretFile: /etc/arbiter/ops.secret            # or secretEnv: OPS_SECRET; signs the webhook\n"
         "#     caFile: /etc/arbiter/ca.pem                    # of the webhook's certificate; else the system's\n"
         "#     types: [QUESTION.*, INCIDENT.OPENED.SUCCESS]   # else everything that needs a human\n"
         "#     severity: warning                              # and above; else all\n"
         "#     namespaces: [default]                          # else all\n"
         "#     quietMs: 600000                                # nothing twice of one cause in this time\n"
         "#     timeoutMs: 10000                               # of an attempt\n"
         "#     attemptsMax: 8                                 # that fail, until it is given up\n"
         "notifications: " +
         notifications_json(notifications) + "\n";
}

std::vector<core::Notifier> notifiers_of(const std::vector<Notification>& notifications) {
  std::vector<core::Notifier> out;
  out.reserve(notifications.size());
  for (const auto& one : notifications) out.push_back(one.notifier);
  return out;
}

base::Result<std::vector<effects::Target>> make_targets(const std::vector<Notification>& notifications,
                                                        const std::vector<std::string>& networks,
                                                        const std::string& version) {
  std::vector<effects::Network> allowed;
  for (const auto& text : networks) {
    auto network = effects::parse_network(text);
    if (!network) return fail(network.error());
    allowed.push_back(*network);
  }
  std::vector<effects::Target> targets;
  for (const auto& one : notifications) {
    const core::Notifier& n = one.notifier;
    effects::Target target{n.name, n.timeout_ms, nullptr};
    if (!one.command.empty()) {
      target.channel = effects::make_command({one.command, n.timeout_ms});
    } else {
      auto secret = secret_of(one);
      if (!secret) return fail(secret.error());
      target.channel =
          effects::make_webhook({one.webhook, std::move(*secret), one.ca_file, n.timeout_ms, "arbiter/" + version},
                                effects::Networks(allowed));
    }
    targets.push_back(std::move(target));
  }
  return targets;
}

}  // namespace arbiter::server
