#include "budget_model.h"

#include <algorithm>
#include <cmath>

namespace arbiter::sim {

using core::BudgetScope;
using core::BudgetState;

namespace {

constexpr const char* kShared = "*";

Spent spent_of(const core::Usage& usage) {
  Spent out;
  const std::int64_t input = usage.input_tokens ? usage.input_tokens->value : 0;
  const std::int64_t output = usage.output_tokens ? usage.output_tokens->value : 0;
  out.tokens = usage.tokens ? usage.tokens->value : input + output;
  if (usage.cost) out.cost = std::llround(usage.cost->value * 1e6);
  return out;
}

void add(Spent& sum, const Spent& more) {
  sum.tokens += more.tokens;
  sum.cost += more.cost;
  sum.attempts += more.attempts;
}

// Told as far as the numbers go.
void ease(const BudgetModel& budget, BudgetMeterModel& meter) {
  meter.told = std::min(meter.told, budget.level_of(meter));
}

}  // namespace

Spent spent_of(const core::BudgetAmounts& amounts) {
  Spent out;
  if (amounts.tokens) out.tokens = *amounts.tokens;
  if (amounts.cost) out.cost = std::llround(amounts.cost->value * 1e6);
  if (amounts.attempts) out.attempts = *amounts.attempts;
  return out;
}

Spent BudgetModel::limits_of(const BudgetMeterModel& meter) const {
  Spent out = spent_of(spec);
  if (out.tokens) out.tokens += meter.raised.tokens;
  if (out.cost) out.cost += meter.raised.cost;
  if (out.attempts) out.attempts += meter.raised.attempts;
  return out;
}

BudgetState BudgetModel::level_of(const BudgetMeterModel& meter) const {
  const Spent most = limits_of(meter);
  const auto reaches = [&](double share) {
    const auto one = [&](std::int64_t spent, std::int64_t limit) {
      return limit > 0 && static_cast<double>(spent) >= share * static_cast<double>(limit);
    };
    return one(meter.spent.tokens, most.tokens) || one(meter.spent.cost, most.cost) ||
           one(meter.spent.attempts, most.attempts);
  };
  if (reaches(1.0)) return BudgetState::kExhausted;
  return reaches(0.8) ? BudgetState::kWarned : BudgetState::kOpen;
}

const BudgetMeterModel* BudgetModel::meter_of(const std::string& subject) const {
  auto found = meters.find(subject);
  if (found == meters.end() && !is_of_tasks()) found = meters.find(kShared);
  return found == meters.end() ? nullptr : &found->second;
}

// ---- what is held back ----------------------------------------------------------------------------------------

std::optional<std::string> BudgetsModel::subject_of(const BudgetModel& budget, const Spender& spender) {
  std::optional<std::string> subject;
  if (budget.spec.scope == BudgetScope::kTask) subject = spender.task;
  if (budget.spec.scope == BudgetScope::kLineage) subject = spender.root;
  if (budget.spec.scope == BudgetScope::kWorker) subject = spender.worker;
  if (budget.spec.scope == BudgetScope::kQueue) subject = spender.queue;
  if (budget.spec.scope == BudgetScope::kKey) subject = spender.key;
  if (budget.spec.scope == BudgetScope::kNamespace && !spender.queue.empty()) subject = "namespace";
  if (subject && subject->empty()) return std::nullopt;  // nobody yet, or not asked about
  if (budget.spec.subject && subject != budget.spec.subject->value) return std::nullopt;
  return subject;
}

std::string BudgetsModel::forbids(const Spender& spender) const {
  for (const auto& [name, budget] : all) {
    const auto subject = budget.exists ? subject_of(budget, spender) : std::nullopt;
    const BudgetMeterModel* meter = subject ? budget.meter_of(*subject) : nullptr;
    if (meter && budget.level_of(*meter) == BudgetState::kExhausted) {
      return "budget " + name + " is used up for " + *subject;
    }
  }
  return "";
}

std::string BudgetsModel::forbids_own(const Spender& spender) const {
  return forbids({spender.task, spender.root, "", "", {}});
}

std::string BudgetsModel::forbids_queued(const Spender& spender) const {
  Spender other = spender;
  other.task = other.root = other.worker = "";
  return forbids(other);
}

std::string BudgetsModel::refuses_new(const Spender& spender, bool has_parent) const {
  for (const auto& [name, budget] : all) {
    const BudgetScope scope = budget.spec.scope;
    if (!budget.exists || budget.spec.on_limit != core::OnLimit::kRefuse) continue;
    if (scope == BudgetScope::kTask || scope == BudgetScope::kWorker) continue;
    if (scope == BudgetScope::kLineage && !has_parent) continue;
    const auto subject = subject_of(budget, spender);
    const BudgetMeterModel* meter = subject ? budget.meter_of(*subject) : nullptr;
    if (meter && budget.level_of(*meter) == BudgetState::kExhausted) return name;
  }
  return "";
}

std::string BudgetsModel::refuses_retry(const Spender& spender, const std::optional<core::Usage>& usage) const {
  for (const auto& [name, budget] : all) {
    if (!budget.exists || !budget.is_of_tasks() || budget.spec.on_limit != core::OnLimit::kRefuse) continue;
    const BudgetMeterModel* known = budget.meter_of(*subject_of(budget, spender));
    BudgetMeterModel meter = known ? *known : BudgetMeterModel{};
    if (usage) add(meter.spent, spent_of(*usage));
    if (budget.level_of(meter) == BudgetState::kExhausted) return name;
  }
  return "";
}

// ---- spending -------------------------------------------------------------------------------------------------

std::pair<const std::string, BudgetMeterModel>& BudgetsModel::open_meter(BudgetModel& budget,
                                                                         const std::string& subject) const {
  const auto known = budget.meters.find(subject);
  if (known != budget.meters.end()) return *known;
  const bool full = !budget.is_of_tasks() && static_cast<std::int64_t>(budget.meters.size()) >= meters_max;
  return *budget.meters.try_emplace(full ? kShared : subject).first;
}

void BudgetsModel::note(BudgetModel& budget, const std::string& subject, Position position) {
  const auto meter = budget.meters.find(subject);
  budget.spending[subject].set(position, meter == budget.meters.end() ? Spent{} : meter->second.spent);
  note_refusing(position);
}

void BudgetsModel::note_refusing(Position position) {
  refuses.set(position, std::any_of(all.begin(), all.end(), [](const auto& entry) {
                const BudgetModel& budget = entry.second;
                return budget.exists && budget.spec.on_limit == core::OnLimit::kRefuse &&
                       std::any_of(budget.meters.begin(), budget.meters.end(), [&](const auto& meter) {
                         return budget.level_of(meter.second) == BudgetState::kExhausted;
                       });
              }));
}

void BudgetsModel::spend(BudgetModel& budget, const Spender& spender, const Spent& what, Position position) {
  const auto subject = budget.exists ? subject_of(budget, spender) : std::nullopt;
  if (!subject) return;
  auto& [name, meter] = open_meter(budget, *subject);
  add(meter.spent, what);
  if (what.attempts < 0) ease(budget, meter);
  note(budget, name, position);
}

void BudgetsModel::start(const Spender& spender, Position position) {
  for (auto& [name, budget] : all) spend(budget, spender, {0, 0, 1}, position);
}

void BudgetsModel::use(const Spender& spender, const std::optional<core::Usage>& usage, Position position) {
  if (!usage) return;
  for (auto& [name, budget] : all) spend(budget, spender, spent_of(*usage), position);
}

void BudgetsModel::give_back(const Spender& spender, std::int64_t lease, Position position) {
  for (auto& [name, budget] : all) {
    if (static_cast<Position>(lease) > budget.period) spend(budget, spender, {0, 0, -1}, position);
  }
}

void BudgetsModel::forget_told(BudgetScope scope, const std::string& subject) {
  for (auto& [name, budget] : all) {
    const auto meter = budget.meters.find(subject);
    const bool meant = budget.exists && budget.spec.scope == scope && meter != budget.meters.end();
    if (meant) meter->second.told = BudgetState::kOpen;
  }
}

void BudgetsModel::settle_told(BudgetScope scope, const std::string& subject) {
  for (auto& [name, budget] : all) {
    const auto meter = budget.meters.find(subject);
    const bool meant = budget.exists && budget.spec.scope == scope && meter != budget.meters.end();
    if (meant) meter->second.told = std::max(meter->second.told, budget.level_of(meter->second));
  }
}

// ---- events ---------------------------------------------------------------------------------------------------

void BudgetsModel::on(const core::BudgetSet& e, Position position) {
  BudgetModel& budget = all[e.name.value];
  if (!budget.exists) {
    budget.meters.clear();
    budget.period = position;
  }
  budget.exists = true;
  budget.spec = e.definition;
  budget.resets_at = e.resets_at ? e.resets_at->ms : 0;
  for (auto& [subject, meter] : budget.meters) ease(budget, meter);
  budget.definition.set(position, base::to_json(budget.spec));
  note_refusing(position);
}

void BudgetsModel::on(const core::BudgetDeleted& e, Position position) {
  BudgetModel& budget = all[e.name.value];
  budget.exists = false;
  budget.meters.clear();
  for (auto& [subject, history] : budget.spending) history.set(position, Spent{});
  budget.definition.set(position, "");
  note_refusing(position);
}

void BudgetsModel::on(const core::BudgetWarned& e, Position) {
  all[e.name.value].meters[e.subject].told = BudgetState::kWarned;
}
void BudgetsModel::on(const core::BudgetExhausted& e, Position) {
  all[e.name.value].meters[e.subject].told = BudgetState::kExhausted;
}

void BudgetsModel::on(const core::BudgetRaised& e, Position position) {
  BudgetModel& budget = all[e.name.value];
  auto& [subject, meter] = open_meter(budget, e.subject);
  add(meter.raised, spent_of(e.by));
  ease(budget, meter);
  note(budget, subject, position);
}

void BudgetsModel::on(const core::BudgetReset& e, Position position) {
  BudgetModel& budget = all[e.name.value];
  budget.meters.clear();
  for (auto& [subject, history] : budget.spending) history.set(position, Spent{});
  budget.period = position;
  budget.resets_at = e.resets_at.ms;
  note_refusing(position);
}

}  // namespace arbiter::sim
