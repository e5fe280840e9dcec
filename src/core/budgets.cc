// What people do to budgets, what they see of them, and what is told of them.
#include "base/check.h"
#include "core/core.h"
#include "core/cron.h"
#include "core/page.h"
#include "core/views.h"

namespace arbiter::core {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

// A calendar day on the wall clock, [started, ends).
struct Day {
  std::int64_t started = 0, ends = 0;
};

Day day_of(std::int64_t wall, const std::string& zone_name) {
  constexpr Seconds kTwoDays = 2 * kDayMs / 1'000;
  static const Cron midnight = *Cron::parse("0 0 * * *");
  // A zone that this machine's tzdata has no more was right when it was set.
  const auto named = TimeZone::named(zone_name);
  const TimeZone zone = named ? *named : *TimeZone::named("UTC");
  const Seconds now = wall / 1'000;
  Day day{wall, wall + kDayMs};
  for (auto next = midnight.next(now - kTwoDays, zone); next; next = midnight.next(*next, zone)) {
    day.ends = *next * 1'000;
    if (*next > now) break;
    day.started = *next * 1'000;
  }
  return day;
}

void check_spec(const BudgetSpec& spec, base::FieldErrors& errors) {
  if (!spec.tokens && !spec.cost && !spec.attempts) errors.add("tokens", "give at least one of tokens, cost, attempts");
  const bool narrows =
      spec.scope == BudgetScope::kWorker || spec.scope == BudgetScope::kQueue || spec.scope == BudgetScope::kKey;
  if (spec.subject && !narrows) errors.add("subject", "can be given with scope worker, queue and key only");
  if (const auto zone = TimeZone::named(spec.time_zone); !zone) errors.add("timeZone", zone.error().message);
  if (spec.period == BudgetPeriod::kTotal && spec.time_zone.value != "UTC") {
    errors.add("timeZone", "makes no sense without period day");
  }
}

BudgetFigures figures_of(const Budget& budget, const std::string& subject, const BudgetMeter& meter) {
  const BudgetAmounts spent = meter.spent.view();
  return {Name(std::string(budget.name)),
          budget.spec.scope,
          subject,
          meter.spent.tokens,
          spent.cost ? spent.cost->value : 0,
          meter.spent.attempts,
          budget.limits_of(meter).view()};
}

IncidentReport report_of(const Budget& budget, const BudgetFigures& figures) {
  const std::string name(budget.name);
  IncidentReport report{.cause = budget_cause(name, figures.subject),
                        .rule = IncidentRule::kBudget,
                        .severity = Severity::kCritical,
                        .title = "Budget " + name + " is used up",
                        .evidence = *base::from_json_text<RawJson>(base::to_json(figures))};  // as the log has it
  if (figures.subject == kOtherSubjects) {
    report.title += " for the subjects that share its last meter";
  } else if (figures.scope != BudgetScope::kNamespace) {
    report.title += " for " + base::to_text(figures.scope) + " " + figures.subject;
  }
  report.title += budget.resets_at ? "; what falls under it waits until " + base::to_rfc3339({budget.resets_at})
                                   : "; what falls under it waits until somebody raises it";
  if (figures.subject == kOtherSubjects) return report;
  if (budget.is_of_tasks()) report.task_id = Name(figures.subject);
  if (figures.scope == BudgetScope::kWorker) report.worker_id = Name(figures.subject);
  if (figures.scope == BudgetScope::kQueue) report.queue = Name(figures.subject);
  return report;
}

}  // namespace

Result<Budget*> Core::known_budget(const Name& name) {
  Budget* budget = state_.find_budget(name.value);
  if (!budget) return fail({ErrorCode::kNotFound, "There is no budget " + name.value + "."});
  return budget;
}

