// The rules of schedules: every due time is fired once or skipped with its reason, one after the other, whatever
// crashes and whatever the clock does.
#include <algorithm>

#include "referee.h"
#include "schedules.h"

namespace arbiter::sim {

using core::Misfire;
using core::Overlap;
using core::SkipReason;

#define RULE(condition, promise, text)       \
  do {                                       \
    if (!(condition)) broken(promise, text); \
  } while (false)

namespace {

std::int64_t ms_of(const std::optional<core::Timestamp>& time) { return time ? time->ms : 0; }

}  // namespace

const ScheduleModel* Referee::known_schedule(const core::Name& name) {
  const auto found = model_.schedules.find(name.value);
  if (found != model_.schedules.end() && found->second.exists) return &found->second;
  broken("2", "schedule " + name.value + " does not exist");
  return nullptr;
}

void Referee::on(const core::ScheduleSet& e) {
  const auto spec = base::from_json_text<core::ScheduleSpec>(e.definition.text());
  if (!spec) return broken("2", "the definition of schedule " + e.name.value + " cannot be read");
  const auto found = model_.schedules.find(e.name.value);
  const bool known = found != model_.schedules.end() && found->second.exists;
  const std::int64_t last = known ? found->second.last_due : 0;
  if (!e.next_at) return broken("3", "schedule " + e.name.value + " is set with no time to come");
  const std::int64_t next = e.next_at->ms;
  RULE(next > last, "9", "a due time of " + e.name.value + " would come twice");
  RULE(next_due(*spec, e.anchor_at.ms, next - 1) == next, "3", e.name.value + " is to come when it is not due");
  // Whatever comes before is in the past, or has been.
  const World::Range wall = world_.wall_at(time_);
  const auto earliest = next_due(*spec, e.anchor_at.ms, std::max(wall.low, last));
  const auto latest = next_due(*spec, e.anchor_at.ms, std::max(wall.high, last));
  RULE(next >= earliest && (!latest || next <= *latest), "3", e.name.value + " leaves out due times when it is set");
  if (!known) return;
  const std::int64_t before = found->second.now.next;
  RULE(before == 0 || before > wall.low, "3", e.name.value + " changes before its due times are acted on");
}

void Referee::on(const core::SchedulePaused& e) {
  const ScheduleModel* schedule = known_schedule(e.name);
  if (!schedule) return;
  RULE(!schedule->now.paused, "9", "schedule " + e.name.value + " is paused twice");
  RULE(!e.message, "3", "schedule " + e.name.value + " pauses by itself");
}

void Referee::on(const core::ScheduleResumed& e) {
  const ScheduleModel* schedule = known_schedule(e.name);
  if (!schedule) return;
  RULE(schedule->now.paused, "9", "schedule " + e.name.value + " is resumed twice");
  RULE(ms_of(e.next_at) == schedule->now.next, "3", "schedule " + e.name.value + " loses its place when it is resumed");
}

void Referee::on(const core::ScheduleDeleted& e) { (void)known_schedule(e.name); }

// Runs of a schedule that must not overlap wait for all that are live.
void Referee::check_overlap(const ScheduleModel& schedule, const core::ScheduleFired& e) {
  const TaskModel* task = model_.task(e.task.value);
  const auto live = model_.live_runs(e.name.value, e.task.value);
  const auto n = static_cast<std::int64_t>(live.size());
  switch (schedule.spec.overlap) {
    case Overlap::kAllow:
      RULE(n < limits_.schedule_runs_max, "8", e.name.value + " has more runs than schedule_runs_max");
      return;
    case Overlap::kSkip:
      RULE(n == 0, "3", e.name.value + " fires while a run is live");
      return;
    case Overlap::kQueue:
      RULE(n < limits_.schedule_queued_max, "8", e.name.value + " has more runs than schedule_queued_max");
      break;
    case Overlap::kCancelRunning:
      break;
  }
  for (const TaskModel* run : live) {
    const auto& waits_for = task->spec.depends_on;
    RULE(std::find(waits_for.begin(), waits_for.end(), core::Name(run->id)) != waits_for.end(), "3",
         "run " + task->id + " of " + e.name.value + " does not wait for " + run->id);
    const bool goes_on = schedule.spec.overlap == Overlap::kCancelRunning && e.due_at && !run->now.cancel_requested;
    RULE(!goes_on, "3", "run " + run->id + " of " + e.name.value + " is not cancelled for the next");
  }
}

// It has come, and the policy for late ones lets it be fired.
void Referee::check_punctual(const ScheduleModel& schedule, const core::ScheduleFired& e) {
  const core::ScheduleSpec& spec = schedule.spec;
  const std::int64_t due = e.due_at->ms;
  const World::Range wall = world_.wall_at(time_);
  const std::string name = "schedule " + e.name.value;
  RULE(due <= wall.high, "3", name + " fires before its time");
  const std::int64_t late_until = wall.low - spec.misfire_after_ms;
  if (due > late_until) return;
  world_.count(Kind::kReaction, "fired: late");
  switch (spec.misfire) {
    case Misfire::kSkip:
      return broken("3", name + " fires a late time against its policy");
    case Misfire::kOnce:
      RULE(!e.next_at || e.next_at->ms > wall.low, "3", name + " makes up for more than the newest");
      return;
    case Misfire::kAll: {
      const auto late = count_due(spec, schedule.anchor, due, late_until, limits_.misfire_runs_max + 1);
      RULE(late <= limits_.misfire_runs_max, "8", name + " makes up for more than misfire_runs_max");
      return;
    }
  }
}

void Referee::on(const core::ScheduleFired& e) {
  const ScheduleModel* schedule = known_schedule(e.name);
  if (!schedule) return;
  const TaskModel* task = model_.task(e.task.value);
  if (!task) return broken("1", "schedule " + e.name.value + " fired without its task");
  RULE(task->submitted + 1 == position_, "1", "the task of " + e.name.value + " is not of the same step");
  RULE(core::schedule_of(task->spec) == e.name.value, "3", "the task of " + e.name.value + " is not marked as its run");
  check_overlap(*schedule, e);
  world_.count(Kind::kReaction, e.due_at ? "fired: due" : "fired: requested");
  if (!e.due_at) return;
  const std::int64_t due = e.due_at->ms;
  RULE(!schedule->now.paused, "3", "schedule " + e.name.value + " fires while it is paused");
  RULE(
      due == schedule->now.next, "9",
      e.name.value + " fires " + std::to_string(due) + ", but its next time was " + std::to_string(schedule->now.next));
  check_punctual(*schedule, e);
  RULE(ms_of(task->spec.run_at) == due, "3", "the task of " + e.name.value + " has another time");
  RULE(ms_of(e.next_at) == next_due(schedule->spec, schedule->anchor, due).value_or(0), "3",
       "schedule " + e.name.value + " goes on with a wrong time");
}

void Referee::check_reason(const ScheduleModel& schedule, const core::ScheduleSkipped& e) {
  const core::ScheduleSpec& spec = schedule.spec;
  const auto live = static_cast<std::int64_t>(model_.live_runs(e.name.value, "").size());
  const std::string name = "schedule " + e.name.value;
  const World::Range wall = world_.wall_at(time_);
  const std::int64_t late_until = wall.high - spec.misfire_after_ms;
  RULE((e.reason == SkipReason::kPaused) == schedule.now.paused, "3", name + " skips for a pause, or during one");
  switch (e.reason) {
    case SkipReason::kOverlap:
      RULE(spec.overlap == Overlap::kSkip && live > 0, "3", name + " skips for a run that is not live");
      return;
    case SkipReason::kMisfire:
      RULE(spec.misfire != Misfire::kAll, "3", name + " skips what its policy makes up for");
      RULE(e.first_at.ms <= late_until, "3", name + " skips what is not late");
      RULE(spec.misfire != Misfire::kSkip || e.last_at.ms <= late_until, "3", name + " skips more than what is late");
      RULE(spec.misfire != Misfire::kOnce || (e.next_at && e.next_at->ms <= wall.high), "3",
           name + " makes up for nothing");
      return;
    case SkipReason::kMisfireLimit:
      RULE(spec.misfire == Misfire::kAll, "3", name + " skips for a limit of another policy");
      RULE(e.next_at && count_due(spec, schedule.anchor, e.next_at->ms, late_until, limits_.misfire_runs_max) ==
                            limits_.misfire_runs_max,
           "3", name + " skips more than the limit asks for");
      return;
    case SkipReason::kRunsLimit: {
      const auto most = spec.overlap == Overlap::kAllow ? limits_.schedule_runs_max : limits_.schedule_queued_max;
      RULE(live >= most, "8", name + " skips for a limit that is not reached");
      return;
    }
    case SkipReason::kRefused:
      RULE(e.message && !e.message->empty(), "3", name + " skips a refused task, but does not say why");
      return;
    case SkipReason::kPaused:
    case SkipReason::kReplaced:
      return;
  }
}

void Referee::on(const core::ScheduleSkipped& e) {
  const ScheduleModel* schedule = known_schedule(e.name);
  if (!schedule) return;
  const core::ScheduleSpec& spec = schedule->spec;
  const std::string name = "schedule " + e.name.value;
  RULE(e.first_at.ms == schedule->now.next, "9", name + " skips another time than the next");
  RULE(e.last_at >= e.first_at && e.last_at.ms <= world_.wall_at(time_).high, "3",
       name + " skips times that have not come");
  RULE(next_due(spec, schedule->anchor, e.last_at.ms - 1) == e.last_at.ms, "3", name + " skips up to no due time");
  RULE(ms_of(e.next_at) == next_due(spec, schedule->anchor, e.last_at.ms).value_or(0), "3",
       name + " goes on with a wrong time after a skip");
  RULE(e.times == count_due(spec, schedule->anchor, e.first_at.ms, e.last_at.ms, limits_.skip_count_max), "3",
       name + " counts " + std::to_string(e.times) + " skipped times wrongly");
  check_reason(*schedule, e);
  world_.count(Kind::kReaction, "skipped: " + base::to_text(e.reason));
}

#undef RULE

}  // namespace arbiter::sim
