// Who reacts to what. Everything that happens without a client asking for it at that moment stands here:
//
//   a lease runs out                  -> the attempt counts as lost; retried or dead
//   an attempt's timeout, a stall     -> the attempt fails; retried or dead
//   a cancelled task's grace is over  -> its lease is taken, it is cancelled
//   a deadline passes                 -> the task fails, whatever its state
//   the window of a unique key ends   -> its task holds it no longer
//   a rate lets the next task start   -> what it held back may be given to workers
//   a queue's or key's pause is over  -> it is resumed, slowly
//   a backoff, a delay, a runAt comes -> the task is queued
//   a worker is silent too long       -> it is lost; its leases are taken
//   a worker left                     -> its tasks go back to their queues, uncounted
//   a task ended                      -> its dependents are queued, cancelled, failed, by their policy
//   a bulk change is running          -> its next tasks are changed
//   an attempt ended with questions   -> they are withdrawn
//   a question's time is over         -> its default is the answer; its task goes on
//   a rule notices trouble            -> an incident is opened (incident_rules.cc)
//   a schedule is due                 -> a task is submitted, or the time is skipped, by its policies
//   a meter reaches 80 % or its limit -> it is told, in that step; what it holds back waits
//   a day of a budget is over         -> its meters begin anew, what waited for it may start
//   an event that a notifier wants    -> an effect is created, unless its cause is in its quiet time
//   an effect is due                  -> its next attempt begins; an answer that does not come counts as a failure
//   an effect was kept long enough    -> it is removed
//   a parked request's time is over   -> it is answered with what there is
//
// One step emits about cascade_events_max events; what is left stays in the state and goes on with the next step.
#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "base/ids.h"
#include "core/core.h"
#include "core/views.h"

