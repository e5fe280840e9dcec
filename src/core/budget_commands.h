// What clients ask about budgets, and what they are answered. Part of core/commands.h.
#pragma once

#include <string>
#include <vector>

#include "core/task_commands.h"

namespace arbiter::core {

// What a budget counts together: each task by itself, each root with all its descendants, each worker, queue or
// concurrency key by itself, or everything.
BOOST_DEFINE_ENUM_CLASS(BudgetScope, kTask, kLineage, kWorker, kQueue, kKey, kNamespace)
BOOST_DEFINE_ENUM_CLASS(BudgetPeriod, kTotal, kDay)
// At the limit tasks wait. `refuse` also takes no new ones, and retries no task whose own budget is used up.
BOOST_DEFINE_ENUM_CLASS(OnLimit, kPause, kRefuse)
BOOST_DEFINE_ENUM_CLASS(BudgetState, kOpen, kWarned, kExhausted)

inline constexpr std::int64_t kBudgetAmountMax = 1'000'000'000'000;
using BudgetCount = Int<1, kBudgetAmountMax>;
using BudgetCost = base::Number<0.000001, 1e12>;

// Of each kind; one that is absent has no limit, or no raise.
struct BudgetAmounts {
  static constexpr bool kSparse = true;
  std::optional<BudgetCount> tokens;
  std::optional<BudgetCost> cost;
  std::optional<BudgetCount> attempts;
};
BOOST_DESCRIBE_STRUCT(BudgetAmounts, (), (tokens, cost, attempts))

// A budget as its client defines it.
struct BudgetSpec : BudgetAmounts {
  static constexpr bool kSparse = true;
  BudgetScope scope = BudgetScope::kNamespace;
  std::optional<Name> subject;  // only this worker, queue or key
  BudgetPeriod period = BudgetPeriod::kTotal;
  Text<1, 64> time_zone{"UTC"};  // whose days count
  OnLimit on_limit = OnLimit::kPause;
};
BOOST_DESCRIBE_STRUCT(BudgetSpec, (BudgetAmounts), (scope, subject, period, time_zone, on_limit))

// What one subject has spent in the present period, and of how much.
struct BudgetMeterView {
  std::string subject;
  std::int64_t tokens = 0;
  double cost = 0;
  std::int64_t attempts = 0;
  BudgetAmounts raised;  // by people, in this period
  double share = 0;      // of the limit that is nearest, raises included; 1: used up
  BudgetState state = BudgetState::kOpen;
};
BOOST_DESCRIBE_STRUCT(BudgetMeterView, (), (subject, tokens, cost, attempts, raised, share, state))

struct BudgetView {
  Name name;
  BudgetScope scope = BudgetScope::kNamespace;
  std::optional<Name> subject;
  BudgetPeriod period = BudgetPeriod::kTotal;
  std::optional<std::string> time_zone;
  BudgetAmounts limits;
  OnLimit on_limit = OnLimit::kPause;
  std::optional<Timestamp> period_started_at;
  std::optional<Timestamp> resets_at;
  std::vector<BudgetMeterView> meters;  // the fullest first; of task and lineage only those at 80 % and more
  std::int64_t more_meters = 0;         // that are left out
  Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(BudgetView, (),
                      (name, scope, subject, period, time_zone, limits, on_limit, period_started_at, resets_at, meters,
                       more_meters, created_at))

struct SetBudget : BudgetSpec {
  static constexpr std::array kRequired{"name", "scope"};
  static constexpr bool kSparse = true;
  Name name;
};
BOOST_DESCRIBE_STRUCT(SetBudget, (BudgetSpec), (name))
struct SetBudgetReply {
  BudgetView budget;
  bool created = true;
};
inline constexpr std::int64_t kBudgetMetersShown = 1'000;
struct GetBudget {
  static constexpr std::array kRequired{"name"};
  Name name;
  Int<0, kBudgetMetersShown> meters{100};
};
BOOST_DESCRIBE_STRUCT(GetBudget, (), (name, meters))
struct ListBudgets {
  Int<0, 100> meters{10};  // of each
  Limit limit{100};
  std::optional<Text<1, 256>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListBudgets, (), (meters, limit, cursor))
struct BudgetList {
  std::vector<BudgetView> items;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(BudgetList, (), (items, next_cursor))
struct DeleteBudget {
  static constexpr std::array kRequired{"name"};
  Name name;
};
BOOST_DESCRIBE_STRUCT(DeleteBudget, (), (name))
// More for one subject, until the period is over.
struct RaiseBudget : BudgetAmounts {
  static constexpr std::array kRequired{"name", "reason"};
  static constexpr bool kSparse = true;
  Name name;
  std::optional<Text<1, 128>> subject;  // when the budget counts several
  Text<1, 1'024> reason;
};
BOOST_DESCRIBE_STRUCT(RaiseBudget, (BudgetAmounts), (name, subject, reason))

}  // namespace arbiter::core
