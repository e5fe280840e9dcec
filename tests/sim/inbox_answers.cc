// The half of Answers that is about questions, incidents and the inbox.
#include <algorithm>

#include "answers.h"

namespace arbiter::sim {

#define RULE(condition, promise, text)       \
  do {                                       \
    if (!(condition)) broken(promise, text); \
  } while (false)

using core::QuestionState;

const QuestionModel* Answers::question(const std::string& id) {
  const auto found = model_.inbox.questions.find(id);
  if (found != model_.inbox.questions.end()) return &found->second;
  broken("1", "question " + id + " is not in the log");
  return nullptr;
}

void Answers::shows(const core::QuestionView& view) {
  const QuestionModel* q = question(view.id.value);
  if (!q) return;
  RULE(q->history.any(
           low(), high(),
           [&](const QuestionFacts& f) { return f.state == view.state && f.answer == view.answer.value_or(""); }),
       "1", "shows question " + view.id.value + " as " + base::to_text(view.state) + ", which is not durable");
  RULE(view.text == q->asked.text && view.task_id == q->asked.task && view.default_ == q->asked.default_, "2",
       "question " + view.id.value + " changed");
}

void Answers::shows(const core::IncidentView& view) {
  const auto found = model_.inbox.incidents.find(view.id.value);
  if (found == model_.inbox.incidents.end()) return broken("1", "incident " + view.id.value + " is not in the log");
  RULE(found->second.history.any(
           low(), high(), [&](const IncidentFacts& f) { return f.state == view.state && f.count == view.count; }),
       "1", "shows incident " + view.id.value + " as " + base::to_text(view.state) + ", which is not durable");
  RULE(view.cause == found->second.opened.cause, "2", "the cause of incident " + view.id.value + " changed");
}

void Answers::shows(const core::InboxItem& item) {
  switch (item.kind) {
    case core::InboxKind::kQuestion: {
      const QuestionModel* q = question(item.id.value);
      const auto open = [](const QuestionFacts& f) { return f.state == QuestionState::kOpen; };
      if (q) RULE(q->history.any(low(), high(), open), "1", item.item + " is in the inbox, but is not open");
      break;
    }
    case core::InboxKind::kIncident: {
      const auto found = model_.inbox.incidents.find(item.id.value);
      const auto open = [](const IncidentFacts& f) { return f.state != core::IncidentState::kResolved; };
      RULE(found != model_.inbox.incidents.end() && found->second.history.any(low(), high(), open), "1",
           item.item + " is in the inbox, but is resolved");
      break;
    }
    case core::InboxKind::kTask: {
      const auto found = model_.inbox.dead.find(item.id.value);
      RULE(found != model_.inbox.dead.end() && found->second.any(low(), high(), std::identity{}), "1",
           item.item + " is in the inbox, but is not dead");
      break;
    }
  }
  if (!item.assignee) return;
  const auto whose = model_.inbox.assigned.find(item.item);
  RULE(whose != model_.inbox.assigned.end() &&
           whose->second.any(low(), high(), [&](const std::string& name) { return name == *item.assignee; }),
       "1", item.item + " is shown as " + *item.assignee + "'s, which is not durable");
}

bool Answers::success_of_inbox(const core::Command& command, const core::Reply& reply) {
  if (const auto* c = std::get_if<core::AskQuestion>(&command)) {
    const auto& answer = std::get<core::AskReply>(reply);
    shows(answer.question);
    RULE(answer.question.text == c->text.value && answer.question.task_id == c->id, "9", "another question was asked");
    if (answer.created) {
      RULE(asked_.insert(answer.question.id.value + "/" + c->lease.value).second, "9",
           "question " + answer.question.id.value + " was created twice");
    }
  } else if (const auto* view = std::get_if<core::QuestionView>(&reply)) {
    shows(*view);
    if (const auto* given = std::get_if<core::AnswerQuestion>(&command)) {
      RULE(view->state == QuestionState::kAnswered && view->answer == given->answer.value, "9",
           "an answer was accepted, but is not the question's");
    }
  } else if (const auto* questions = std::get_if<core::QuestionList>(&reply)) {
    for (const auto& one : questions->items) shows(one);
  } else if (const auto* opened = std::get_if<core::OpenIncidentReply>(&reply)) {
    shows(opened->incident);
  } else if (const auto* incident = std::get_if<core::IncidentView>(&reply)) {
    shows(*incident);
  } else if (const auto* incidents = std::get_if<core::IncidentList>(&reply)) {
    for (const auto& one : incidents->items) shows(one);
  } else if (const auto* inbox = std::get_if<core::InboxList>(&reply)) {
    for (const auto& one : inbox->items) shows(one);
  } else if (const auto* item = std::get_if<core::InboxItem>(&reply)) {
    shows(*item);
  } else if (const auto* dismissed = std::get_if<core::DismissInboxItem>(&command)) {
    const auto found = model_.inbox.dead.find(dismissed->item.value.substr(dismissed->item.value.find(':') + 1));
    RULE(found != model_.inbox.dead.end() && found->second.any(low(), high(), [](bool dead) { return !dead; }), "1",
         "that " + dismissed->item.value + " was dismissed is not in the log");
  } else {
    return std::holds_alternative<core::NoteStoreClosed>(command);
  }
  return true;
}

// ---- refusals -------------------------------------------------------------------------------------------------

// A question that is open all the time cannot be missing; an ended one may be forgotten.
bool Answers::not_found_in_inbox(const core::Command& command) {
  const auto check_question = [&](const std::string& id) {
    const auto found = model_.inbox.questions.find(id);
    const auto open = [](const QuestionFacts& f) { return f.state == QuestionState::kOpen; };
    RULE(found == model_.inbox.questions.end() || !found->second.history.all(low(), high(), open), "1",
         "question " + id + " is open, but is said not to exist");
  };
  const auto check_incident = [&](const std::string& id) {
    const auto found = model_.inbox.incidents.find(id);
    const auto open = [](const IncidentFacts& f) { return f.state != core::IncidentState::kResolved; };
    RULE(found == model_.inbox.incidents.end() || !found->second.history.all(low(), high(), open), "1",
         "incident " + id + " is open, but is said not to exist");
  };
  const auto check_item = [&](const std::string& item) {
    if (item.starts_with("question:")) check_question(item.substr(9));
    if (item.starts_with("incident:")) check_incident(item.substr(9));
  };
  if (const auto* c = std::get_if<core::GetQuestion>(&command)) return check_question(c->id.value), true;
  if (const auto* c = std::get_if<core::AnswerQuestion>(&command)) return check_question(c->id.value), true;
  if (const auto* c = std::get_if<core::GetIncident>(&command)) return check_incident(c->id.value), true;
  if (const auto* c = std::get_if<core::AcknowledgeIncident>(&command)) return check_incident(c->id.value), true;
  if (const auto* c = std::get_if<core::ResolveIncident>(&command)) return check_incident(c->id.value), true;
  if (const auto* c = std::get_if<core::AssignInboxItem>(&command)) return check_item(c->item.value), true;
  if (const auto* c = std::get_if<core::DismissInboxItem>(&command)) return check_item(c->item.value), true;
  return false;
}

bool Answers::wrong_state_in_inbox(const core::Command& command) {
  if (const auto* c = std::get_if<core::AnswerQuestion>(&command)) {
    const QuestionModel* q = question(c->id.value);
    if (!q) return true;
    const TaskModel* t = model_.task(q->asked.task.value);
    const auto ended = [](const QuestionFacts& f) { return f.state != QuestionState::kOpen; };
    const auto over = [&](const TaskFacts& f) { return f.lease != q->asked.lease; };
    RULE(q->history.any(low(), high(), ended) || (t && t->history.any(low(), high(), over)), "3",
         "question " + c->id.value + " is open, but cannot be answered");
    return true;
  }
  if (const auto* c = std::get_if<core::AskQuestion>(&command)) {
    const TaskModel* t = model_.task(c->id.value);
    if (!t) return true;
    const auto asked = std::count_if(model_.inbox.questions.begin(), model_.inbox.questions.end(),
                                     [&](const auto& q) { return q.second.asked.task == c->id; });
    const bool rests = t->history.any(low(), high(), [](const TaskFacts& f) { return f.state != TaskState::kRunning; });
    RULE(rests || asked >= setup_.limits.inbox.questions_of_task_max, "3", t->id + " is running, but cannot ask");
    return true;
  }
  if (const auto* c = std::get_if<core::AcknowledgeIncident>(&command)) {
    const auto found = model_.inbox.incidents.find(c->id.value);
    RULE(found != model_.inbox.incidents.end() &&
             found->second.history.any(low(), high(),
                                       [](const auto& f) { return f.state == core::IncidentState::kResolved; }),
         "3", "incident " + c->id.value + " is open, but cannot be acknowledged");
    return true;
  }
  // A question is answered, an incident resolved: neither is dismissed.
  const auto* c = std::get_if<core::DismissInboxItem>(&command);
  if (!c) return false;
  RULE(!c->item.value.starts_with("task:"), "3", "a dead task cannot be dismissed");
  return true;
}

// An answer that is none of the options, or what says itself that it is bad.
bool Answers::invalid_in_inbox(const core::Command& command) {
  const auto* c = std::get_if<core::AnswerQuestion>(&command);
  if (!c) return false;
  const auto found = model_.inbox.questions.find(c->id.value);
  if (found == model_.inbox.questions.end() || found->second.asked.options.empty()) return false;
  const auto& options = found->second.asked.options;
  return std::none_of(options.begin(), options.end(), [&](const auto& o) { return o.value == c->answer.value; });
}

#undef RULE

}  // namespace arbiter::sim
