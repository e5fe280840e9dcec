// The fold: what each event does to the state. Nothing here can be refused.
#include "base/check.h"
#include "core/state.h"

namespace arbiter::core {

void State::apply(const Event& event) {
  CHECK(event.position == position + 1);
  position = event.position;
  last_time = event.time.ms;
  std::visit(
      [&](const auto& body) {
        if constexpr (requires { inbox.on(body, event); }) {
          inbox.on(body, event);
        } else {
          on(body, event);
        }
      },
      event.body);
  if (!eased_budgets.empty()) forget_eased(event);
}

// ---- tasks ----------------------------------------------------------------------------------------------------

namespace {

// A plain task needs nothing of its definition but type, queue, priority and payload.
bool is_plain(const TaskSubmitted& e) {
  const TaskSpec& s = *e.spec;
  return s.depends_on.empty() && !e.run_at && !s.timeout_ms && !s.stall_ms && !s.deadline && s.retry == RetryPolicy{} &&
         s.requirements.empty() && s.tags.empty() && s.metadata.empty() && !s.parent_id && !s.unique_key;
}

void count_failure(const TaskFailed& e, QueueTotals& totals) {
  ++(e.state == TaskState::kFailed ? totals.failed : totals.retried);
  if (e.lease == 0) return;
  const auto lost = [&](LostLease why) { ++totals.leases_lost[static_cast<std::size_t>(why)]; };
  if (e.reason == Reason::kLeaseExpired) lost(LostLease::kExpired);
  if (e.reason == Reason::kWorkerLost) lost(LostLease::kWorkerLost);
  if (e.reason == Reason::kTimeout) lost(LostLease::kTimeout);
  if (e.reason == Reason::kStalled) lost(LostLease::kStalled);
}

}  // namespace

namespace {

constexpr std::size_t kIndexBytes = 250;  // of a task's places in the indexes; measured with a million plain tasks
constexpr std::size_t kPartBytes = 48;    // of one more name in a definition

std::size_t memory_of(const Task& task) {
  std::size_t bytes = sizeof(Task) + kIndexBytes + task.id.size() + task.payload.size();
  if (!task.extras) return bytes;
  const TaskSpec& spec = *task.extras->spec;
  bytes += sizeof(TaskExtras) + sizeof(TaskSpec) + spec.metadata.size();
  return bytes + kPartBytes * (spec.depends_on.size() + spec.tags.size());
}

}  // namespace

Task& State::add_task(const TaskSubmitted& e, Position submitted, std::int64_t created_at, KeyPair* task_keys) {
  auto owned = std::make_unique<Task>();
  Task& task = *owned;
  task.id = e.id.value;
  task.queue = &queue(e.queue.value);
  task.profile = &profile_of(e.type, e.spec->requirements);
  ++task.profile->tasks;
  task.keys = task_keys;
  task.priority = static_cast<std::uint8_t>(e.priority.value);
  task.max_attempts = static_cast<std::uint16_t>(e.spec->retry.max_attempts.value);
  task.submitted = submitted;
  task.created_at = created_at;
  task.fingerprint = e.fingerprint;
  task.payload_bytes = static_cast<std::uint32_t>(e.payload.size());
  if (e.payload.size() <= limits.inline_bytes_max) task.payload = e.payload;
  if (e.traceparent) {
    task.trace = std::make_unique<const std::string>(*e.traceparent);
    ++traced_tasks;
  }
  if (!is_plain(e)) {
    task.extras = std::make_unique<TaskExtras>(task);
    task.extras->spec = e.spec;
    task.extras->run_at = e.run_at;
    if (e.root_id) task.extras->root_id = *e.root_id;
  }
  task.memory_bytes = static_cast<std::uint32_t>(memory_of(task));
  memory_bytes += task.memory_bytes;
  tasks.insert(std::move(owned));
  return task;
}

void State::on(const TaskSubmitted& e, const Event& event) {
  Task& task = add_task(e, event.position, event.time.ms, pair_of(e.spec->concurrency_key, e.spec->rate_key));
  live.insert(live.end(), task);
  ++task.queue->depth[static_cast<std::size_t>(TaskState::kPending)];
  task.queue->submitted.add(event.time.ms);
  ++task.queue->totals.submitted;
  if (e.root_id) {
    use_lineage(task);
    pin_root(task);
    begin_meters_again(task);
  }
  touch(task);
  claim_unique(task);
  if (e.state == TaskState::kQueued) {
    task.queued_at = event.time.ms;
    enter(task, TaskState::kQueued);
  }
  if (e.not_before) task.retry_at = e.not_before->ms;
  if (e.state == TaskState::kPending) link_dependencies(task);
  if (e.state == TaskState::kPending || task.extras) arm(task);
  begin_run(task);
}

void State::on(const TaskQueued& e, const Event& event) {
  Task& task = *find_task(e.id.value);
  CHECK(allowed(task.state, TaskState::kQueued));
  task.reason = e.reason;
  task.retry_at = 0;
  task.queued_at = event.time.ms;
  enter(task, TaskState::kQueued);
  arm(task);
}

void State::on(const TaskAssigned& e, const Event& event) {
  Task& task = *find_task(e.id.value);
  Worker& worker = *find_worker(e.worker.value);
  CHECK(allowed(task.state, TaskState::kAssigned));
  task.queue->wait.add(event.time.ms - task.queued_at);
  ++task.queue->totals.leased;
  task.queue->totals.wait.add(event.time.ms - task.queued_at);
  enter(task, e.state);
  task.lease = std::make_unique<Lease>();
  task.lease->worker = &worker;
  task.lease->number = e.lease;
  task.lease->lease_ms = e.lease_ms;
  task.lease->expires_at = event.time.ms + e.lease_ms;
  task.lease->last_sign_at = event.time.ms;
  if (e.state == TaskState::kRunning) task.lease->started_at = event.time.ms;
  worker.leases.emplace_hint(worker.leases.end(), e.lease, &task);
  ++worker.slots_used;
  count_start(task);
  if (!budgets.empty()) spend(task, Amounts{.tokens = 0, .cost = 0, .attempts = 1});
  if (task.extras && task.extras->spec->unique_scope == UniqueScope::kQueued) end_claim(task);
  arm(task);
}

void State::on(const TaskStarted& e, const Event& event) {
  Task& task = *find_task(e.id.value);
  CHECK(allowed(task.state, TaskState::kRunning));
  enter(task, TaskState::kRunning);
  task.lease->started_at = event.time.ms;
  task.lease->last_sign_at = event.time.ms;
  arm(task);
}

void State::on(const TaskCompleted& e, const Event& event) {
  Task& task = *find_task(e.id.value);
  CHECK(allowed(task.state, TaskState::kCompleted));
  LastOutcome& last = outcome_of(task, event.time);
  last.outcome = Outcome::kCompleted;
  last.reported = true;
  last.fingerprint = e.fingerprint;
  last.quality_score = e.quality_score;
  last.usage = e.usage;
  if (!e.result.empty()) {
    last.result_document = event.position;
    last.result_bytes = static_cast<std::int64_t>(e.result.size());
    if (e.result.size() <= limits.inline_bytes_max) last.result = e.result;
  }
  ++task.lease->worker->completed;
  task.queue->completed.add(event.time.ms);
  task.queue->run.add(e.run_ms);
  ++task.queue->totals.completed;
  task.queue->totals.run.add(e.run_ms);
  task.reason = Reason::kReported;
  spend(task, e.usage);
  end_task(task, TaskState::kCompleted, event);
}

void State::on(const TaskFailed& e, const Event& event) {
  Task& task = *find_task(e.id.value);
  CHECK(allowed(task.state, e.state));
  if (task.lease) {
    LastOutcome& last = outcome_of(task, event.time);
    last.outcome = Outcome::kFailed;
    last.reported = e.fingerprint != 0;
    last.fingerprint = e.fingerprint;
    last.usage = e.usage;
    last.error = e.error;
    ++task.lease->worker->failed;
  } else if (e.error) {
    last_of(task).error = e.error;
  }
  spend(task, e.usage);
  if (e.counted) ++task.failures;
  count_failure(e, task.queue->totals);
  task.reason = e.reason;
  task.cancel_requested = false;
  if (e.state == TaskState::kFailed) {
    task.queue->failed.add(event.time.ms);
    // One that failed with what it depends on needs nobody: that does.
    if (e.reason != Reason::kDependencyFailed) {
      inbox.task_died(task, e.error ? e.error->message.value : base::to_text(e.reason), event);
    }
    return end_task(task, TaskState::kFailed, event);
  }
  if (e.counted) use_lineage(task);
  drop_lease(task);
  enter(task, TaskState::kPending);
  task.retry_at = e.retry_at ? e.retry_at->ms : event.time.ms;
  task.backoff_over = false;
  arm(task);
}

void State::on(const TaskReleased& e, const Event& event) {
  Task& task = *find_task(e.id.value);
  CHECK(allowed(task.state, TaskState::kQueued));
  ++task.queue->totals.released;
  LastOutcome& last = outcome_of(task, event.time);
  last.outcome = Outcome::kReleased;
  last.reported = e.reason == Reason::kReleased;
  task.reason = e.reason;
  if (e.reason == Reason::kUndelivered) give_back(task);
  drop_lease(task);
  task.queued_at = event.time.ms;
  enter(task, TaskState::kQueued);
  arm(task);
}

void State::on(const TaskSuspended& e, const Event& event) {
  Task& task = *find_task(e.id.value);
  CHECK(allowed(task.state, TaskState::kSuspended));
  enter(task, TaskState::kSuspended);
  task.lease->suspension = {event.time.ms, e.by_holder, e.reason, e.for_question};
  --task.lease->worker->slots_used;
  arm(task);
}

void State::on(const TaskResumed& e, const Event& event) {
  Task& task = *find_task(e.id.value);
  CHECK(allowed(task.state, TaskState::kRunning));
  enter(task, TaskState::kRunning);
  task.lease->suspension = {};
  task.lease->suspended_ms += e.suspended_ms;
  task.lease->last_sign_at = event.time.ms;
  ++task.lease->worker->slots_used;
  arm(task);
}

void State::on(const TaskCancelRequested& e, const Event& event) {
  Task& task = *find_task(e.id.value);
  extras_of(task);
  task.cancel_requested = true;
  task.extras->cancel_reason = e.reason;
  task.extras->cancel_at = event.time.ms + limits.cancel_grace_ms;
  touch(task);
  arm(task);
}

void State::on(const TaskCancelled& e, const Event& event) {
  Task& task = *find_task(e.id.value);
  CHECK(allowed(task.state, TaskState::kCancelled));
  ++task.queue->totals.cancelled;
  if (task.lease) {
    LastOutcome& last = outcome_of(task, event.time);
    last.outcome = e.reason == Reason::kReleased ? Outcome::kReleased : Outcome::kFailed;
    last.reported = e.reason == Reason::kReleased || e.fingerprint != 0;
    last.fingerprint = e.fingerprint;
    last.usage = e.usage;
  }
  spend(task, e.usage);
  task.reason = e.reason;
  if (e.dependency || task.last) last_of(task).cause = e.dependency ? e.dependency->value : "";
  if (e.message) last_of(task).error = TaskError{.message = *e.message, .code = "cancelled", .details = {}};
  end_task(task, TaskState::kCancelled, event);
}

void State::on(const TaskRedriven& e, const Event& event) {
  Task& task = *find_task(e.id.value);
  CHECK(allowed(task.state, e.state));
  inbox.task_came_back(task.id);
  task.failures = 0;
  task.ended_at = 0;
  task.ended_position = 0;
  task.ended_stamp = 0;
  task.retry_at = 0;
  task.cancel_requested = false;
  task.reason = Reason::kRequested;
  unhold(task);
  live.insert(task);
  pin_root(task);
  claim_again(task);
  if (e.state == TaskState::kQueued) task.queued_at = event.time.ms;
  enter(task, e.state);
  if (e.state == TaskState::kPending) link_dependencies(task);
  arm(task);
  begin_run(task);
  note_run(task);
  begin_meters_again(task);
  if (!task.dependents) return;
  for (Task* dependent : *task.dependents) {
    auto& unmet = dependent->extras->unmet;
    if (std::find(unmet.begin(), unmet.end(), &task) == unmet.end()) unmet.push_back(&task);
    arm(*dependent);
  }
}

// ---- workers --------------------------------------------------------------------------------------------------

void State::on(const WorkerRegistered& e, const Event& event) {
  auto& slot = workers[e.id.value];
  if (!slot) slot = std::make_unique<Worker>();
  Worker& worker = *slot;
  worker.id = e.id.value;
  worker.definition = e.definition;
  worker.session = e.session;
  worker.state = WorkerState::kLive;
  worker.drains = false;
  worker.registered_at = event.time.ms;
  worker.last_seen_at = event.time.ms;
  worker.lost_at = 0;
  worker.idle_since = event.time.ms;
  worker.can_serve.clear();
  for (auto& [number, task] : worker.leases) task->lease->disowned = false;
  touch(worker);
  arm(worker);
}

void State::on(const WorkerDraining& e, const Event&) {
  Worker& worker = *find_worker(e.id.value);
  worker.state = WorkerState::kDraining;
  worker.drains = true;
  touch(worker);
  arm(worker);
}

void State::on(const WorkerLost& e, const Event& event) {
  Worker& worker = *find_worker(e.id.value);
  worker.state = WorkerState::kLost;
  worker.lost_at = event.time.ms;
  ++totals.workers_lost;
  touch(worker);
  arm(worker);
  if (!worker.leases.empty()) lost_workers.push_back({worker.id, static_cast<std::int64_t>(worker.leases.size())});
}

void State::on(const WorkerReturned& e, const Event& event) {
  Worker& worker = *find_worker(e.id.value);
  worker.state = worker.drains ? WorkerState::kDraining : WorkerState::kLive;
  worker.last_seen_at = event.time.ms;
  worker.lost_at = 0;
  worker.idle_since = event.time.ms;
  touch(worker);
  arm(worker);
}

void State::on(const WorkerDeregistered& e, const Event&) {
  Worker& worker = *find_worker(e.id.value);
  worker.state = WorkerState::kGone;
  arm(worker);
  if (worker.leases.empty()) return remove_worker(worker);
  touch(worker);
  lost_workers.push_back({worker.id, static_cast<std::int64_t>(worker.leases.size())});
}

void State::remove_worker(Worker& worker) {
  timers.remove(worker);
  other_changes_.push_back({.kind = "worker", .id = worker.id, .body = {}, .deleted = true});
  workers.erase(workers.find(worker.id));
}

// ---- queues ---------------------------------------------------------------------------------------------------

void State::on(const QueueConfigured& e, const Event&) {
  Queue& q = queue(e.name.value);
  q.max_depth = e.max_depth;
  q.concurrency = e.concurrency;
  q.rate = e.rate;
  q.configured = true;
  touch(q);
  recheck(q, last_time);
  if (q.key_limits == e.key_limits) return;
  q.key_limits = e.key_limits;
  recheck_lanes(q, last_time);
}

void State::on(const QueuePaused& e, const Event&) {
  Queue& q = queue(e.name.value);
  q.paused = true;
  q.paused_until = e.until ? e.until->ms : 0;
  q.configured = true;
  touch(q);
  wall_timers.set(q.pause_timer, e.until ? e.until->ms : kNever);
  recheck(q, last_time);
}

void State::on(const QueueResumed& e, const Event& event) {
  Queue& q = queue(e.name.value);
  q.paused = false;
  q.paused_until = 0;
  if (e.reason == Reason::kTime) {
    q.meter.slow_from = event.time.ms;
  } else {
    q.draining = false;
  }
  touch(q);
  wall_timers.remove(q.pause_timer);
  recheck(q, last_time);
}

void State::on(const QueueDraining& e, const Event&) {
  Queue& q = queue(e.name.value);
  q.draining = true;
  q.configured = true;
  touch(q);
}

// ---- keys -----------------------------------------------------------------------------------------------------

void State::on(const KeyConfigured& e, const Event&) {
  Key& k = key(e.name.value);
  k.limits = e.limits;
  k.configured = true;
  touch(k);
  recheck(k, last_time);
}

void State::on(const KeyPaused& e, const Event&) {
  Key& k = key(e.name.value);
  k.paused = true;
  k.paused_until = e.until ? e.until->ms : 0;
  touch(k);
  wall_timers.set(k.pause_timer, e.until ? e.until->ms : kNever);
  recheck(k, last_time);
}

void State::on(const KeyResumed& e, const Event& event) {
  Key& k = key(e.name.value);
  k.paused = false;
  k.paused_until = 0;
  if (e.reason == Reason::kTime) k.meter.slow_from = event.time.ms;
  touch(k);
  wall_timers.remove(k.pause_timer);
  recheck(k, last_time);
}

// ---- bulk changes, catalogue ----------------------------------------------------------------------------------

void State::on(const BulkStarted& e, const Event& event) {
  Bulk& bulk = bulks[e.id.value];
  bulk.id = e.id.value;
  bulk.action = e.action;
  bulk.filter = e.filter;
  bulk.reason = e.reason;
  bulk.started_at = event.time.ms;
  bulk.position = event.position;
  touch(bulk);
}

void State::on(const BulkAdvanced& e, const Event& event) {
  Bulk& bulk = bulks.find(e.id.value)->second;
  bulk.scanned += e.scanned;
  bulk.done += e.done;
  if (bulk.cursor != 0 && e.cursor == 0) bulk.passed = bulk.done;
  bulk.cursor = e.cursor;
  bulk.state = e.state;
  if (e.state == BulkState::kDone) bulk.ended_at = event.time.ms;
  touch(bulk);
  // The oldest finished ones give way; ids sort by time.
  for (auto it = bulks.begin();
       it != bulks.end() && static_cast<std::int64_t>(bulks.size()) > limits.bulks_in_memory_max;) {
    const bool over = it->second.state == BulkState::kDone && !it->second.dirty;
    it = over ? bulks.erase(it) : std::next(it);
  }
}

void State::on(const NamespaceCreated& e, const Event& event) {
  namespaces.emplace(e.name.value, event.time.ms);
  other_changes_.push_back(
      {.kind = "namespace", .id = e.name.value, .body = "{\"createdMs\":" + std::to_string(event.time.ms) + "}"});
}

void State::on(const ServerLifecycle&, const Event&) {}

}  // namespace arbiter::core
