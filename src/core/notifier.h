// Who is told of what needs a human, as the configuration declares it. Which events a notifier wants is decided in the
// core; what it is (a webhook, a command) and its secrets are known to effects/ only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/severity.h"

namespace arbiter::core {

inline constexpr std::size_t kNotifiersMax = 32;
inline constexpr std::int64_t kNotifierRunningMax = 2;  // attempts of one notifier under way in a namespace

struct Notifier {
  std::string name;
  // Event types, `TASK.*` by prefix. Empty: what needs a human. Events of effects are never told of.
  std::vector<std::string> types;
  Severity least = Severity::kInfo;
  std::vector<std::string> namespaces;  // Empty: all.
  // For so long nothing is told a second time of the same cause.
  std::int64_t quiet_ms = 600'000;
  std::int64_t timeout_ms = 10'000;  // of an attempt
  std::int64_t attempts_max = 8;     // that fail, until it is given up
  std::int64_t backoff_ms = 1'000;   // before the second attempt; doubles with each, with a jitter of a fifth
  std::int64_t backoff_max_ms = 300'000;

  [[nodiscard]] bool wants(std::string_view type, Severity severity, bool needs_human) const;
};

// `TASK.*` stands for all types that begin with `TASK.`.
[[nodiscard]] bool matches_type(std::string_view pattern, std::string_view type);

// Those that are told of what happens in this namespace.
[[nodiscard]] std::vector<Notifier> notifiers_of(const std::vector<Notifier>& all, std::string_view namespace_name);

}  // namespace arbiter::core
