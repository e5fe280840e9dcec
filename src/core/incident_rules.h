// What a rule counts: how often something happened to a name lately. Part of Core; volatile, so that a restart only
// makes a rule notice later.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "core/inbox_commands.h"

namespace arbiter::core {

// What an incident is opened with, by a rule or by a client.
struct IncidentReport {
  std::string cause;
  IncidentRule rule = IncidentRule::kReported;
  Severity severity = Severity::kWarning;
  std::string title;
  RawJson evidence{};
  std::optional<Name> task_id{};
  std::optional<Name> queue{};
  std::optional<Name> worker_id{};
};

class Tally {
 public:
  static constexpr std::size_t kNamesMax = 10'000;
  // True when it happened `enough` times within the window; it then begins to count anew. `enough` 0: never.
  [[nodiscard]] bool add(const std::string& name, std::int64_t now, std::int64_t window_ms, std::int64_t enough);

 private:
  void drop_quiet(std::int64_t now, std::int64_t window_ms);
  std::map<std::string, std::deque<std::int64_t>> times_;
};

}  // namespace arbiter::core