namespace arbiter::core {

void Core::react() {
  take_leases_of_lost_workers();
  tell_dependents();
  advance_cancels();
  withdraw_orphans();
}

// ---- attempts -------------------------------------------------------------------------------------------------

std::int64_t Core::backoff_ms(const Task& task) const {
  const RetryPolicy& retry = state_.spec_of(task).retry;
  const double raw = static_cast<double>(retry.backoff_ms.value) * std::pow(retry.multiplier.value, task.failures);
  const auto longest = static_cast<double>(retry.longest_ms());
  const double random = base::unit(base::random_at(state_.seed, state_.position + 1, 0));
  const double spread = 1.0 + retry.jitter.value * (2.0 * random - 1.0);
  return static_cast<std::int64_t>(std::min(std::min(raw, longest) * spread, longest));
}

void Core::fail_attempt(Task& task, Reason reason, bool retryable, std::optional<TaskError> error,
                        std::int64_t fingerprint, std::optional<Usage> usage) {
  if (task.cancel_requested) {
    const auto message = task.extras ? task.extras->cancel_reason : std::nullopt;
    emit(TaskCancelled{
        Name(task.id), task.state, reason, message, {}, task.lease ? task.lease->number : 0, fingerprint, usage});
    return;
  }
  TaskFailed e;
  e.id.value = task.id;
  e.from = task.state;
  e.reason = reason;
  e.attempt = task.failures + 1;
  e.error = std::move(error);
  e.fingerprint = fingerprint;
  e.usage = usage;
  if (task.lease) {
    e.worker = Name(task.lease->worker->id);
    e.lease = task.lease->number;
  }
  const Task* root = state_.root_of(task);
  const bool lineage_full = root && root->lineage_used >= state_.limits.lineage_max;
  const Budget* spent = state_.refusing_budget(task, usage);
  if (retryable && task.failures + 1 < task.max_attempts && !lineage_full && !spent) {
    e.state = TaskState::kPending;
    e.retry_at = Timestamp{now_.now.ms + backoff_ms(task)};
  } else {
    e.state = TaskState::kFailed;
    if (retryable && lineage_full && task.failures + 1 < task.max_attempts) {
      e.reason = Reason::kLineageLimit;
      if (!e.error)
        e.error = TaskError{.message = "The limit of retries and children of its root task is reached.",
                            .code = "lineage_limit",
                            .details = {}};
    } else if (retryable && spent && task.failures + 1 < task.max_attempts) {
      e.reason = Reason::kBudget;
      if (!e.error) {
        e.error = TaskError{
            .message = "Budget " + std::string(spent->name) + " is used up.", .code = "budget", .details = {}};
      }
    }
  }
  emit(std::move(e));
}

void Core::hand_back(Task& task, Reason reason, std::optional<std::string> message) {
  if (task.cancel_requested) return fail_attempt(task, reason, /*retryable=*/true, {}, 0, {});
  emit(TaskReleased{Name(task.id), Name(task.lease->worker->id), task.lease->number, task.state, reason,
                    std::move(message)});
}

void Core::make_ready(Task& task, Reason reason) {
  if (state_.ready(task, now_)) {
    emit(TaskQueued{Name(task.id), reason});
  } else {
    state_.arm(task);
  }
}

// ---- timers ---------------------------------------------------------------------------------------------------

void Core::fire_timers() {
  for (TimerNode* node = state_.timers.front(); node && node->due <= now_.now.ms && budget_left() > 0;
       node = state_.timers.front()) {
    switch (node->kind) {
      case TimerKind::kTask:
        fire(static_cast<Task&>(*node));
        break;
      case TimerKind::kWorker:
        fire(static_cast<Worker&>(*node));
        break;
      case TimerKind::kWaiter:
        fire(static_cast<Waiter&>(*node));
        break;
      case TimerKind::kUnique:
        fire(static_cast<TaskExtras::UniqueTimer&>(*node));
        break;
      case TimerKind::kQuestion:
        fire(static_cast<const Question&>(*node));
        break;
      case TimerKind::kQueueAge:
        fire_queue_ages();
        break;
      case TimerKind::kEffect:
        fire(static_cast<Effect&>(*node));
        break;
      case TimerKind::kTaskWall:
      case TimerKind::kSchedule:
      case TimerKind::kGate:
      case TimerKind::kBudget:
        CHECK(false);
        break;
    }
  }
  for (TimerNode* node = state_.wall_timers.front(); node && node->due <= now_.wall.ms && budget_left() > 0;
       node = state_.wall_timers.front()) {
    if (node->kind == TimerKind::kSchedule) {
      fire(static_cast<Schedule&>(*node));
    } else if (node->kind == TimerKind::kBudget) {
      fire(static_cast<Budget&>(*node));
    } else if (node->kind == TimerKind::kGate) {
      end_pause(static_cast<GateTimer&>(*node));
    } else {
      fire_wall(*static_cast<TaskExtras::WallTimer&>(*node).task);
    }
  }
}

void Core::fire(TaskExtras::UniqueTimer& timer) {
  emit(TaskUniqueExpired{Name(timer.task->id), *state_.spec_of(*timer.task).unique_key});
}

void Core::end_pause(GateTimer& timer) {
  if (timer.queue) return emit(QueueResumed{Name(timer.queue->name), Reason::kTime});
  emit(KeyResumed{Name(timer.key->name), Reason::kTime});
}

void Core::fire(Task& task) {
  const std::int64_t now = now_.now.ms;
  if (task.state == TaskState::kPending) {
    const Reason reason = task.failures ? Reason::kBackoff : Reason::kTime;
    task.backoff_over = task.retry_at <= now;
    return make_ready(task, reason);
  }
  if (!task.lease) return state_.timers.remove(task);
  const Lease& lease = *task.lease;
  const TaskSpec& spec = state_.spec_of(task);
  const bool begun = lease.started_at && task.state == TaskState::kRunning;
  const auto lost = [&](Reason reason, const char* code, std::string message) {
    fail_attempt(task, reason, /*retryable=*/true,
                 TaskError{.message = std::move(message), .code = code, .details = {}}, 0, {});
  };
  if (task.cancel_requested && task.extras->cancel_at <= now) {
    lost(Reason::kCancelGrace, "cancelled", "The worker did not stop in time.");
  } else if (state_.lease_deadline(lease) <= now && is_silent(*lease.worker)) {
    // With the defaults both run out at once: that the worker is lost says more.
    fire(*lease.worker);
  } else if (state_.lease_deadline(lease) <= now) {
    // A lease ending exactly now is lost: two holders are worse than one idle moment.
    lost(Reason::kLeaseExpired, "lease_expired", "Worker " + lease.worker->id + " did not renew its lease.");
  } else if (begun && spec.timeout_ms && lease.ran_ms(now) >= *spec.timeout_ms) {
    lost(Reason::kTimeout, "timeout", "The attempt took longer than " + std::to_string(*spec.timeout_ms) + " ms.");
  } else if (begun && spec.stall_ms && lease.last_sign_at + *spec.stall_ms <= now) {
    lost(Reason::kStalled, "stalled",
         "No progress, log line or extension for " + std::to_string(*spec.stall_ms) + " ms.");
  } else {
    state_.arm(task);
  }
}

void Core::fire_wall(Task& task) {
  const TaskSpec& spec = state_.spec_of(task);
  if (spec.deadline && spec.deadline->ms <= now_.wall.ms) {
    TaskFailed e;
    e.id.value = task.id;
    e.from = task.state;
    e.state = TaskState::kFailed;
    e.reason = Reason::kDeadline;
    e.counted = false;
    e.attempt = task.failures;
    e.error = TaskError{.message = "The deadline passed.", .code = "deadline", .details = {}};
    if (task.lease) {
      e.worker = Name(task.lease->worker->id);
      e.lease = task.lease->number;
    }
    return emit(std::move(e));
  }
  make_ready(task, Reason::kTime);
}

bool Core::is_silent(const Worker& worker) const {
  const bool there = worker.state == WorkerState::kLive || worker.state == WorkerState::kDraining;
  return there && worker.last_seen_at + state_.limits.worker_lost_ms <= now_.now.ms && !listeners_.contains(worker.id);
}

void Core::fire(Worker& worker) {
  if (worker.state == WorkerState::kLost) {
    if (!worker.leases.empty()) return state_.arm(worker);  // armed again when the last one is taken
    return emit(WorkerDeregistered{Name(worker.id), Reason::kWorkerLost});
  }
  if (worker.state == WorkerState::kLive && State::idle_end(worker) <= now_.now.ms) {
    return emit(WorkerDraining{Name(worker.id), Reason::kIdle});
  }
  if (worker.last_seen_at + state_.limits.worker_lost_ms > now_.now.ms) return state_.arm(worker);
  // A request of its that waits here is as good as a heartbeat.
  if (listeners_.contains(worker.id)) {
    worker.last_seen_at = now_.now.ms;
    return state_.arm(worker);
  }
  emit(WorkerLost{Name(worker.id), static_cast<std::int64_t>(worker.leases.size())});
  take_leases_of_lost_workers();
}

void Core::fire(Waiter& waiter) {
  if (Worker* worker = state_.find_worker(waiter.worker)) worker->last_seen_at = now_.now.ms;
  switch (waiter.what) {
    case Waiter::Kind::kLease:
      return wake(waiter, waiter_reply(waiter, {}));
    case Waiter::Kind::kWatch: {
      const Task* task = state_.find_task(waiter.task);
      CHECK(task != nullptr);
      return wake(waiter, Reply(view_of(state_, *task, Detail::kFull)));
    }
    case Waiter::Kind::kQuestion:
      return wake(waiter, question_reply(waiter.question));
    case Waiter::Kind::kHeartbeat: {
      const Worker* worker = state_.find_worker(waiter.worker);
      if (worker) return wake(waiter, Reply(heartbeat_reply(waiter.heartbeat, *worker)));
      return wake(waiter, base::fail({base::ErrorCode::kUnknownWorker, "The worker left."}));
    }
  }
}

// ---- cascades -------------------------------------------------------------------------------------------------

void Core::take_leases_of_lost_workers() {
  while (!state_.lost_workers.empty() && budget_left() > 0) {
    const std::string id = state_.lost_workers.front().id;
    Worker* worker = state_.find_worker(id);
    const bool away = worker && (worker->state == WorkerState::kLost || worker->state == WorkerState::kGone);
    if (!away || worker->leases.empty()) {
      state_.lost_workers.pop_front();
      continue;
    }
    const bool last = worker->leases.size() == 1;
    Task& task = *worker->leases.begin()->second;
    if (worker->state == WorkerState::kGone) {
      hand_back(task, Reason::kDeregistered);
    } else {
      fail_attempt(task, Reason::kWorkerLost, /*retryable=*/true,
                   TaskError{.message = "Worker " + id + " was lost.", .code = "worker_lost", .details = {}}, 0, {});
    }
    if (last) state_.lost_workers.pop_front();
  }
}

void Core::tell_dependents() {
  while (!state_.unsettled.empty() && budget_left() > 0) {
    Task* ended = state_.find_task(state_.unsettled.front().id);
    // Those that are met but stay linked are passed by; the others leave the list, whose end is looked at first.
    for (std::size_t passed = 0; ended && is_ended(ended->state) && ended->dependents && budget_left() > 0;) {
      const std::size_t count = ended->dependents->size();
      if (passed == count) break;
      tell_dependent(*(*ended->dependents)[count - 1 - passed], *ended);
      if (ended->dependents && ended->dependents->size() == count) ++passed;
    }
    if (budget_left() > 0) state_.unsettled.pop_front();
  }
}

void Core::tell_dependent(Task& dependent, Task& dependency) {
  const OnDependencyFailure policy = state_.spec_of(dependent).on_dependency_failure;
  if (dependency.state == TaskState::kCompleted || policy == OnDependencyFailure::kRun) {
    state_.meet(dependent, dependency);
    return make_ready(dependent, Reason::kDependencies);
  }
  const std::string message = "Dependency " + dependency.id + " is " + base::to_text(dependency.state) + ".";
  const Name cause(dependency.id);
  if (policy == OnDependencyFailure::kCancel) {
    return emit(TaskCancelled{Name(dependent.id), dependent.state, Reason::kDependencyFailed, message, cause, 0, 0});
  }
  TaskFailed e;
  e.id.value = dependent.id;
  e.from = dependent.state;
  e.state = TaskState::kFailed;
  e.reason = Reason::kDependencyFailed;
  e.counted = false;
  e.error = TaskError{.message = message, .code = "dependency_failed", .details = {}};
  emit(std::move(e));
}

// ---- bulk changes ---------------------------------------------------------------------------------------------

void Core::advance_cancels() {
  for (auto& [id, bulk] : state_.bulks) {
    if (budget_left() <= 0) return;
    if (bulk.state == BulkState::kRunning && bulk.action == BulkAction::kCancel) advance_cancel(bulk);
  }
}

void Core::advance_cancel(Bulk& bulk) {
  BulkAdvanced step{Name(bulk.id), 0, 0, bulk.cursor, BulkState::kRunning};
  const BulkFilter& f = bulk.filter;
  auto it = state_.live.upper_bound(static_cast<Position>(bulk.cursor));
  while (it != state_.live.end() && it->submitted < bulk.position && budget_left() > 1 &&
         step.scanned < state_.limits.scan_max) {
    Task& task = *it++;
    ++step.scanned;
    step.cursor = static_cast<std::int64_t>(task.submitted);
    const auto& tags = state_.spec_of(task).tags;
    const bool wanted = (f.state.empty() || std::find(f.state.begin(), f.state.end(), task.state) != f.state.end()) &&
                        (!f.queue || f.queue->value == task.queue->name) &&
                        (!f.type || *f.type == task.profile->type) &&
                        (!f.tag || std::find(tags.begin(), tags.end(), *f.tag) != tags.end()) && !task.cancel_requested;
    if (!wanted) continue;
    cancel(task, bulk.reason);
    ++step.done;
  }
  if (it == state_.live.end() || it->submitted >= bulk.position) step.state = BulkState::kDone;
  emit(std::move(step));
}

std::optional<BulkNeed> Core::bulk_need() const {
  for (const auto& [id, bulk] : state_.bulks) {
    if (bulk.state != BulkState::kRunning || bulk.action != BulkAction::kRetry) continue;
    BulkNeed need{id, "", "", bulk.cursor ? static_cast<Position>(bulk.cursor) : bulk.position, bulk.cursor == 0};
    if (bulk.filter.queue) need.queue = bulk.filter.queue->value;
    if (bulk.filter.type) need.type = bulk.filter.type->value;
    return need;
  }
  return std::nullopt;
}

bool Core::is_redriven_by(const Bulk& bulk, const Task& task) const {
  if (task.state != TaskState::kFailed || task.ended_position >= bulk.position) return false;
  const BulkFilter& f = bulk.filter;
  const auto& tags = state_.spec_of(task).tags;
  return (!f.queue || f.queue->value == task.queue->name) && (!f.type || *f.type == task.profile->type) &&
         (!f.tag || std::find(tags.begin(), tags.end(), *f.tag) != tags.end());
}

std::vector<std::string> Core::dead_in_memory(const std::string& bulk, std::size_t limit) const {
  std::vector<const Task*> dead;
  for (const auto& task : state_.tasks) {
    if (is_redriven_by(state_.bulks.find(bulk)->second, *task)) dead.push_back(task.get());
  }
  std::sort(dead.begin(), dead.end(), [](const Task* a, const Task* b) { return a->submitted < b->submitted; });
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < std::min(limit, dead.size()); ++i) ids.push_back(dead[i]->id);
  return ids;
}

void Core::advance_retry(const std::string& id, const std::vector<std::string>& ids, Position cursor, bool more,
                         base::Now now) {
  begin_step({"system", ""}, now);
  const auto found = state_.bulks.find(id);
  if (found == state_.bulks.end() || found->second.state != BulkState::kRunning) return;
  const Bulk& bulk = found->second;
  BulkAdvanced step{Name(id), static_cast<std::int64_t>(ids.size()), 0, static_cast<std::int64_t>(cursor),
                    BulkState::kRunning};
  for (const auto& task_id : ids) {
    Task* task = state_.find_task(task_id);
    if (!task || !is_redriven_by(bulk, *task)) continue;
    emit(TaskRedriven{Name(task_id), TaskState::kQueued, {}});
    ++step.done;
  }
  if (!more) {
    // A task that came back meanwhile may have brought its dead root with it, from where this pass was still to look.
    step.cursor = 0;
    const bool left = std::any_of(state_.held.begin(), state_.held.end(),
                                  [&](const Task& task) { return is_redriven_by(bulk, task); });
    if (!left && bulk.done + step.done == bulk.passed) step.state = BulkState::kDone;
  }
  emit(std::move(step));
  react();
  wake_waiters();
  create_effects();
}

}  // namespace arbiter::core
