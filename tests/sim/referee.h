// Judges each event of the log against the model as it stood just before: was it allowed, was it due, was it right.
#pragma once

#include "model.h"
#include "outside.h"
#include "world.h"

namespace arbiter::sim {

class Referee {
 public:
  Referee(Model& model, const Outside& outside, World& world, const core::CoreLimits& limits, Verdict& verdict)
      : model_(model), outside_(outside), world_(world), limits_(limits), verdict_(verdict) {}

  // Called before the model applies the event.
  void judge(const core::Event& event);
  // Called when the log ends with a whole batch.
  void check_owed_effects();

 private:
  void on(const core::TaskSubmitted& e);
  void on(const core::TaskQueued& e);
  void on(const core::TaskAssigned& e);
  void on(const core::TaskStarted& e);
  void on(const core::TaskCompleted& e);
  void on(const core::TaskFailed& e);
  void on(const core::TaskReleased& e);
  void on(const core::TaskSuspended& e);
  void on(const core::TaskResumed& e);
  void on(const core::TaskCancelRequested& e);
  void on(const core::TaskCancelled& e);
  void on(const core::TaskRedriven& e);
  void on(const core::WorkerRegistered& e);
  void on(const core::WorkerDraining& e);
  void on(const core::WorkerLost& e);
  void on(const core::WorkerReturned& e);
  void on(const core::WorkerDeregistered& e);
  void on(const core::QueueConfigured&) {}
  void on(const core::QueuePaused& e);
  void on(const core::QueueResumed& e);
  void on(const core::KeyConfigured&) {}
  void on(const core::QueueDraining& e);
  void on(const core::KeyPaused& e);
  void on(const core::KeyResumed& e);
  void on(const core::TaskUniqueExpired& e);
  void on(const core::BulkStarted&) {}
  void on(const core::BulkAdvanced& e);
  void on(const core::NamespaceCreated& e);
  void on(const core::TokenCreated& e);
  void on(const core::TokenRevoked& e);
  void on(const core::TokenExpired& e);
  void on(const core::TokenUsed& e);
  void on(const core::TaskTypeSet& e);
  void on(const core::TaskTypeDeleted& e);
  void check_type(const core::TaskSpec& spec, const core::RawJson& payload, const std::string& id);
  void on(const core::ServerLifecycle&) {}
  // ---- budget_rules.cc ----
  void on(const core::BudgetSet& e);
  void on(const core::BudgetDeleted& e);
  void on(const core::BudgetWarned& e);
  void on(const core::BudgetExhausted& e);
  void on(const core::BudgetRaised& e);
  void on(const core::BudgetReset& e);
  [[nodiscard]] BudgetModel* known_budget(const core::Name& name);
  void check_day(const std::string& name, const core::BudgetSpec& spec, std::int64_t started, std::int64_t resets);
  void check_told(const core::BudgetFigures& e, core::BudgetState level);
  void check_budget_incident(const core::IncidentOpened& e);
  // ---- effect_rules.cc ----
  void on(const core::EffectCreated& e);
  void on(const core::EffectStarted& e);
  void on(const core::EffectDelivered& e);
  void on(const core::EffectFailed& e);
  void on(const core::EffectGivenUp& e);
  void on(const core::EffectRetried& e);
  void on(const core::EffectRemoved& e);
  void on(const core::EffectDropped& e);
  void note_wanted(const core::Event& event);
  [[nodiscard]] EffectModel* known_effect(const core::Name& id);
  [[nodiscard]] const core::Notifier* notifier_of(const EffectModel& effect) const;
  [[nodiscard]] bool ends_attempt(const EffectModel& effect, const core::Name& id, std::int64_t attempt);
  void check_failure(const EffectModel& effect, const std::string& id, std::int64_t attempt);

  // ---- schedule_rules.cc ----
  void on(const core::ScheduleSet& e);
  void on(const core::SchedulePaused& e);
  void on(const core::ScheduleResumed& e);
  void on(const core::ScheduleDeleted& e);
  void on(const core::ScheduleFired& e);
  void on(const core::ScheduleSkipped& e);
  [[nodiscard]] const ScheduleModel* known_schedule(const core::Name& name);
  void check_overlap(const ScheduleModel& schedule, const core::ScheduleFired& e);
  void check_punctual(const ScheduleModel& schedule, const core::ScheduleFired& e);
  void check_reason(const ScheduleModel& schedule, const core::ScheduleSkipped& e);

  // ---- inbox_rules.cc ----
  void on(const core::QuestionAsked& e);
  void on(const core::QuestionAnswered& e);
  void on(const core::QuestionExpired& e);
  void on(const core::QuestionWithdrawn& e);
  void on(const core::IncidentOpened& e);
  void on(const core::IncidentRepeated& e);
  void on(const core::IncidentAcknowledged& e);
  void on(const core::IncidentResolved& e);
  void on(const core::InboxAssigned& e);
  void on(const core::InboxDismissed& e);
  [[nodiscard]] const QuestionModel* open_question(const core::Name& id, const core::Name& task);
  void check_heard(const QuestionModel& question);
  void check_unresolved(const core::Name& id, const std::string& cause);

  [[nodiscard]] TaskModel* known(const std::string& id);
  // Running time, without what the engine stood still, from `since` to now.
  [[nodiscard]] std::int64_t ran(std::int64_t since) const { return time_ - since - world_.stalled(since, time_); }
  void check_holder(const TaskModel& task, std::int64_t lease, const std::string& worker);
  void check_dependencies(const TaskModel& task);
  void check_unique(const core::TaskSpec& spec, const std::string& id);
  void check_pause_end(const GateModel& gate, core::Reason reason, const std::string& what);
  [[nodiscard]] static std::string share_of(const core::TaskSpec& spec);
  [[nodiscard]] bool may_be_disowned(const TaskModel::Lease& lease) const;
  void check_expired(const TaskModel& task);
  void check_silent(const std::string& worker, const WorkerModel& model);
  void check_stalled(const TaskModel& task);
  void check_attempt_end(const TaskModel& task, core::Reason reason);
  void check_retry(const TaskModel& task, const core::TaskFailed& e);
  void note_passed_over(const TaskModel& task, const core::TaskAssigned& e, const WorkerModel& worker);
  void check_bulk_retry(const BulkModel& bulk);
  void check_bulk_cancel(const BulkModel& bulk);
  void broken(std::string_view promise, const std::string& what);

  Model& model_;
  const Outside& outside_;
  World& world_;
  const core::CoreLimits& limits_;
  Verdict& verdict_;
  Position position_ = 0;
  std::int64_t time_ = 0;
  std::int64_t lease_max_ = 0;
  std::size_t loads_seen_ = 0;
  std::string must_resume_{};  // its last question has ended: the next event lets it go on
  struct Owed {
    std::string notifier, cause;
    Position position = 0;
  };
  std::vector<Owed> owed_effects_;  // of the step whose events come
};

}  // namespace arbiter::sim
