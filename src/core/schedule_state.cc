// What events do to schedules, and which tasks are their live runs. Nothing here can be refused.
#include "base/check.h"
#include "core/state.h"

namespace arbiter::core {

ScheduleSpec spec_of(const Schedule& schedule) {
  auto spec = base::from_json_text<ScheduleSpec>(schedule.definition.text());
  CHECK(spec.has_value());
  return std::move(*spec);
}

std::string schedule_tag(std::string_view name) { return std::string(kScheduleTag) + std::string(name); }

std::string_view schedule_of(const TaskSpec& spec) {
  for (const auto& tag : spec.tags) {
    if (tag.value.starts_with(kScheduleTag)) return std::string_view(tag.value).substr(kScheduleTag.size());
  }
  return {};
}

Schedule* State::find_schedule(std::string_view name) {
  const auto it = schedules.find(name);
  return it == schedules.end() ? nullptr : &it->second;
}

void State::arm(Schedule& schedule) {
  wall_timers.set(schedule, schedule.paused || schedule.next == 0 ? kNever : schedule.next);
}

void State::touch(Schedule& schedule) {
  if (schedule.dirty) return;
  schedule.dirty = true;
  dirty_schedules_.emplace_back(schedule.name);
}

// ---- live runs ------------------------------------------------------------------------------------------------

std::vector<Task*> State::live_runs(std::string_view schedule) const {
  std::vector<Task*> runs;
  const auto found = schedule_runs.find(schedule);
  if (found == schedule_runs.end()) return runs;
  for (const Position submitted : found->second) {
    const auto task = live.find(submitted);
    CHECK(task != live.end());
    runs.push_back(const_cast<Task*>(&*task));  // NOLINT(cppcoreguidelines-pro-type-const-cast): find_task()'s way
  }
  return runs;
}

void State::begin_run(const Task& task) {
  const std::string_view name = schedule_of(spec_of(task));
  if (name.empty()) return;
  const auto found = schedule_runs.find(name);
  auto& runs = found == schedule_runs.end() ? schedule_runs[std::string(name)] : found->second;
  runs.insert(runs.end(), task.submitted);
}

void State::end_run(const Task& task) {
  const std::string_view name = schedule_of(spec_of(task));
  if (name.empty()) return;
  const auto found = schedule_runs.find(name);
  found->second.erase(task.submitted);
  if (found->second.empty()) schedule_runs.erase(found);
  note_run(task);
}

// Keeps how the run ended, for as long as it is among the latest.
void State::note_run(const Task& task) {
  const std::string_view name = schedule_of(spec_of(task));
  Schedule* schedule = name.empty() ? nullptr : find_schedule(name);
  if (!schedule) return;
  for (ScheduleRun& run : schedule->runs) {
    if (run.task_id.value != task.id) continue;
    run.state = is_ended(task.state) ? task.state : TaskState::kQueued;
    run.ended_at = is_ended(task.state) ? std::optional(Timestamp{task.ended_at}) : std::nullopt;
    touch(*schedule);
  }
}

// ---- events ---------------------------------------------------------------------------------------------------

void State::on(const ScheduleSet& e, const Event& event) {
  const auto [it, created] = schedules.try_emplace(e.name.value);
  Schedule& schedule = it->second;
  if (created) {
    schedule.name = it->first;
    schedule.created = event.position;
    schedule.created_at = event.time.ms;
  }
  schedule.definition = e.definition;
  schedule.anchor = e.anchor_at.ms;
  schedule.next = e.next_at ? e.next_at->ms : 0;
  touch(schedule);
  arm(schedule);
}

void State::on(const SchedulePaused& e, const Event&) {
  Schedule& schedule = *find_schedule(e.name.value);
  schedule.paused = true;
  touch(schedule);
  arm(schedule);
}

void State::on(const ScheduleResumed& e, const Event&) {
  Schedule& schedule = *find_schedule(e.name.value);
  schedule.paused = false;
  schedule.next = e.next_at ? e.next_at->ms : 0;
  touch(schedule);
  arm(schedule);
}

void State::on(const ScheduleDeleted& e, const Event&) {
  Schedule& schedule = *find_schedule(e.name.value);
  wall_timers.remove(schedule);
  other_changes_.push_back({.kind = "schedule", .id = e.name.value, .body = {}, .deleted = true});
  schedules.erase(schedules.find(e.name.value));
}

void State::on(const ScheduleFired& e, const Event& event) {
  Schedule& schedule = *find_schedule(e.name.value);
  if (e.due_at) {
    schedule.last_due = e.due_at->ms;
    schedule.next = e.next_at ? e.next_at->ms : 0;
    ++totals.schedules_fired;
  }
  ++schedule.fired;
  if (schedule.runs.size() >= Schedule::kRunsKept) schedule.runs.erase(schedule.runs.begin());
  schedule.runs.push_back({e.task, e.due_at, event.time, TaskState::kQueued, {}});
  touch(schedule);
  arm(schedule);
}

void State::on(const ScheduleSkipped& e, const Event&) {
  Schedule& schedule = *find_schedule(e.name.value);
  schedule.last_due = e.last_at.ms;
  schedule.next = e.next_at ? e.next_at->ms : 0;
  schedule.skipped += e.times;
  totals.schedules_skipped += static_cast<std::uint64_t>(e.times);
  schedule.last_skip =
      std::make_unique<ScheduleSkip>(ScheduleSkip{e.first_at, e.last_at, e.times, e.reason, e.message});
  touch(schedule);
  arm(schedule);
}

}  // namespace arbiter::core
