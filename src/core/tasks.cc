// Looking tasks up, and what people do to them.
#include <charconv>
#include <set>

#include "core/core.h"
#include "core/views.h"

namespace arbiter::core {

using base::ErrorCode;
using base::fail;

namespace {

base::Error no_task(const std::string& id) {
  return {ErrorCode::kNotFound, "There is no task " + id + ". It may have been deleted after its retention time."};
}

bool has_tag(const TaskSpec& spec, const std::string& tag) {
  return std::any_of(spec.tags.begin(), spec.tags.end(), [&](const auto& t) { return t.value == tag; });
}

bool matches(const State& state, const Task& task, const ListTasks& c) {
  if (!c.state.empty() && std::find(c.state.begin(), c.state.end(), task.state) == c.state.end()) return false;
  if (c.queue && task.queue->name != c.queue->value) return false;
  if (c.type && task.profile->type != *c.type) return false;
  if (c.worker_id && (!task.lease || task.lease->worker->id != c.worker_id->value)) return false;
  const TaskSpec& spec = state.spec_of(task);
  if (c.parent_id && (!spec.parent_id || *spec.parent_id != *c.parent_id)) return false;
  return !c.tag || has_tag(spec, c.tag->value);
}

}  // namespace

Core::Answer Core::on(const GetTask& c, Ticket ticket) {
  Task* task = state_.find_task(c.id.value);
  if (!task) return fail(no_task(c.id.value));
  const bool wait = c.wait_ms && *c.wait_ms > 0 && !is_ended(task->state);
  if (!wait) return Reply(view_of(state_, *task, Detail::kFull));
  if (static_cast<std::int64_t>(waiters_.size()) >= state_.limits.waiters_max) {
    return fail({ErrorCode::kOverloaded, "Too many requests are waiting; use fewer or shorter waits.", {}, 1'000});
  }
  Waiter* waiter = park(ticket, Waiter::Kind::kWatch, *c.wait_ms);
  waiter->task = task->id;
  watchers_.emplace(task->id, waiter);
  return std::nullopt;
}

// Live tasks, newest first. The cursor is the submission position of the last one looked at. Ended tasks are listed
// from the store by the API.
Core::Answer Core::on(const ListTasks& c, Ticket) {
  auto it = state_.live.end();
  if (c.cursor) {
    Position before = 0;
    const std::string& text = c.cursor->value;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), before);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
      return fail({ErrorCode::kInvalidRequest, "Some fields are not valid.", {{"cursor", "is not from this list"}}});
    }
    it = state_.live.lower_bound(before);
  }
  TaskList list;
  std::int64_t scanned = 0;
  while (it != state_.live.begin()) {
    if (static_cast<std::int64_t>(list.items.size()) >= c.limit || scanned >= state_.limits.scan_max) {
      list.next_cursor = std::to_string(it->submitted);
      break;
    }
    --it;
    ++scanned;
    if (matches(state_, *it, c)) list.items.push_back(view_of(state_, *it, Detail::kWithoutBodies));
  }
  return Reply(std::move(list));
}

