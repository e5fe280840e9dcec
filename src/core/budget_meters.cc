// Which meter counts what, what is spent, and what is used up.
#include <algorithm>

#include "core/state.h"

namespace arbiter::core {

// ---- which meter ----------------------------------------------------------------------------------------------

Budget* State::find_budget(std::string_view name) {
  const auto it = budgets.find(name);
  return it == budgets.end() ? nullptr : &it->second;
}

// Who has the meter of a budget of tasks or lineages; nullptr: the root is gone.
Task* State::meter_holder(const Budget& budget, const Task& task) const {
  const bool is_root = !task.extras || task.extras->root_id.value.empty();
  return find_task(budget.spec.scope == BudgetScope::kTask || is_root ? task.id : task.extras->root_id.value);
}

TaskMeter* State::find_meter(const Budget& budget, const Task& holder) {
  if (!holder.meters) return nullptr;
  for (TaskMeter& meter : *holder.meters) {
    if (meter.budget == budget.created && meter.period == budget.period) return &meter;
  }
  return nullptr;
}

const BudgetMeter* State::find_meter(const Budget& budget, std::string_view subject) const {
  if (budget.is_of_tasks()) {
    const Task* holder = find_task(subject);
    return holder ? find_meter(budget, *holder) : nullptr;
  }
  const auto it = budget.meters.find(subject);
  return it == budget.meters.end() ? nullptr : &it->second;
}

TaskMeter& State::meter_of(const Budget& budget, Task& holder) {
  if (!holder.meters) holder.meters = std::make_unique<std::vector<TaskMeter>>();
  auto& meters = *holder.meters;
  std::erase_if(meters, [&](const TaskMeter& meter) {
    return std::none_of(task_budgets_.begin(), task_budgets_.end(),
                        [&](const Budget* known) { return known->created == meter.budget; });
  });
  auto it = std::find_if(meters.begin(), meters.end(),
                         [&](const TaskMeter& meter) { return meter.budget == budget.created; });
  if (it == meters.end()) it = meters.insert(meters.end(), TaskMeter{});
  if (it->period != budget.period) {
    *it = TaskMeter{};
    it->budget = budget.created;
    it->period = budget.period;
  }
  return *it;
}

// Made when it is new; when the budget has `most` of them, one that all further subjects share.
State::NamedMeter& State::meter_of(Budget& budget, std::string_view subject, std::int64_t most) {
  auto it = budget.meters.find(subject);
  if (it != budget.meters.end()) return *it;
  const bool full = static_cast<std::int64_t>(budget.meters.size()) >= most;
  return *budget.meters.try_emplace(std::string(full ? kOtherSubjects : subject)).first;
}

std::optional<std::string_view> State::subject_of(const Budget& budget, const Task& task) const {
  std::optional<std::string_view> subject;
  switch (budget.spec.scope) {
    case BudgetScope::kTask:
    case BudgetScope::kLineage:
      break;
    case BudgetScope::kWorker:
      subject = task.lease->worker->id;
      break;
    case BudgetScope::kQueue:
      subject = task.queue->name;
      break;
    case BudgetScope::kKey:
      if (task.keys && task.keys->concurrency) subject = task.keys->concurrency->name;
      break;
    case BudgetScope::kNamespace:
      subject = kWholeNamespace;
      break;
  }
  return subject && budget.covers(budget.spec.scope, *subject) ? subject : std::nullopt;
}

// ---- what is used up ------------------------------------------------------------------------------------------

const Budget* State::spent_budget(BudgetScope scope, std::string_view subject) const {
  if (spent_meters_ == 0) return nullptr;
  for (const auto& [name, budget] : budgets) {
    if (!budget.covers(scope, subject)) continue;
    auto meter = budget.meters.find(subject);
    if (meter == budget.meters.end()) meter = budget.meters.find(kOtherSubjects);
    if (meter != budget.meters.end() && meter->second.is_spent) return &budget;
  }
  return nullptr;
}

const Budget* State::own_spent_budget(const Task& task) const {
  for (const Budget* budget : task_budgets_) {
    const Task* holder = meter_holder(*budget, task);
    const TaskMeter* meter = holder ? find_meter(*budget, *holder) : nullptr;
    if (meter && budget->level_of(*meter) == BudgetState::kExhausted) return budget;
  }
  return nullptr;
}

const Budget* State::refusing_budget(const Task& task, const std::optional<Usage>& usage) const {
  for (const Budget* budget : task_budgets_) {
    const Task* holder = budget->spec.on_limit == OnLimit::kRefuse ? meter_holder(*budget, task) : nullptr;
    if (!holder) continue;
    const TaskMeter* known = find_meter(*budget, *holder);
    BudgetMeter meter = known ? static_cast<const BudgetMeter&>(*known) : BudgetMeter{};
    if (usage) meter.spent.add(Amounts::of(*usage));
    if (budget->level_of(meter) == BudgetState::kExhausted) return budget;
  }
  return nullptr;
}

const Budget* State::refusing_budget(const TaskSpec& spec, const Task* root) const {
  for (const auto& [name, budget] : budgets) {
    if (budget.spec.on_limit != OnLimit::kRefuse) continue;
    const auto used_up = [&](std::string_view subject) {
      if (!budget.covers(budget.spec.scope, subject)) return false;
      const BudgetMeter* meter = find_meter(budget, subject);
      if (!meter) meter = find_meter(budget, kOtherSubjects);
      return meter && budget.level_of(*meter) == BudgetState::kExhausted;
    };
    bool refuses = false;
    switch (budget.spec.scope) {
      case BudgetScope::kTask:
      case BudgetScope::kWorker:
        break;
      case BudgetScope::kLineage:
        refuses = root && used_up(root->id);
        break;
      case BudgetScope::kQueue:
        refuses = used_up(spec.queue.value);
        break;
      case BudgetScope::kKey:
        refuses = spec.concurrency_key && used_up(spec.concurrency_key->value);
        break;
      case BudgetScope::kNamespace:
        refuses = used_up(kWholeNamespace);
        break;
    }
    if (refuses) return &budget;
  }
  return nullptr;
}

// ---- spending -------------------------------------------------------------------------------------------------

void State::spend(Task& task, const Amounts& what) {
  for (auto& [name, budget] : budgets) count(budget, task, what);
}

void State::spend(Task& task, const std::optional<Usage>& usage) {
  if (budgets.empty() || !usage || !task.lease) return;
  spend(task, Amounts::of(*usage));
}

void State::give_back(Task& task) {
  for (auto& [name, budget] : budgets) {
    // What a period before this one counted is gone.
    if (static_cast<Position>(task.lease->number) > budget.period) count(budget, task, {0, 0, -1});
  }
}

void State::count(Budget& budget, Task& task, const Amounts& what) {
  if (!budget.is_of_tasks()) {
    const auto subject = subject_of(budget, task);
    if (!subject) return;
    NamedMeter& meter = meter_of(budget, *subject, limits.budget_meters_max);
    meter.second.spent.add(what);
    touch(budget, meter);
    if (what.attempts < 0) ease(budget, meter.first, meter.second);
    return weigh(budget, meter);
  }
  Task* holder = meter_holder(budget, task);
  if (!holder) return;
  TaskMeter& meter = meter_of(budget, *holder);
  meter.spent.add(what);
  touch(*holder);
  if (what.attempts < 0) ease(budget, holder->id, meter);
  weigh(budget, *holder, meter);
  if (what.attempts < 0) unpark();
}

}  // namespace arbiter::core
