// What Clients ask of budgets, and the usage that workers report.
#include "clients.h"

namespace arbiter::sim {

namespace {

// The zone, a whole number of hours from UTC, in which the next midnight is near.
std::string zone_near_midnight(std::int64_t wall) {
  const std::int64_t hour = wall / 3'600'000 % 24;
  const std::int64_t ahead = hour <= 11 ? -(hour + 1) : 23 - hour;  // so that it is 23 o'clock there
  if (ahead == 0) return "UTC";
  // POSIX counts westwards.
  return "Etc/GMT" + std::string(ahead < 0 ? "+" : "-") + std::to_string(std::abs(ahead));
}

}  // namespace

// The same of a lease whenever it is reported.
core::Usage Clients::usage(std::uint64_t mood) {
  core::Usage u;
  if (mood % 5 == 0) {
    u.tokens = static_cast<std::int64_t>(mood / 7 % 200);
  } else if (mood % 5 < 3) {
    u.input_tokens = static_cast<std::int64_t>(mood / 7 % 100);
    u.output_tokens = static_cast<std::int64_t>(mood / 11 % 100);
  }
  if (mood % 2 == 0) u.cost = static_cast<double>(mood / 13 % 1'000) / 1'000.0;
  return u;
}

core::BudgetAmounts Clients::amounts() {
  core::BudgetAmounts out;
  if (random_.percent(50)) out.tokens = random_.range(1, 800);
  if (random_.percent(40)) out.cost = static_cast<double>(random_.range(1, 4'000)) / 1'000.0;
  if (random_.percent(50)) out.attempts = random_.range(1, 12);
  return out;
}

core::Command Clients::set_budget(const core::Name& name) {
  core::SetBudget c;
  static_cast<core::BudgetAmounts&>(c) = amounts();
  c.name = name;
  const auto known = model_.budgets.all.find(name.value);
  if (known != model_.budgets.all.end() && known->second.exists && random_.percent(80)) {
    c.scope = known->second.spec.scope;
    c.subject = known->second.spec.subject;
    c.period = known->second.spec.period;
    c.time_zone = known->second.spec.time_zone;
  } else {
    c.scope = static_cast<core::BudgetScope>(random_.below(6));
    if (random_.percent(40)) {
      if (c.scope == core::BudgetScope::kWorker) c.subject = core::Name("w" + std::to_string(1 + random_.below(5)));
      if (c.scope == core::BudgetScope::kQueue) c.subject = random_.pick(kQueues);
      if (c.scope == core::BudgetScope::kKey) c.subject = random_.pick(kKeys);
    }
    if (random_.percent(50)) {
      c.period = core::BudgetPeriod::kDay;
      c.time_zone = zone_near_midnight(world_.peek().wall.ms);
    }
  }
  if (random_.percent(40)) c.on_limit = core::OnLimit::kRefuse;
  if (!c.tokens && !c.cost && !c.attempts) bad_now_ = true;
  if (random_.percent(5)) {
    c.time_zone = "Nowhere/Town";
    bad_now_ = true;
  }
  return c;
}

// Mostly of one that is used up.
core::Command Clients::raise_budget(const core::Name& some) {
  core::RaiseBudget c;
  c.name = some;
  c.reason = "more is needed";
  std::string subject;
  for (const auto& [name, budget] : model_.budgets.all) {
    for (const auto& [of, meter] : budget.meters) {
      const bool spent = budget.level_of(meter) == core::BudgetState::kExhausted;
      if (!spent || !(subject.empty() || random_.percent(40))) continue;
      c.name = core::Name(name);
      subject = of;
    }
  }
  const auto known = model_.budgets.all.find(c.name.value);
  const Spent has = known == model_.budgets.all.end() ? Spent{} : spent_of(known->second.spec);
  if (has.tokens) c.tokens = random_.range(1, 500);
  if (has.cost) c.cost = static_cast<double>(random_.range(1, 2'000)) / 1'000.0;
  if (has.attempts) c.attempts = random_.range(1, 6);
  if (random_.percent(10)) c.attempts = 1;
  if (!c.tokens && !c.cost && !c.attempts) bad_now_ = true;
  if (!subject.empty() && random_.percent(90)) c.subject = subject;
  return c;
}

core::Command Clients::budget() {
  const core::Name name("budget-" + std::to_string(1 + random_.below(6)));
  const std::int64_t n = random_.range(0, 99);
  if (n < 35) return set_budget(name);
  if (n < 65) return raise_budget(name);
  if (n < 78) return core::DeleteBudget{name};
  if (n < 92) return core::GetBudget{name, random_.range(0, 5)};
  return core::ListBudgets{random_.range(0, 3), random_.range(1, 3), {}};
}

}  // namespace arbiter::sim
