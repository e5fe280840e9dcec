// The rules that open incidents by themselves, and what they have seen lately (volatile).
//
//   a task is queued for queue_age_ms                        -> queue_age:QUEUE, resolved when that is over
//   dead_tasks_alert tasks of one queue die in the window    -> dead_tasks:QUEUE
//   a worker is lost worker_losses_alert times in the window -> worker_flapping:WORKER
#include "core/incident_rules.h"

#include "core/core.h"

namespace arbiter::core {

bool Tally::add(const std::string& name, std::int64_t now, std::int64_t window_ms, std::int64_t enough) {
  if (enough <= 0) return false;
  auto& times = times_[name];
  times.push_back(now);
  while (times.front() + window_ms <= now) times.pop_front();
  const bool reached = static_cast<std::int64_t>(times.size()) >= enough;
  if (reached) times_.erase(name);
  if (times_.size() > kNamesMax) drop_quiet(now, window_ms);
  return reached;
}

// Those that saw nothing lately; when that does not help, all: it only makes a rule notice later.
void Tally::drop_quiet(std::int64_t now, std::int64_t window_ms) {
  std::erase_if(times_, [&](const auto& entry) { return entry.second.back() + window_ms <= now; });
  if (times_.size() > kNamesMax) times_.clear();
}

namespace {

constexpr std::string_view kQueueAge = "queue_age:";
std::string age_cause(const std::string& queue) { return std::string(kQueueAge) + queue; }

std::string seconds(std::int64_t ms) { return std::to_string(ms / 1'000) + " s"; }

IncidentReport many_dead(const std::string& queue, std::int64_t count, std::int64_t window_ms) {
  return {
      .cause = "dead_tasks:" + queue,
      .rule = IncidentRule::kDeadTasks,
      .severity = Severity::kCritical,
      .title = std::to_string(count) + " tasks of queue " + queue + " died within " + seconds(window_ms) +
               ": their attempts are used up.",
      .evidence = RawJson("{\"count\":" + std::to_string(count) + ",\"windowMs\":" + std::to_string(window_ms) + "}"),
      .task_id = {},
      .queue = Name(queue),
      .worker_id = {}};
}

IncidentReport flapping(const std::string& worker, std::int64_t count, std::int64_t window_ms) {
  return {
      .cause = "worker_flapping:" + worker,
      .rule = IncidentRule::kWorkerFlapping,
      .severity = Severity::kWarning,
      .title = "Worker " + worker + " was lost " + std::to_string(count) + " times within " + seconds(window_ms) + ".",
      .evidence = RawJson("{\"count\":" + std::to_string(count) + ",\"windowMs\":" + std::to_string(window_ms) + "}"),
      .task_id = {},
      .queue = {},
      .worker_id = Name(worker)};
}

IncidentReport too_old(const std::string& queue, std::int64_t age_ms) {
  return {.cause = age_cause(queue),
          .rule = IncidentRule::kQueueAge,
          .severity = Severity::kWarning,
          .title = "A task of queue " + queue + " is queued for more than " + seconds(age_ms) +
                   ": there are no workers for it, or too few.",
          .evidence = RawJson("{\"ageMs\":" + std::to_string(age_ms) + "}"),
          .task_id = {},
          .queue = Name(queue),
          .worker_id = {}};
}

}  // namespace

// What this step brought about. What is emitted here is looked at too, and opens nothing more.
void Core::watch_rules() {
  const InboxLimits& limits = state_.limits.inbox;
  bool queue_moved = false;
  for (std::size_t i = step_start_; i < events_.size(); ++i) {
    const EventBody& body = events_[i].body;
    if (const auto* failed = std::get_if<TaskFailed>(&body)) {
      queue_moved = true;
      if (failed->state != TaskState::kFailed || failed->reason == Reason::kDependencyFailed) continue;
      const Task* task = state_.find_task(failed->id.value);
      const std::string queue = task->queue->name;
      if (deaths_.add(queue, now_.now.ms, limits.alert_window_ms, limits.dead_tasks_alert)) {
        open_incident(many_dead(queue, limits.dead_tasks_alert, limits.alert_window_ms));
      }
    } else if (const auto* lost = std::get_if<WorkerLost>(&body)) {
      const std::string worker = lost->id.value;
      if (losses_.add(worker, now_.now.ms, limits.alert_window_ms, limits.worker_losses_alert)) {
        open_incident(flapping(worker, limits.worker_losses_alert, limits.alert_window_ms));
      }
    } else if (std::holds_alternative<TaskAssigned>(body) || std::holds_alternative<TaskCancelled>(body) ||
               std::holds_alternative<QueuePaused>(body)) {
      queue_moved = true;
    }
  }
  if (queue_moved && state_.inbox.queue_has_age_incident()) resolve_queue_ages();
}

void Core::resolve_queue_ages() {
  std::vector<std::string> over;
  const auto& unresolved = state_.inbox.unresolved();
  for (auto it = unresolved.lower_bound(kQueueAge); it != unresolved.end() && it->first.starts_with(kQueueAge); ++it) {
    if (it->second->opened.rule != IncidentRule::kQueueAge) continue;
    Queue* queue = state_.find_queue(it->second->queue);
    if (!queue || queue->paused || !is_too_old(*queue)) over.push_back(it->first);
  }
  for (const auto& cause : over) resolve_incident(cause, "No task of the queue waits so long any more.");
}

bool Core::is_too_old(Queue& queue) {
  const std::int64_t oldest = state_.oldest_arrival(queue);
  return oldest != 0 && oldest + state_.limits.inbox.queue_age_ms <= now_.now.ms;
}

// The oldest task that is queued somewhere may be too old now. A paused queue is meant to wait.
void Core::fire_queue_ages() {
  const std::int64_t longest = state_.limits.inbox.queue_age_ms;
  std::int64_t next = kNever;
  for (auto& [name, queue] : state_.queues) {
    const std::int64_t oldest = state_.oldest_arrival(*queue);
    if (oldest == 0) continue;
    if (oldest + longest > now_.now.ms) {
      next = std::min(next, oldest + longest);
    } else if (queue->paused) {
      next = std::min(next, now_.now.ms + longest);
    } else {
      if (!state_.inbox.unresolved(age_cause(name))) open_incident(too_old(name, longest));
      // One that is resolved by hand opens again when its cause still stands then.
      next = std::min(next, now_.now.ms + longest);
    }
  }
  state_.timers.set(state_.queue_age_timer, next);
}

}  // namespace arbiter::core
