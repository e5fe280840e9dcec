#include "core/views.h"

namespace arbiter::core {
namespace {

std::optional<Timestamp> at(std::int64_t ms) { return ms ? std::optional(Timestamp{ms}) : std::nullopt; }

std::string words_for(const Hold& hold, const std::string& what, std::int64_t paused_until, std::int64_t concurrency) {
  switch (hold.why) {
    case Hold::kPaused:
      return what + " is paused" + (paused_until ? " until " + base::to_rfc3339({paused_until}) : "");
    case Hold::kBudget:
      return "a budget";  // named by its caller
    case Hold::kConcurrency:
      return "the concurrency limit of " + what + " (" + std::to_string(concurrency) + ")";
    case Hold::kRate:
      return "the rate limit of " + what + ", until " + base::to_rfc3339({hold.until});
    case Hold::kNothing:
      break;
  }
  return "a worker that can serve it";
}

// The budget that keeps a queued task; nullptr: none.
const Budget* budget_before(const State& state, const Task& task) {
  if (const Budget* own = state.own_spent_budget(task)) return own;
  if (const Budget* all = state.spent_budget(BudgetScope::kNamespace, kWholeNamespace)) return all;
  if (const Budget* of_queue = state.spent_budget(BudgetScope::kQueue, task.queue->name)) return of_queue;
  const Key* key = task.keys ? task.keys->concurrency : nullptr;
  return key ? state.spent_budget(BudgetScope::kKey, key->name) : nullptr;
}

// What keeps a queued task, in words that name it.
std::string held_by(const State& state, const Task& task) {
  if (const Budget* budget = budget_before(state, task)) {
    return "budget " + std::string(budget->name) + ", which is used up" +
           (budget->resets_at ? ", until " + base::to_rfc3339({budget->resets_at}) : "");
  }
  const Queue& queue = *task.queue;
  const Hold hold = state.hold_of(queue, state.last_time);
  if (hold.why != Hold::kNothing || !task.keys) {
    return words_for(hold, "queue " + queue.name, queue.paused_until, queue.concurrency);
  }
  const Key* key = nullptr;
  const Hold by_key = state.hold_of(*task.keys, queue, state.last_time, &key);
  return words_for(by_key, "key " + key->name, key->paused_until, State::limits_of(*key, queue).concurrency);
}

// What a task waits for, in words that name it.
std::optional<std::string> waiting_for(const State& state, const Task& task) {
  if (task.state == TaskState::kQueued) return held_by(state, task);
  if (task.state == TaskState::kSuspended) {
    const auto& reason = task.lease->suspension.reason;
    if (task.lease->suspension.for_question) return "an answer to " + reason.value_or("a question");
    return "its resumption" + (reason ? " (" + *reason + ")" : "");
  }
  if (task.state != TaskState::kPending) return std::nullopt;
  if (task.is_backing_off())
    return (task.failures ? "its retry at " : "its time at ") + base::to_rfc3339({task.retry_at});
  if (!task.extras) return std::nullopt;
  if (!task.extras->unmet.empty()) {
    std::string text = "dependencies:";
    for (std::size_t i = 0; i < task.extras->unmet.size() && i < 10; ++i) text += ' ' + task.extras->unmet[i]->id;
    if (task.extras->unmet.size() > 10) text += " and " + std::to_string(task.extras->unmet.size() - 10) + " more";
    return text;
  }
  if (task.extras->run_at) return "its time at " + base::to_rfc3339(*task.extras->run_at);
  return std::nullopt;
}

void add_extras(const TaskExtras& extras, TaskView& view) {
  const TaskSpec& spec = *extras.spec;
  view.depends_on.assign(spec.depends_on.begin(), spec.depends_on.end());
  view.tags.assign(spec.tags.begin(), spec.tags.end());
  if (!spec.requirements.empty()) view.requirements = spec.requirements;
  view.metadata = spec.metadata;
  view.parent_id = spec.parent_id;
  if (!extras.root_id.value.empty()) view.root_id = extras.root_id;
  view.unique_key = spec.unique_key;
  view.run_at = extras.run_at;
  view.deadline = spec.deadline;
  if (spec.timeout_ms) view.timeout_ms = *spec.timeout_ms;
}

void add_last(const LastOutcome& last, TaskState state, TaskView& view) {
  if (state != TaskState::kCompleted) view.error = last.error;
  if (is_ended(state) && !last.worker.empty()) view.worker_id = last.worker;
  if (is_ended(state)) view.started_at = at(last.started_at);
  view.quality_score = last.quality_score;
  view.usage = last.usage;
}

void add_bodies(const Task& task, TaskView& view) {
  view.payload = task.payload;
  if (task.payload.empty() && task.payload_bytes) view.payload_document = task.submitted;
  if (!task.last) return;
  view.result = task.last->result;
  if (task.last->result.empty() && task.last->result_bytes) view.result_document = task.last->result_document;
}

}  // namespace

TaskView view_of(const State& state, const Task& task, Detail detail) {
  TaskView view;
  view.id.value = task.id;
  view.type = task.profile->type;
  view.queue.value = task.queue->name;
  view.state = task.state;
  view.priority.value = task.priority;
  view.attempt = task.failures + (task.lease || task.state == TaskState::kCompleted ? 1 : 0);
  view.max_attempts = task.max_attempts;
  if (task.reason) view.reason = base::to_text(*task.reason);
  view.waiting_for = waiting_for(state, task);
  view.cancel_requested = task.cancel_requested;
  if (task.keys && task.keys->concurrency) view.concurrency_key = Name(task.keys->concurrency->name);
  if (task.keys && task.keys->rate) view.rate_key = Name(task.keys->rate->name);
  if (task.trace) view.traceparent = *task.trace;
  view.created_at = {task.created_at};
  view.queued_at = at(task.queued_at);
  view.ended_at = at(task.ended_at);
  if (task.extras) add_extras(*task.extras, view);
  if (task.last) add_last(*task.last, task.state, view);
  if (task.lease) {
    view.worker_id = task.lease->worker->id;
    view.lease_expires_at = Timestamp{state.lease_deadline(*task.lease)};
    view.progress = task.lease->progress;
    view.started_at = at(task.lease->started_at);
  }
  if (detail == Detail::kFull) add_bodies(task, view);
  return view;
}

LeaseView lease_view_of(const State& state, const Task& task, Detail detail) {
  LeaseView view;
  view.task = view_of(state, task, detail);
  view.lease = std::to_string(task.lease->number);
  view.attempt = task.failures + 1;
  view.expires_at = {state.lease_deadline(*task.lease)};
  if (!task.trace) return view;
  view.traceparent = *task.trace;
  // The span of the attempt is told when it ends: only then may others refer to it.
  const auto context = base::TraceContext::parse(*task.trace);
  if (state.limits.task_stages && context && context->sampled) {
    view.traceparent = span_of_run(*context, task.id, task.lease->number).text();
  }
  return view;
}

LeaseStatus lease_status_of(const State& state, const Task& task) {
  LeaseStatus status;
  status.id.value = task.id;
  status.state = task.state;
  status.cancel_requested = task.cancel_requested;
  status.attempt = task.failures + 1;
  if (task.lease) {
    status.lease = std::to_string(task.lease->number);
    status.expires_at = Timestamp{state.lease_deadline(*task.lease)};
  }
  return status;
}

WorkerView view_of(const State& state, const Worker& worker, bool with_leases) {
  WorkerView view;
  view.id.value = worker.id;
  view.name.value = worker.id;
  view.state = worker.state;
  view.session = worker.session;
  const RegisterWorker& d = worker.definition;
  view.capabilities.assign(d.capabilities.begin(), d.capabilities.end());
  view.languages.assign(d.languages.begin(), d.languages.end());
  view.labels = d.labels;
  view.queues.assign(d.queues.begin(), d.queues.end());
  view.max_concurrent = d.max_concurrent;
  if (d.location) view.location = d.location->value;
  if (d.idle_ms) view.idle_ms = d.idle_ms->value;
  view.running = static_cast<std::int64_t>(worker.leases.size());
  view.completed = worker.completed;
  view.failed = worker.failed;
  view.registered_at = {worker.registered_at};
  view.last_seen_at = at(worker.last_seen_at);
  if (with_leases) {
    for (const auto& [number, task] : worker.leases) {
      view.leases.push_back(lease_view_of(state, *task, Detail::kWithoutBodies));
    }
  }
  return view;
}

QueueView view_of(State& state, Queue& queue, std::int64_t now) {
  QueueView view;
  view.name.value = queue.name;
  view.paused = queue.paused;
  view.paused_until = at(queue.paused_until);
  view.draining = queue.draining;
  view.drained = queue.draining && std::all_of(queue.depth.begin(), queue.depth.end(), [](auto n) { return n == 0; });
  if (queue.max_depth) view.max_depth = queue.max_depth;
  if (queue.concurrency) view.concurrency = queue.concurrency;
  if (queue.rate.count > 0) view.rate = queue.rate;
  if (queue.key_limits != KeyLimits{}) view.key_limits = queue.key_limits;
  for (std::size_t i = 0; i < kTaskStates; ++i) {
    const auto of = static_cast<TaskState>(i);
    if (!is_ended(of)) view.depth[base::to_text(of)] = queue.depth[i];
  }
  const std::int64_t oldest = state.oldest_arrival(queue);
  if (oldest) view.oldest_age_ms = std::max<std::int64_t>(0, now - oldest);
  view.submitted_per_second = queue.submitted.per_second(now);
  view.completed_per_second = queue.completed.per_second(now);
  view.failed_per_second = queue.failed.per_second(now);
  view.wait = queue.wait.summary();
  view.run = queue.run.summary();
  return view;
}

KeyView view_of(const Key& key) {
  KeyView view;
  view.name.value = key.name;
  if (key.limits.concurrency > 0) view.concurrency = key.limits.concurrency;
  if (key.limits.rate.count > 0) view.rate = key.limits.rate;
  view.weight = key.limits.weight;
  view.paused = key.paused;
  view.paused_until = at(key.paused_until);
  for (const Lane* lane : key.lanes) view.queued += lane->count;
  view.running = key.running;
  return view;
}

BulkView view_of(const Bulk& bulk) {
  BulkView view;
  view.id.value = bulk.id;
  view.action = bulk.action;
  view.state = bulk.state;
  view.scanned = bulk.scanned;
  view.done = bulk.done;
  view.started_at = {bulk.started_at};
  view.ended_at = at(bulk.ended_at);
  return view;
}

ScheduleView view_of(const State& state, const Schedule& schedule, Detail detail) {
  ScheduleSpec spec = spec_of(schedule);
  ScheduleView view;
  view.name.value = schedule.name;
  if (spec.cron) view.cron = spec.cron->value;
  if (spec.every_ms) view.every_ms = *spec.every_ms;
  view.time_zone = std::move(spec.time_zone.value);
  view.task = std::move(spec.task);
  if (detail == Detail::kWithoutBodies) view.task.payload = {};
  view.overlap = spec.overlap;
  view.misfire = spec.misfire;
  view.misfire_after_ms = spec.misfire_after_ms;
  view.start_at = spec.start_at;
  view.end_at = spec.end_at;
  view.created_at = {schedule.created_at};
  if (!schedule.paused) view.next_at = at(schedule.next);
  if (schedule.next == 0) view.state = ScheduleState::kEnded;
  if (schedule.paused) view.state = ScheduleState::kPaused;
  const auto live = state.schedule_runs.find(schedule.name);
  if (live != state.schedule_runs.end()) view.live = static_cast<std::int64_t>(live->second.size());
  view.fired = schedule.fired;
  view.skipped = schedule.skipped;
  view.runs.assign(schedule.runs.rbegin(), schedule.runs.rend());
  for (ScheduleRun& run : view.runs) {
    const Task* task = run.ended_at ? nullptr : state.find_task(run.task_id.value);
    if (task) run.state = task->state;
  }
  if (schedule.last_skip) view.last_skip = *schedule.last_skip;
  return view;
}

base::Result<std::vector<TaskView>> ended_views(const std::vector<StoredEntity>& entities) {
  State scratch(CoreLimits{}, 0);
  std::vector<TaskView> views;
  views.reserve(entities.size());
  for (const auto& entity : entities) {
    if (auto admitted = scratch.admit(entity); !admitted) return base::fail(std::move(admitted.error()));
    if (const Task* task = scratch.find_task(entity.id)) {
      views.push_back(view_of(scratch, *task, Detail::kWithoutBodies));
    }
  }
  return views;
}

}  // namespace arbiter::core