Result<void> Core::check_budget_limits(const BudgetSpec& spec) const {
  const auto room = [](std::int64_t have, std::int64_t most, const char* what) -> Result<void> {
    if (have < most) return {};
    return fail({ErrorCode::kOverloaded, "There are " + std::to_string(most) + " budgets" + what + " already."});
  };
  if (auto ok = room(static_cast<std::int64_t>(state_.budgets.size()), state_.limits.budgets_max, ""); !ok) return ok;
  if (spec.scope != BudgetScope::kTask && spec.scope != BudgetScope::kLineage) return {};
  const auto of_tasks = std::count_if(state_.budgets.begin(), state_.budgets.end(),
                                      [](const auto& entry) { return entry.second.is_of_tasks(); });
  return room(of_tasks, state_.limits.task_budgets_max, " of tasks and lineages");
}

Core::Answer Core::on(const SetBudget& c, Ticket) {
  const BudgetSpec& spec = c;
  base::FieldErrors errors;
  check_spec(spec, errors);
  if (!errors.empty()) return fail({ErrorCode::kInvalidRequest, "Some fields are not valid.", errors.take()});
  const Budget* known = state_.find_budget(c.name.value);
  BudgetSet e{c.name, spec, {}, {}};
  if (!known) {
    if (auto ok = check_budget_limits(spec); !ok) return fail(ok.error());
  } else {
    const BudgetSpec& has = known->spec;
    if (has.scope != spec.scope || has.subject != spec.subject || has.period != spec.period) {
      return fail({ErrorCode::kInvalidState,
                   "Budget " + c.name.value +
                       " counts something else: scope, subject and period stay as they are. Delete it first, or use "
                       "another name."});
    }
    if (base::to_json(has) == base::to_json(spec)) {
      return Reply(SetBudgetReply{view_of(state_, *known, kBudgetMetersShown), /*created=*/false});
    }
  }
  if (spec.period == BudgetPeriod::kDay) {
    const Day day = day_of(now_.wall.ms, spec.time_zone);
    e.started_at = Timestamp{known ? known->started_at : day.started};
    e.resets_at = Timestamp{day.ends};
  }
  emit(std::move(e));
  return Reply(SetBudgetReply{view_of(state_, *state_.find_budget(c.name.value), kBudgetMetersShown), !known});
}

Core::Answer Core::on(const GetBudget& c, Ticket) {
  auto budget = known_budget(c.name);
  if (!budget) return fail(budget.error());
  return Reply(view_of(state_, **budget, c.meters));
}

Core::Answer Core::on(const ListBudgets& c, Ticket) {
  BudgetList list;
  list.next_cursor = page(state_.budgets, c.cursor, c.limit, list.items, [&](const auto& entry, auto& items) {
    items.push_back(view_of(state_, entry.second, c.meters));
  });
  return Reply(std::move(list));
}

// One that counts several subjects is raised for one of them, which has spent something.
Result<std::string> Core::subject_to_raise(const Budget& budget, const RaiseBudget& c) const {
  const std::string only(budget.only_subject());
  const auto bad = [](std::string why) {
    return fail({ErrorCode::kInvalidRequest, "Some fields are not valid.", {{"subject", std::move(why)}}});
  };
  if (!only.empty()) {
    if (c.subject && c.subject->value != only) return bad("the budget counts only " + only);
    return only;
  }
  if (!c.subject) return bad("is required: the budget counts each " + base::to_text(budget.spec.scope) + " by itself");
  const Task* holder = budget.is_of_tasks() ? state_.find_task(c.subject->value) : nullptr;
  const bool over = holder && is_ended(holder->state) && holder->pins == 0;
  if (state_.find_meter(budget, c.subject->value) && !over) return c.subject->value;
  return fail({ErrorCode::kNotFound, base::to_text(budget.spec.scope) + " " + c.subject->value +
                                         " has spent nothing of budget " + std::string(budget.name) +
                                         (budget.is_of_tasks() ? ", or has ended." : " in this period.")});
}

