// What the holder of a lease tells about its task. Nothing is accepted under a lease that is not the current one.
#include "base/ids.h"
#include "core/core.h"
#include "core/views.h"

namespace arbiter::core {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

base::Error stale(const Task& task, const std::string& lease) {
  std::string message =
      "Lease " + lease + " of task " + task.id + " is not current: the task is " + base::to_text(task.state);
  if (task.lease) message += " under another lease of worker " + task.lease->worker->id;
  return {ErrorCode::kStaleLease, message + ". Stop working on it; nothing was changed."};
}

bool holds(const Task& task, const std::string& lease) {
  return task.lease && std::to_string(task.lease->number) == lease;
}

std::int64_t fingerprint_of(const Report& r) {
  std::uint64_t hash = base::mix(r.result.content_hash());
  Report rest = r;  // What is left says more than who reports.
  rest.result = {};
  if (rest.error) hash ^= base::mix(std::exchange(rest.error->details, {}).content_hash() + 1);
  rest.task_id = {};
  rest.lease = {};
  rest.traceparent = {};
  hash ^= base::mix(std::hash<std::string>{}(base::to_json(rest)));
  return static_cast<std::int64_t>(base::mix(hash ^ (r.retryable ? 1U : 0U)) >> 11);
}

// The last outcome of the task came under this lease: a repetition, or a contradiction.
bool recorded(const Task& task, const std::string& lease) {
  return task.last && task.last->reported && std::to_string(task.last->lease) == lease;
}

}  // namespace

Result<Task*> Core::leased_task(const std::string& id, const std::string& lease) {
  Task* task = state_.find_task(id);
  if (!task) return fail(no_task(id));
  if (!holds(*task, lease)) return fail(stale(*task, lease));
  task->lease->disowned = false;  // Its worker knows it after all.
  see(*task->lease->worker);
  return task;
}

Core::Answer Core::on(const StartTask& c, Ticket) {
  auto task = leased_task(c.id.value, c.lease.value);
  if (!task) return fail(task.error());
  if ((*task)->state == TaskState::kAssigned) emit(TaskStarted{c.id, (*task)->lease->number});
  return Reply(lease_status_of(state_, **task));
}

Core::Answer Core::on(const ReportProgress& c, Ticket) {
  auto task = leased_task(c.id.value, c.lease.value);
  if (!task) return fail(task.error());
  (*task)->lease->progress = Progress{c.percent, c.message, now_.now};
  (*task)->lease->last_sign_at = now_.now.ms;
  return Reply(lease_status_of(state_, **task));
}

Core::Answer Core::on(const AppendLog& c, Ticket) {
  auto task = leased_task(c.id.value, c.lease.value);
  if (!task) return fail(task.error());
  (*task)->lease->last_sign_at = now_.now.ms;
  LogLines lines{c.id.value, (*task)->failures + 1, now_.now, {}};
  for (const auto& line : c.lines) lines.lines.push_back(line.value);
  logs_.push_back(std::move(lines));
  return Reply(lease_status_of(state_, **task));
}

Core::Answer Core::on(const ExtendLease& c, Ticket) {
  auto task = leased_task(c.id.value, c.lease.value);
  if (!task) return fail(task.error());
  Lease& lease = *(*task)->lease;
  lease.expires_at = std::max(lease.expires_at, now_.now.ms + (c.lease_ms ? c.lease_ms->value : lease.lease_ms));
  lease.last_sign_at = now_.now.ms;
  state_.arm(**task);
  return Reply(lease_status_of(state_, **task));
}

void Core::complete(Task& task, const Report& r) {
  TaskCompleted e;
  e.id.value = task.id;
  e.worker.value = task.lease->worker->id;
  e.lease = task.lease->number;
  e.attempt = task.failures + 1;
  e.run_ms = task.lease->ran_ms(now_.now.ms);
  e.fingerprint = fingerprint_of(r);
  if (r.quality_score) e.quality_score = r.quality_score->value;
  e.usage = r.usage;
  e.result = r.result;
  emit(std::move(e));
}

