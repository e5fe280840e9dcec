// What budgets count and hold back, recounted from the log alone. Part of the model; shared with nothing in core.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "core/events.h"
#include "history.h"

namespace arbiter::sim {

struct Spent {
  std::int64_t tokens = 0, cost = 0, attempts = 0;  // cost in millionths
  friend bool operator==(const Spent&, const Spent&) = default;
};
[[nodiscard]] Spent spent_of(const core::BudgetAmounts& amounts);

struct BudgetMeterModel {
  Spent spent, raised;
  core::BudgetState told = core::BudgetState::kOpen;
  friend bool operator==(const BudgetMeterModel&, const BudgetMeterModel&) = default;
};

struct BudgetModel {
  bool exists = false;
  core::BudgetSpec spec;
  Position period = 0;  // the event that began it
  std::int64_t resets_at = 0;
  std::map<std::string, BudgetMeterModel> meters;
  History<std::string> definition;  // as JSON; "" while there is none
  std::map<std::string, History<Spent>> spending;

  [[nodiscard]] bool is_of_tasks() const {
    return spec.scope == core::BudgetScope::kTask || spec.scope == core::BudgetScope::kLineage;
  }
  [[nodiscard]] Spent limits_of(const BudgetMeterModel& meter) const;
  [[nodiscard]] core::BudgetState level_of(const BudgetMeterModel& meter) const;
  // The meter that counts `subject`, or would; null when nothing was counted.
  [[nodiscard]] const BudgetMeterModel* meter_of(const std::string& subject) const;
};

// Of whom an attempt is; what is empty is not asked about.
struct Spender {
  std::string task, root, worker, queue;
  std::optional<std::string> key;
};

class BudgetsModel {
 public:
  std::map<std::string, BudgetModel, std::less<>> all;
  History<bool> refuses;        // some budget takes no new tasks
  std::int64_t meters_max = 0;  // of one budget of workers, queues or keys

  // What `spender` may not be given a task for; empty: nothing.
  [[nodiscard]] std::string forbids(const Spender& spender) const;
  // The same of the budgets of tasks and lineages alone; of the others, the worker's left out.
  [[nodiscard]] std::string forbids_own(const Spender& spender) const;
  [[nodiscard]] std::string forbids_queued(const Spender& spender) const;
  // The budget that takes no new task of this kind; empty: none does.
  [[nodiscard]] std::string refuses_new(const Spender& spender, bool has_parent) const;
  // The budget that lets no attempt follow this one; empty: none.
  [[nodiscard]] std::string refuses_retry(const Spender& spender, const std::optional<core::Usage>& usage) const;

  void start(const Spender& spender, Position position);
  void use(const Spender& spender, const std::optional<core::Usage>& usage, Position position);
  void give_back(const Spender& spender, std::int64_t lease, Position position);
  // What was said of a subject is said again, or is of no interest any more.
  void forget_told(core::BudgetScope scope, const std::string& subject);
  void settle_told(core::BudgetScope scope, const std::string& subject);

  void on(const core::BudgetSet& e, Position position);
  void on(const core::BudgetDeleted& e, Position position);
  void on(const core::BudgetWarned& e, Position position);
  void on(const core::BudgetExhausted& e, Position position);
  void on(const core::BudgetRaised& e, Position position);
  void on(const core::BudgetReset& e, Position position);

 private:
  [[nodiscard]] static std::optional<std::string> subject_of(const BudgetModel& budget, const Spender& spender);
  void spend(BudgetModel& budget, const Spender& spender, const Spent& what, Position position);
  void note(BudgetModel& budget, const std::string& subject, Position position);
  void note_refusing(Position position);
  [[nodiscard]] std::pair<const std::string, BudgetMeterModel>& open_meter(BudgetModel& budget,
                                                                           const std::string& subject) const;
};

}  // namespace arbiter::sim
