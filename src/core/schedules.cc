// What people do to schedules, and what they see of them.
#include "base/check.h"
#include "core/core.h"
#include "core/views.h"

namespace arbiter::core {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

std::optional<Timestamp> at(std::optional<std::int64_t> ms) {
  return ms ? std::optional(Timestamp{*ms}) : std::nullopt;
}

base::Error no_schedule(const std::string& name) {
  return {ErrorCode::kNotFound, "There is no schedule " + name + "."};
}

// What each run gets from the schedule, and what makes no sense for one that comes again and again.
void check_template(const TaskSpec& task, base::FieldErrors& errors) {
  if (task.id) errors.add("task.id", "is given by the schedule");
  if (task.run_at) errors.add("task.runAt", "is given by the schedule");
  if (task.delay_ms) errors.add("task.delayMs", "cannot be given: the schedule says when");
  if (task.deadline) errors.add("task.deadline", "cannot be given: it would be the same for every run; use timeoutMs");
  if (task.parent_id) errors.add("task.parentId", "cannot be given");
  if (!task.depends_on.empty()) errors.add("task.dependsOn", "cannot be given");
  if (task.tags.size() >= kTagsMax) {
    errors.add("task.tags", "must be fewer than " + std::to_string(kTagsMax) + ": the schedule adds one");
  }
  for (std::size_t i = 0; i < task.tags.size(); ++i) {
    if (!task.tags[i].value.starts_with(kScheduleTag)) continue;
    errors.add("task.tags[" + std::to_string(i) + "]", "begins with schedule:, which the schedule adds itself");
  }
  if (!task.metadata.empty() && !task.metadata.text().starts_with('{')) {
    errors.add("task.metadata", "must be an object");
  }
  if (task.retry.longest_ms() < task.retry.backoff_ms) {
    errors.add("task.retry.maxBackoffMs", "must not be less than backoffMs");
  }
}

}  // namespace

Result<Schedule*> Core::known_schedule(const Name& name) {
  Schedule* schedule = state_.find_schedule(name.value);
  if (!schedule) return fail(no_schedule(name.value));
  return schedule;
}

