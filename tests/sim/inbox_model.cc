#include "inbox_model.h"

#include <algorithm>

namespace arbiter::sim {

std::size_t InboxModel::open_of(const std::string& task) const {
  return static_cast<std::size_t>(std::count_if(questions.begin(), questions.end(), [&](const auto& entry) {
    return entry.second.open() && entry.second.asked.task.value == task;
  }));
}

std::int64_t InboxModel::count(const std::vector<Happened>& all, const std::string& name, std::int64_t since) {
  return std::count_if(all.begin(), all.end(), [&](const Happened& one) { return one.name == name && one.at > since; });
}

void InboxModel::on(const core::QuestionAsked& e, const core::Event& event) {
  QuestionModel& question = questions[e.id.value];
  question = QuestionModel{};
  question.asked = e;
  question.position = event.position;
  question.history.set(event.position, question.now);
}

void InboxModel::end(const std::string& id, QuestionFacts facts, const core::Event& event) {
  QuestionModel& question = questions[id];
  question.now = std::move(facts);
  question.history.set(event.position, question.now);
}

void InboxModel::on(const core::QuestionAnswered& e, const core::Event& event) {
  end(e.id.value, {core::QuestionState::kAnswered, e.answer}, event);
}

void InboxModel::on(const core::QuestionExpired& e, const core::Event& event) {
  end(e.id.value, {core::QuestionState::kExpired, e.answer.value_or("")}, event);
}

void InboxModel::on(const core::QuestionWithdrawn& e, const core::Event& event) {
  end(e.id.value, {core::QuestionState::kWithdrawn, ""}, event);
}

void InboxModel::on(const core::IncidentOpened& e, const core::Event& event) {
  IncidentModel& incident = incidents[e.id.value];
  incident.opened = e;
  incident.history.set(event.position, incident.now);
  unresolved[e.cause] = e.id.value;
}

void InboxModel::on(const core::IncidentRepeated& e, const core::Event& event) {
  IncidentModel& incident = incidents[e.id.value];
  ++incident.now.count;
  incident.history.set(event.position, incident.now);
}

void InboxModel::on(const core::IncidentAcknowledged& e, const core::Event& event) {
  IncidentModel& incident = incidents[e.id.value];
  incident.now.state = core::IncidentState::kAcknowledged;
  incident.history.set(event.position, incident.now);
}

void InboxModel::on(const core::IncidentResolved& e, const core::Event& event) {
  IncidentModel& incident = incidents[e.id.value];
  incident.now.state = core::IncidentState::kResolved;
  incident.history.set(event.position, incident.now);
  unresolved.erase(e.cause);
}

void InboxModel::on(const core::InboxAssigned& e, const core::Event& event) {
  assigned[e.item].set(event.position, e.assignee.value_or(""));
}

void InboxModel::on(const core::InboxDismissed& e, const core::Event& event) {
  dead[e.item.substr(e.item.find(':') + 1)].set(event.position, false);
}

}  // namespace arbiter::sim