// One outcome. The same one again under its lease is answered as the first time; another one is refused.
Result<Task*> Core::report(const Report& r, const std::optional<std::string>& message) {
  Task* task = state_.find_task(r.task_id.value);
  if (!task) return fail(no_task(r.task_id.value));
  if (!holds(*task, r.lease.value)) {
    if (!recorded(*task, r.lease.value)) return fail(stale(*task, r.lease.value));
    const bool same = task->last->outcome == r.outcome &&
                      (r.outcome == Outcome::kReleased || task->last->fingerprint == fingerprint_of(r));
    if (same) {
      if (Worker* worker = state_.find_worker(task->last->worker)) see(*worker);
      return task;
    }
    return fail({ErrorCode::kOutcomeConflict,
                 "Lease " + r.lease.value + " already recorded " + base::to_text(task->last->outcome) + "."});
  }
  if (r.outcome == Outcome::kFailed && !r.error) {
    return fail({ErrorCode::kInvalidRequest, "A failure says why.", {{"error", "is required when outcome is failed"}}});
  }
  if (static_cast<std::int64_t>(r.result.size()) > state_.limits.result_bytes_max) {
    return fail({ErrorCode::kTooLarge,
                 "A result may have at most " + std::to_string(state_.limits.result_bytes_max) + " bytes."});
  }
  if (r.outcome == Outcome::kCompleted && task->state == TaskState::kAssigned) {
    return fail({ErrorCode::kInvalidState, "Task " + task->id + " is assigned but not started: start it first."});
  }
  if (r.outcome == Outcome::kCompleted) {
    if (auto ok = check_result(*task, r.result); !ok) return fail(ok.error());
  }
  see(*task->lease->worker);
  switch (r.outcome) {
    case Outcome::kCompleted:
      complete(*task, r);
      break;
    case Outcome::kFailed:
      fail_attempt(*task, r.retryable ? Reason::kReported : Reason::kNotRetryable, r.retryable, r.error,
                   fingerprint_of(r), r.usage);
      break;
    case Outcome::kReleased:
      hand_back(*task, Reason::kReleased, message);
      break;
  }
  return task;
}

Core::Answer Core::on(const CompleteTask& c, Ticket) {
  auto task = report({c.id, c.lease, Outcome::kCompleted, c.result, {}, true, c.quality_score, c.usage});
  if (!task) return fail(task.error());
  return Reply(view_of(state_, **task, Detail::kWithoutBodies));
}

Core::Answer Core::on(const FailTask& c, Ticket) {
  auto task = report({c.id, c.lease, Outcome::kFailed, {}, c.error, c.retryable, {}, c.usage});
  if (!task) return fail(task.error());
  return Reply(view_of(state_, **task, Detail::kWithoutBodies));
}

Core::Answer Core::on(const ReleaseTask& c, Ticket) {
  auto task = report({c.id, c.lease, Outcome::kReleased, {}, {}, true, {}, {}},
                     c.reason ? std::optional(c.reason->value) : std::nullopt);
  if (!task) return fail(task.error());
  return Reply(view_of(state_, **task, Detail::kWithoutBodies));
}

Core::Answer Core::on(const ReportTasks& c, Ticket ticket) {
  auto worker = worker_for_request(c.worker_id.value, c.session);
  if (!worker) return fail(worker.error());
  ReportReply reply;
  reply.results.reserve(c.reports.size());
  for (const auto& r : c.reports) {
    auto task = report(r);
    if (task) {
      reply.results.push_back({r.task_id, (*task)->state, {}, {}});
    } else {
      reply.results.push_back({r.task_id, {}, std::string(base::info(task.error().code).name), task.error().message});
    }
  }
  LeaseTasks lease;
  lease.worker_id = c.worker_id;
  lease.session = c.session;
  if (c.lease) {
    lease.max = c.lease->max;
    lease.wait_ms = c.lease->wait_ms;
    lease.lease_ms = c.lease->lease_ms;
    lease.start = c.lease->start;
    lease.types = c.lease->types;
    lease.queues = c.lease->queues;
  }
  auto leases = c.lease ? grant(**worker, lease) : std::vector<LeaseView>{};
  // A report is answered at once when something is to tell; only an empty one waits for work.
  if (leases.empty() && c.reports.empty() && c.lease && c.lease->wait_ms > 0) {
    auto answer = on(lease, ticket);
    if (!answer) waiters_.at(ticket)->report = std::move(reply);
    if (!answer || !*answer) return answer;
  }
  LeaseReply base = lease_reply(**worker, std::move(leases));
  reply.leases = std::move(base.leases);
  reply.cancellations = std::move(base.cancellations);
  reply.drain = base.drain;
  return Reply(std::move(reply));
}

}  // namespace arbiter::core
