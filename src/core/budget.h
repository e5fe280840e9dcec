// What the core keeps in memory of budgets, and the arithmetic of their meters. Plain data; State keeps it true
// (src/core/budget_meters.cc, budget_state.cc).
//
// A meter counts what one subject spent in the present period. Those of workers, queues, keys and of the namespace are
// entities beside their budget; those of tasks and lineages are part of the task and of the root, and live as long.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/budget_commands.h"
#include "core/timers.h"

namespace arbiter::core {

struct Task;

// Tokens, cost in millionths, and attempts: spent, or allowed (0: no limit). Sums stop at kMax.
struct Amounts {
  static constexpr std::int64_t kMax = 4'000'000'000'000'000'000;
  std::int64_t tokens = 0, cost = 0, attempts = 0;
  void add(const Amounts& more);
  [[nodiscard]] static Amounts of(const BudgetAmounts& amounts);
  [[nodiscard]] static Amounts of(const Usage& usage);
  [[nodiscard]] BudgetAmounts view() const;
  friend bool operator==(const Amounts&, const Amounts&) = default;
};

struct BudgetMeter {
  Amounts spent;
  Amounts raised;
  BudgetState told = BudgetState::kOpen;  // what was said of it so far
  bool is_spent = false;                  // derived: at its limit
  bool dirty = false;
};

// Of a task or a root.
struct TaskMeter : BudgetMeter {
  Position budget = 0;   // when that was created
  Position period = 0;   // of the budget's, when it counted last; another one has begun when they differ
  Position weighed = 0;  // derived: the latest event after which there was something to tell of it
};

struct Budget : TimerNode {
  Budget() : TimerNode(TimerKind::kBudget) {}
  std::string_view name;  // of the map's key
  BudgetSpec spec;
  Amounts limits;
  Position created = 0;  // its first event
  Position period = 0;   // the event that began the present period
  std::int64_t created_at = 0;
  std::int64_t started_at = 0, resets_at = 0;  // of the wall clock; 0: its period does not end
  std::map<std::string, BudgetMeter, std::less<>> meters;
  std::map<Position, Task*> tight;  // derived: of task and lineage, those at 80 % and more, by submission
  bool dirty = false;

  [[nodiscard]] bool is_of_tasks() const {
    return spec.scope == BudgetScope::kTask || spec.scope == BudgetScope::kLineage;
  }
  // Whether it counts `subject` of `scope`.
  [[nodiscard]] bool covers(BudgetScope scope, std::string_view subject) const {
    return spec.scope == scope && (!spec.subject || spec.subject->value == subject);
  }
  // The only subject it has; empty when there are several.
  [[nodiscard]] std::string_view only_subject() const;
  [[nodiscard]] Amounts limits_of(const BudgetMeter& meter) const;
  // What the numbers of the meter say, whether that was told or not.
  [[nodiscard]] BudgetState level_of(const BudgetMeter& meter) const;
  [[nodiscard]] double share_of(const BudgetMeter& meter) const;
};

// A meter by name: its budget and its subject.
struct MeterName {
  std::string budget, subject;
};

// What its incident goes by.
[[nodiscard]] std::string budget_cause(std::string_view budget, std::string_view subject);

inline constexpr std::string_view kWholeNamespace = "namespace";  // the subject of a budget of everything
// Counts all further subjects of a budget that has its limit of meters. No name is like it.
inline constexpr std::string_view kOtherSubjects = "*";

}  // namespace arbiter::core
