// The referee's rules for questions, incidents and dead tasks.
#include <algorithm>

#include "referee.h"

namespace arbiter::sim {

#define RULE(condition, promise, text)       \
  do {                                       \
    if (!(condition)) broken(promise, text); \
  } while (false)

using core::QuestionState;

const QuestionModel* Referee::open_question(const core::Name& id, const core::Name& task) {
  const auto found = model_.inbox.questions.find(id.value);
  if (found == model_.inbox.questions.end()) {
    broken("2", "question " + id.value + " was never asked");
    return nullptr;
  }
  RULE(found->second.open(), "3", "question " + id.value + " ends twice");
  RULE(found->second.asked.task == task, "2", "question " + id.value + " is of another task");
  return &found->second;
}

void Referee::on(const core::QuestionAsked& e) {
  const TaskModel* task = known(e.task.value);
  if (!task) return;
  const auto before = model_.inbox.questions.find(e.id.value);
  RULE(before == model_.inbox.questions.end() || !before->second.open(), "9",
       "question " + e.id.value + " is asked twice");
  check_holder(*task, e.lease, e.worker.value);
  RULE(task->now.state == TaskState::kRunning || task->now.state == TaskState::kSuspended, "3",
       task->id + " asks, but is not running");
  RULE(static_cast<std::int64_t>(model_.inbox.open_of(task->id)) < limits_.inbox.questions_of_task_max, "8",
       task->id + " has more open questions than it may");
  RULE(!e.expires_at || e.expires_at->ms > time_, "3", "question " + e.id.value + " expires before it is asked");
}

// The attempt that asked is the current one: else nobody would hear the answer.
void Referee::check_heard(const QuestionModel& question) {
  const TaskModel* task = known(question.asked.task.value);
  if (!task) return;
  RULE(task->lease && task->lease->number == question.asked.lease, "3",
       "question " + question.asked.id.value + " ends with an answer, but its attempt is over");
  const bool last = model_.inbox.open_of(task->id) == 1;
  if (last && task->now.state == TaskState::kSuspended && task->lease && task->lease->for_question) {
    must_resume_ = task->id;
  }
}

void Referee::on(const core::QuestionAnswered& e) {
  const QuestionModel* question = open_question(e.id, e.task);
  if (!question) return;
  const auto& options = question->asked.options;
  const bool one_of_them =
      std::any_of(options.begin(), options.end(), [&](const auto& o) { return o.value == e.answer; });
  RULE(options.empty() || one_of_them, "8", "question " + e.id.value + " is answered by what is none of its options");
  check_heard(*question);
}

void Referee::on(const core::QuestionExpired& e) {
  const QuestionModel* question = open_question(e.id, e.task);
  if (!question) return;
  const auto& expires_at = question->asked.expires_at;
  RULE(expires_at && expires_at->ms <= time_, "3", "question " + e.id.value + " expires before its time");
  RULE(e.answer == question->asked.default_, "3", "question " + e.id.value + " expires with another default");
  check_heard(*question);
  world_.count(Kind::kReaction, "question expired");
}

void Referee::on(const core::QuestionWithdrawn& e) {
  const QuestionModel* question = open_question(e.id, e.task);
  if (!question) return;
  const TaskModel* task = known(e.task.value);
  if (!task) return;
  RULE(!task->lease || task->lease->number != question->asked.lease, "3",
       "question " + e.id.value + " is withdrawn, but its attempt goes on");
  world_.count(Kind::kReaction, "question withdrawn");
}

// ---- incidents ------------------------------------------------------------------------------------------------

void Referee::on(const core::IncidentOpened& e) {
  RULE(!model_.inbox.unresolved.contains(e.cause), "9", "two incidents of " + e.cause + " are open");
  RULE(static_cast<std::int64_t>(model_.inbox.unresolved.size()) < limits_.inbox.incidents_max, "8",
       "more incidents are open than there may be");
  const core::InboxLimits& limits = limits_.inbox;
  const std::int64_t since = time_ - limits.alert_window_ms;
  switch (e.rule) {
    case core::IncidentRule::kDeadTasks:
      RULE(e.queue && InboxModel::count(model_.inbox.deaths, e.queue->value, since) >= limits.dead_tasks_alert, "8",
           "an incident tells of dead tasks that are not there");
      break;
    case core::IncidentRule::kWorkerFlapping:
      RULE(e.worker_id &&
               InboxModel::count(model_.inbox.losses, e.worker_id->value, since) >= limits.worker_losses_alert,
           "8", "an incident tells of losses that were not");
      break;
    case core::IncidentRule::kQueueAge:
      RULE(e.queue && std::any_of(model_.queued.begin(), model_.queued.end(),
                                  [&](const auto& entry) {
                                    const TaskModel& task = *entry.second;
                                    return task.spec.queue == *e.queue &&
                                           task.created_at + limits.queue_age_ms <= time_;
                                  }),
           "8", "an incident tells of an old task, but none is queued");
      break;
    case core::IncidentRule::kBudget:
      check_budget_incident(e);
      break;
    case core::IncidentRule::kReported:
    case core::IncidentRule::kStoreClosed:
      break;
  }
  world_.count(Kind::kReaction, "incident: " + base::to_text(e.rule));
}

void Referee::check_unresolved(const core::Name& id, const std::string& cause) {
  const auto found = model_.inbox.unresolved.find(cause);
  RULE(found != model_.inbox.unresolved.end() && found->second == id.value, "3",
       "incident " + id.value + " changes, but is not the open one of its cause");
}

void Referee::on(const core::IncidentRepeated& e) { check_unresolved(e.id, e.cause); }
void Referee::on(const core::IncidentResolved& e) { check_unresolved(e.id, e.cause); }
void Referee::on(const core::IncidentAcknowledged& e) {
  const auto found = model_.inbox.incidents.find(e.id.value);
  RULE(found != model_.inbox.incidents.end() && found->second.now.state == core::IncidentState::kOpen, "3",
       "incident " + e.id.value + " is acknowledged, but is not open");
}

// ---- items ----------------------------------------------------------------------------------------------------

void Referee::on(const core::InboxAssigned& e) {
  const auto [kind, id] = std::pair(e.item.substr(0, e.item.find(':')), e.item.substr(e.item.find(':') + 1));
  bool there = false;
  if (kind == "question") {
    const auto found = model_.inbox.questions.find(id);
    there = found != model_.inbox.questions.end() && found->second.open();
  } else if (kind == "incident") {
    const auto found = model_.inbox.incidents.find(id);
    there = found != model_.inbox.incidents.end() && found->second.now.state != core::IncidentState::kResolved;
  } else if (const auto found = model_.inbox.dead.find(id); found != model_.inbox.dead.end()) {
    there = found->second.latest().value_or(false);
  }
  RULE(there, "3", e.item + " is assigned, but is not in the inbox");
}

void Referee::on(const core::InboxDismissed& e) {
  const auto found = model_.inbox.dead.find(e.item.substr(e.item.find(':') + 1));
  RULE(e.item.starts_with("task:") && found != model_.inbox.dead.end() && found->second.latest().value_or(false), "3",
       e.item + " is dismissed, but is no dead task");
}

#undef RULE

}  // namespace arbiter::sim