Result<void> Core::check_schedule_limits(const Name& name, std::size_t bytes) const {
  if (static_cast<std::int64_t>(bytes) > state_.limits.schedule_bytes_max) {
    const std::string most = std::to_string(state_.limits.schedule_bytes_max);
    return fail({ErrorCode::kTooLarge,
                 "A schedule with its task may have at most " + most +
                     " bytes. Let the payload name what is large instead of holding it.",
                 {{"task", "has too much in it: the schedule is " + std::to_string(bytes) + " bytes"}}});
  }
  const bool known = state_.schedules.contains(name.value);
  if (known || static_cast<std::int64_t>(state_.schedules.size()) < state_.limits.schedules_max) return {};
  return fail({ErrorCode::kOverloaded,
               "There are " + std::to_string(state_.limits.schedules_max) + " schedules already; delete some.",
               {},
               10'000});
}

Core::Answer Core::on(const SetSchedule& c, Ticket) {
  const ScheduleSpec& spec = c;
  Schedule* known = state_.find_schedule(c.name.value);
  const std::string definition = base::to_json(spec);
  if (known && base::to_json(spec_of(*known)) == definition) {
    return Reply(SetScheduleReply{view_of(state_, *known, Detail::kFull), /*created=*/false});
  }
  // An interval goes on counting from where it did, unless it is another one.
  std::int64_t anchor = spec.start_at ? spec.start_at->ms : now_.wall.ms;
  if (known && !spec.start_at && spec_of(*known).every_ms == spec.every_ms) anchor = known->anchor;
  base::FieldErrors errors;
  if (c.name.value.size() > kScheduleNameMax) {
    errors.add("name", "must have at most " + std::to_string(kScheduleNameMax) + " bytes");
  }
  check_template(spec.task, errors);
  check_payload(spec.task, "task.payload", errors);
  const auto times = DueTimes::of(spec, anchor, errors);
  const std::int64_t after = std::max(now_.wall.ms, known ? known->last_due : 0);
  const auto next = times ? times->next(after) : std::nullopt;
  if (times && !next) errors.add(spec.end_at ? "endAt" : "cron", "leaves no time to come");
  if (!errors.empty()) return fail({ErrorCode::kInvalidRequest, "Some fields are not valid.", errors.take()});
  if (auto ok = check_schedule_limits(c.name, definition.size()); !ok) return fail(ok.error());

  if (known) settle(*known);
  // In the form in which it comes back from the log.
  auto canonical = base::from_json_text<RawJson>(definition);
  CHECK(canonical.has_value());
  emit(ScheduleSet{c.name, std::move(*canonical), Timestamp{anchor}, at(next)});
  return Reply(SetScheduleReply{view_of(state_, *state_.find_schedule(c.name.value), Detail::kFull), known == nullptr});
}

Core::Answer Core::on(const GetSchedule& c, Ticket) {
  auto schedule = known_schedule(c.name);
  if (!schedule) return fail(schedule.error());
  ScheduleView view = view_of(state_, **schedule, Detail::kFull);
  base::FieldErrors unknown_zone;
  const auto times = DueTimes::of(spec_of(**schedule), (*schedule)->anchor, unknown_zone);
  std::optional<std::int64_t> due = (*schedule)->next;
  if (times && ((*schedule)->paused || due == 0)) due = times->next(std::max(now_.wall.ms, (*schedule)->last_due));
  for (; times && due && static_cast<std::int64_t>(view.upcoming.size()) < c.upcoming; due = times->next(*due)) {
    view.upcoming.push_back({*due});
  }
  return Reply(std::move(view));
}

Core::Answer Core::on(const ListSchedules& c, Ticket) {
  ScheduleList list;
  auto it = c.cursor ? state_.schedules.upper_bound(c.cursor->value) : state_.schedules.begin();
  for (; it != state_.schedules.end(); ++it) {
    if (static_cast<std::int64_t>(list.items.size()) >= c.limit) {
      list.next_cursor = std::prev(it)->first;
      break;
    }
    list.items.push_back(view_of(state_, it->second, Detail::kWithoutBodies));
  }
  return Reply(std::move(list));
}

Core::Answer Core::on(const PauseSchedule& c, Ticket) {
  auto schedule = known_schedule(c.name);
  if (!schedule) return fail(schedule.error());
  if (!(*schedule)->paused) emit(SchedulePaused{c.name, {}});
  return Reply(view_of(state_, **schedule, Detail::kFull));
}

Core::Answer Core::on(const ResumeSchedule& c, Ticket) {
  auto schedule = known_schedule(c.name);
  if (!schedule) return fail(schedule.error());
  if ((*schedule)->paused) {
    base::FieldErrors errors;
    if (!DueTimes::of(spec_of(**schedule), (*schedule)->anchor, errors)) {
      return fail({ErrorCode::kInvalidState,
                   "Schedule " + c.name.value + " cannot go on: " + errors.take().front().message + ". Set it again."});
    }
    settle(**schedule);
    const std::int64_t next = (*schedule)->next;
    emit(ScheduleResumed{c.name, next ? std::optional(Timestamp{next}) : std::nullopt});
  }
  return Reply(view_of(state_, **schedule, Detail::kFull));
}

// Also while it is paused, and after its end. The overlap policy holds.
Core::Answer Core::on(const RunSchedule& c, Ticket) {
  auto schedule = known_schedule(c.name);
  if (!schedule) return fail(schedule.error());
  const ScheduleSpec spec = spec_of(**schedule);
  const auto runs = state_.live_runs(c.name.value);
  if (overlap(spec, runs.size())) {
    return fail({ErrorCode::kInvalidState, "Schedule " + c.name.value + " has " + std::to_string(runs.size()) +
                                               " run(s) that have not ended, the latest is " + runs.back()->id +
                                               "; its overlap policy is " + base::to_text(spec.overlap) + "."});
  }
  const auto task = submit_run(**schedule, spec, {});
  if (!task) return fail(task.error());
  emit(ScheduleFired{c.name, Name(*task), {}, {}});
  if (spec.overlap == Overlap::kCancelRunning) (void)cancel_runs(runs, c.name.value, /*all=*/true);
  return Reply(SubmitTaskReply{view_of(state_, *state_.find_task(*task), Detail::kFull), /*created=*/true});
}

Core::Answer Core::on(const DeleteSchedule& c, Ticket) {
  auto schedule = known_schedule(c.name);
  if (!schedule) return fail(schedule.error());
  emit(ScheduleDeleted{c.name});
  return Reply(Done{});
}

}  // namespace arbiter::core
