// The store's form of questions, incidents and dead tasks, both ways.
#include "base/check.h"
#include "core/inbox.h"
#include "core/state.h"

namespace arbiter::core {
namespace {

struct QuestionRecord {
  static constexpr bool kSparse = true;
  std::int64_t position = 0;
  QuestionAsked asked;
  std::int64_t asked_ms = 0;
  QuestionState state = QuestionState::kOpen;
  std::optional<std::string> answer;
  std::optional<std::string> comment;
  std::optional<std::string> answered_by;
  std::optional<std::string> assignee;
  std::optional<std::string> reason;
  std::int64_t ended_ms = 0;
  std::int64_t ended_position = 0;
};
BOOST_DESCRIBE_STRUCT(QuestionRecord, (),
                      (position, asked, asked_ms, state, answer, comment, answered_by, assignee, reason, ended_ms,
                       ended_position))

struct IncidentRecord {
  static constexpr bool kSparse = true;
  std::int64_t position = 0;
  IncidentOpened opened;  // with the latest title, severity and evidence
  IncidentState state = IncidentState::kOpen;
  std::int64_t opened_ms = 0;
  std::int64_t last_ms = 0;
  std::int64_t count = 1;
  std::optional<std::string> assignee;
  std::optional<std::string> acknowledged_by;
  std::int64_t acknowledged_ms = 0;
  std::optional<std::string> resolved_by;
  std::int64_t resolved_ms = 0;
  std::int64_t resolved_position = 0;
  std::optional<std::string> comment;
};
BOOST_DESCRIBE_STRUCT(IncidentRecord, (),
                      (position, opened, state, opened_ms, last_ms, count, assignee, acknowledged_by, acknowledged_ms,
                       resolved_by, resolved_ms, resolved_position, comment))

struct DeadTaskRecord {
  static constexpr bool kSparse = true;
  std::int64_t position = 0;
  std::string queue;
  std::string type;
  std::string message;
  std::int64_t at_ms = 0;
  std::optional<std::string> assignee;
};
BOOST_DESCRIBE_STRUCT(DeadTaskRecord, (), (position, queue, type, message, at_ms, assignee))

std::int64_t number(Position position) { return static_cast<std::int64_t>(position); }

EntityChange change_of(const Question& q) {
  const QuestionRecord r{number(q.position), q.asked,    q.asked_at, q.state,    q.answer,       q.comment,
                         q.answered_by,      q.assignee, q.reason,   q.ended_at, number(q.ended)};
  return {.kind = "question", .id = q.id, .body = base::to_json(r)};
}

EntityChange change_of(const Incident& i) {
  const IncidentRecord r{
      number(i.position), i.opened,          i.state,       i.opened_at,   i.last_at,          i.count,  i.assignee,
      i.acknowledged_by,  i.acknowledged_at, i.resolved_by, i.resolved_at, number(i.resolved), i.comment};
  return {.kind = "incident", .id = i.id, .body = base::to_json(r)};
}

EntityChange change_of(const DeadTask& d) {
  const DeadTaskRecord r{number(d.position), d.queue, d.type, d.message, d.at, d.assignee};
  return {.kind = "dead_task", .id = d.id, .body = base::to_json(r)};
}

EntityChange change_of(const InboxEntry& entry) {
  switch (entry.kind) {
    case InboxKind::kQuestion:
      return change_of(static_cast<const Question&>(entry));
    case InboxKind::kIncident:
      return change_of(static_cast<const Incident&>(entry));
    case InboxKind::kTask:
      return change_of(static_cast<const DeadTask&>(entry));
  }
  CHECK(false);
}

// The entity that the item was kept as.
EntityChange removal_of(std::string_view item) {
  const auto colon = item.find(':');
  const std::string_view kind = item.substr(0, colon);
  return {.kind = std::string(kind == "task" ? "dead_task" : kind),
          .id = std::string(item.substr(colon + 1)),
          .body = {},
          .deleted = true};
}

template <typename Record>
base::Result<Record> read(const StoredEntity& entity) {
  auto record = base::from_json_text<Record>(entity.body);
  if (!record) return base::fail(unreadable(entity, record.error()));
  return record;
}

std::unique_ptr<Question> question_from(std::string id, QuestionRecord&& r) {
  auto q = std::make_unique<Question>();
  q->id = std::move(id);
  q->position = static_cast<Position>(r.position);
  q->queue = r.asked.queue.value;
  q->expires_at = r.asked.expires_at ? r.asked.expires_at->ms : 0;
  q->asked = std::move(r.asked);
  q->asked_at = r.asked_ms;
  q->state = r.state;
  q->answer = std::move(r.answer);
  q->comment = std::move(r.comment);
  q->answered_by = std::move(r.answered_by);
  q->assignee = std::move(r.assignee);
  q->reason = std::move(r.reason);
  q->ended_at = r.ended_ms;
  q->ended = static_cast<Position>(r.ended_position);
  return q;
}

std::unique_ptr<Incident> incident_from(std::string id, IncidentRecord&& r) {
  auto i = std::make_unique<Incident>();
  i->id = std::move(id);
  i->position = static_cast<Position>(r.position);
  if (r.opened.queue) i->queue = r.opened.queue->value;
  i->opened = std::move(r.opened);
  i->state = r.state;
  i->opened_at = r.opened_ms;
  i->last_at = r.last_ms;
  i->count = r.count;
  i->assignee = std::move(r.assignee);
  i->acknowledged_by = std::move(r.acknowledged_by);
  i->acknowledged_at = r.acknowledged_ms;
  i->resolved_by = std::move(r.resolved_by);
  i->resolved_at = r.resolved_ms;
  i->resolved = static_cast<Position>(r.resolved_position);
  i->comment = std::move(r.comment);
  return i;
}

std::unique_ptr<DeadTask> dead_task_from(std::string id, DeadTaskRecord&& r) {
  auto d = std::make_unique<DeadTask>();
  d->id = std::move(id);
  d->position = static_cast<Position>(r.position);
  d->queue = std::move(r.queue);
  d->type = std::move(r.type);
  d->message = std::move(r.message);
  d->at = r.at_ms;
  d->assignee = std::move(r.assignee);
  return d;
}

}  // namespace

void Inbox::take_changes(std::vector<EntityChange>& changes) {
  for (const auto& item : std::exchange(dirty_, {})) {
    InboxEntry* entry = find(item);
    if (entry) entry->dirty = false;
    changes.push_back(entry ? change_of(*entry) : removal_of(item));
  }
}

void Inbox::snapshot(std::vector<EntityChange>& all) const {
  for (const auto& [id, question] : questions_) all.push_back(change_of(*question));
  for (const auto& [id, incident] : incidents_) all.push_back(change_of(*incident));
  for (const auto& [id, dead] : dead_) all.push_back(change_of(*dead));
}

base::Result<bool> Inbox::load(const StoredEntity& entity) {
  std::string id(entity.id);
  if (entity.kind == "question") {
    auto record = read<QuestionRecord>(entity);
    if (!record) return base::fail(std::move(record.error()));
    add(question_from(std::move(id), std::move(*record)));
    return true;
  }
  if (entity.kind == "incident") {
    auto record = read<IncidentRecord>(entity);
    if (!record) return base::fail(std::move(record.error()));
    add(incident_from(std::move(id), std::move(*record)));
    return true;
  }
  if (entity.kind != "dead_task") return false;
  auto record = read<DeadTaskRecord>(entity);
  if (!record) return base::fail(std::move(record.error()));
  add(dead_task_from(std::move(id), std::move(*record)));
  return true;
}

void Inbox::finish_load(const std::function<bool(const Question&)>& is_current) {
  for (const auto& [id, question] : questions_) {
    if (question->state == QuestionState::kOpen && !is_current(*question)) orphan(*question);
  }
}

}  // namespace arbiter::core
