// Queues and changes to many tasks at once.
#include "base/ids.h"
#include "core/core.h"
#include "core/views.h"

namespace arbiter::core {

using base::ErrorCode;
using base::fail;

Core::Answer Core::on(const GetQueue& c, Ticket) {
  Queue* queue = state_.find_queue(c.name.value);
  if (!queue)
    return fail({ErrorCode::kNotFound, "There is no queue " + c.name.value + ". It begins with its first task."});
  return Reply(view_of(state_, *queue, now_.now.ms));
}

Core::Answer Core::on(const ConfigureQueue& c, Ticket) {
  Queue* queue = state_.find_queue(c.name.value);
  QueueConfigured e{.name = c.name};
  if (queue) e = {c.name, queue->max_depth, queue->concurrency, queue->rate, queue->key_limits};
  const QueueConfigured before = e;
  if (c.max_depth) e.max_depth = *c.max_depth;
  if (c.concurrency) e.concurrency = *c.concurrency;
  if (c.rate) e.rate = *c.rate;
  if (c.key_limits) e.key_limits = *c.key_limits;
  const bool same = e.max_depth == before.max_depth && e.concurrency == before.concurrency && e.rate == before.rate &&
                    e.key_limits == before.key_limits;
  if (!queue || !queue->configured || !same) emit(std::move(e));
  return Reply(view_of(state_, *state_.find_queue(c.name.value), now_.now.ms));
}

Core::Answer Core::on(const PauseQueue& c, Ticket) {
  Queue* queue = state_.find_queue(c.name.value);
  const auto until = pause_end(c.until, c.for_ms);
  if (!until) return fail(until.error());
  if (!queue || !queue->paused || queue->paused_until != (*until ? (*until)->ms : 0)) {
    emit(QueuePaused{c.name, *until, c.reason ? std::optional(c.reason->value) : std::nullopt});
  }
  return Reply(view_of(state_, *state_.find_queue(c.name.value), now_.now.ms));
}

Core::Answer Core::on(const ResumeQueue& c, Ticket) {
  Queue* queue = state_.find_queue(c.name.value);
  if (!queue) return fail({ErrorCode::kNotFound, "There is no queue " + c.name.value + "."});
  if (queue->paused || queue->draining) emit(QueueResumed{c.name});
  return Reply(view_of(state_, *queue, now_.now.ms));
}

Core::Answer Core::on(const DrainQueue& c, Ticket) {
  const Queue* queue = state_.find_queue(c.name.value);
  if (!queue || !queue->draining) {
    emit(QueueDraining{c.name, c.reason ? std::optional(c.reason->value) : std::nullopt});
  }
  return Reply(view_of(state_, *state_.find_queue(c.name.value), now_.now.ms));
}

Core::Answer Core::on(const StartBulk& c, Ticket) {
  base::FieldErrors errors;
  for (std::size_t i = 0; i < c.filter.state.size(); ++i) {
    const TaskState s = c.filter.state[i];
    const std::string field = "filter.state[" + std::to_string(i) + "]";
    if (c.action == BulkAction::kCancel && is_ended(s)) errors.add(field, "has ended and cannot be cancelled");
    if (c.action == BulkAction::kRetry && s != TaskState::kFailed)
      errors.add(field, "only failed tasks can be retried");
  }
  if (!errors.empty()) return fail({ErrorCode::kInvalidRequest, "Some fields are not valid.", errors.take()});
  const Position p = state_.position + 1;
  const std::string id =
      base::type_id("bulk", now_.now, base::random_at(state_.seed, p, 0), base::random_at(state_.seed, p, 1));
  emit(BulkStarted{Name(id), c.action, c.filter, c.reason ? std::optional(c.reason->value) : std::nullopt});
  return Reply(view_of(state_.bulks.find(id)->second));
}

Core::Answer Core::on(const GetBulk& c, Ticket) {
  const auto it = state_.bulks.find(c.id.value);
  if (it == state_.bulks.end()) return fail({ErrorCode::kNotFound, "There is no bulk change " + c.id.value + "."});
  return Reply(view_of(it->second));
}

Core::Answer Core::on(const ListCascades& c, Ticket) {
  CascadeList list;
  const auto add = [&](CascadeKind kind, const std::string& id, std::int64_t done, std::optional<std::int64_t> left) {
    if (static_cast<std::int64_t>(list.items.size()) < c.limit) list.items.push_back({kind, id, done, left});
  };
  const auto add_part = [&](CascadeKind kind, const State::Cascade& cascade, std::size_t left) {
    const auto rest = static_cast<std::int64_t>(left);
    if (rest > 0) add(kind, cascade.id, std::max<std::int64_t>(0, cascade.total - rest), rest);
  };
  for (const auto& cascade : state_.lost_workers) {
    const Worker* worker = state_.find_worker(cascade.id);
    if (worker) add_part(CascadeKind::kWorkerLost, cascade, worker->leases.size());
  }
  for (const auto& cascade : state_.unsettled) {
    const Task* task = state_.find_task(cascade.id);
    if (task && task->dependents) add_part(CascadeKind::kDependents, cascade, task->dependents->size());
  }
  for (const auto& [id, bulk] : state_.bulks) {
    if (bulk.state == BulkState::kRunning) add(CascadeKind::kBulk, id, bulk.done, {});
  }
  return Reply(std::move(list));
}

}  // namespace arbiter::core
