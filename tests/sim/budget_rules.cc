// The rules of budgets: nothing is granted that one forbids, so that no budget is overrun by more than what was in
// flight; what there is to tell is told once, and with the right figures; days end when they end.
#include <cmath>

#include "referee.h"

namespace arbiter::sim {

using core::BudgetScope;
using core::BudgetState;

#define RULE(condition, promise, text)       \
  do {                                       \
    if (!(condition)) broken(promise, text); \
  } while (false)

namespace {

constexpr std::int64_t kDay = 86'400'000;

// The zones that the simulation uses are a whole number of hours from UTC: Etc/GMT-5 is 5 hours before it.
bool is_midnight(std::int64_t wall, const std::string& zone) {
  const std::int64_t hours = zone == "UTC" ? 0 : -std::stoll(zone.substr(zone.find_first_of("+-")));
  return (wall + hours * 3'600'000) % kDay == 0;
}

}  // namespace

BudgetModel* Referee::known_budget(const core::Name& name) {
  const auto found = model_.budgets.all.find(name.value);
  if (found != model_.budgets.all.end() && found->second.exists) return &found->second;
  broken("2", "budget " + name.value + " does not exist");
  return nullptr;
}

void Referee::check_day(const std::string& name, const core::BudgetSpec& spec, std::int64_t started,
                        std::int64_t resets) {
  const World::Range wall = world_.wall_at(time_);
  RULE(is_midnight(resets, spec.time_zone) && is_midnight(started, spec.time_zone), "3",
       "the day of budget " + name + " begins or ends beside midnight");
  RULE(started <= wall.high && resets > wall.low && resets <= wall.high + kDay, "3",
       "the day of budget " + name + " is not today");
}

void Referee::on(const core::BudgetSet& e) {
  const auto found = model_.budgets.all.find(e.name.value);
  const bool known = found != model_.budgets.all.end() && found->second.exists;
  const bool day = e.definition.period == core::BudgetPeriod::kDay;
  RULE(day == e.resets_at.has_value() && day == e.started_at.has_value(), "3",
       "the period of budget " + e.name.value + " has no end, or one too many");
  if (known) {
    const core::BudgetSpec& before = found->second.spec;
    RULE(base::to_json(before) != base::to_json(e.definition), "9", "budget " + e.name.value + " is set twice");
    RULE(before.scope == e.definition.scope && before.subject == e.definition.subject, "3",
         "budget " + e.name.value + " counts something else from now on");
    return;
  }
  std::int64_t budgets = 0, of_tasks = 0;
  for (const auto& [name, budget] : model_.budgets.all) {
    budgets += budget.exists ? 1 : 0;
    of_tasks += budget.exists && budget.is_of_tasks() ? 1 : 0;
  }
  RULE(budgets < limits_.budgets_max, "8", "there are more budgets than budgets_max");
  const bool one_more = e.definition.scope == BudgetScope::kTask || e.definition.scope == BudgetScope::kLineage;
  RULE(!one_more || of_tasks < limits_.task_budgets_max, "8", "there are more budgets of tasks than task_budgets_max");
  if (day && e.resets_at && e.started_at) {
    check_day(e.name.value, e.definition, e.started_at->ms, e.resets_at->ms);
  }
}

void Referee::on(const core::BudgetDeleted& e) { (void)known_budget(e.name); }

void Referee::check_told(const core::BudgetFigures& e, BudgetState level) {
  BudgetModel* budget = known_budget(e.name);
  if (!budget) return;
  const std::string what = "budget " + e.name.value + " of " + e.subject;
  const auto found = budget->meters.find(e.subject);
  if (found == budget->meters.end()) return broken("2", what + " has spent nothing, but is told of");
  const BudgetMeterModel& meter = found->second;
  RULE(budget->level_of(meter) == level, "3", what + " is not " + base::to_text(level) + ", but is told to be");
  RULE(meter.told < level, "9", what + " is told twice to be " + base::to_text(level));
  const Spent spent{e.tokens, std::llround(e.cost * 1e6), e.attempts};
  RULE(spent == meter.spent && spent_of(e.limits) == budget->limits_of(meter), "2",
       what + " is told with other figures than were spent");
  world_.count(Kind::kReaction, base::to_text(e.scope) + " " + base::to_text(level));
}

void Referee::on(const core::BudgetWarned& e) { check_told(e, BudgetState::kWarned); }
void Referee::on(const core::BudgetExhausted& e) { check_told(e, BudgetState::kExhausted); }

// Right after it was told that a subject has nothing left, which it still has not.
void Referee::check_budget_incident(const core::IncidentOpened& e) {
  const auto figures = base::from_json_text<core::BudgetFigures>(e.evidence.text());
  if (!figures) return broken("2", "the evidence of the incident of " + e.cause + " cannot be read");
  const BudgetModel* budget = known_budget(figures->name);
  if (!budget) return;
  const std::string of = figures->subject == "namespace" ? "" : ":" + figures->subject;
  RULE(e.cause == "budget:" + figures->name.value + of, "2", "the incident of " + e.cause + " has another cause");
  const auto meter = budget->meters.find(figures->subject);
  RULE(meter != budget->meters.end() && meter->second.told == BudgetState::kExhausted, "3",
       "an incident tells of budget " + figures->name.value + ", which is not used up for " + figures->subject);
}

void Referee::on(const core::BudgetRaised& e) {
  const BudgetModel* budget = known_budget(e.name);
  if (!budget) return;
  RULE(!e.reason.empty(), "8", "budget " + e.name.value + " is raised for no reason");
  RULE(e.scope == budget->spec.scope, "2", "the raise of budget " + e.name.value + " is of another scope");
  const bool held_back =
      budget->meters.contains(e.subject) && budget->level_of(budget->meters.at(e.subject)) == BudgetState::kExhausted;
  if (held_back) world_.count(Kind::kReaction, "used-up budget raised");
}

void Referee::on(const core::BudgetReset& e) {
  const BudgetModel* budget = known_budget(e.name);
  if (!budget) return;
  RULE(budget->resets_at && budget->resets_at <= world_.wall_max(), "3",
       "the day of budget " + e.name.value + " is cut short");
  RULE(e.resets_at.ms > budget->resets_at, "9", "a day of budget " + e.name.value + " would end twice");
  check_day(e.name.value, budget->spec, e.started_at.ms, e.resets_at.ms);
}

#undef RULE

}  // namespace arbiter::sim
