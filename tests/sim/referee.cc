#include "referee.h"

#include <algorithm>
#include <cmath>

#include "specs.h"

namespace arbiter::sim {

using core::Reason;

void Referee::broken(std::string_view promise, const std::string& what) {
  verdict_.broken(promise, "event " + std::to_string(position_) + ": " + what);
}

#define RULE(condition, promise, text)       \
  do {                                       \
    if (!(condition)) broken(promise, text); \
  } while (false)

void Referee::judge(const core::Event& event) {
  position_ = event.position;
  time_ = event.time.ms;
  if (outside_.loads.size() != loads_seen_) model_.limits.reload();
  model_.load = outside_.loads.size();
  loads_seen_ = outside_.loads.size();
  RULE(event.position == model_.position + 1, "6", "the positions are not dense");
  RULE(event.time.ms >= model_.last_time, "6", "time goes back in the log");
  if (const std::string id = std::exchange(must_resume_, {}); !id.empty()) {
    const auto* resumed = std::get_if<core::TaskResumed>(&event.body);
    RULE(resumed && resumed->id.value == id, "3", "the last question of " + id + " has ended, but it does not go on");
  }
  std::visit([&](const auto& body) { on(body); }, event.body);
  if (!verdict_.failed()) note_wanted(event);
}

TaskModel* Referee::known(const std::string& id) {
  TaskModel* task = model_.task(id);
  if (!task) broken("2", "task " + id + " was never submitted");
  return task;
}

// ---- tasks ----------------------------------------------------------------------------------------------------

void Referee::on(const core::TaskSubmitted& e) {
  const std::string& id = e.id.value;
  RULE(!model_.task(id), "9", "task " + id + " is submitted twice");
  RULE(e.state == TaskState::kPending || e.state == TaskState::kQueued, "3",
       "a new task is neither pending nor queued");
  const core::TaskSpec& spec = *e.spec;
  RULE(e.type == spec.type && e.queue == spec.queue && e.priority == spec.priority, "2",
       "the event of " + id + " differs from its definition");
  bool complete = true;
  for (const auto& d : spec.depends_on) {
    const TaskModel* dependency = model_.task(d.value);
    if (!dependency) return broken("3", id + " depends on " + d.value + ", which does not exist");
    const bool anyway = spec.on_dependency_failure == core::OnDependencyFailure::kRun && !dependency->live();
    complete = complete && (dependency->now.state == TaskState::kCompleted || anyway);
  }
  if (e.state == TaskState::kQueued) {
    RULE(complete, "3", id + " is queued before its dependencies ended");
    RULE(!e.not_before, "3", id + " is queued before its delay");
    RULE(!spec.run_at || spec.run_at->ms <= world_.wall_max(), "3", id + " is queued before its time");
  }
  if (spec.delay_ms && *spec.delay_ms > 0) {
    RULE(e.not_before && e.not_before->ms >= time_ + *spec.delay_ms, "3", "the delay of " + id + " is cut short");
  }
  if (spec.parent_id) {
    const TaskModel* parent = model_.task(spec.parent_id->value);
    if (!parent) return broken("3", "the parent of " + id + " does not exist");
    const TaskModel* root = model_.task(parent->root);
    RULE(e.root_id && e.root_id->value == root->id, "8", "the root of " + id + " is not " + root->id);
    RULE(root->lineage_used < limits_.lineage_max, "8",
         "the lineage of " + root->id + " grows over " + std::to_string(limits_.lineage_max));
  }
  check_unique(spec, id);
  check_type(spec, e.payload, id);
  Spender who{id, e.root_id ? e.root_id->value : id, "", spec.queue.value, {}};
  if (spec.concurrency_key) who.key = spec.concurrency_key->value;
  const std::string refusing = model_.budgets.refuses_new(who, spec.parent_id.has_value());
  RULE(refusing.empty(), "8", id + " is submitted under budget " + refusing + ", which is used up and refuses");
  const auto queue = model_.queues.find(e.queue.value);
  if (queue != model_.queues.end()) {
    RULE(!queue->second.now.draining, "8", id + " is submitted into queue " + e.queue.value + ", which is drained");
  }
  if (queue != model_.queues.end() && queue->second.now.max_depth) {
    RULE(queue->second.live < queue->second.now.max_depth, "8", "queue " + e.queue.value + " grows over its max depth");
  }
}

// Independently of the validator: the schemas of the simulation are looked at with bare eyes.
void Referee::check_type(const core::TaskSpec& spec, const core::RawJson& payload, const std::string& id) {
  const auto found = model_.types.find(spec.type.value);
  if (found == model_.types.end() || !found->second.now) return;
  const core::TypeDefinition& type = *found->second.now;
  const core::TypeDefaults& has = type.defaults;
  if (!spec.queue.given && has.queue) broken("3", id + " does not have the queue of its type");
  if (!spec.priority.given && has.priority) broken("3", id + " does not have the priority of its type");
  if (!spec.timeout_ms && has.timeout_ms) broken("3", id + " does not have the timeout of its type");
  if (!spec.retry.given && has.retry) broken("3", id + " does not have the retries of its type");
  const bool from_type =
      (has.timeout_ms && spec.timeout_ms == has.timeout_ms) || (has.queue && spec.queue == *has.queue);
  if (from_type) world_.count(Kind::kReaction, "default of a type");
  if (!type.payload_schema.empty())
    RULE(fits_payload_schema(payload), "8", id + " does not fit the schema of its type");
}

void Referee::check_unique(const core::TaskSpec& spec, const std::string& id) {
  if (!spec.unique_key) return;
  const auto holder = model_.limits.unique.find(spec.unique_key->value);
  if (holder == model_.limits.unique.end()) return;
  RULE(spec.on_duplicate == core::OnDuplicate::kReplace, "9",
       id + " is submitted while " + holder->second + " holds its unique key");
  world_.count(Kind::kReaction, "unique key passed on");
}

void Referee::on(const core::TaskUniqueExpired& e) {
  const TaskModel* task = known(e.id.value);
  if (!task) return;
  const auto holder = model_.limits.unique.find(e.key.value);
  RULE(holder != model_.limits.unique.end() && holder->second == task->id, "9",
       task->id + " does not hold " + e.key.value);
  RULE(task->spec.unique_window_ms && time_ >= task->created_at + *task->spec.unique_window_ms, "9",
       "the unique window of " + task->id + " is cut short");
}

void Referee::check_dependencies(const TaskModel& task) {
  const bool run = task.spec.on_dependency_failure == core::OnDependencyFailure::kRun;
  for (const auto& id : task.spec.depends_on) {
    const TaskModel* d = model_.task(id.value);
    const bool met = d && (d->now.state == TaskState::kCompleted || (run && !d->live()) || task.released);
    RULE(met, "3", task.id + " runs before its dependency " + id.value + " ended");
  }
}

void Referee::on(const core::TaskQueued& e) {
  const TaskModel* task = known(e.id.value);
  if (!task) return;
  RULE(task->now.state == TaskState::kPending, "3", task->id + " is queued, but was not pending");
  RULE(task->not_before <= time_, "3", task->id + " is queued before its time");
  RULE(!task->spec.run_at || task->spec.run_at->ms <= world_.wall_max(), "3", task->id + " is queued before runAt");
  check_dependencies(*task);
  world_.count(Kind::kReaction, "queued: " + base::to_text(e.reason));
}

// The key whose share a task takes; empty: that of the tasks without keys.
std::string Referee::share_of(const core::TaskSpec& spec) {
  if (spec.concurrency_key) return spec.concurrency_key->value;
  return spec.rate_key ? spec.rate_key->value : "";
}

void Referee::note_passed_over(const TaskModel& task, const core::TaskAssigned& e, const WorkerModel& worker) {
  std::vector<const TaskModel*> better;
  for (const auto& [place, other] : model_.queued) {
    if (other == &task) break;
    // Among the tasks of one priority those of one key are in order; between keys their shares decide.
    const bool comparable =
        other->spec.priority.value > task.spec.priority.value || share_of(other->spec) == share_of(task.spec);
    const std::int64_t loaded = outside_.loads.empty() ? 0 : outside_.loads.back().opened;
    if (!comparable || !model_.limits.is_free(other->spec, time_, loaded)) continue;
    if (!model_.budgets.forbids(Model::spender(*other, e.worker.value)).empty()) continue;
    if (may_serve(e.worker.value, worker.definition, other->spec)) better.push_back(other);
  }
  if (!better.empty()) model_.passed_over.emplace(e.lease, std::move(better));
}

void Referee::on(const core::TaskAssigned& e) {
  const TaskModel* task = known(e.id.value);
  if (!task) return;
  RULE(task->now.state == TaskState::kQueued, "3", task->id + " is leased, but was not queued");
  RULE(!task->lease, "3", task->id + " has two leases");
  RULE(e.lease > lease_max_, "3", "lease number " + std::to_string(e.lease) + " does not grow");
  lease_max_ = std::max(lease_max_, e.lease);
  RULE(e.attempt == task->now.failures + 1, "3",
       "attempt " + std::to_string(e.attempt) + " of " + task->id + " after " + std::to_string(task->now.failures) +
           " counted ones");
  RULE(e.attempt <= task->spec.retry.max_attempts, "3", task->id + " is tried more often than maxAttempts");
  const std::string forbidden = model_.limits.forbids(task->spec, time_);
  RULE(forbidden.empty(), "8", task->id + " is granted against a limit: " + forbidden);
  const std::string spent = model_.budgets.forbids(Model::spender(*task, e.worker.value));
  RULE(spent.empty(), "8", task->id + " is granted although " + spent);
  const auto found = model_.workers.find(e.worker.value);
  if (found == model_.workers.end() || !found->second.exists) return broken("3", "granted to an unknown worker");
  const WorkerModel& worker = found->second;
  RULE(worker.now.state == core::WorkerState::kLive, "3",
       "granted to worker " + e.worker.value + ", which is not live");
  RULE(worker.slots_used() < worker.definition.max_concurrent, "8",
       "worker " + e.worker.value + " gets more than maxConcurrent");
  RULE(may_serve(e.worker.value, worker.definition, task->spec), "3", e.worker.value + " may not serve " + task->id);
  note_passed_over(*task, e, worker);
}

void Referee::check_holder(const TaskModel& task, std::int64_t lease, const std::string& worker) {
  if (!task.lease) return broken("3", task.id + " holds no lease, but the event names one");
  RULE(task.lease->number == lease, "3", "lease " + std::to_string(lease) + " of " + task.id + " is not current");
  RULE(worker.empty() || task.lease->worker == worker, "3", worker + " does not hold " + task.id);
}

void Referee::on(const core::TaskStarted& e) {
  const TaskModel* task = known(e.id.value);
  if (!task) return;
  RULE(task->now.state == TaskState::kAssigned, "3", task->id + " is started, but was not assigned");
  check_holder(*task, e.lease, "");
}

void Referee::on(const core::TaskCompleted& e) {
  const TaskModel* task = known(e.id.value);
  if (!task) return;
  RULE(task->now.state == TaskState::kRunning || task->now.state == TaskState::kSuspended, "3",
       task->id + " is completed, but was not running");
  check_holder(*task, e.lease, e.worker.value);
  const auto type = model_.types.find(task->spec.type.value);
  const bool checked = type != model_.types.end() && type->second.now && !type->second.now->result_schema.empty();
  RULE(!checked || fits_result_schema(e.result), "8",
       "the result of " + task->id + " does not fit the schema of its type");
  RULE(e.attempt == task->now.failures + 1, "3", "the attempt of the completion of " + task->id + " is wrong");
}

void Referee::on(const core::TaskReleased& e) {
  const TaskModel* task = known(e.id.value);
  if (!task) return;
  RULE(core::is_leased(task->now.state) && e.from == task->now.state, "3",
       task->id + " is released from a wrong state");
  check_holder(*task, e.lease, e.worker.value);
  RULE(!task->now.cancel_requested, "3", task->id + " is to be cancelled, but goes back to its queue");
  const bool left = !model_.workers[e.worker.value].exists;
  world_.count(Kind::kReaction, left ? "released: worker left" : "released: " + base::to_text(e.reason));
}

void Referee::on(const core::TaskSuspended& e) {
  const TaskModel* task = known(e.id.value);
  if (!task) return;
  RULE(task->now.state == TaskState::kRunning, "3", task->id + " is suspended, but was not running");
  check_holder(*task, e.lease, "");
  if (e.for_question) {
    RULE(model_.inbox.open_of(task->id) > 0, "3", task->id + " waits for an answer, but asks nothing");
    world_.count(Kind::kReaction, "suspended for a question");
  }
}

void Referee::on(const core::TaskResumed& e) {
  const TaskModel* task = known(e.id.value);
  if (!task) return;
  RULE(task->now.state == TaskState::kSuspended, "3", task->id + " is resumed, but was not suspended");
  check_holder(*task, e.lease, "");
  if (!task->lease) return;
  RULE(e.suspended_ms == time_ - task->lease->suspended_at, "3", "the rest of " + task->id + " is measured wrongly");
  if (e.suspended_ms > 0) world_.count(Kind::kReaction, "resumed after a rest");
}

void Referee::on(const core::TaskCancelRequested& e) {
  const TaskModel* task = known(e.id.value);
  if (!task) return;
  const bool begun = task->now.state == TaskState::kRunning || task->now.state == TaskState::kSuspended;
  RULE(begun && !task->now.cancel_requested, "3", "the cancellation of " + task->id + " is requested in vain");
}

void Referee::on(const core::TaskRedriven& e) {
  const TaskModel* task = known(e.id.value);
  if (!task) return;
  if (e.state == TaskState::kQueued) {
    RULE(task->now.state == TaskState::kFailed && !e.dependency, "3", task->id + " is redriven, but had not failed");
    return;
  }
  RULE(e.state == TaskState::kPending && task->now.state == TaskState::kCancelled && e.dependency &&
           task->cancelled_by == e.dependency->value,
       "3", task->id + " is redriven with a dependency that had not cancelled it");
  const TaskModel* cause = e.dependency ? model_.task(e.dependency->value) : nullptr;
  RULE(cause && cause->live(), "3", task->id + " is redriven with a dependency that was not");
}

void Referee::on(const core::TaskCancelled& e) {
  const TaskModel* task = known(e.id.value);
  if (!task) return;
  RULE(task->live() && e.from == task->now.state, "3", task->id + " is cancelled from a wrong state");
  RULE(e.lease == task->now.lease, "3", "the lease of the cancelled " + task->id + " is not current");
  world_.count(Kind::kReaction, "cancelled: " + base::to_text(e.reason));
  if (e.reason == Reason::kDependencyFailed) {
    RULE(task->now.state == TaskState::kPending, "3", task->id + " is cancelled for a dependency, but was not pending");
    RULE(task->spec.on_dependency_failure == core::OnDependencyFailure::kCancel, "3",
         task->id + " is cancelled against its policy");
    const TaskModel* cause = e.dependency ? model_.task(e.dependency->value) : nullptr;
    RULE(cause && !cause->live() && cause->now.state != TaskState::kCompleted, "3",
         task->id + " is cancelled for a dependency that did not fail");
  } else if (e.reason == Reason::kRequested) {
    RULE(task->now.state != TaskState::kRunning, "3", task->id + " is cancelled without telling its worker");
  } else {
    RULE(task->now.cancel_requested, "3", task->id + " is cancelled, but nobody asked");
    check_attempt_end(*task, e.reason);
  }
}

// ---- ends of attempts -----------------------------------------------------------------------------------------

// A heartbeat that may have been handled since the grant named its worker's leases, and not this one.
bool Referee::may_be_disowned(const TaskModel::Lease& lease) const {
  const auto named = outside_.named.find(lease.worker);
  if (named == outside_.named.end()) return false;
  return std::any_of(named->second.begin(), named->second.end(), [&](const auto& heartbeat) {
    return heartbeat.first + core::kWaitMsMax >= lease.granted_at && !heartbeat.second.contains(lease.number);
  });
}

// A lease lives its whole time from the last sign of life, from its grant and from a reload, a stall not counted.
void Referee::check_expired(const TaskModel& task) {
  const TaskModel::Lease& lease = *task.lease;
  const auto early = [&](std::int64_t since, std::int64_t ms, const char* what) {
    RULE(ran(since) >= ms, "3",
         "lease " + std::to_string(lease.number) + " of " + task.id + " is lost " + std::to_string(ran(since)) +
             " ms after " + what + "; it was given for " + std::to_string(ms) + " ms");
  };
  early(lease.granted_at, lease.lease_ms, "its grant");
  if (!outside_.loads.empty() && outside_.loads.back().head >= static_cast<Position>(lease.number)) {
    early(outside_.loads.back().now, lease.lease_ms, "the reload");
  }
  const auto signs = outside_.by_worker.find(lease.worker);
  if (signs != outside_.by_worker.end() && !may_be_disowned(lease)) {
    for (const Sign& sign : signs->second) {
      const bool since_grant = sign.answered >= lease.granted_at;
      if (sign.renews_all && sign.answered < time_ && since_grant) early(sign.asked, lease.lease_ms, "a sign of life");
    }
  }
  const auto renewed = outside_.renewed.find(lease.number);
  if (renewed != outside_.renewed.end()) {
    for (const Sign& sign : renewed->second) {
      if (sign.answered < time_) early(sign.asked, lease.lease_ms, "a heartbeat that named it");
    }
  }
  const auto extensions = outside_.by_lease.find(lease.number);
  if (extensions == outside_.by_lease.end()) return;
  for (const Sign& sign : extensions->second) {
    if (sign.answered < time_ && sign.lease_ms) early(sign.asked, sign.lease_ms, "an extension");
  }
}

void Referee::check_stalled(const TaskModel& task) {
  if (!task.spec.stall_ms || !task.lease->started_at) return broken("3", task.id + " cannot stall");
  const std::int64_t ms = *task.spec.stall_ms;
  RULE(!task.lease->suspended_at, "3", task.id + " stalled while it rested");
  RULE(ran(std::max(task.lease->started_at, task.lease->resumed_at)) >= ms, "3", task.id + " stalled too early");
  const auto signs = outside_.by_lease.find(task.lease->number);
  if (signs == outside_.by_lease.end()) return;
  for (const Sign& sign : signs->second) {
    if (sign.answered < time_) RULE(ran(sign.asked) >= ms, "3", task.id + " stalled right after a sign of progress");
  }
}

// What ended the attempt, when the worker did not say so itself.
void Referee::check_attempt_end(const TaskModel& task, Reason reason) {
  if (!task.lease) return broken("3", task.id + " has no attempt to end");
  switch (reason) {
    case Reason::kLeaseExpired:
      return check_expired(task);
    case Reason::kStalled:
      return check_stalled(task);
    case Reason::kTimeout: {
      const TaskModel::Lease& lease = *task.lease;
      const bool due = task.spec.timeout_ms && lease.started_at && !lease.suspended_at &&
                       time_ >= lease.started_at + lease.suspended_ms + *task.spec.timeout_ms;
      RULE(due, "3", task.id + " is timed out too early");
      return;
    }
    case Reason::kCancelGrace:
      RULE(time_ >= task.cancel_at + limits_.cancel_grace_ms, "3", "the grace of " + task.id + " is cut short");
      return;
    case Reason::kWorkerLost: {
      const WorkerModel& worker = model_.workers[task.lease->worker];
      RULE(worker.now.state == core::WorkerState::kLost || !worker.exists, "3",
           "the worker of " + task.id + " is not lost");
      return;
    }
    case Reason::kReleased:
    case Reason::kDeregistered:
    case Reason::kUndelivered:
      RULE(task.now.cancel_requested, "3", task.id + " is handed back, but its attempt fails");
      return;
    case Reason::kReported:
    case Reason::kNotRetryable:
    case Reason::kLineageLimit:
    case Reason::kBudget:
      return;
    default:
      broken("3", task.id + " ends its attempt for a strange reason: " + base::to_text(reason));
  }
}

void Referee::check_retry(const TaskModel& task, const core::TaskFailed& e) {
  RULE(e.counted, "3", "the failed attempt of " + task.id + " (" + base::to_text(e.reason) + ") is not counted");
  const TaskModel* root = model_.root_of(task);
  const bool full = root->lineage_used >= limits_.lineage_max;
  const bool left = task.now.failures + 1 < task.spec.retry.max_attempts;
  const std::string worker = task.lease ? task.lease->worker : "";
  const std::string budget = model_.budgets.refuses_retry(Model::spender(task, worker), e.usage);
  const bool again = e.reason != Reason::kNotRetryable && left && !full && budget.empty();
  RULE((e.state == TaskState::kPending) == again, left && full ? "8" : "3",
       task.id + (again ? " has attempts left, but is not retried" : " is retried, but has no attempt left"));
  if (e.reason == Reason::kLineageLimit) RULE(left && full, "8", "the lineage of " + task.id + " is not full");
  if (e.reason == Reason::kBudget) {
    RULE(left && !budget.empty(), "8", task.id + " fails for a budget that lets it be retried");
  }
  if (e.state != TaskState::kPending) return;
  const core::RetryPolicy& retry = task.spec.retry;
  const double raw = static_cast<double>(retry.backoff_ms.value) * std::pow(retry.multiplier.value, task.now.failures);
  const double most = retry.max_backoff_ms ? static_cast<double>(retry.max_backoff_ms->value) : 60'000.0;
  const double base = std::min(raw, most);
  const auto wait = static_cast<double>(e.retry_at ? e.retry_at->ms - time_ : 0);
  const bool in_bounds = wait >= std::floor(base * (1 - retry.jitter.value)) - 1 &&
                         wait <= std::min(base * (1 + retry.jitter.value) + 1, most);
  RULE(in_bounds, "3", "the backoff of " + task.id + " is " + std::to_string(wait) + " ms");
}

void Referee::on(const core::TaskFailed& e) {
  const TaskModel* task = known(e.id.value);
  if (!task) return;
  RULE(task->live() && e.from == task->now.state, "3", task->id + " fails from a wrong state");
  RULE(e.lease == task->now.lease, "3", "the lease of the failed " + task->id + " is not current");
  if (task->lease) check_holder(*task, e.lease, e.worker ? e.worker->value : "");
  world_.count(Kind::kReaction, "failed: " + base::to_text(e.reason));
  if (e.reason == Reason::kDeadline) {
    RULE(task->spec.deadline && task->spec.deadline->ms <= world_.wall_max(), "3",
         task->id + " fails before its deadline");
    RULE(e.state == TaskState::kFailed && !e.counted, "3", "a deadline is no attempt of " + task->id);
  } else if (e.reason == Reason::kDependencyFailed) {
    RULE(task->now.state == TaskState::kPending && e.state == TaskState::kFailed && !e.counted, "3",
         task->id + " fails for a dependency in a wrong way");
    const bool cause = std::any_of(task->spec.depends_on.begin(), task->spec.depends_on.end(), [&](const auto& id) {
      const TaskModel* d = model_.task(id.value);
      return d && !d->live() && d->now.state != TaskState::kCompleted;
    });
    RULE(cause && task->spec.on_dependency_failure == core::OnDependencyFailure::kFail, "3",
         task->id + " fails for a dependency that did not fail, or against its policy");
  } else {
    RULE(!task->now.cancel_requested, "3", task->id + " was to be cancelled, but fails");
    check_attempt_end(*task, e.reason);
    check_retry(*task, e);
  }
}

// ---- workers --------------------------------------------------------------------------------------------------

void Referee::on(const core::WorkerRegistered& e) {
  const WorkerModel& worker = model_.workers[e.id.value];
  RULE(!worker.exists || e.session == worker.now.session + 1, "3", "the session of " + e.id.value + " does not grow");
}
void Referee::on(const core::WorkerDraining& e) {
  const WorkerModel& worker = model_.workers[e.id.value];
  RULE(worker.exists, "3", e.id.value + " drains, but is not registered");
  if (e.reason != Reason::kIdle) return;
  world_.count(Kind::kReaction, "idle worker drained");
  const auto& idle_ms = worker.definition.idle_ms;
  if (!idle_ms || !worker.leases.empty()) return broken("3", e.id.value + " is drained as idle, but is not idle");
  std::int64_t since = worker.idle_since;
  if (!outside_.loads.empty()) since = std::max(since, outside_.loads.back().now);
  RULE(ran(since) >= *idle_ms, "3", e.id.value + " is drained as idle after " + std::to_string(ran(since)) + " ms");
}

void Referee::check_silent(const std::string& id, const WorkerModel& worker) {
  const auto early = [&](std::int64_t since, const char* what) {
    RULE(ran(since) >= limits_.worker_lost_ms, "3",
         "worker " + id + " is lost " + std::to_string(ran(since)) + " ms after " + what);
  };
  early(worker.alive_at, "its registration or return");
  if (!outside_.loads.empty()) early(outside_.loads.back().now, "the reload");
  const auto signs = outside_.by_worker.find(id);
  if (signs == outside_.by_worker.end()) return;
  for (const Sign& sign : signs->second) {
    if (sign.answered < time_ && sign.answered >= worker.alive_at) early(sign.asked, "a sign of life");
  }
}

void Referee::on(const core::WorkerLost& e) {
  const WorkerModel& worker = model_.workers[e.id.value];
  const bool there = worker.exists && worker.now.state != core::WorkerState::kLost;
  RULE(there, "3", e.id.value + " is lost, but was not there");
  RULE(e.leases == static_cast<std::int64_t>(worker.leases.size()), "2", "the count of lost leases is wrong");
  if (there) check_silent(e.id.value, worker);
}
void Referee::on(const core::WorkerReturned& e) {
  const WorkerModel& worker = model_.workers[e.id.value];
  RULE(worker.exists && worker.now.state == core::WorkerState::kLost, "3", e.id.value + " returns, but was not lost");
}
void Referee::on(const core::WorkerDeregistered& e) {
  const WorkerModel& worker = model_.workers[e.id.value];
  RULE(worker.exists, "3", e.id.value + " leaves, but is not registered");
  if (e.reason != Reason::kWorkerLost) return;
  world_.count(Kind::kReaction, "lost worker removed");
  RULE(worker.now.state == core::WorkerState::kLost && worker.leases.empty() &&
           time_ >= worker.lost_at + limits_.worker_retired_ms,
       "3", e.id.value + " is removed too early");
}

// ---- queues, bulk changes, catalogue --------------------------------------------------------------------------

void Referee::check_pause_end(const GateModel& gate, Reason reason, const std::string& what) {
  RULE(gate.paused, "9", what + " is resumed twice");
  if (reason != Reason::kTime) return;
  RULE(gate.paused_until && gate.paused_until <= world_.wall_max(), "3", "the pause of " + what + " is cut short");
  world_.count(Kind::kReaction, "pause is over");
}

void Referee::on(const core::QueuePaused& e) {
  const GateModel& gate = model_.limits.queues[e.name.value];
  RULE(!gate.paused || gate.paused_until != (e.until ? e.until->ms : 0), "9",
       "queue " + e.name.value + " is paused twice");
}
void Referee::on(const core::QueueResumed& e) {
  const bool only_drained = model_.queues[e.name.value].now.draining && e.reason == Reason::kRequested &&
                            !model_.limits.queues[e.name.value].paused;
  if (!only_drained) check_pause_end(model_.limits.queues[e.name.value], e.reason, "queue " + e.name.value);
}
void Referee::on(const core::QueueDraining& e) {
  RULE(!model_.queues[e.name.value].now.draining, "9", "queue " + e.name.value + " is drained twice");
}
void Referee::on(const core::KeyPaused& e) {
  const GateModel& gate = model_.limits.keys[e.name.value];
  RULE(!gate.paused || gate.paused_until != (e.until ? e.until->ms : 0), "9",
       "key " + e.name.value + " is paused twice");
}
void Referee::on(const core::KeyResumed& e) {
  check_pause_end(model_.limits.keys[e.name.value], e.reason, "key " + e.name.value);
}

void Referee::check_bulk_retry(const BulkModel& bulk) {
  const core::BulkFilter& f = bulk.started.filter;
  for (const auto& [id, task] : model_.tasks) {
    const bool was_dead = task.now.state == TaskState::kFailed && task.ended_position < bulk.position;
    if (!was_dead || (f.queue && task.spec.queue != *f.queue) || (f.type && task.spec.type != *f.type)) continue;
    const auto& tags = task.spec.tags;
    if (f.tag && std::find(tags.begin(), tags.end(), *f.tag) == tags.end()) continue;
    broken("3", "bulk retry " + bulk.started.id.value + " is done, but left out " + id);
  }
}

void Referee::check_bulk_cancel(const BulkModel& bulk) {
  const core::BulkFilter& f = bulk.started.filter;
  if (!f.state.empty()) return;
  for (const auto& [id, task] : model_.tasks) {
    const bool spared =
        !task.live() || task.submitted > bulk.position || task.now.cancel_requested || task.ever_redriven;
    if (spared || (f.queue && task.spec.queue != *f.queue) || (f.type && task.spec.type != *f.type)) continue;
    const auto& tags = task.spec.tags;
    if (f.tag && std::find(tags.begin(), tags.end(), *f.tag) == tags.end()) continue;
    broken("3", "bulk cancel " + bulk.started.id.value + " is done, but left out " + id);
  }
}

void Referee::on(const core::BulkAdvanced& e) {
  const auto found = model_.bulks.find(e.id.value);
  if (found == model_.bulks.end()) return broken("2", "an unknown bulk change advances");
  const BulkModel& bulk = found->second;
  RULE(bulk.now.state == core::BulkState::kRunning, "9", "a finished bulk change advances");
  const bool retry = bulk.started.action == core::BulkAction::kRetry;
  world_.count(Kind::kReaction, retry ? "bulk retry step" : "bulk cancel step");
  if (e.state != core::BulkState::kDone) return;
  if (retry) {
    check_bulk_retry(bulk);
  } else {
    check_bulk_cancel(bulk);
  }
}

void Referee::on(const core::TaskTypeSet& e) {
  RULE(base::from_json_text<core::TypeDefinition>(e.definition.text()).has_value(), "8",
       e.name.value + " is ill-defined");
}
void Referee::on(const core::TaskTypeDeleted& e) {
  RULE(model_.types[e.name.value].now.has_value(), "9", "type " + e.name.value + " is deleted, but was not defined");
}
void Referee::on(const core::NamespaceCreated& e) {
  RULE(!model_.namespaces.contains(e.name.value), "9", "namespace " + e.name.value + " is created twice");
}
void Referee::on(const core::TokenCreated& e) {
  const auto same = model_.tokens.find(e.hash);
  RULE(same == model_.tokens.end() || !same->second.is_valid(), "9", "token " + e.hash + " is created twice");
  std::int64_t listed = 0;
  for (const auto& [hash, token] : model_.tokens) {
    const bool live = token.name == e.name && token.is_valid() && (!token.expires || token.expires > world_.wall_max());
    RULE(!live, "9", "two live tokens are named " + e.name);
    listed += token.is_valid() ? 1 : 0;
  }
  RULE(!e.created_by || listed < limits_.tokens_max, "8", "there are more tokens than the limit");
}
void Referee::on(const core::TokenRevoked& e) {
  const auto found = model_.tokens.find(e.hash);
  if (found == model_.tokens.end() || !found->second.is_valid()) return broken("9", "a token is revoked twice");
  RULE(found->second.expires || model_.count_lasting() > 1, "8", "the last token that does not expire is revoked");
}
void Referee::on(const core::TokenExpired& e) {
  const auto found = model_.tokens.find(e.hash);
  if (found == model_.tokens.end() || !found->second.is_valid()) return broken("9", "an unknown token leaves the list");
  const auto expires = found->second.expires;
  RULE(expires && expires <= world_.wall_max(), "8", "a token leaves the list before it has expired");
  world_.count(Kind::kReaction, "token expired");
}
void Referee::on(const core::TokenUsed& e) {
  const auto found = model_.tokens.find(e.hash);
  if (found == model_.tokens.end() || !found->second.is_valid()) return broken("9", "an unknown token is used");
  RULE(e.at.ms > found->second.last_used, "9", "the last use of a token goes back");
}

#undef RULE

}  // namespace arbiter::sim