Core::Answer Core::on(const GetGraph& c, Ticket) {
  if (c.task_id && !state_.find_task(c.task_id->value)) return fail(no_task(c.task_id->value));
  // Dependents of a task are found by looking at every live task once.
  std::map<std::string_view, std::vector<const Task*>> dependents;
  std::vector<const Task*> open;
  for (const Task& task : state_.live) {
    const TaskSpec& spec = state_.spec_of(task);
    if (spec.depends_on.empty() || (c.tag && !has_tag(spec, c.tag->value))) continue;
    for (const auto& id : spec.depends_on) dependents[id.value].push_back(&task);
    if (!c.task_id) open.push_back(&task);
  }
  if (c.task_id) open.push_back(state_.find_task(c.task_id->value));

  Graph graph;
  std::map<std::string_view, const Task*> seen;
  while (!open.empty()) {
    const Task* task = open.back();
    open.pop_back();
    if (!seen.emplace(task->id, task).second) continue;
    if (static_cast<std::int64_t>(seen.size()) >= c.limit) {
      graph.truncated = true;
      break;
    }
    for (const auto& id : state_.spec_of(*task).depends_on) {
      if (const Task* dependency = state_.find_task(id.value)) open.push_back(dependency);
    }
    for (const Task* dependent : dependents[task->id]) open.push_back(dependent);
  }
  // Submission order is topological: a dependency is always submitted before what depends on it.
  std::vector<const Task*> order;
  for (const auto& [id, task] : seen) order.push_back(task);
  std::sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->submitted < b->submitted; });
  for (const Task* task : order) {
    const auto& needs = state_.spec_of(*task).depends_on;
    graph.nodes.push_back({Name(task->id), task->profile->type, task->state, {needs.begin(), needs.end()}});
    graph.order.emplace_back(task->id);
  }
  return Reply(std::move(graph));
}

void Core::cancel(Task& task, const std::optional<std::string>& message) {
  if (task.state == TaskState::kRunning || task.state == TaskState::kSuspended) {
    if (!task.cancel_requested) emit(TaskCancelRequested{Name(task.id), message});
    return;
  }
  emit(TaskCancelled{
      Name(task.id), task.state, Reason::kRequested, message, {}, task.lease ? task.lease->number : 0, 0});
}

Core::Answer Core::on(const CancelTask& c, Ticket) {
  Task* task = state_.find_task(c.id.value);
  if (!task) return fail(no_task(c.id.value));
  if (task->state == TaskState::kCompleted || task->state == TaskState::kFailed) {
    return fail({ErrorCode::kInvalidState,
                 "Task " + task->id + " has already ended: it is " + base::to_text(task->state) + "."});
  }
  if (task->state != TaskState::kCancelled) cancel(*task, c.reason ? std::optional(c.reason->value) : std::nullopt);
  return Reply(view_of(state_, *task, Detail::kWithoutBodies));
}

Core::Answer Core::on(const RetryTask& c, Ticket) {
  Task* task = state_.find_task(c.id.value);
  if (!task) return fail(no_task(c.id.value));
  if (task->state != TaskState::kFailed) {
    return fail({ErrorCode::kInvalidState,
                 "Only failed tasks can be retried; task " + task->id + " is " + base::to_text(task->state) + "."});
  }
  emit(TaskRedriven{c.id, TaskState::kQueued, {}});
  if (c.dependents) redrive_dependents(c.id.value);
  return Reply(view_of(state_, *task, Detail::kWithoutBodies));
}

// What the failure of `id` cancelled comes back and waits for it again, and so on downwards. The engine has brought
// the ended ones into memory; at most cascade_events_max come back with one request.
void Core::redrive_dependents(const std::string& id) {
  std::map<std::string, std::vector<Task*>> cancelled_by;
  for (const auto& task : state_.tasks) {
    if (task->state == TaskState::kCancelled && task->last && !task->last->cause.empty()) {
      cancelled_by[task->last->cause].push_back(task.get());
    }
  }
  std::vector<std::string> open{id};
  while (!open.empty()) {
    const std::string cause = std::move(open.back());
    open.pop_back();
    auto tasks = std::move(cancelled_by[cause]);
    std::sort(tasks.begin(), tasks.end(), [](Task* a, Task* b) { return a->submitted < b->submitted; });
    for (Task* task : tasks) {
      if (budget_left() <= 0) return;
      emit(TaskRedriven{Name(task->id), TaskState::kPending, Name(cause)});
      open.push_back(task->id);
    }
  }
}

const std::string* Core::needs_cancelled_by(const Command& command) {
  const auto* retry = std::get_if<RetryTask>(&command);
  return retry && retry->dependents ? &retry->id.value : nullptr;
}

}  // namespace arbiter::core
