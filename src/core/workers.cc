// Registration and life of workers. A worker's name is its id; a new session under the same name takes over.
#include <set>

#include "base/ids.h"
#include "core/core.h"
#include "core/page.h"
#include "core/views.h"

namespace arbiter::core {

using base::ErrorCode;
using base::fail;

namespace {

base::Error replaced_by(const Worker& worker) {
  return {ErrorCode::kSessionReplaced, "This session of worker " + worker.id + " was replaced by session " +
                                           std::to_string(worker.session) + "; it should stop."};
}

}  // namespace

Core::Answer Core::on(const RegisterWorker& c, Ticket) {
  const Position p = state_.position + 1;
  const std::string id = c.name ? c.name->value
                                : base::type_id("worker", now_.now, base::random_at(state_.seed, p, 0),
                                                base::random_at(state_.seed, p, 1));
  const Worker* known = state_.find_worker(id);
  const bool created = !known || known->state == WorkerState::kGone;
  if (!known && static_cast<std::int64_t>(state_.workers.size()) >= state_.limits.workers_max) {
    return fail({ErrorCode::kOverloaded,
                 "There are " + std::to_string(state_.limits.workers_max) + " workers already; deregister some.",
                 {},
                 10'000});
  }
  WorkerRegistered e{Name(id), known ? known->session + 1 : 1, c};
  e.definition.name = Name(id);
  emit(std::move(e));
  wake_replaced(*state_.find_worker(id));
  return Reply(RegisterReply{view_of(state_, *state_.find_worker(id), /*with_leases=*/true), created});
}

// Requests of an earlier session that still wait get no work any more.
void Core::wake_replaced(const Worker& worker) {
  std::vector<Waiter*> replaced;
  const auto [first, last] = listeners_.equal_range(worker.id);
  for (auto it = first; it != last; ++it) {
    const Waiter& waiter = *it->second;
    const auto& session = waiter.what == Waiter::Kind::kLease ? waiter.lease.session : waiter.heartbeat.session;
    if (session && *session != worker.session) replaced.push_back(it->second);
  }
  for (Waiter* waiter : replaced) wake(*waiter, fail(replaced_by(worker)));
}

Core::Answer Core::on(const ListWorkers& c, Ticket) {
  WorkerList list;
  list.next_cursor = page(state_.workers, c.cursor, c.limit, list.items, [&](const auto& entry, auto& items) {
    const Worker& w = *entry.second;
    if (!c.state.empty() && std::find(c.state.begin(), c.state.end(), w.state) == c.state.end()) return;
    const auto& has = w.definition.capabilities;
    if (c.capability && std::find(has.begin(), has.end(), *c.capability) == has.end()) return;
    items.push_back(view_of(state_, w, /*with_leases=*/false));
  });
  return Reply(std::move(list));
}

Core::Answer Core::on(const GetWorker& c, Ticket) {
  const Worker* worker = state_.find_worker(c.id.value);
  if (!worker) return fail({ErrorCode::kUnknownWorker, "There is no worker " + c.id.value + "."});
  return Reply(view_of(state_, *worker, /*with_leases=*/true));
}

HeartbeatReply Core::heartbeat_reply(const Heartbeat& c, const Worker& worker) const {
  HeartbeatReply reply;
  reply.id = c.id;
  reply.state = worker.state;
  reply.drain = worker.state == WorkerState::kDraining;
  reply.running = static_cast<std::int64_t>(worker.leases.size());
  for (const auto& [number, task] : worker.leases) {
    if (task->cancel_requested) reply.cancellations.push_back({Name(task->id), std::to_string(number)});
    const Suspension& rests = task->lease->suspension;
    if (rests.since) reply.suspended.push_back({Name(task->id), std::to_string(number), !rests.by_holder});
  }
  if (!c.leases) return reply;
  for (const auto& lease : *c.leases) {
    const bool held = std::any_of(worker.leases.begin(), worker.leases.end(),
                                  [&](const auto& l) { return std::to_string(l.first) == lease.value; });
    if (!held) reply.lost.push_back({Name(), lease.value});
  }
  return reply;
}

// A worker that names its leases renews just these: one whose grant never reached it runs out in its own time.
void Core::renew_named(Worker& worker, const List<LeaseText, 0, 10'000>& named) {
  std::set<std::string_view> names;
  for (const auto& lease : named) names.insert(lease.value);
  for (auto& [number, task] : worker.leases) {
    Lease& lease = *task->lease;
    const bool known = names.contains(std::to_string(number));
    if (!known && !lease.disowned) lease.expires_at = state_.lease_deadline(lease);
    lease.disowned = !known;
    state_.arm(*task);
  }
}

bool Core::has_news(const Heartbeat& c, const HeartbeatReply& reply) {
  if (!reply.cancellations.empty() || !reply.lost.empty() || reply.drain) return true;
  if (!c.suspended) return false;
  std::set<std::string_view> known, present;
  for (const auto& lease : *c.suspended) known.insert(lease.value);
  for (const auto& suspended : reply.suspended) present.insert(suspended.lease);
  return known != present;
}

Core::Answer Core::on(const Heartbeat& c, Ticket ticket) {
  Worker* known = state_.find_worker(c.id.value);
  if (known && c.leases && (!c.session || *c.session == known->session)) renew_named(*known, *c.leases);
  auto worker = worker_for_request(c.id.value, c.session);
  if (!worker) return fail(worker.error());
  HeartbeatReply reply = heartbeat_reply(c, **worker);
  const bool wait = c.wait_ms > 0 && !has_news(c, reply);
  if (!wait) return Reply(std::move(reply));
  if (static_cast<std::int64_t>(waiters_.size()) >= state_.limits.waiters_max) {
    return fail({ErrorCode::kOverloaded, "Too many requests are waiting; use fewer or shorter waits.", {}, 1'000});
  }
  Waiter* waiter = park(ticket, Waiter::Kind::kHeartbeat, c.wait_ms);
  waiter->worker = (*worker)->id;
  waiter->heartbeat = c;
  listeners_.emplace(waiter->worker, waiter);
  return std::nullopt;
}

Core::Answer Core::on(const DrainWorker& c, Ticket) {
  Worker* worker = state_.find_worker(c.id.value);
  if (!worker) return fail({ErrorCode::kUnknownWorker, "There is no worker " + c.id.value + "."});
  if (worker->state == WorkerState::kLive) emit(WorkerDraining{c.id});
  return Reply(view_of(state_, *worker, /*with_leases=*/true));
}

Core::Answer Core::on(const DeregisterWorker& c, Ticket) {
  const Worker* worker = state_.find_worker(c.id.value);
  if (!worker) return fail({ErrorCode::kUnknownWorker, "There is no worker " + c.id.value + "."});
  if (worker->state != WorkerState::kGone) emit(WorkerDeregistered{c.id});
  return Reply(Done{});
}

// ---- queues use the same paging -------------------------------------------------------------------------------

Core::Answer Core::on(const ListQueues& c, Ticket) {
  QueueList list;
  list.next_cursor = page(state_.queues, c.cursor, c.limit, list.items, [&](const auto& entry, auto& items) {
    items.push_back(view_of(state_, *entry.second, now_.now.ms));
  });
  return Reply(std::move(list));
}

Core::Answer Core::on(const ListNamespaces& c, Ticket) {
  NamespaceList list;
  list.next_cursor = page(state_.namespaces, c.cursor, c.limit, list.items, [&](const auto& entry, auto& items) {
    items.push_back(NamespaceView{Name(entry.first), Timestamp{entry.second}});
  });
  return Reply(std::move(list));
}

}  // namespace arbiter::core
