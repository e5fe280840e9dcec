// What can happen to budgets. Part of core/events.h.
#pragma once

#include <string>

#include "core/budget_commands.h"

namespace arbiter::core {

struct BudgetSet {
  Name name;
  BudgetSpec definition;
  std::optional<Timestamp> started_at;  // the present period, of the wall clock; none: it does not end
  std::optional<Timestamp> resets_at;
};
BOOST_DESCRIBE_STRUCT(BudgetSet, (), (name, definition, started_at, resets_at))
struct BudgetDeleted {
  Name name;
};
BOOST_DESCRIBE_STRUCT(BudgetDeleted, (), (name))
// What a subject has spent in the present period, and what it may spend, raises included.
struct BudgetFigures {
  Name name;
  BudgetScope scope = BudgetScope::kNamespace;
  std::string subject;
  std::int64_t tokens = 0;
  double cost = 0;
  std::int64_t attempts = 0;
  BudgetAmounts limits;
};
BOOST_DESCRIBE_STRUCT(BudgetFigures, (), (name, scope, subject, tokens, cost, attempts, limits))
struct BudgetWarned : BudgetFigures {};
BOOST_DESCRIBE_STRUCT(BudgetWarned, (BudgetFigures), ())
struct BudgetExhausted : BudgetFigures {};
BOOST_DESCRIBE_STRUCT(BudgetExhausted, (BudgetFigures), ())
struct BudgetRaised {
  Name name;
  BudgetScope scope = BudgetScope::kNamespace;
  std::string subject;
  BudgetAmounts by;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(BudgetRaised, (), (name, scope, subject, by, reason))
// A period is over: everything that it counts begins at nothing again.
struct BudgetReset {
  Name name;
  Timestamp started_at;
  Timestamp resets_at;
};
BOOST_DESCRIBE_STRUCT(BudgetReset, (), (name, started_at, resets_at))

}  // namespace arbiter::core
