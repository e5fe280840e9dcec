#include "core/core.h"

#include "core/graph.h"
#include "core/views.h"

namespace arbiter::core {

// Timers outlive the waiters that are linked into them.
Core::~Core() {
  for (auto& [ticket, waiter] : waiters_) state_.timers.remove(*waiter);
}

void Core::begin_step(const Actor& actor, base::Now now) {
  now_ = now;
  actor_ = actor;
  step_start_ = events_.size();
  state_.open_due_gates(now.now.ms);
}

std::optional<base::Result<Reply>> Core::handle(const Command& command, const Actor& actor, Ticket ticket,
                                                base::Now now) {
  begin_step(actor, now);
  auto answer = std::visit([&](const auto& c) { return on(c, ticket); }, command);
  if (events_.size() != step_start_) {
    actor_ = {"system", actor.request_id, actor.trace};
    react();
    watch_rules();
  }
  wake_waiters();
  create_effects();
  return answer;
}

void Core::emit(EventBody body) {
  Event event{state_.position + 1, now_.now, std::move(body), actor_.name, actor_.request_id};
  if (state_.limits.task_stages && state_.traced_tasks > 0) {
    if (auto stages = stages_ended_by(event.body); !stages.empty()) {
      event.stages = std::make_shared<const std::vector<TaskStage>>(std::move(stages));
    }
  }
  state_.apply(event);
  event.trace = trace_of(event.body);
  if (!watchers_.empty() || !listeners_.empty() || !question_watchers_.empty()) note_news(event);
  if (!state_.limits.notifiers.empty()) note_effects(event);
  events_.push_back(std::move(event));
}

// Remembers whom the event concerns among those who wait; wake_waiters() tells them.
void Core::note_news(const Event& event) {
  const auto of_worker = [&](const std::string& worker) {
    if (listeners_.contains(worker)) workers_with_news_.push_back(worker);
  };
  if (const auto* failed = std::get_if<TaskFailed>(&event.body)) {
    if (failed->worker) of_worker(failed->worker->value);
    if (is_ended(failed->state)) ended_now_.push_back(failed->id.value);
  } else if (const auto* completed = std::get_if<TaskCompleted>(&event.body)) {
    ended_now_.push_back(completed->id.value);
  } else if (const auto* cancelled = std::get_if<TaskCancelled>(&event.body)) {
    ended_now_.push_back(cancelled->id.value);
    const Task* task = state_.find_task(cancelled->id.value);
    if (task && task->last && cancelled->lease) of_worker(task->last->worker);
  } else if (const auto* requested = std::get_if<TaskCancelRequested>(&event.body)) {
    const Task* task = state_.find_task(requested->id.value);
    if (task->lease) of_worker(task->lease->worker->id);
  } else if (const auto* suspended = std::get_if<TaskSuspended>(&event.body)) {
    of_worker(state_.find_task(suspended->id.value)->lease->worker->id);
  } else if (const auto* resumed = std::get_if<TaskResumed>(&event.body)) {
    of_worker(state_.find_task(resumed->id.value)->lease->worker->id);
  } else if (const auto* answered = std::get_if<QuestionAnswered>(&event.body)) {
    questions_ended_now_.push_back(answered->id.value);
  } else if (const auto* expired = std::get_if<QuestionExpired>(&event.body)) {
    questions_ended_now_.push_back(expired->id.value);
  } else if (const auto* withdrawn = std::get_if<QuestionWithdrawn>(&event.body)) {
    questions_ended_now_.push_back(withdrawn->id.value);
  } else if (const auto* draining = std::get_if<WorkerDraining>(&event.body)) {
    of_worker(draining->id.value);
  } else if (const auto* gone = std::get_if<WorkerDeregistered>(&event.body)) {
    of_worker(gone->id.value);
  }
}

// ---- parked requests ------------------------------------------------------------------------------------------

Core::Waiter* Core::park(Ticket ticket, Waiter::Kind what, std::int64_t wait_ms) {
  auto owned = std::make_unique<Waiter>();
  Waiter* waiter = owned.get();
  waiter->ticket = ticket;
  waiter->what = what;
  waiter->until = now_.now.ms + wait_ms;
  state_.timers.set(*waiter, waiter->until);
  waiters_.emplace(ticket, std::move(owned));
  return waiter;
}

void Core::unpark(Waiter& waiter) {
  state_.timers.remove(waiter);
  const auto drop = [&](auto& index, const std::string& key) {
    auto [first, last] = index.equal_range(key);
    for (auto it = first; it != last; ++it) {
      if (it->second == &waiter) {
        index.erase(it);
        return;
      }
    }
  };
  switch (waiter.what) {
    case Waiter::Kind::kLease:
      lease_waiters_.erase(waiter.order);
      drop(listeners_, waiter.worker);
      break;
    case Waiter::Kind::kWatch:
      drop(watchers_, waiter.task);
      break;
    case Waiter::Kind::kHeartbeat:
      drop(listeners_, waiter.worker);
      break;
    case Waiter::Kind::kQuestion:
      drop(question_watchers_, waiter.question);
      break;
  }
  waiters_.erase(waiter.ticket);
}

void Core::drop_waiter(Ticket ticket) {
  const auto it = waiters_.find(ticket);
  if (it != waiters_.end()) unpark(*it->second);
}

void Core::wake(Waiter& waiter, base::Result<Reply> reply) {
  wakeups_.push_back({waiter.ticket, std::move(reply)});
  unpark(waiter);
}

// Answers the waiters that this step concerned: tasks that ended, workers with news, leases for ready tasks.
void Core::wake_waiters() {
  for (const auto& id : std::exchange(ended_now_, {})) {
    const Task* task = state_.find_task(id);
    while (task && is_ended(task->state)) {
      const auto it = watchers_.find(id);
      if (it == watchers_.end()) break;
      wake(*it->second, Reply(view_of(state_, *task, Detail::kFull)));
    }
  }
  for (const auto& id : std::exchange(questions_ended_now_, {})) {
    for (auto it = question_watchers_.find(id); it != question_watchers_.end(); it = question_watchers_.find(id)) {
      wake(*it->second, question_reply(id));
    }
  }
  for (const auto& id : std::exchange(workers_with_news_, {})) tell_news(id);
  if (!lease_waiters_.empty() && state_.ready_tasks > 0) dispatch();
  if (state_.has_budget_news()) tell_budgets();
}

void Core::tell_news(const std::string& id) {
  Worker* worker = state_.find_worker(id);
  const auto [first, last] = listeners_.equal_range(id);
  std::vector<Waiter*> waiting;
  for (auto it = first; it != last; ++it) waiting.push_back(it->second);
  for (Waiter* waiter : waiting) {
    if (!worker || worker->state == WorkerState::kGone) {
      wake(*waiter, base::fail({base::ErrorCode::kUnknownWorker, "Worker " + id + " was deregistered."}));
    } else if (waiter->what == Waiter::Kind::kLease) {
      if (has_news(*worker)) wake(*waiter, waiter_reply(*waiter, {}));
    } else if (HeartbeatReply reply = heartbeat_reply(waiter->heartbeat, *worker); has_news(waiter->heartbeat, reply)) {
      wake(*waiter, Reply(std::move(reply)));
    }
  }
}

// ---- time -----------------------------------------------------------------------------------------------------

void Core::tick(base::Now now) {
  begin_step({"system", ""}, now);
  react();
  fire_timers();
  withdraw_orphans();
  watch_rules();
  wake_waiters();
  create_effects();
}

bool Core::has_work(base::Now now) const {
  if (!state_.lost_workers.empty() || !state_.unsettled.empty() || !state_.inbox.orphans().empty()) return true;
  if (state_.has_budget_news()) return true;
  if (state_.timers.next() <= now.now.ms || state_.gate_timers.next() <= now.now.ms) return true;
  if (state_.wall_timers.next() <= now.wall.ms) return true;
  for (const auto& [id, bulk] : state_.bulks) {
    if (bulk.state == BulkState::kRunning && bulk.action == BulkAction::kCancel) return true;
  }
  return false;
}

std::int64_t Core::next_deadline(base::Now now) const {
  const std::int64_t wall = state_.wall_timers.next();
  const std::int64_t wall_as_now = wall == kNever ? kNever : now.now.ms + std::max<std::int64_t>(0, wall - now.wall.ms);
  return std::min({state_.timers.next(), state_.gate_timers.next(), wall_as_now});
}

void Core::extend_all(std::int64_t ms) {
  for (auto& [id, worker] : state_.workers) {
    worker->last_seen_at += ms;
    worker->idle_since += ms;
    for (auto& [number, task] : worker->leases) {
      task->lease->expires_at += ms;
      task->lease->last_sign_at += ms;
      state_.arm(*task);
    }
    state_.arm(*worker);
  }
  for (auto& [id, effect] : state_.effects) {
    if (!effect.under_way) continue;
    effect.next_at += ms;
    state_.arm(effect);
  }
}

// ---- what memory does not hold --------------------------------------------------------------------------------

std::vector<std::string> Core::needs(const Command& command) const {
  std::vector<std::string> ids;
  const auto want = [&](const std::string& id) {
    const Task* task = state_.find_task(id);
    if (!task) {
      ids.push_back(id);
    } else if (const std::string* root = state_.missing_root(*task)) {
      ids.push_back(*root);
    }
  };
  const auto want_spec = [&](const TaskSpec& spec) {
    if (spec.id) want(spec.id->value);
    for (const auto& id : spec.depends_on) want(id.value);
    if (spec.parent_id) want(spec.parent_id->value);
  };
  std::visit(
      [&](const auto& c) {
        using C = std::decay_t<decltype(c)>;
        if constexpr (std::is_same_v<C, SubmitTask>) {
          want_spec(c);
        } else if constexpr (std::is_same_v<C, SubmitBatch>) {
          for (const auto& spec : c.tasks) want_spec(spec);
        } else if constexpr (std::is_same_v<C, ReportTasks>) {
          for (const auto& r : c.reports) want(r.task_id.value);
        } else if constexpr (std::is_same_v<C, GetGraph>) {
          ids = walk_graph(state_, c).missing;
        } else if constexpr (std::is_same_v<C, TakeSnapshot>) {
          if (c.task) want(c.task->value);
        } else if constexpr (std::is_same_v<C, GetTask> || std::is_same_v<C, CancelTask> ||
                             std::is_same_v<C, RetryTask> || std::is_same_v<C, StartTask> ||
                             std::is_same_v<C, SuspendTask> || std::is_same_v<C, ResumeTask> ||
                             std::is_same_v<C, ReportProgress> || std::is_same_v<C, AppendLog> ||
                             std::is_same_v<C, CompleteTask> || std::is_same_v<C, FailTask> ||
                             std::is_same_v<C, ReleaseTask> || std::is_same_v<C, ExtendLease> ||
                             std::is_same_v<C, AskQuestion>) {
          want(c.id.value);
        }
      },
      command);
  return ids;
}

}  // namespace arbiter::core
