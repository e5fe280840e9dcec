// What waits for a human: questions that agents ask, incidents, dead tasks; and what people do about them. Part of
// core/commands.h.
#pragma once

#include "core/severity.h"
#include "core/task_commands.h"

namespace arbiter::core {

inline constexpr std::size_t kQuestionOptionsMax = 32;
inline constexpr std::int64_t kQuestionExpiryMaxMs = 365 * kDayMs;
using Person = Text<1, 128>;  // whom an item is assigned to; any text
using Remark = Text<1, 1'024>;

// ---- questions ------------------------------------------------------------------------------------------------

BOOST_DEFINE_ENUM_CLASS(QuestionState, kOpen, kAnswered, kExpired, kWithdrawn)
using QuestionText = Text<1, 4'096>;
using AnswerText = Text<1, 4'096>;
using OptionText = Text<1, 256>;

// An agent asks in the middle of a task, under its lease. The task is suspended until nothing it asked is open.
struct AskQuestion {
  static constexpr std::array kRequired{"id", "lease", "text"};
  Name id;  // of the task
  LeaseText lease;
  QuestionText text;
  List<OptionText, 0, kQuestionOptionsMax> options;  // The answer is one of them; none: any text.
  std::optional<AnswerText> default_;                // NOLINT(readability-identifier-naming): a keyword without it
  RawJson details;
  std::optional<Int<1, kQuestionExpiryMaxMs>> expires_in_ms;
  std::optional<Name> question_id;  // its natural key
};
BOOST_DESCRIBE_STRUCT(AskQuestion, (), (id, lease, text, options, default_, details, expires_in_ms, question_id))
struct QuestionView {
  Name id;
  QuestionState state = QuestionState::kOpen;
  std::string text;
  RawJson details;
  std::vector<OptionText> options;
  std::optional<std::string> default_;  // NOLINT(readability-identifier-naming): a keyword without it
  std::optional<std::string> answer;    // Of an expired one: its default.
  std::optional<std::string> comment;
  std::optional<std::string> answered_by;
  Name task_id;
  Name queue;
  Name worker_id;
  std::optional<std::string> assignee;
  Timestamp asked_at;
  std::optional<Timestamp> expires_at;
  std::optional<Timestamp> ended_at;
  std::optional<std::string> reason;  // Why it was withdrawn.
};
BOOST_DESCRIBE_STRUCT(QuestionView, (),
                      (id, state, text, details, options, default_, answer, comment, answered_by, task_id, queue,
                       worker_id, assignee, asked_at, expires_at, ended_at, reason))
struct AskReply {
  QuestionView question;
  bool created = true;
};
struct GetQuestion {
  static constexpr std::array kRequired{"id"};
  Name id;
  Wait wait_ms{0};
};
BOOST_DESCRIBE_STRUCT(GetQuestion, (), (id, wait_ms))
struct ListQuestions {
  List<QuestionState, 0, 4> state;
  std::optional<Name> task_id;
  std::optional<Person> assignee;
  Limit limit{100};
  std::optional<Text<1, 256>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListQuestions, (), (state, task_id, assignee, limit, cursor))
struct QuestionList {
  std::vector<QuestionView> items;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(QuestionList, (), (items, next_cursor))
struct AnswerQuestion {
  static constexpr std::array kRequired{"id", "answer"};
  Name id;
  AnswerText answer;
  std::optional<Remark> comment;
};
BOOST_DESCRIBE_STRUCT(AnswerQuestion, (), (id, answer, comment))

// ---- incidents ------------------------------------------------------------------------------------------------

BOOST_DEFINE_ENUM_CLASS(IncidentState, kOpen, kAcknowledged, kResolved)
// What opened it: somebody's report, or a rule of the server.
BOOST_DEFINE_ENUM_CLASS(IncidentRule, kReported, kQueueAge, kDeadTasks, kWorkerFlapping, kBudget, kStoreClosed)
using Cause = Text<1, 256>;

struct OpenIncident {
  static constexpr std::array kRequired{"cause", "title"};
  Cause cause;  // While one is open, the same cause is counted on it.
  Text<1, 512> title;
  Severity severity = Severity::kWarning;
  RawJson evidence;
  std::optional<Name> task_id;
  std::optional<Name> queue;
  std::optional<Name> worker_id;
};
BOOST_DESCRIBE_STRUCT(OpenIncident, (), (cause, title, severity, evidence, task_id, queue, worker_id))
struct IncidentView {
  Name id;
  IncidentState state = IncidentState::kOpen;
  std::string cause;
  IncidentRule rule = IncidentRule::kReported;
  Severity severity = Severity::kWarning;
  std::string title;
  RawJson evidence;        // The latest.
  std::int64_t count = 1;  // How often the cause was seen while it was open.
  std::optional<Name> task_id;
  std::optional<Name> queue;
  std::optional<Name> worker_id;
  std::optional<std::string> assignee;
  std::string opened_by;
  Timestamp opened_at;
  Timestamp last_at;
  std::optional<std::string> acknowledged_by;
  std::optional<Timestamp> acknowledged_at;
  std::optional<std::string> resolved_by;
  std::optional<Timestamp> resolved_at;
  std::optional<std::string> comment;
};
BOOST_DESCRIBE_STRUCT(IncidentView, (),
                      (id, state, cause, rule, severity, title, evidence, count, task_id, queue, worker_id, assignee,
                       opened_by, opened_at, last_at, acknowledged_by, acknowledged_at, resolved_by, resolved_at,
                       comment))
struct OpenIncidentReply {
  IncidentView incident;
  bool created = true;
};
struct GetIncident {
  static constexpr std::array kRequired{"id"};
  Name id;
};
BOOST_DESCRIBE_STRUCT(GetIncident, (), (id))
struct ListIncidents {
  List<IncidentState, 0, 3> state;
  List<Severity, 0, 3> severity;
  Limit limit{100};
  std::optional<Text<1, 256>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListIncidents, (), (state, severity, limit, cursor))
struct IncidentList {
  std::vector<IncidentView> items;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(IncidentList, (), (items, next_cursor))
struct AcknowledgeIncident {
  static constexpr std::array kRequired{"id"};
  Name id;
  std::optional<Remark> comment;
};
BOOST_DESCRIBE_STRUCT(AcknowledgeIncident, (), (id, comment))
struct ResolveIncident {
  static constexpr std::array kRequired{"id"};
  Name id;
  std::optional<Remark> comment;
};
BOOST_DESCRIBE_STRUCT(ResolveIncident, (), (id, comment))
// The namespace serves again after its store had closed; not reachable from outside.
struct NoteStoreClosed {
  std::string problem;  // why it was closed
  std::int64_t closed_ms = 0;
};

// ---- the inbox ------------------------------------------------------------------------------------------------

BOOST_DEFINE_ENUM_CLASS(InboxKind, kQuestion, kIncident, kTask)
struct InboxItem {
  std::string item;  // kind and id, as in tags: `question:...`, `incident:...`, `task:...`
  InboxKind kind = InboxKind::kQuestion;
  Name id;
  std::string state;  // of the question, the incident, the task
  Severity severity = Severity::kWarning;
  std::string title;
  std::optional<Name> task_id;
  std::optional<Name> queue;
  std::optional<Name> worker_id;
  std::optional<std::string> assignee;
  Timestamp created_at;
  std::optional<Timestamp> expires_at;
  std::vector<OptionText> options;
  std::optional<std::string> default_;  // NOLINT(readability-identifier-naming): a keyword without it
};
BOOST_DESCRIBE_STRUCT(InboxItem, (),
                      (item, kind, id, state, severity, title, task_id, queue, worker_id, assignee, created_at,
                       expires_at, options, default_))
struct ListInbox {
  List<InboxKind, 0, 3> kind;
  std::optional<Person> assignee;
  List<Severity, 0, 3> severity;
  std::optional<Name> queue;
  Limit limit{100};
  std::optional<Text<1, 256>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListInbox, (), (kind, assignee, severity, queue, limit, cursor))
struct InboxCounts {
  std::int64_t questions = 0;
  std::int64_t incidents = 0;
  std::int64_t dead_tasks = 0;
};
BOOST_DESCRIBE_STRUCT(InboxCounts, (), (questions, incidents, dead_tasks))
struct InboxList {
  std::vector<InboxItem> items;  // newest first
  std::optional<std::string> next_cursor;
  InboxCounts open;  // of the whole inbox, whatever the filter
};
BOOST_DESCRIBE_STRUCT(InboxList, (), (items, next_cursor, open))
struct AssignInboxItem {
  static constexpr std::array kRequired{"item"};
  Text<1, 256> item;
  std::optional<Person> assignee;  // none: nobody's any more
};
BOOST_DESCRIBE_STRUCT(AssignInboxItem, (), (item, assignee))
struct DismissInboxItem {
  static constexpr std::array kRequired{"item"};
  Text<1, 256> item;
  std::optional<Remark> reason;
};
BOOST_DESCRIBE_STRUCT(DismissInboxItem, (), (item, reason))

}  // namespace arbiter::core
