// Looking tasks up, and what people do to them.
#include <charconv>
#include <limits>
#include <set>

#include "core/core.h"
#include "core/views.h"

namespace arbiter::core {

using base::ErrorCode;
using base::fail;

namespace {

// Who has it, or had it when it ended; empty when nobody.
std::string_view worker_of(const Task& task) {
  if (task.lease) return task.lease->worker->id;
  return is_ended(task.state) && task.last ? std::string_view(task.last->worker) : std::string_view();
}

bool matches(const State& state, const Task& task, const ListTasks& c) {
  if (!c.state.empty() && std::find(c.state.begin(), c.state.end(), task.state) == c.state.end()) return false;
  if (c.queue && task.queue->name != c.queue->value) return false;
  if (c.type && task.profile->type != *c.type) return false;
  if (c.worker_id && worker_of(task) != c.worker_id->value) return false;
  const TaskSpec& spec = state.spec_of(task);
  if (c.parent_id && (!spec.parent_id || *spec.parent_id != *c.parent_id)) return false;
  return !c.tag || has_tag(spec, c.tag->value);
}

// Goes through the tasks of a set that were submitted before a position, newest first.
class Newest {
 public:
  Newest(const LiveSet* set, Position before) : set_(set) {
    if (set_) next_ = set_->lower_bound(before);
  }
  [[nodiscard]] const Task* task() const { return set_ && next_ != set_->begin() ? &*std::prev(next_) : nullptr; }
  [[nodiscard]] Position position() const { return task() ? task()->submitted : 0; }
  const Task* take() { return &*--next_; }

 private:
  const LiveSet* set_;
  LiveSet::const_iterator next_;
};

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

// Live tasks and those that live ones hang on, newest first. The cursor is the submission position of the last one
// looked at. All other ended tasks are listed from the store by the API.
Core::Answer Core::on(const ListTasks& c, Ticket) {
  Position before = std::numeric_limits<Position>::max();
  if (c.cursor) {
    const std::string& text = c.cursor->value;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), before);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
      return fail({ErrorCode::kInvalidRequest, "Some fields are not valid.", {{"cursor", "is not from this list"}}});
    }
  }
  const bool any = c.state.empty();
  Newest live(any || !std::all_of(c.state.begin(), c.state.end(), is_ended) ? &state_.live : nullptr, before);
  Newest held(any || std::any_of(c.state.begin(), c.state.end(), is_ended) ? &state_.held : nullptr, before);
  TaskList list;
  for (std::int64_t scanned = 0; live.task() || held.task(); ++scanned) {
    Newest& newest = live.position() > held.position() ? live : held;
    if (static_cast<std::int64_t>(list.items.size()) >= c.limit || scanned >= state_.limits.scan_max) {
      list.next_cursor = std::to_string(newest.position() + 1);
      break;
    }
    const Task& task = *newest.take();
    if (matches(state_, task, c)) list.items.push_back(view_of(state_, task, Detail::kWithoutBodies));
  }
  return Reply(std::move(list));
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

// A task that can rest or go on: leased, and under this lease when one is named.
base::Result<Task*> Core::task_to_rest(const Name& id, const std::optional<LeaseText>& lease) {
  if (lease) return leased_task(id.value, lease->value);
  Task* task = state_.find_task(id.value);
  if (!task) return fail(no_task(id.value));
  return task;
}

Core::Answer Core::on(const SuspendTask& c, Ticket) {
  auto found = task_to_rest(c.id, c.lease);
  if (!found) return fail(found.error());
  Task& task = **found;
  if (task.state != TaskState::kRunning && task.state != TaskState::kSuspended) {
    return fail({ErrorCode::kInvalidState,
                 "Only a running task can be suspended; task " + task.id + " is " + base::to_text(task.state) + "."});
  }
  if (task.state == TaskState::kRunning) {
    emit(TaskSuspended{c.id, task.lease->number, c.lease.has_value(),
                       c.reason ? std::optional(c.reason->value) : std::nullopt});
  }
  return Reply(view_of(state_, task, Detail::kWithoutBodies));
}

Core::Answer Core::on(const ResumeTask& c, Ticket) {
  auto found = task_to_rest(c.id, c.lease);
  if (!found) return fail(found.error());
  Task& task = **found;
  if (task.state != TaskState::kRunning && task.state != TaskState::kSuspended) {
    return fail({ErrorCode::kInvalidState,
                 "Only a suspended task can be resumed; task " + task.id + " is " + base::to_text(task.state) + "."});
  }
  if (task.state == TaskState::kRunning) return Reply(view_of(state_, task, Detail::kWithoutBodies));
  const Suspension& rests = task.lease->suspension;
  if (c.lease && !rests.by_holder) {
    return fail({ErrorCode::kInvalidState, "Task " + task.id +
                                               " was not suspended by its worker; only a resume without a lease lets "
                                               "it go on."});
  }
  emit(TaskResumed{c.id, task.lease->number, std::max<std::int64_t>(0, now_.now.ms - rests.since)});
  return Reply(view_of(state_, task, Detail::kWithoutBodies));
}

Core::Answer Core::on(const RetryTask& c, Ticket) {
  Task* task = state_.find_task(c.id.value);
  if (!task) return fail(no_task(c.id.value));
  if (task->state != TaskState::kFailed) {
    return fail({ErrorCode::kInvalidState,
                 "Only failed tasks can be retried; task " + task->id + " is " + base::to_text(task->state) + "."});
  }
  if (auto ok = check_room(*task->queue, 1); !ok) return fail(ok.error());
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
