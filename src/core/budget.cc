#include "core/budget.h"

#include <algorithm>
#include <cmath>

namespace arbiter::core {

namespace {

constexpr double kMillion = 1e6;

std::int64_t millionths(double cost) { return std::llround(cost * kMillion); }

// Where a meter of `limit` is warned: at 80 %.
std::int64_t warned_at(std::int64_t limit) { return limit - limit / 5; }

template <typename Visit>
void for_each_kind(const Amounts& spent, const Amounts& limits, Visit visit) {
  if (limits.tokens > 0) visit(spent.tokens, limits.tokens);
  if (limits.cost > 0) visit(spent.cost, limits.cost);
  if (limits.attempts > 0) visit(spent.attempts, limits.attempts);
}

}  // namespace

void Amounts::add(const Amounts& more) {
  const auto sum = [](std::int64_t a, std::int64_t b) { return std::clamp<std::int64_t>(a + b, 0, kMax); };
  tokens = sum(tokens, more.tokens);
  cost = sum(cost, more.cost);
  attempts = sum(attempts, more.attempts);
}

Amounts Amounts::of(const BudgetAmounts& amounts) {
  Amounts out;
  if (amounts.tokens) out.tokens = *amounts.tokens;
  if (amounts.cost) out.cost = millionths(*amounts.cost);
  if (amounts.attempts) out.attempts = *amounts.attempts;
  return out;
}

Amounts Amounts::of(const Usage& usage) {
  Amounts out;
  if (usage.tokens) {
    out.tokens = *usage.tokens;
  } else {
    out.tokens =
        (usage.input_tokens ? usage.input_tokens->value : 0) + (usage.output_tokens ? usage.output_tokens->value : 0);
  }
  if (usage.cost) out.cost = millionths(*usage.cost);
  return out;
}

BudgetAmounts Amounts::view() const {
  BudgetAmounts out;
  if (tokens > 0) out.tokens = tokens;
  if (cost > 0) out.cost = static_cast<double>(cost) / kMillion;
  if (attempts > 0) out.attempts = attempts;
  return out;
}

std::string budget_cause(std::string_view budget, std::string_view subject) {
  const std::string cause = "budget:" + std::string(budget);
  return subject == kWholeNamespace ? cause : cause + ':' + std::string(subject);
}

std::string_view Budget::only_subject() const {
  if (spec.scope == BudgetScope::kNamespace) return kWholeNamespace;
  return spec.subject ? std::string_view(spec.subject->value) : std::string_view();
}

Amounts Budget::limits_of(const BudgetMeter& meter) const {
  Amounts out = limits;
  if (out.tokens > 0) out.tokens = std::min(out.tokens + meter.raised.tokens, Amounts::kMax);
  if (out.cost > 0) out.cost = std::min(out.cost + meter.raised.cost, Amounts::kMax);
  if (out.attempts > 0) out.attempts = std::min(out.attempts + meter.raised.attempts, Amounts::kMax);
  return out;
}

BudgetState Budget::level_of(const BudgetMeter& meter) const {
  BudgetState level = BudgetState::kOpen;
  for_each_kind(meter.spent, limits_of(meter), [&](std::int64_t spent, std::int64_t limit) {
    if (spent >= warned_at(limit)) level = std::max(level, BudgetState::kWarned);
    if (spent >= limit) level = BudgetState::kExhausted;
  });
  return level;
}

double Budget::share_of(const BudgetMeter& meter) const {
  double share = 0;
  for_each_kind(meter.spent, limits_of(meter), [&](std::int64_t spent, std::int64_t limit) {
    share = std::max(share, static_cast<double>(spent) / static_cast<double>(limit));
  });
  return share;
}

}  // namespace arbiter::core
