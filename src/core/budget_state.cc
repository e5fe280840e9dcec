// What events do to budgets, and what follows from the numbers of their meters. Nothing here can be refused.
//
// A meter says by its numbers whether it is warned or exhausted; `told` is what events said of it. Where the numbers
// say more, the meter is in untold_budgets and a reaction tells it; where they say less again (a raise, a reset, a
// wider limit), `told` follows at once, so that it can be told anew.
#include <algorithm>
#include <set>

#include "core/state.h"

namespace arbiter::core {

// ---- what follows from the numbers ----------------------------------------------------------------------------

void State::weigh(const Budget& budget, NamedMeter& named) {
  BudgetMeter& meter = named.second;
  const BudgetState level = budget.level_of(meter);
  if (level > meter.told) untold_budgets.push_back({std::string(budget.name), named.first});
  const bool is_spent = level == BudgetState::kExhausted;
  if (is_spent == meter.is_spent) return;
  meter.is_spent = is_spent;
  spent_meters_ += is_spent ? 1 : -1;
  recheck(budget.spec.scope, named.first);
}

bool State::holds_back(const Budget& budget, const Task& holder) {
  return !is_ended(holder.state) || (budget.spec.scope == BudgetScope::kLineage && holder.pins > 0);
}

void State::weigh(Budget& budget, Task& holder, TaskMeter& meter) {
  const BudgetState level = budget.level_of(meter);
  meter.is_spent = level == BudgetState::kExhausted;
  if (level == BudgetState::kOpen || !holds_back(budget, holder)) {
    budget.tight.erase(holder.submitted);
    return;
  }
  budget.tight.emplace(holder.submitted, &holder);
  if (level <= meter.told) return;
  untold_budgets.push_back({std::string(budget.name), holder.id});
  meter.weighed = position;
}

void State::weigh(Task& holder) {
  if (!holder.meters) return;
  for (Budget* budget : task_budgets_) {
    if (TaskMeter* meter = find_meter(*budget, holder)) weigh(*budget, holder, *meter);
  }
}

// After its limits have changed.
void State::weigh_all(Budget& budget) {
  for (auto& meter : budget.meters) {
    const BudgetState told = meter.second.told;
    ease(budget, meter.first, meter.second);
    if (told != meter.second.told) touch(budget, meter);
    weigh(budget, meter);
  }
  if (!budget.is_of_tasks()) return;
  const auto weigh_one = [&](Task& holder) {
    TaskMeter* meter = find_meter(budget, holder);
    if (!meter || !holds_back(budget, holder)) return;
    const BudgetState told = meter->told;
    ease(budget, holder.id, *meter);
    if (told != meter->told) touch(holder);
    weigh(budget, holder, *meter);
  };
  for (Task& task : live) weigh_one(task);
  for (Task& task : held) weigh_one(task);
  unpark();
}

void State::ease(const Budget& budget, const std::string& subject, BudgetMeter& meter) {
  const BudgetState level = budget.level_of(meter);
  if (level >= meter.told) return;
  if (meter.told == BudgetState::kExhausted) eased_budgets.push_back(budget_cause(budget.name, subject));
  meter.told = level;
}

// All meters go; what they held back may start.
void State::drop_meters(Budget& budget) {
  std::vector<std::string> opened;
  for (const auto& [subject, meter] : budget.meters) {
    if (meter.told == BudgetState::kExhausted) eased_budgets.push_back(budget_cause(budget.name, subject));
    if (meter.is_spent) opened.push_back(subject);
    other_changes_.push_back(
        {.kind = "budget_meter", .id = std::string(budget.name) + '/' + subject, .body = {}, .deleted = true});
  }
  for (const auto& [submitted, holder] : std::exchange(budget.tight, {})) {
    const TaskMeter* meter = find_meter(budget, *holder);
    if (meter && meter->told == BudgetState::kExhausted) {
      eased_budgets.push_back(budget_cause(budget.name, holder->id));
    }
  }
  budget.meters.clear();
  spent_meters_ -= static_cast<std::int64_t>(opened.size());
  for (const auto& subject : opened) recheck(budget.spec.scope, subject);
}

void State::recheck(BudgetScope scope, std::string_view subject) {
  const bool all = subject == kOtherSubjects || scope == BudgetScope::kNamespace;
  if (scope == BudgetScope::kQueue || scope == BudgetScope::kNamespace) {
    if (Queue* queue = all ? nullptr : find_queue(subject)) recheck(*queue, last_time);
    for (auto& [name, queue] : queues) {
      if (all) recheck(*queue, last_time);
    }
  }
  if (scope != BudgetScope::kKey) return;
  if (Key* key = all ? nullptr : find_key(subject)) recheck(*key, last_time);
  for (auto& [name, key] : keys) {
    if (all) recheck(*key, last_time);
  }
}

void State::park(Task& task) {
  leave_ready(task);
  parked.emplace(task.submitted, &task);
}

void State::unpark() {
  std::vector<Task*> free;
  for (const auto& [submitted, task] : parked) {
    if (!own_spent_budget(*task)) free.push_back(task);
  }
  for (Task* task : free) {
    parked.erase(task->submitted);
    join_ready(*task);
  }
}

// Nothing waits for a meter any more: its task has ended, or its root with all descendants. What the last report
// brought is still told; what was to be told before is of no interest now.
void State::end_meters(Task& holder) {
  if (!holder.meters) return;
  for (Budget* budget : task_budgets_) {
    TaskMeter* meter = find_meter(*budget, holder);
    if (!meter || holds_back(*budget, holder)) continue;
    budget->tight.erase(holder.submitted);
    if (meter->told == BudgetState::kExhausted) eased_budgets.push_back(budget_cause(budget->name, holder.id));
    const BudgetState level = budget->level_of(*meter);
    if (level <= meter->told) continue;
    if (meter->weighed == position) {
      untold_ends.push_back({std::string(budget->name), holder.id});
    } else {
      meter->told = level;
      touch(holder);
    }
  }
}

// What was said of a meter that held nothing back meanwhile is said again: its task has come back, or its root has a
// live descendant again.
void State::begin_meters_again(Task& task) {
  for (Budget* budget : task_budgets_) {
    Task* holder = meter_holder(*budget, task);
    TaskMeter* meter = holder ? find_meter(*budget, *holder) : nullptr;
    if (!meter) continue;
    const std::uint32_t others = holder == &task ? holder->pins : holder->pins - 1;
    const bool held_back = holder != &task && !is_ended(holder->state);
    if (budget->spec.scope == BudgetScope::kLineage && (held_back || others > 0)) continue;
    meter->told = BudgetState::kOpen;
    touch(*holder);
    weigh(*budget, *holder, *meter);
  }
}

void State::forget_meters(const Task& task) {
  if (!task.meters) return;
  for (Budget* budget : task_budgets_) budget->tight.erase(task.submitted);
}

// ---- events ---------------------------------------------------------------------------------------------------

void State::arm(Budget& budget) { wall_timers.set(budget, budget.resets_at ? budget.resets_at : kNever); }

void State::touch(Budget& budget) {
  if (budget.dirty) return;
  budget.dirty = true;
  dirty_budgets_.emplace_back(budget.name);
}

void State::touch(const Budget& budget, NamedMeter& meter) {
  if (std::exchange(meter.second.dirty, true)) return;
  dirty_meters_.push_back({std::string(budget.name), meter.first});
}

void State::on(const BudgetSet& e, const Event& event) {
  const auto [it, created] = budgets.try_emplace(e.name.value);
  Budget& budget = it->second;
  budget.spec = e.definition;
  budget.limits = Amounts::of(e.definition);
  budget.started_at = e.started_at ? e.started_at->ms : 0;
  budget.resets_at = e.resets_at ? e.resets_at->ms : 0;
  if (created) {
    budget.name = it->first;
    budget.created = budget.period = event.position;
    budget.created_at = event.time.ms;
    if (budget.is_of_tasks()) add_task_budget(budget);
  }
  touch(budget);
  arm(budget);
  if (!created) weigh_all(budget);
}

// By name, like all budgets.
void State::add_task_budget(Budget& budget) {
  const auto place = std::find_if(task_budgets_.begin(), task_budgets_.end(),
                                  [&](const Budget* other) { return budget.name < other->name; });
  task_budgets_.insert(place, &budget);
}

void State::on(const BudgetDeleted& e, const Event&) {
  Budget& budget = *find_budget(e.name.value);
  wall_timers.remove(budget);
  drop_meters(budget);
  std::erase(task_budgets_, &budget);
  budgets.erase(budgets.find(e.name.value));
  other_changes_.push_back({.kind = "budget", .id = e.name.value, .body = {}, .deleted = true});
  unpark();
}

void State::on(const BudgetReset& e, const Event& event) {
  Budget& budget = *find_budget(e.name.value);
  drop_meters(budget);
  budget.period = event.position;
  budget.started_at = e.started_at.ms;
  budget.resets_at = e.resets_at.ms;
  touch(budget);
  arm(budget);
  unpark();
}

void State::note_told(const BudgetFigures& e, BudgetState told) {
  Budget& budget = *find_budget(e.name.value);
  std::erase_if(untold_ends,
                [&](const MeterName& end) { return end.budget == e.name.value && end.subject == e.subject; });
  if (budget.is_of_tasks()) {
    Task& holder = *find_task(e.subject);
    find_meter(budget, holder)->told = told;
    return touch(holder);
  }
  NamedMeter& meter = *budget.meters.find(e.subject);
  meter.second.told = told;
  touch(budget, meter);
}

void State::on(const BudgetWarned& e, const Event&) { note_told(e, BudgetState::kWarned); }
void State::on(const BudgetExhausted& e, const Event&) { note_told(e, BudgetState::kExhausted); }

void State::on(const BudgetRaised& e, const Event&) {
  Budget& budget = *find_budget(e.name.value);
  if (budget.is_of_tasks()) {
    Task& holder = *find_task(e.subject);
    TaskMeter& meter = meter_of(budget, holder);
    meter.raised.add(Amounts::of(e.by));
    touch(holder);
    ease(budget, holder.id, meter);
    weigh(budget, holder, meter);
    return unpark();
  }
  NamedMeter& meter = meter_of(budget, e.subject, limits.budget_meters_max);
  meter.second.raised.add(Amounts::of(e.by));
  touch(budget, meter);
  ease(budget, meter.first, meter.second);
  weigh(budget, meter);
}

// ---- coming back ----------------------------------------------------------------------------------------------

// Before the tasks are put into their lanes.
void State::link_budgets() {
  std::erase_if(budgets, [](const auto& entry) { return entry.second.created == 0; });  // meters without a budget
  for (auto& [name, budget] : budgets) {
    if (budget.is_of_tasks()) add_task_budget(budget);
    arm(budget);
    for (auto& meter : budget.meters) weigh(budget, meter);
  }
}

void State::link_task_meters() {
  if (task_budgets_.empty()) return;
  for (Task& task : live) weigh(task);
  for (Task& task : held) weigh(task);
}

// An incident whose meter is not at its limit any more, because the process ended between the two.
void State::settle_incidents() {
  std::set<std::string> standing;
  for (const auto& [name, budget] : budgets) {
    for (const auto& [subject, meter] : budget.meters) {
      if (meter.told == BudgetState::kExhausted) standing.insert(budget_cause(name, subject));
    }
    for (const auto& [submitted, holder] : budget.tight) {
      if (find_meter(budget, *holder)->told == BudgetState::kExhausted) standing.insert(budget_cause(name, holder->id));
    }
  }
  for (const auto& [begun, entry] : inbox.open()) {
    if (entry->kind != InboxKind::kIncident) continue;
    const IncidentOpened& opened = static_cast<const Incident&>(*entry).opened;
    if (opened.rule == IncidentRule::kBudget && !standing.contains(opened.cause)) eased_budgets.push_back(opened.cause);
  }
}

// Whatever becomes of an incident of this cause, it is about what stands now.
void State::forget_eased(const Event& event) {
  if (const auto* opened = std::get_if<IncidentOpened>(&event.body)) std::erase(eased_budgets, opened->cause);
  if (const auto* resolved = std::get_if<IncidentResolved>(&event.body)) std::erase(eased_budgets, resolved->cause);
}

}  // namespace arbiter::core