Core::Answer Core::on(const RaiseBudget& c, Ticket) {
  auto found = known_budget(c.name);
  if (!found) return fail(found.error());
  const Budget& budget = **found;
  base::FieldErrors errors;
  if (!c.tokens && !c.cost && !c.attempts) errors.add("tokens", "give at least one of tokens, cost, attempts");
  const auto unlimited = [&](bool raised, std::int64_t limit, const char* field) {
    if (raised && limit == 0) errors.add(field, "has no limit in budget " + c.name.value);
  };
  unlimited(c.tokens.has_value(), budget.limits.tokens, "tokens");
  unlimited(c.cost.has_value(), budget.limits.cost, "cost");
  unlimited(c.attempts.has_value(), budget.limits.attempts, "attempts");
  if (!errors.empty()) return fail({ErrorCode::kInvalidRequest, "Some fields are not valid.", errors.take()});
  auto subject = subject_to_raise(budget, c);
  if (!subject) return fail(subject.error());
  emit(BudgetRaised{c.name, budget.spec.scope, *subject, c, c.reason.value});
  return Reply(view_of(state_, budget, kBudgetMetersShown));
}

Core::Answer Core::on(const DeleteBudget& c, Ticket) {
  auto budget = known_budget(c.name);
  if (!budget) return fail(budget.error());
  emit(BudgetDeleted{c.name});
  return Reply(Done{});
}

// A day is over, or several: they count as one.
void Core::fire(Budget& budget) {
  const Day day = day_of(now_.wall.ms, budget.spec.time_zone);
  emit(BudgetReset{Name(std::string(budget.name)), Timestamp{day.started}, Timestamp{day.ends}});
}

// ---- at submission --------------------------------------------------------------------------------------------

Result<void> Core::check_budgets(const TaskSpec& spec, const Task* root) const {
  const Budget* budget = state_.budgets.empty() ? nullptr : state_.refusing_budget(spec, root);
  if (!budget) return {};
  const std::string until = budget->resets_at ? ", until " + base::to_rfc3339({budget->resets_at}) : std::string();
  return fail({ErrorCode::kBudgetExhausted, "Budget " + std::string(budget->name) +
                                                " is used up and takes no new tasks" + until +
                                                ". Raise it with a reason, or wait."});
}

// ---- what is told ---------------------------------------------------------------------------------------------

void Core::tell_meter(const MeterName& name) {
  const Budget* budget = state_.find_budget(name.budget);
  const BudgetMeter* meter = budget ? state_.find_meter(*budget, name.subject) : nullptr;
  const BudgetState level = meter ? budget->level_of(*meter) : BudgetState::kOpen;
  if (!meter || level <= meter->told) return;
  BudgetFigures figures = figures_of(*budget, name.subject, *meter);
  if (level == BudgetState::kWarned) return emit(BudgetWarned{std::move(figures)});
  emit(BudgetExhausted{figures});
  const Task* holder = budget->is_of_tasks() ? state_.find_task(name.subject) : nullptr;
  if (!holder || State::holds_back(*budget, *holder)) open_incident(report_of(*budget, figures));
}

// That meters have reached 80 % or their limit, or have left it; in the step in which they did.
void Core::tell_budgets() {
  actor_ = {"system", actor_.request_id, actor_.trace};
  while (!state_.eased_budgets.empty() && budget_left() > 0) {
    const std::string cause = std::move(state_.eased_budgets.front());
    state_.eased_budgets.pop_front();
    resolve_incident(cause, "It is not used up any more, or nothing waits for it.");
  }
  for (const MeterName& name : std::exchange(state_.untold_ends, {})) tell_meter(name);
  while (!state_.untold_budgets.empty() && budget_left() > 0) {
    const MeterName name = std::move(state_.untold_budgets.front());
    state_.untold_budgets.pop_front();
    const Budget* budget = state_.find_budget(name.budget);
    const Task* holder = budget && budget->is_of_tasks() ? state_.find_task(name.subject) : nullptr;
    // What has ended was told of above, or is of no interest.
    if (!holder || State::holds_back(*budget, *holder)) tell_meter(name);
  }
}

}  // namespace arbiter::core
