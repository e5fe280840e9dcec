// What events do to that which waits for a human. Nothing here can be refused.
#include "base/check.h"
#include "core/events.h"
#include "core/inbox.h"
#include "core/queue.h"
#include "core/task.h"

namespace arbiter::core {

Inbox::~Inbox() = default;

std::string item_of(const InboxEntry& entry) { return base::to_text(entry.kind) + ":" + entry.id; }

namespace {

template <typename Map>
auto* find_in(const Map& map, std::string_view id) {
  const auto it = map.find(id);
  return it == map.end() ? nullptr : it->second.get();
}

}  // namespace

Question* Inbox::find_question(std::string_view id) const { return find_in(questions_, id); }
Incident* Inbox::find_incident(std::string_view id) const { return find_in(incidents_, id); }
const DeadTask* Inbox::find_dead_task(std::string_view id) const { return find_in(dead_, id); }

Incident* Inbox::unresolved(std::string_view cause) const {
  const auto it = unresolved_.find(cause);
  return it == unresolved_.end() ? nullptr : it->second;
}

InboxEntry* Inbox::find(std::string_view item) const {
  const auto colon = item.find(':');
  if (colon == std::string_view::npos) return nullptr;
  const std::string_view kind = item.substr(0, colon);
  const std::string_view id = item.substr(colon + 1);
  if (kind == "question") return find_question(id);
  if (kind == "incident") return find_incident(id);
  return kind == "task" ? find_in(dead_, id) : nullptr;
}

std::size_t Inbox::open_questions_of(const std::string& task) const {
  const auto it = of_task_.find(task);
  return it == of_task_.end() ? 0 : it->second.size();
}

InboxCounts Inbox::counts() const {
  const auto number = [](std::size_t n) { return static_cast<std::int64_t>(n); };
  return {number(questions_.size() - ended_questions_.size()), number(unresolved_.size()), number(dead_.size())};
}

void Inbox::touch(InboxEntry& entry) {
  entry.dirty = true;
  dirty_.insert(item_of(entry));
}

// ---- questions ------------------------------------------------------------------------------------------------

void Inbox::on(const QuestionAsked& e, const Event& event) {
  auto question = std::make_unique<Question>();
  question->id = e.id.value;
  question->position = event.position;
  question->queue = e.queue.value;
  question->asked = e;
  question->asked_at = event.time.ms;
  if (e.expires_at) question->expires_at = e.expires_at->ms;
  touch(*question);
  add(std::move(question));
}

void Inbox::add(std::unique_ptr<Question> owned) {
  Question& question = *owned;
  questions_.emplace(question.id, std::move(owned));
  if (question.state != QuestionState::kOpen) {
    ended_.emplace(question.position, &question);
    ended_questions_.emplace(question.ended, &question);
    return;
  }
  open_.emplace(question.position, &question);
  of_task_[question.asked.task.value].insert(question.id);
  timers_.set(question, question.expires_at ? question.expires_at : kNever);
}

void Inbox::on(const QuestionAnswered& e, const Event& event) {
  Question& question = *find_question(e.id.value);
  question.answer = e.answer;
  question.comment = e.comment;
  question.answered_by = e.by;
  end(question, QuestionState::kAnswered, event);
}

void Inbox::on(const QuestionExpired& e, const Event& event) {
  Question& question = *find_question(e.id.value);
  question.answer = e.answer;
  end(question, QuestionState::kExpired, event);
}

void Inbox::on(const QuestionWithdrawn& e, const Event& event) {
  Question& question = *find_question(e.id.value);
  question.reason = e.reason;
  end(question, QuestionState::kWithdrawn, event);
}

void Inbox::end(Question& question, QuestionState state, const Event& event) {
  CHECK(question.state == QuestionState::kOpen);
  question.state = state;
  question.ended_at = event.time.ms;
  question.ended = event.position;
  timers_.remove(question);
  orphans_.erase(question.id);
  const auto of_task = of_task_.find(question.asked.task.value);
  of_task->second.erase(question.id);
  if (of_task->second.empty()) of_task_.erase(of_task);
  open_.erase(question.position);
  ended_.emplace(question.position, &question);
  ended_questions_.emplace(question.ended, &question);
  touch(question);
  drop_oldest_ended();
}

// It is to be withdrawn, and does not expire any more.
void Inbox::orphan(Question& question) {
  orphans_.insert(question.id);
  timers_.remove(question);
}

void Inbox::lease_ended(const Task& task) {
  const auto of_task = of_task_.find(task.id);
  if (of_task == of_task_.end()) return;
  for (const auto& id : of_task->second) orphan(*find_question(id));
}

// ---- incidents ------------------------------------------------------------------------------------------------

void Inbox::on(const IncidentOpened& e, const Event& event) {
  auto incident = std::make_unique<Incident>();
  incident->id = e.id.value;
  incident->position = event.position;
  if (e.queue) incident->queue = e.queue->value;
  incident->opened = e;
  incident->opened_at = incident->last_at = event.time.ms;
  touch(*incident);
  add(std::move(incident));
}

void Inbox::add(std::unique_ptr<Incident> owned) {
  Incident& incident = *owned;
  incidents_.emplace(incident.id, std::move(owned));
  if (incident.state == IncidentState::kResolved) {
    ended_.emplace(incident.position, &incident);
    resolved_.emplace(incident.resolved, &incident);
    return;
  }
  open_.emplace(incident.position, &incident);
  unresolved_.emplace(incident.opened.cause, &incident);
  if (incident.opened.rule == IncidentRule::kQueueAge) ++age_incidents_;
}

void Inbox::on(const IncidentRepeated& e, const Event& event) {
  Incident& incident = *find_incident(e.id.value);
  ++incident.count;
  incident.last_at = event.time.ms;
  incident.opened.severity = e.severity;
  incident.opened.title = e.title;
  incident.opened.evidence = e.evidence;
  touch(incident);
}

void Inbox::on(const IncidentAcknowledged& e, const Event& event) {
  Incident& incident = *find_incident(e.id.value);
  incident.state = IncidentState::kAcknowledged;
  incident.acknowledged_by = e.by;
  incident.acknowledged_at = event.time.ms;
  if (e.comment) incident.comment = e.comment;
  touch(incident);
}

void Inbox::on(const IncidentResolved& e, const Event& event) {
  Incident& incident = *find_incident(e.id.value);
  CHECK(incident.state != IncidentState::kResolved);
  incident.state = IncidentState::kResolved;
  incident.resolved_by = e.by;
  incident.resolved_at = event.time.ms;
  incident.resolved = event.position;
  if (e.comment) incident.comment = e.comment;
  if (incident.opened.rule == IncidentRule::kQueueAge) --age_incidents_;
  unresolved_.erase(unresolved_.find(e.cause));
  open_.erase(incident.position);
  ended_.emplace(incident.position, &incident);
  resolved_.emplace(incident.resolved, &incident);
  touch(incident);
  drop_oldest_ended();
}

void Inbox::drop_oldest_ended() {
  const auto kept = static_cast<std::size_t>(limits_.kept_max);
  const auto drop = [&](auto& by_end, auto& all) {
    while (by_end.size() > kept) {
      InboxEntry& entry = *by_end.begin()->second;
      dirty_.insert(item_of(entry));
      ended_.erase(entry.position);
      by_end.erase(by_end.begin());
      all.erase(all.find(entry.id));
    }
  };
  drop(ended_questions_, questions_);
  drop(resolved_, incidents_);
}

// ---- dead tasks -----------------------------------------------------------------------------------------------

void Inbox::task_died(const Task& task, std::string message, const Event& event) {
  remove_dead(task.id);
  auto dead = std::make_unique<DeadTask>();
  dead->id = task.id;
  dead->position = event.position;
  dead->queue = task.queue->name;
  dead->type = task.profile->type.value;
  dead->message = std::move(message);
  dead->at = event.time.ms;
  touch(*dead);
  add(std::move(dead));
  drop_old_dead_tasks(event.time.ms);
}

void Inbox::add(std::unique_ptr<DeadTask> owned) {
  DeadTask& dead = *owned;
  dead_.emplace(dead.id, std::move(owned));
  open_.emplace(dead.position, &dead);
  dead_by_age_.emplace(dead.position, &dead);
}

void Inbox::drop_old_dead_tasks(std::int64_t now) {
  while (!dead_by_age_.empty()) {
    const DeadTask& oldest = *dead_by_age_.begin()->second;
    const bool too_many = static_cast<std::int64_t>(dead_.size()) > limits_.dead_tasks_max;
    if (!too_many && oldest.at + limits_.dead_task_ms > now) return;
    remove_dead(oldest.id);
  }
}

void Inbox::task_came_back(const std::string& id) { remove_dead(id); }

void Inbox::remove_dead(const std::string& id) {
  const auto it = dead_.find(id);
  if (it == dead_.end()) return;
  DeadTask& dead = *it->second;
  dirty_.insert(item_of(dead));
  open_.erase(dead.position);
  dead_by_age_.erase(dead.position);
  dead_.erase(it);
}

// ---- items ----------------------------------------------------------------------------------------------------

void Inbox::on(const InboxAssigned& e, const Event&) {
  InboxEntry& entry = *find(e.item);
  entry.assignee = e.assignee;
  touch(entry);
}

void Inbox::on(const InboxDismissed& e, const Event&) { remove_dead(e.item.substr(e.item.find(':') + 1)); }

}  // namespace arbiter::core
