// What clients see of budgets.
#include <algorithm>

#include "core/views.h"

namespace arbiter::core {
namespace {

std::optional<Timestamp> at(std::int64_t ms) { return ms ? std::optional(Timestamp{ms}) : std::nullopt; }

BudgetMeterView view_of(const Budget& budget, const std::string& subject, const BudgetMeter& meter) {
  const BudgetAmounts spent = meter.spent.view();
  BudgetMeterView view;
  view.subject = subject;
  view.tokens = meter.spent.tokens;
  view.cost = spent.cost ? spent.cost->value : 0;
  view.attempts = meter.spent.attempts;
  view.raised = meter.raised.view();
  view.share = budget.share_of(meter);
  view.state = budget.level_of(meter);
  return view;
}

std::vector<BudgetMeterView> meters_of(const State& state, const Budget& budget) {
  std::vector<BudgetMeterView> all;
  all.reserve(budget.meters.size() + budget.tight.size() + 1);
  for (const auto& [subject, meter] : budget.meters) all.push_back(view_of(budget, subject, meter));
  for (const auto& [submitted, holder] : budget.tight) {
    const BudgetMeter* meter = state.find_meter(budget, holder->id);
    if (meter) all.push_back(view_of(budget, holder->id, *meter));
  }
  const std::string only(budget.only_subject());
  if (all.empty() && !only.empty()) all.push_back(view_of(budget, only, BudgetMeter{}));
  return all;
}

}  // namespace

BudgetView view_of(const State& state, const Budget& budget, std::int64_t meters) {
  BudgetView view;
  view.name.value = budget.name;
  view.scope = budget.spec.scope;
  view.subject = budget.spec.subject;
  view.period = budget.spec.period;
  if (view.period == BudgetPeriod::kDay) view.time_zone = budget.spec.time_zone.value;
  view.limits = budget.limits.view();
  view.on_limit = budget.spec.on_limit;
  view.period_started_at = at(budget.started_at);
  view.resets_at = at(budget.resets_at);
  view.created_at = {budget.created_at};
  view.meters = meters_of(state, budget);
  const auto shown = std::min(view.meters.size(), static_cast<std::size_t>(meters));
  std::partial_sort(view.meters.begin(), view.meters.begin() + static_cast<std::ptrdiff_t>(shown), view.meters.end(),
                    [](const BudgetMeterView& a, const BudgetMeterView& b) {
                      return a.share != b.share ? a.share > b.share : a.subject < b.subject;
                    });
  view.more_meters = static_cast<std::int64_t>(view.meters.size() - shown);
  view.meters.resize(shown);
  return view;
}

}  // namespace arbiter::core
