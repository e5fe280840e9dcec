// What a schedule does when it is due. One call deals with one due time, or with one stretch of times that were missed;
// what is left comes with the next call. A time that brings no task is in a SCHEDULE.SKIPPED event with its reason, so
// that the due times of a schedule, in their order, are all in the log. They only grow: nothing fires twice, whatever
// the wall clock does.
#include "base/ids.h"
#include "core/core.h"

namespace arbiter::core {

using base::Result;

namespace {

std::optional<Timestamp> at(std::optional<std::int64_t> ms) {
  return ms ? std::optional(Timestamp{*ms}) : std::nullopt;
}

}  // namespace

void Core::fire(Schedule& schedule) {
  const ScheduleSpec spec = spec_of(schedule);
  base::FieldErrors errors;
  const auto times = DueTimes::of(spec, schedule.anchor, errors);
  if (!times) {
    // It was right when it was set: this machine's tzdata is another one, or gone.
    emit(SchedulePaused{Name(std::string(schedule.name)), errors.take().front().message});
    return;
  }
  if (!skip_missed(schedule, spec, *times)) fire_due(schedule, spec, *times);
}

// Passes over what the misfire policy does not make up for; true when there was any.
bool Core::skip_missed(Schedule& schedule, const ScheduleSpec& spec, const DueTimes& times) {
  const std::int64_t due = schedule.next;
  const std::int64_t late_until = now_.wall.ms - spec.misfire_after_ms;
  if (due > late_until) return false;
  switch (spec.misfire) {
    case Misfire::kSkip:
      skip(schedule, times, times.latest(due, late_until), SkipReason::kMisfire);
      return true;
    case Misfire::kOnce: {
      // The newest stands for all.
      const std::int64_t newest = times.latest(due, now_.wall.ms);
      if (newest == due) return false;
      skip(schedule, times, times.latest(due, newest - 1), SkipReason::kMisfire);
      return true;
    }
    case Misfire::kAll: {
      const std::int64_t first = times.first_of_newest(due, late_until, state_.limits.misfire_runs_max);
      if (first == due) return false;
      skip(schedule, times, times.latest(due, first - 1), SkipReason::kMisfireLimit);
      return true;
    }
  }
  return false;
}

// All due times from the next one to `last`.
void Core::skip(Schedule& schedule, const DueTimes& times, std::int64_t last, SkipReason reason,
                std::optional<std::string> message) {
  ScheduleSkipped e;
  e.name.value = schedule.name;
  e.first_at = {schedule.next};
  e.last_at = {last};
  e.times = times.count(schedule.next, last, state_.limits.skip_count_max);
  e.reason = reason;
  e.message = std::move(message);
  e.next_at = at(times.next(last));
  emit(std::move(e));
}

std::optional<SkipReason> Core::overlap(const ScheduleSpec& spec, std::size_t live) const {
  const auto most =
      spec.overlap == Overlap::kAllow ? state_.limits.schedule_runs_max : state_.limits.schedule_queued_max;
  if (spec.overlap == Overlap::kSkip && live > 0) return SkipReason::kOverlap;
  if (static_cast<std::int64_t>(live) >= most && spec.overlap != Overlap::kCancelRunning) return SkipReason::kRunsLimit;
  return std::nullopt;
}

// False: the budget was spent before all of them were told.
bool Core::cancel_runs(const std::vector<Task*>& runs, std::string_view schedule, bool all) {
  const std::string message = "Schedule " + std::string(schedule) + " starts its next run.";
  for (Task* task : runs) {
    if (task->cancel_requested) continue;
    if (!all && budget_left() <= 0) return false;
    cancel(*task, message);
  }
  return true;
}

void Core::fire_due(Schedule& schedule, const ScheduleSpec& spec, const DueTimes& times) {
  const std::int64_t due = schedule.next;
  const auto runs = state_.live_runs(schedule.name);
  if (const auto reason = overlap(spec, runs.size())) return skip(schedule, times, due, *reason);
  const bool cancels = spec.overlap == Overlap::kCancelRunning;
  if (cancels && !cancel_runs(runs, schedule.name, /*all=*/false)) return;
  const auto task = submit_run(schedule, spec, due);
  if (!task) return skip(schedule, times, due, SkipReason::kRefused, task.error().message);
  emit(ScheduleFired{Name(std::string(schedule.name)), Name(*task), Timestamp{due}, at(times.next(due))});
  state_.totals.schedule_delay.add(now_.wall.ms - due);
}

// Of a run that no request asks for. Empty where no traces are told.
std::string Core::new_trace(const Schedule& schedule, std::uint64_t which) const {
  if (!state_.limits.task_stages) return {};
  const auto number = [&](std::uint64_t n) {
    return base::mix(base::random_at(state_.seed, schedule.created, which) + n);
  };
  base::TraceContext trace{{number(1), number(2) | 1}, number(3) | 1, false};
  trace.sampled = trace.is_chosen(state_.limits.trace_ratio);
  return trace.text();
}

// The task of one run, under an id that belongs to this time of this schedule. It waits for the live ones, unless they
// may overlap.
Result<std::string> Core::submit_run(const Schedule& schedule, const ScheduleSpec& spec,
                                     std::optional<std::int64_t> due) {
  TaskSpec task = spec.task;
  const std::uint64_t which = due ? static_cast<std::uint64_t>(*due) : base::mix(state_.position + 1);
  task.id = Name(base::type_id("task", due ? Timestamp{*due} : now_.now,
                               base::random_at(state_.seed, schedule.created, 2 * which),
                               base::random_at(state_.seed, schedule.created, 2 * which + 1)));
  if (due) task.run_at = Timestamp{*due};
  task.tags.emplace_back(schedule_tag(schedule.name));
  if (spec.overlap != Overlap::kAllow) {
    for (const Task* live : state_.live_runs(schedule.name)) {
      if (task.depends_on.size() < kDependenciesMax) task.depends_on.emplace_back(live->id);
    }
    task.on_dependency_failure = OnDependencyFailure::kRun;
  }
  const std::string asked_in = actor_.trace;
  if (asked_in.empty()) actor_.trace = new_trace(schedule, which);
  auto submitted = submit({&task}, Origin::kSchedule);
  actor_.trace = asked_in;
  if (!submitted) return base::fail(submitted.error());
  const Submitted& run = submitted->front();
  if (run.created) return run.id.value;
  return base::fail(
      {base::ErrorCode::kDuplicateTask, "Task " + run.id.value + " holds the unique key of the template."});
}

// Before a schedule changes: what is due by now is fired as it was, what was not to be is skipped.
void Core::settle(Schedule& schedule) {
  const auto is_due = [&] { return schedule.next != 0 && schedule.next <= now_.wall.ms; };
  while (!schedule.paused && is_due() && budget_left() > 0) {
    const std::int64_t before = schedule.next;
    fire(schedule);
    if (schedule.next == before) break;
  }
  base::FieldErrors errors;
  const auto times = DueTimes::of(spec_of(schedule), schedule.anchor, errors);
  if (!is_due() || !times) return;
  skip(schedule, *times, times->latest(schedule.next, now_.wall.ms),
       schedule.paused ? SkipReason::kPaused : SkipReason::kReplaced);
}

}  // namespace arbiter::core
