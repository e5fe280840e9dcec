// The store's form of a budget and of its meters, both ways.
#include "base/check.h"
#include "core/state.h"

namespace arbiter::core {
namespace {

struct BudgetRecord {
  static constexpr bool kSparse = true;
  BudgetSpec definition;
  std::int64_t position = 0;
  std::int64_t period_position = 0;
  std::int64_t created_ms = 0;
  std::int64_t started_ms = 0;
  std::int64_t resets_ms = 0;
};
BOOST_DESCRIBE_STRUCT(BudgetRecord, (), (definition, position, period_position, created_ms, started_ms, resets_ms))

// Cost in millionths.
struct BudgetMeterRecord {
  static constexpr bool kSparse = true;
  std::int64_t tokens = 0;
  std::int64_t cost = 0;
  std::int64_t attempts = 0;
  std::int64_t raised_tokens = 0;
  std::int64_t raised_cost = 0;
  std::int64_t raised_attempts = 0;
  BudgetState told = BudgetState::kOpen;
};
BOOST_DESCRIBE_STRUCT(BudgetMeterRecord, (),
                      (tokens, cost, attempts, raised_tokens, raised_cost, raised_attempts, told))

}  // namespace

EntityChange State::budget_change(const Budget& b) {
  BudgetRecord r;
  r.definition = b.spec;
  r.position = static_cast<std::int64_t>(b.created);
  r.period_position = static_cast<std::int64_t>(b.period);
  r.created_ms = b.created_at;
  r.started_ms = b.started_at;
  r.resets_ms = b.resets_at;
  return {.kind = "budget", .id = std::string(b.name), .body = base::to_json(r)};
}

EntityChange State::meter_change(std::string_view budget, const std::string& subject, const BudgetMeter& m) {
  const BudgetMeterRecord r{m.spent.tokens,    m.spent.cost, m.spent.attempts, m.raised.tokens, m.raised.cost,
                            m.raised.attempts, m.told};
  return {.kind = "budget_meter", .id = std::string(budget) + '/' + subject, .body = base::to_json(r)};
}

// In the order in which they changed first. What is gone by now left its removal with the other changes.
void State::take_budgets(std::vector<EntityChange>& changes) {
  for (const auto& name : dirty_budgets_) {
    Budget* budget = find_budget(name);
    if (!budget || !std::exchange(budget->dirty, false)) continue;
    changes.push_back(budget_change(*budget));
  }
  dirty_budgets_.clear();
  for (const auto& [name, subject] : dirty_meters_) {
    Budget* budget = find_budget(name);
    const auto meter = budget ? budget->meters.find(subject) : decltype(budget->meters.find(subject)){};
    if (!budget || meter == budget->meters.end() || !std::exchange(meter->second.dirty, false)) continue;
    changes.push_back(meter_change(name, subject, meter->second));
  }
  dirty_meters_.clear();
}

void State::list_budgets(std::vector<EntityChange>& all) const {
  for (const auto& [name, budget] : budgets) {
    all.push_back(budget_change(budget));
    for (const auto& [subject, meter] : budget.meters) all.push_back(meter_change(name, subject, meter));
  }
}

base::Result<void> State::load_budget(const StoredEntity& entity) {
  auto record = base::from_json_text<BudgetRecord>(entity.body);
  if (!record) return base::fail(unreadable(entity, record.error()));
  Budget& b = named_budget(std::string(entity.id));
  b.spec = std::move(record->definition);
  b.limits = Amounts::of(b.spec);
  b.created = static_cast<Position>(record->position);
  b.period = static_cast<Position>(record->period_position);
  b.created_at = record->created_ms;
  b.started_at = record->started_ms;
  b.resets_at = record->resets_ms;
  return {};
}

base::Result<void> State::load_budget_meter(const StoredEntity& entity) {
  auto record = base::from_json_text<BudgetMeterRecord>(entity.body);
  if (!record) return base::fail(unreadable(entity, record.error()));
  const auto slash = entity.id.find('/');
  if (slash == std::string_view::npos) {
    return base::fail(unreadable(entity, {base::ErrorCode::kIoError, "Its id names no subject."}));
  }
  const BudgetMeterRecord& r = *record;
  BudgetMeter& m =
      named_budget(std::string(entity.id.substr(0, slash))).meters[std::string(entity.id.substr(slash + 1))];
  m.spent.add({r.tokens, r.cost, r.attempts});
  m.raised.add({r.raised_tokens, r.raised_cost, r.raised_attempts});
  m.told = r.told;
  return {};
}

// Filled when its own entity comes, which may be after its meters.
Budget& State::named_budget(const std::string& name) {
  const auto it = budgets.try_emplace(name).first;
  it->second.name = it->first;
  return it->second;
}

}  // namespace arbiter::core
