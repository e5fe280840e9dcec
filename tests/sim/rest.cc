#include "rest.h"

#include <algorithm>

namespace arbiter::sim {

#define RULE(condition, promise, text) EXPECT_RULE(verdict_, condition, promise, std::string("at rest: ") + (text))

namespace {

constexpr std::int64_t kLateMs = 500;

template <typename Wanted>
bool contains(const Wanted& list, const core::Name& name) {
  return list.empty() || std::find(list.begin(), list.end(), name) != list.end();
}

}  // namespace

void Rest::check() {
  now_ = world_.peek().now.ms;
  wall_ = world_.noticed_wall();
  RULE(world_.is_open(), "3", "the namespace does not come back");
  if (verdict_.failed()) return;
  for (const auto& [id, task] : model_.tasks) {
    if (task.live()) check_task(task);
  }
  for (const auto& [id, worker] : model_.workers) check_worker(id, worker);
  for (const auto& [id, bulk] : model_.bulks) {
    RULE(bulk.now.state == core::BulkState::kDone, "3", "bulk change " + id + " does not go on");
  }
  for (const auto& [name, schedule] : model_.schedules) check_schedule(name, schedule);
  check_waiting_workers();
  check_listeners();
  check_owed();
  check_indexes();
  check_logs();
  check_effects();
}

void Rest::check_nothing_missed() {
  // As late as a timer may be.
  now_ = world_.peek().now.ms - kLateMs;
  wall_ = world_.noticed_wall() - kLateMs;
  for (const auto& [id, task] : model_.tasks) {
    if (task.live()) check_task(task);
  }
  for (const auto& [name, schedule] : model_.schedules) check_due(name, schedule);
}

void Rest::check_task(const TaskModel& task) {
  RULE(!task.spec.deadline || task.spec.deadline->ms >= wall_, "3", task.id + " is beyond its deadline");
  if (task.now.state == TaskState::kPending) check_pending(task);
  if (task.lease) check_lease(task);
}

void Rest::check_pending(const TaskModel& task) {
  if (task.not_before > now_ || (task.spec.run_at && task.spec.run_at->ms >= wall_)) return;
  const bool waits = std::any_of(task.spec.depends_on.begin(), task.spec.depends_on.end(), [&](const auto& id) {
    const TaskModel* d = model_.task(id.value);
    return d && d->live();
  });
  RULE(waits, "3", task.id + " is pending, but nothing holds it back");
}

std::int64_t Rest::last_alive(const std::string& worker) const {
  for (const auto& [ticket, sent] : clients_.owed()) {
    if (sent.asked->worker == worker) return now_;
  }
  const auto found = outside_.last_possible.find(worker);
  return std::max(found == outside_.last_possible.end() ? 0 : found->second,
                  outside_.loads.empty() ? 0 : outside_.loads.back().opened);
}

void Rest::check_lease(const TaskModel& task) {
  const TaskModel::Lease& lease = *task.lease;
  const std::string name = "lease " + std::to_string(lease.number) + " of " + task.id;
  std::int64_t since = std::max(last_alive(lease.worker), lease.granted_at);
  std::int64_t until = since + lease.lease_ms;
  if (const auto extended = outside_.extended_to.find(lease.number); extended != outside_.extended_to.end()) {
    until = std::max(until, extended->second);
  }
  RULE(now_ <= until + slack(lease.granted_at), "3",
       name + " is over since " + std::to_string(until) + ", but the task is still leased at " + std::to_string(now_));
  const std::int64_t loaded = outside_.loads.empty() ? 0 : outside_.loads.back().opened;
  if (task.now.cancel_requested) {
    RULE(now_ <= std::max(task.cancel_at, loaded) + limits_.cancel_grace_ms, "3", name + " outlives its grace");
  }
  if (!lease.started_at || lease.suspended_at) return;
  RULE(!task.spec.timeout_ms || now_ <= lease.started_at + lease.suspended_ms + *task.spec.timeout_ms, "3",
       name + " outlives its timeout");
  if (!task.spec.stall_ms) return;
  std::int64_t sign = std::max({lease.started_at, lease.resumed_at, loaded});
  if (const auto signs = outside_.by_lease.find(lease.number); signs != outside_.by_lease.end()) {
    for (const Sign& s : signs->second) sign = std::max(sign, s.answered);
  }
  RULE(now_ <= sign + *task.spec.stall_ms + slack(lease.granted_at), "3", name + " outlives its stall time");
}

void Rest::check_due(const std::string& name, const ScheduleModel& schedule) {
  if (schedule.exists && !schedule.now.paused && schedule.now.next) {
    RULE(schedule.now.next >= wall_, "3", "schedule " + name + " is due since " + std::to_string(schedule.now.next));
  }
}

// What is due has been acted on, and the index of live runs holds them all.
void Rest::check_schedule(const std::string& name, const ScheduleModel& schedule) {
  check_due(name, schedule);
  const core::State& state = world_.get().core()->state();
  const auto kept = state.schedule_runs.find(name);
  const std::size_t live = model_.live_runs(name, "").size();
  RULE(kept == state.schedule_runs.end() || !kept->second.empty(), "8",
       "the index of live runs keeps an empty set for " + name);
  RULE((kept == state.schedule_runs.end() ? 0 : kept->second.size()) == live, "2",
       "the index of live runs of " + name + " is wrong");
}

void Rest::check_worker(const std::string& id, const WorkerModel& worker) {
  if (!worker.exists || worker.now.state == core::WorkerState::kLost) {
    RULE(worker.leases.empty(), "3", "worker " + id + " is away, but holds leases");
    const bool retires = worker.exists && limits_.worker_retired_ms > 0;
    RULE(!retires || now_ <= worker.lost_at + limits_.worker_retired_ms, "8", "worker " + id + " is lost for too long");
    return;
  }
  const std::int64_t since = std::max(last_alive(id), worker.alive_at);
  RULE(now_ <= since + limits_.worker_lost_ms + slack(worker.alive_at), "3", "worker " + id + " is long silent");
}

// No task is queued while a worker that may have it waits for one.
void Rest::check_waiting_workers() {
  const std::int64_t loaded = outside_.loads.empty() ? 0 : outside_.loads.back().opened;
  for (const auto& [ticket, sent] : clients_.owed()) {
    if (sent.left) continue;
    const auto* lease = std::get_if<core::LeaseTasks>(&sent.asked->command);
    if (!lease) continue;
    const WorkerModel& worker = model_.workers[lease->worker_id.value];
    const bool may = worker.exists && worker.now.state == core::WorkerState::kLive &&
                     worker.slots_used() < worker.definition.max_concurrent &&
                     (!lease->session || *lease->session == worker.now.session);
    if (!may) continue;
    for (const auto& [place, task] : model_.queued) {
      const bool paid = model_.budgets.forbids(Model::spender(*task, lease->worker_id.value)).empty();
      const bool fits = paid && model_.limits.is_free(task->spec, now_, loaded) &&
                        contains(lease->types, task->spec.type) && contains(lease->queues, task->spec.queue) &&
                        may_serve(lease->worker_id.value, worker.definition, task->spec);
      RULE(!fits, "3", task->id + " is queued while worker " + lease->worker_id.value + " waits for it");
    }
  }
}

// A request that waits for news is answered with the news.
void Rest::check_listeners() {
  for (const auto& [ticket, sent] : clients_.owed()) {
    if (sent.left) continue;
    if (const auto* get = std::get_if<core::GetTask>(&sent.asked->command)) {
      const TaskModel* task = model_.task(get->id.value);
      RULE(!task || task->live(), "3", "somebody still waits for the end of " + get->id.value);
    }
    if (const auto* heartbeat = std::get_if<core::Heartbeat>(&sent.asked->command)) {
      const WorkerModel& worker = model_.workers[heartbeat->id.value];
      if (heartbeat->suspended) {
        for (const auto& [number, id] : worker.leases) {
          const core::LeaseText name(std::to_string(number));
          const bool known = std::find(heartbeat->suspended->begin(), heartbeat->suspended->end(), name) !=
                             heartbeat->suspended->end();
          RULE(known == (model_.task(id)->now.state == TaskState::kSuspended), "3",
               heartbeat->id.value + " is not told whether " + id + " is suspended");
        }
      }
      for (const auto& [number, id] : worker.leases) {
        RULE(!model_.task(id)->now.cancel_requested, "3",
             heartbeat->id.value + " is not told that " + id + " is cancelled");
      }
      RULE(worker.now.state != core::WorkerState::kDraining || !worker.exists, "3",
           heartbeat->id.value + " is not told to drain");
    }
  }
}

// Only those requests are owed an answer that asked to wait, and whose time is not over.
void Rest::check_owed() {
  std::size_t waiting = 0;
  for (const auto& [ticket, sent] : clients_.owed()) {
    if (sent.left) continue;
    ++waiting;
    const std::int64_t wait = wait_of(sent.asked->command);
    RULE(wait > 0, "8", std::string(name_of(sent.asked->command)) + " is never answered");
    // In a full batch's backlog, and while the store is read for it, the wait has not begun.
    RULE(may_queue_ || now_ <= sent.at + wait + 15'000 + world_.stalled(sent.at, now_), "8",
         std::string(name_of(sent.asked->command)) + " waits longer than it asked");
  }
  const std::size_t waiters = world_.get().core()->waiters();
  RULE(waiters == waiting, "8",
       "the core keeps " + std::to_string(waiters) + " waiters for " + std::to_string(waiting) + " waiting requests");
  RULE(static_cast<std::int64_t>(waiters) <= limits_.waiters_max, "8", "too many requests wait");
}

// The indexes of the core hold what its tasks say.
void Rest::check_indexes() {
  const core::State& state = world_.get().core()->state();
  std::int64_t ready = 0, metered = 0;
  std::map<std::string, std::array<std::int64_t, core::kTaskStates>> depth;
  for (const auto& [id, task] : model_.tasks) {
    if (!task.live()) continue;
    ++depth[task.spec.queue.value][static_cast<std::size_t>(task.now.state)];
    if (task.now.state != TaskState::kQueued) continue;
    const Spender who = Model::spender(task, "");
    if (!model_.budgets.forbids_queued(who).empty()) continue;
    // One whose own budget is used up leaves its lane when a worker asks.
    if (model_.limits.is_metered(task.spec) || !model_.budgets.forbids_own(who).empty()) {
      ++metered;
    } else if (model_.limits.forbids(task.spec, now_).empty()) {
      ++ready;
    }
  }
  RULE(ready <= state.ready_tasks && state.ready_tasks <= ready + metered, "2",
       "the count of ready tasks is " + std::to_string(state.ready_tasks) + ", not " + std::to_string(ready) + " to " +
           std::to_string(ready + metered));
  check_gates();
  check_budgets();
  for (const auto& [name, queue] : state.queues) {
    RULE(queue->depth == depth[name], "2", "the depths of queue " + name + " are wrong");
  }
  for (const auto& [id, worker] : state.workers) {
    const WorkerModel& known = model_.workers[id];
    RULE(worker->leases.size() == known.leases.size() && worker->slots_used == known.slots_used(), "2",
         "worker " + id + " does not hold the leases of the log");
  }
  std::int64_t memory = 0;
  for (const auto& task : state.tasks) memory += task->memory_bytes;
  RULE(state.memory_bytes == memory, "2", "the memory of the tasks is miscounted");
  RULE(state.unique_windows == windows_kept(), "2", "the unique windows are miscounted");
  RULE(state.unique_windows <= limits_.unique_windows_max, "8", "there are more unique windows than the limit");
  RULE(static_cast<std::int64_t>(state.held.size()) == kept_for_others(), "2",
       "the index of ended tasks that others hang on has " + std::to_string(state.held.size()));
  const auto kept = static_cast<std::int64_t>(state.tasks.size()) - static_cast<std::int64_t>(state.live.size());
  RULE(kept <= limits_.ended_in_memory_max + kept_for_others(), "8",
       "memory holds " + std::to_string(kept) + " ended tasks");
}

// Queues and keys count what is leased; a pause ends in time.
void Rest::check_gates() {
  const core::State& state = world_.get().core()->state();
  for (const auto& [name, queue] : state.queues) {
    RULE(queue->leased == model_.limits.queues[name].running, "2", "the leases of queue " + name + " are miscounted");
    RULE(!queue->paused_until || queue->paused_until >= wall_, "3", "the pause of queue " + name + " does not end");
  }
  for (const auto& [name, key] : state.keys) {
    RULE(key->running == model_.limits.keys[name].running, "2", "the leases of key " + name + " are miscounted");
    RULE(!key->paused_until || key->paused_until >= wall_, "3", "the pause of key " + name + " does not end");
  }
  for (const auto& [key, id] : model_.limits.unique) {
    const core::Task* holder = state.holder_of(key);
    RULE(holder && holder->id == id, "9", "unique key " + key + " is held by another task than " + id);
  }
}

// What there is to tell of budgets is told, their days end in time, and an incident stands only for what is used up.
void Rest::check_budgets() {
  for (const auto& [cause, id] : model_.inbox.unresolved) {
    const core::IncidentOpened& opened = model_.inbox.incidents.find(id)->second.opened;
    if (opened.rule != core::IncidentRule::kBudget) continue;
    const auto figures = base::from_json_text<core::BudgetFigures>(opened.evidence.text());
    const BudgetModel& budget = model_.budgets.all[figures->name.value];
    const auto meter = budget.meters.find(figures->subject);
    const bool spent = budget.exists && meter != budget.meters.end() &&
                       budget.level_of(meter->second) == core::BudgetState::kExhausted;
    RULE(spent, "3", "the incident of " + cause + " stands, but nothing is used up");
  }
  for (const auto& [name, budget] : model_.budgets.all) {
    if (!budget.exists) continue;
    RULE(!budget.resets_at || budget.resets_at >= wall_, "3", "the day of budget " + name + " does not end");
    for (const auto& [subject, meter] : budget.meters) {
      const TaskModel* task = budget.spec.scope == core::BudgetScope::kTask ? model_.task(subject) : nullptr;
      if (task && !task->live()) continue;
      if (budget.spec.scope == core::BudgetScope::kLineage && !model_.is_live_lineage(subject)) continue;
      RULE(meter.told == budget.level_of(meter), "3", "what budget " + name + " is for " + subject + " is not told");
    }
  }
}

// Ended tasks that stay for what hangs on them, or for their unique key.
std::int64_t Rest::kept_for_others() const {
  std::int64_t kept = 0;
  for (const auto& task : world_.get().core()->state().tasks) {
    kept += core::is_ended(task->state) && core::State::is_held(*task) ? 1 : 0;
  }
  return kept;
}

std::int64_t Rest::windows_kept() const {
  return std::count_if(model_.limits.unique.begin(), model_.limits.unique.end(), [&](const auto& claim) {
    return model_.task(claim.second)->spec.unique_scope == core::UniqueScope::kWindow;
  });
}

// Log lines came whole or not at all: each names its request, its place and how many there are.
void Rest::check_logs() {
  for (const auto& [id, task] : model_.tasks) {
    const auto page = world_.reader().log(id, 0, store::kPageRowsMax);
    std::size_t next = 0;
    for (const auto& line : page->lines) {
      const auto dot = line.text.find('.');
      const auto slash = line.text.find('/');
      const std::size_t place = std::stoul(line.text.substr(dot + 1));
      const std::size_t all = std::stoul(line.text.substr(slash + 1));
      RULE(place == next, "1", "the log of " + id + " holds part of a request's lines");
      next = place + 1 == all ? 0 : place + 1;
    }
    RULE(next == 0, "1", "the log of " + id + " ends in the middle of a request's lines");
  }
}

// What is due has been acted on, unless its notifier has enough to do.
void Rest::check_effects() {
  const core::State& state = world_.get().core()->state();
  const std::size_t load = outside_.loads.size();
  std::int64_t running = 0;
  for (const auto& notifier : limits_.notifiers) running += model_.running_effects(notifier.name, load);
  RULE(state.effect_index.running == running, "2", "the attempts under way are miscounted");
  RULE(state.effects.size() == static_cast<std::size_t>(model_.effects_there()), "2", "effects are missing");
  for (const auto& [id, effect] : model_.effects) {
    if (!effect.exists) continue;
    const bool is_busy = model_.running_effects(effect.notifier, load) >= core::kNotifierRunningMax;
    switch (effect.now.state) {
      case core::EffectState::kWaiting:
        RULE(effect.next_at > now_ || is_busy, "3", "effect " + id + " is due since " + std::to_string(effect.next_at));
        if (effect.next_at <= now_ && is_busy) world_.count(Kind::kReaction, "effect: held back");
        break;
      case core::EffectState::kStarted:
        RULE(effect.load == load || is_busy, "3", "effect " + id + " is not started again");
        RULE(now_ <= effect.next_at + slack(0) || effect.load != load, "3", "effect " + id + " waits for ever");
        break;
      case core::EffectState::kDelivered:
        RULE(now_ <= std::max(effect.quiet_until, effect.ended_at + limits_.effect_shown_ms), "8",
             "effect " + id + " is kept for too long");
        break;
      case core::EffectState::kGivenUp:
        RULE(now_ <= effect.ended_at + limits_.effect_kept_ms, "8", "effect " + id + " is kept for too long");
        break;
    }
  }
}

#undef RULE

}  // namespace arbiter::sim
