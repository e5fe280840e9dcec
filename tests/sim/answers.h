// Holds every answer against the durable log: it must show what was durable between its request and itself, what it
// acknowledges must be there, and what it refuses must have been refused for a reason.
#pragma once

#include <set>

#include "model.h"
#include "outside.h"
#include "tickets.h"
#include "world.h"

namespace arbiter::sim {

class Answers {
 public:
  Answers(Model& model, World& world, const Setup& setup, Verdict& verdict)
      : model_(model), world_(world), setup_(setup), verdict_(verdict) {}

  void judge(const Sent& sent, const engine::Answer& answer);

 private:
  void success(const core::Command& command, const core::Reply& reply);
  void cancelled(const core::CancelTask& c);
  // Each passes on what is not its own.
  template <typename C>
  void success_of_tasks(const C& c, const core::Reply& reply);
  template <typename C>
  void success_of_workers(const C& c, const core::Reply& reply);
  template <typename C>
  void success_of_keys(const C& c, const core::Reply& reply);
  template <typename C>
  void success_in_system(const C& c, const core::Reply& reply);
  template <typename C>
  void success_of_schedules(const C& c, const core::Reply& reply);
  template <typename C>
  void success_of_types(const C& c, const core::Reply& reply);
  template <typename C>
  void success_of_budgets(const C& c, const core::Reply& reply);
  template <typename C>
  void success_of_effects(const C& c, const core::Reply& reply);
  void refusal(const core::Command& command, const base::Error& error);
  // ---- inbox_answers.cc: false when it is not about the inbox ----
  [[nodiscard]] bool success_of_inbox(const core::Command& command, const core::Reply& reply);
  [[nodiscard]] bool not_found_in_inbox(const core::Command& command);
  [[nodiscard]] bool wrong_state_in_inbox(const core::Command& command);
  [[nodiscard]] bool invalid_in_inbox(const core::Command& command);
  [[nodiscard]] const QuestionModel* question(const std::string& id);
  void shows(const core::QuestionView& view);
  void shows(const core::IncidentView& view);
  void shows(const core::InboxItem& item);
  void repeated(const engine::StoredReply& reply);

  // ---- what is shown ----
  void shows(const core::TaskView& view);
  void shows(const core::LeaseView& view, const std::string& worker);
  void shows(const std::vector<core::LeaseView>& leases, const core::LeaseTasks& request);
  void shows(const std::vector<core::Cancellation>& cancellations, const std::string& worker);
  void shows(const core::LeaseStatus& status, const std::string& id, const std::string& lease);
  void shows(const core::WorkerView& view);
  void shows(const core::QueueView& view);
  void shows(const core::KeyView& view);
  void shows(const core::BulkView& view);
  void shows(const core::BudgetView& view);
  void shows(const core::TaskTypeView& view);
  void shows(const core::EffectView& view);
  [[nodiscard]] bool breaks_schema(const core::Command& command);
  void no_type(const std::string& name);
  void no_effect(const std::string& id);
  void shows(const core::ScheduleView& view);
  void shows_state(const std::string& id, TaskState state);
  void check_bodies(const core::TaskView& view, const TaskModel& task);

  // ---- what is acknowledged ----
  void acknowledges(const core::SubmitTask& c, const core::SubmitTaskReply& reply);
  void acknowledges(const core::SubmitBatch& c, const core::SubmitReply& reply);
  [[nodiscard]] bool is_from(const core::TaskSpec& given, const TaskModel& t) const;
  void submitted(const core::TaskSpec& spec, const std::string& id, TaskState state, bool created);
  void acknowledges(const core::Report& report);
  void acknowledges(const core::ReportTasks& c, const core::ReportReply& reply);
  void acknowledges(const core::Heartbeat& c, const core::HeartbeatReply& reply);
  void acknowledges(const core::AppendLog& c);
  void acknowledges(const core::RegisterWorker& c, const core::RegisterReply& reply);
  void lists(const core::ListTasks& c, const core::TaskList& list);
  void begins(const core::TakeSnapshot& c, const core::SnapshotReply& snapshot);
  void draws(const core::GetGraph& c, const core::Graph& graph);

  // ---- what is refused ----
  void not_found(const core::Command& command);
  void stale(const std::string& id, const std::string& lease);
  void conflict(const core::Report& report);
  void duplicate(const core::Command& command);
  [[nodiscard]] static bool names_key_twice(const core::Command& command);
  [[nodiscard]] bool pauses_in_the_past(const core::Command& command) const;
  void id_conflict(const core::Command& command);
  void unknown_dependency(const core::Command& command);
  void lineage(const core::Command& command);
  void wrong_state(const core::Command& command);
  void no_schedule(const std::string& name);
  void no_budget(const core::Command& command);
  [[nodiscard]] bool may_be_bad_raise(const core::Command& command);
  void no_run_now(const core::RunSchedule& c);
  void no_worker(const std::string& id);
  // A token with this name or id was valid at some time; throughout.
  [[nodiscard]] bool may_be_token(const std::string& name) const;
  [[nodiscard]] bool is_token(const std::string& name) const;
  void token_refused(const core::Command& command, base::ErrorCode code);
  void shows(const core::TokenView& view);
  void unavailable();
  void replaced(const WorkerName& name);
  void unauthorized(const core::Command& command);
  void too_large(const core::Command& command, const base::Error& error);
  void drained();
  [[nodiscard]] bool lost_parent(const core::Command& command) const;
  [[nodiscard]] bool has_ended(const core::Command& command) const;

  [[nodiscard]] const TaskModel* task(const std::string& id);
  [[nodiscard]] bool held_somewhere(std::int64_t lease) const;
  [[nodiscard]] Position low() const { return at_ ? at_ : sent_->head; }
  [[nodiscard]] Position high() const { return at_ ? at_ : model_.position; }
  void broken(std::string_view promise, const std::string& what);

  Model& model_;
  World& world_;
  const Setup& setup_;
  Verdict& verdict_;
  const Sent* sent_ = nullptr;
  Position at_ = 0;                // what is shown must be as it was at this position; 0: anywhere since the request
  std::set<std::string> created_;  // tasks whose creation was acknowledged
  std::set<std::string> asked_;    // questions, likewise, each with its lease
  std::map<std::string, std::pair<std::string, std::string>> keys_;  // key -> fingerprint and reply, once acknowledged
};

// The outcome that the command reports; nothing when it is no outcome.
[[nodiscard]] std::optional<core::Report> report_of(const core::Command& command);

}  // namespace arbiter::sim
