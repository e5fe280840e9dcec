// What clients ask about schedules, and what they are answered. Part of core/commands.h.
#pragma once

#include <string>
#include <vector>

#include "core/task_commands.h"

namespace arbiter::core {

inline constexpr std::int64_t kUpcomingMax = 100;
inline constexpr std::int64_t kMisfireMsMin = 1'000;  // a fire takes its moment

// What becomes of a time that comes while an earlier run of the schedule is still live.
BOOST_DEFINE_ENUM_CLASS(Overlap, kAllow, kSkip, kQueue, kCancelRunning)
// What becomes of times that could not be kept: the server was down, stood still, or its clock jumped forward.
BOOST_DEFINE_ENUM_CLASS(Misfire, kSkip, kOnce, kAll)

// A schedule as its client defines it: when, and which task.
struct ScheduleSpec {
  static constexpr bool kSparse = true;
  std::optional<Text<1, 256>> cron;                  // either this
  std::optional<Int<1'000, 366 * kDayMs>> every_ms;  // or this
  Text<1, 64> time_zone{"UTC"};
  TaskSpec task;
  Overlap overlap = Overlap::kSkip;
  Misfire misfire = Misfire::kOnce;
  Int<kMisfireMsMin, 30 * kDayMs> misfire_after_ms{60'000};  // later than this is a misfire
  std::optional<Timestamp> start_at;
  std::optional<Timestamp> end_at;  // the last time may be this one
};
BOOST_DESCRIBE_STRUCT(ScheduleSpec, (),
                      (cron, every_ms, time_zone, task, overlap, misfire, misfire_after_ms, start_at, end_at))

// One task that a schedule submitted.
struct ScheduleRun {
  static constexpr bool kSparse = true;
  Name task_id;
  std::optional<Timestamp> due_at;  // none: it was asked for
  Timestamp fired_at;
  TaskState state = TaskState::kQueued;
  std::optional<Timestamp> ended_at;
};
BOOST_DESCRIBE_STRUCT(ScheduleRun, (), (task_id, due_at, fired_at, state, ended_at))

// Why times of a schedule brought no task.
BOOST_DEFINE_ENUM_CLASS(SkipReason, kOverlap, kMisfire, kMisfireLimit, kRunsLimit, kPaused, kReplaced, kRefused)

struct ScheduleSkip {
  Timestamp first_at;
  Timestamp last_at;
  std::int64_t times = 1;
  SkipReason reason = SkipReason::kOverlap;
  std::optional<std::string> message;
};
BOOST_DESCRIBE_STRUCT(ScheduleSkip, (), (first_at, last_at, times, reason, message))

BOOST_DEFINE_ENUM_CLASS(ScheduleState, kActive, kPaused, kEnded)
struct ScheduleView {
  Name name;
  ScheduleState state = ScheduleState::kActive;
  std::optional<std::string> cron;
  std::optional<std::int64_t> every_ms;
  std::string time_zone;
  TaskSpec task;
  Overlap overlap = Overlap::kSkip;
  Misfire misfire = Misfire::kOnce;
  std::int64_t misfire_after_ms = 0;
  std::optional<Timestamp> start_at;
  std::optional<Timestamp> end_at;
  Timestamp created_at;
  std::optional<Timestamp> next_at;     // none: paused, or it has ended
  std::vector<Timestamp> upcoming;      // the next ones, when asked for
  std::int64_t live = 0;                // runs that have not ended
  std::int64_t fired = 0, skipped = 0;  // times, since it was created
  std::vector<ScheduleRun> runs;        // the latest, newest first
  std::optional<ScheduleSkip> last_skip;
};
BOOST_DESCRIBE_STRUCT(ScheduleView, (),
                      (name, state, cron, every_ms, time_zone, task, overlap, misfire, misfire_after_ms, start_at,
                       end_at, created_at, next_at, upcoming, live, fired, skipped, runs, last_skip))

struct SetSchedule : ScheduleSpec {
  static constexpr std::array kRequired{"name", "task"};
  static constexpr bool kSparse = true;
  Name name;
};
BOOST_DESCRIBE_STRUCT(SetSchedule, (ScheduleSpec), (name))
struct SetScheduleReply {
  ScheduleView schedule;
  bool created = true;
};
struct GetSchedule {
  static constexpr std::array kRequired{"name"};
  Name name;
  Int<0, kUpcomingMax> upcoming{5};
};
BOOST_DESCRIBE_STRUCT(GetSchedule, (), (name, upcoming))
struct ListSchedules {
  Limit limit{100};
  std::optional<Text<1, 256>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListSchedules, (), (limit, cursor))
struct ScheduleList {
  std::vector<ScheduleView> items;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(ScheduleList, (), (items, next_cursor))
struct PauseSchedule {
  static constexpr std::array kRequired{"name"};
  Name name;
};
BOOST_DESCRIBE_STRUCT(PauseSchedule, (), (name))
struct ResumeSchedule {
  static constexpr std::array kRequired{"name"};
  Name name;
};
BOOST_DESCRIBE_STRUCT(ResumeSchedule, (), (name))
struct RunSchedule {
  static constexpr std::array kRequired{"name"};
  Name name;
};
BOOST_DESCRIBE_STRUCT(RunSchedule, (), (name))
struct DeleteSchedule {
  static constexpr std::array kRequired{"name"};
  Name name;
};
BOOST_DESCRIBE_STRUCT(DeleteSchedule, (), (name))

}  // namespace arbiter::core
