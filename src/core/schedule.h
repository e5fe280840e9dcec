// What the core keeps in memory of a schedule. Small, for there may be a million: the definition is kept as its text.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "core/schedule_commands.h"
#include "core/timers.h"

namespace arbiter::core {

struct Schedule : TimerNode {
  Schedule() : TimerNode(TimerKind::kSchedule) {}
  static constexpr std::size_t kRunsKept = 5;

  std::string_view name;  // of the map's key
  RawJson definition;     // a ScheduleSpec
  Position created = 0;   // its first event
  std::int64_t created_at = 0;
  std::int64_t anchor = 0;    // of the wall clock, as the next two: where an interval is counted from
  std::int64_t next = 0;      // the next due time that has not been acted on, also while it is paused; 0: none
  std::int64_t last_due = 0;  // the latest that was fired or skipped; due times only grow
  std::int64_t fired = 0, skipped = 0;
  std::vector<ScheduleRun> runs;  // the latest kRunsKept, oldest first; `state` is kept for those that ended
  std::unique_ptr<ScheduleSkip> last_skip;
  bool paused = false;
  bool dirty = false;
};

// The tag of every task that the schedule `name` submits. Clients cannot give it.
inline constexpr std::string_view kScheduleTag = "schedule:";
inline constexpr std::size_t kScheduleNameMax = 100;  // bytes; the tag has to fit among the others
[[nodiscard]] ScheduleSpec spec_of(const Schedule& schedule);
[[nodiscard]] std::string schedule_tag(std::string_view name);
// The schedule whose run the task is; empty when it is none's.
[[nodiscard]] std::string_view schedule_of(const TaskSpec& spec);

}  // namespace arbiter::core
