// Handing tasks to workers: by priority, then age; to the one who has waited longest.
#include <queue>

#include "core/core.h"
#include "core/views.h"

namespace arbiter::core {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

template <typename Names>
bool contains(const Names& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](const auto& n) { return n.value == name; });
}

// A group of lanes whose first one is next for a worker, as it was when it was looked at.
struct Candidate {
  ReadyGroup* group;
  std::uint64_t pass;
  Position oldest;
  [[nodiscard]] bool comes_before(const Candidate& other) const {
    return pass != other.pass ? pass < other.pass : oldest < other.oldest;
  }
};

}  // namespace

bool Core::can_serve(Worker& worker, const Profile& profile) const {
  const auto known = worker.can_serve.find(profile.id);
  if (known != worker.can_serve.end()) return known->second;
  const RegisterWorker& has = worker.definition;
  const Requirements& wants = profile.requirements;
  bool yes = contains(has.capabilities, "*") || contains(has.capabilities, profile.type.value);
  for (const auto& capability : wants.capabilities) yes = yes && contains(has.capabilities, capability.value);
  for (const auto& language : wants.languages) yes = yes && contains(has.languages, language.value);
  for (const auto& [key, value] : wants.labels) {
    const auto label = has.labels.find(key);
    yes = yes && label != has.labels.end() && label->second == value;
  }
  if (wants.worker_id) yes = yes && wants.worker_id->value == worker.id;
  if (worker.can_serve.size() > 10'000) worker.can_serve.clear();
  worker.can_serve.emplace(profile.id, yes);
  return yes;
}

void Core::see(Worker& worker) {
  worker.last_seen_at = std::max(worker.last_seen_at, now_.now.ms);
  if (worker.state == WorkerState::kLost) emit(WorkerReturned{Name(worker.id)});
}

Result<Worker*> Core::worker_for_request(const std::string& id, const std::optional<std::int64_t>& session) {
  Worker* worker = state_.find_worker(id);
  if (!worker || worker->state == WorkerState::kGone) {
    return fail({ErrorCode::kUnknownWorker, "Worker " + id + " is not registered: POST /api/v1/workers first."});
  }
  if (session && *session != worker->session) {
    return fail({ErrorCode::kSessionReplaced, "Session " + std::to_string(*session) + " of worker " + id +
                                                  " was replaced by session " + std::to_string(worker->session) +
                                                  "; this one should stop."});
  }
  see(*worker);
  return worker;
}

std::vector<LeaseView> Core::grant(Worker& worker, const LeaseTasks& c) {
  std::vector<LeaseView> leases;
  if (worker.state != WorkerState::kLive || state_.ready_tasks == 0) return leases;
  if (state_.spent_budget(BudgetScope::kWorker, worker.id)) return leases;
  const std::int64_t slots = worker.definition.max_concurrent - worker.slots_used;
  auto left = static_cast<std::size_t>(std::clamp<std::int64_t>(slots, 0, c.max));
  std::int64_t bytes = 0;
  leases.reserve(std::min<std::size_t>(left, static_cast<std::size_t>(state_.ready_tasks)));
  const auto later = [](const Candidate& a, const Candidate& b) { return b.comes_before(a); };
  for (int priority = 10; priority >= 1 && left > 0; --priority) {
    std::priority_queue<Candidate, std::vector<Candidate>, decltype(later)> candidates(later);
    for (auto& [name, queue] : state_.queues) {
      auto& groups = queue->ready[static_cast<std::size_t>(priority)];
      if (groups.empty() || queue->shut) continue;
      if (!worker.definition.queues.empty() && !contains(worker.definition.queues, name)) continue;
      if (!c.queues.empty() && !contains(c.queues, name)) continue;
      for (auto& [profile_id, group] : groups) {
        const Lane* lane = group.first();
        if (!lane) continue;
        const Profile& profile = *lane->tasks.begin()->profile;
        if (!c.types.empty() && !contains(c.types, profile.type.value)) continue;
        if (can_serve(worker, profile)) candidates.push({&group, lane->share->pass, lane->oldest()});
      }
    }
    while (left > 0 && !candidates.empty()) {
      ReadyGroup& group = *candidates.top().group;
      const Candidate known = candidates.top();
      candidates.pop();
      Lane* lane = group.queue->shut ? nullptr : group.first();
      if (!lane) continue;
      const Candidate present{&group, lane->share->pass, lane->oldest()};
      if (known.comes_before(present)) {  // what was granted meanwhile moved it back
        candidates.push(present);
        continue;
      }
      Task& task = *lane->tasks.begin();
      const bool last = group.holds_one();
      if (state_.own_spent_budget(task)) {
        state_.park(task);
      } else {
        const auto lease = static_cast<std::int64_t>(state_.position + 1);
        emit(TaskAssigned{Name(task.id), Name(worker.id), lease, task.failures + 1, c.lease_ms,
                          c.start ? TaskState::kRunning : TaskState::kAssigned});
        leases.push_back(lease_view_of(state_, task, Detail::kFull));
        bytes += task.payload_bytes;
        const bool go_on =
            bytes < state_.limits.grant_bytes_max && !state_.spent_budget(BudgetScope::kWorker, worker.id);
        left = go_on ? left - 1 : 0;
      }
      if (const Lane* next = last ? nullptr : group.first()) {
        candidates.push({&group, next->share->pass, next->oldest()});
      }
    }
  }
  return leases;
}

// What a waiting request for leases is answered for although there is no work. Each cancellation answers one of them:
// a worker that goes on asking is not to be answered at once until the cancelled task has ended.
bool Core::has_news(const Worker& worker) {
  if (worker.state != WorkerState::kLive) return true;
  return std::any_of(worker.leases.begin(), worker.leases.end(), [](const auto& held) {
    return held.second->cancel_requested && !held.second->lease->cancel_told;
  });
}

LeaseReply Core::lease_reply(Worker& worker, std::vector<LeaseView> leases) {
  LeaseReply reply;
  reply.leases = std::move(leases);
  reply.drain = worker.state == WorkerState::kDraining;
  for (const auto& [number, task] : worker.leases) {
    if (reply.cancellations.size() >= static_cast<std::size_t>(kLeaseMax)) break;
    if (!task->cancel_requested) continue;
    task->lease->cancel_told = true;
    reply.cancellations.push_back({Name(task->id), std::to_string(number)});
  }
  return reply;
}

Core::Answer Core::on(const LeaseTasks& c, Ticket ticket) {
  auto worker = worker_for_request(c.worker_id.value, c.session);
  if (!worker) return fail(worker.error());
  auto leases = grant(**worker, c);
  const bool wait = leases.empty() && c.wait_ms > 0 && !has_news(**worker);
  if (!wait) return Reply(lease_reply(**worker, std::move(leases)));
  if (static_cast<std::int64_t>(waiters_.size()) >= state_.limits.waiters_max) {
    return fail({ErrorCode::kOverloaded, "Too many requests are waiting; use fewer or shorter waits.", {}, 1'000});
  }
  Waiter* waiter = park(ticket, Waiter::Kind::kLease, c.wait_ms);
  waiter->worker = (*worker)->id;
  waiter->lease = c;
  waiter->order = lease_waiters_.insert(lease_waiters_.end(), waiter);
  listeners_.emplace(waiter->worker, waiter);
  return std::nullopt;
}

Reply Core::waiter_reply(Waiter& waiter, std::vector<LeaseView> leases) {
  Worker* worker = state_.find_worker(waiter.worker);
  LeaseReply reply;
  if (worker) {
    reply = lease_reply(*worker, std::move(leases));
  } else {
    reply.leases = std::move(leases);
  }
  if (!waiter.report) return reply;
  ReportReply report = std::move(*waiter.report);
  report.leases = std::move(reply.leases);
  report.cancellations = std::move(reply.cancellations);
  report.drain = reply.drain;
  return report;
}

// Ready tasks go to waiting workers, in the step that made them ready.
void Core::dispatch() {
  for (auto it = lease_waiters_.begin(); it != lease_waiters_.end() && state_.ready_tasks > 0;) {
    Waiter& waiter = **it++;
    Worker* worker = state_.find_worker(waiter.worker);
    if (!worker || worker->state != WorkerState::kLive) {
      wake(waiter, waiter_reply(waiter, {}));
      continue;
    }
    // A waiting request shows that its worker is alive.
    worker->last_seen_at = std::max(worker->last_seen_at, now_.now.ms);
    auto leases = grant(*worker, waiter.lease);
    if (!leases.empty()) wake(waiter, waiter_reply(waiter, std::move(leases)));
  }
}

Core::Answer Core::on(const ReturnLeases& c, Ticket) {
  for (const auto& returned : c.leases) {
    Task* task = state_.find_task(returned.task_id.value);
    if (!task || !task->lease || std::to_string(task->lease->number) != returned.lease) continue;
    hand_back(*task, Reason::kUndelivered);
  }
  return Reply(Done{});
}

}  // namespace arbiter::core
