// What can happen to that which waits for a human. Part of core/events.h.
#pragma once

#include "core/inbox_commands.h"

namespace arbiter::core {

struct QuestionAsked {
  static constexpr bool kSparse = true;
  Name id;
  Name task;
  std::int64_t lease = 0;
  Name worker;
  Name queue;
  std::string text;
  std::vector<OptionText> options;
  std::optional<std::string> default_;  // NOLINT(readability-identifier-naming): a keyword without it
  RawJson details;
  std::optional<Timestamp> expires_at;  // of `now`
};
BOOST_DESCRIBE_STRUCT(QuestionAsked, (), (id, task, lease, worker, queue, text, options, default_, details, expires_at))
struct QuestionAnswered {
  Name id;
  Name task;
  std::string answer;
  std::optional<std::string> comment;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(QuestionAnswered, (), (id, task, answer, comment, by))
struct QuestionExpired {
  Name id;
  Name task;
  std::optional<std::string> answer;  // its default
};
BOOST_DESCRIBE_STRUCT(QuestionExpired, (), (id, task, answer))
struct QuestionWithdrawn {
  Name id;
  Name task;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(QuestionWithdrawn, (), (id, task, reason))

struct IncidentOpened {
  static constexpr bool kSparse = true;
  Name id;
  std::string cause;
  IncidentRule rule = IncidentRule::kReported;
  Severity severity = Severity::kWarning;
  std::string title;
  RawJson evidence;
  std::optional<Name> task_id;
  std::optional<Name> queue;
  std::optional<Name> worker_id;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(IncidentOpened, (), (id, cause, rule, severity, title, evidence, task_id, queue, worker_id, by))
// The cause of an open incident was seen again.
struct IncidentRepeated {
  static constexpr bool kSparse = true;
  Name id;
  std::string cause;
  Severity severity = Severity::kWarning;  // the worst so far
  std::string title;
  RawJson evidence;
};
BOOST_DESCRIBE_STRUCT(IncidentRepeated, (), (id, cause, severity, title, evidence))
struct IncidentAcknowledged {
  Name id;
  std::optional<std::string> comment;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(IncidentAcknowledged, (), (id, comment, by))
struct IncidentResolved {
  Name id;
  std::string cause;
  std::optional<std::string> comment;
  std::string by;
};
BOOST_DESCRIBE_STRUCT(IncidentResolved, (), (id, cause, comment, by))

// An item of the inbox is somebody's, or nobody's again.
struct InboxAssigned {
  std::string item;
  std::optional<std::string> assignee;
};
BOOST_DESCRIBE_STRUCT(InboxAssigned, (), (item, assignee))
// A dead task is not waited for any more.
struct InboxDismissed {
  std::string item;
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(InboxDismissed, (), (item, reason))

}  // namespace arbiter::core
