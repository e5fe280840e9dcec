// The inbox: one list of all that waits for a human, whom it is assigned to, and what is dismissed.
#include "core/inbox.h"

#include <charconv>
#include <limits>

#include "core/core.h"
#include "core/views.h"

namespace arbiter::core {

using base::ErrorCode;
using base::fail;

namespace {

// Goes through entries that began before a position, newest first.
class Newest {
 public:
  using Entries = std::map<Position, InboxEntry*>;
  Newest(const Entries* entries, Position before) : entries_(entries) {
    if (entries_) next_ = entries_->lower_bound(before);
  }
  [[nodiscard]] const InboxEntry* entry() const {
    return entries_ && next_ != entries_->begin() ? std::prev(next_)->second : nullptr;
  }
  [[nodiscard]] Position position() const { return entry() ? entry()->position : 0; }
  const InboxEntry* take() { return (--next_)->second; }

 private:
  const Entries* entries_;
  Entries::const_iterator next_;
};

base::Result<Position> position_of(const std::optional<Text<1, 256>>& cursor) {
  Position before = std::numeric_limits<Position>::max();
  if (!cursor) return before;
  const std::string& text = cursor->value;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), before);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
    return fail({ErrorCode::kInvalidRequest, "Some fields are not valid.", {{"cursor", "is not from this list"}}});
  }
  return before;
}

// Fills a page with the entries of both sets that `add` takes, newest first. What is looked at has a limit too.
template <typename List, typename Add>
base::Result<List> page(const Newest::Entries* open, const Newest::Entries* ended, const auto& command,
                        std::int64_t scan_max, Add add) {
  const auto before = position_of(command.cursor);
  if (!before) return fail(before.error());
  List list;
  Newest first(open, *before);
  Newest second(ended, *before);
  for (std::int64_t scanned = 0; first.entry() || second.entry(); ++scanned) {
    Newest& newest = first.position() > second.position() ? first : second;
    if (static_cast<std::int64_t>(list.items.size()) >= command.limit || scanned >= scan_max) {
      list.next_cursor = std::to_string(newest.position() + 1);
      break;
    }
    add(*newest.take(), list);
  }
  return list;
}

template <typename Wanted, typename Value>
bool is_among(const Wanted& wanted, Value value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

bool is_for(const InboxEntry& entry, const std::optional<Person>& assignee) {
  return !assignee || entry.assignee == assignee->value;
}

Severity severity_of(const InboxEntry& entry) {
  return entry.kind == InboxKind::kIncident ? static_cast<const Incident&>(entry).opened.severity : Severity::kWarning;
}

}  // namespace

Core::Answer Core::on(const ListQuestions& c, Ticket) {
  const bool open = is_among(c.state, QuestionState::kOpen);
  const bool ended = c.state.empty() || c.state.size() > 1 || !open;
  auto list = page<QuestionList>(open ? &state_.inbox.open() : nullptr, ended ? &state_.inbox.ended() : nullptr, c,
                                 state_.limits.scan_max, [&](const InboxEntry& entry, QuestionList& into) {
                                   if (entry.kind != InboxKind::kQuestion) return;
                                   const auto& question = static_cast<const Question&>(entry);
                                   if (!is_among(c.state, question.state) || !is_for(entry, c.assignee)) return;
                                   if (!c.task_id || question.asked.task == *c.task_id)
                                     into.items.push_back(view_of(question));
                                 });
  if (!list) return fail(list.error());
  return Reply(std::move(*list));
}

Core::Answer Core::on(const ListIncidents& c, Ticket) {
  auto list = page<IncidentList>(&state_.inbox.open(), &state_.inbox.ended(), c, state_.limits.scan_max,
                                 [&](const InboxEntry& entry, IncidentList& into) {
                                   if (entry.kind != InboxKind::kIncident) return;
                                   const auto& incident = static_cast<const Incident&>(entry);
                                   if (!is_among(c.state, incident.state)) return;
                                   if (!is_among(c.severity, incident.opened.severity)) return;
                                   into.items.push_back(view_of(incident));
                                 });
  if (!list) return fail(list.error());
  return Reply(std::move(*list));
}

Core::Answer Core::on(const ListInbox& c, Ticket) {
  auto list = page<InboxList>(&state_.inbox.open(), nullptr, c, state_.limits.scan_max,
                              [&](const InboxEntry& entry, InboxList& into) {
                                if (!is_among(c.kind, entry.kind) || !is_for(entry, c.assignee)) return;
                                if (!is_among(c.severity, severity_of(entry))) return;
                                if (!c.queue || entry.queue == c.queue->value) into.items.push_back(view_of(entry));
                              });
  if (!list) return fail(list.error());
  list->open = state_.inbox.counts();
  return Reply(std::move(*list));
}

Core::Answer Core::on(const AssignInboxItem& c, Ticket) {
  const InboxEntry* entry = state_.inbox.find(c.item.value);
  if (!entry || !state_.inbox.is_open(*entry)) return fail(not_in_inbox(c.item.value));
  const auto assignee = c.assignee ? std::optional(c.assignee->value) : std::nullopt;
  if (entry->assignee != assignee) emit(InboxAssigned{c.item.value, assignee});
  return Reply(view_of(*entry));
}

Core::Answer Core::on(const DismissInboxItem& c, Ticket) {
  const InboxEntry* entry = state_.inbox.find(c.item.value);
  if (!entry || !state_.inbox.is_open(*entry)) return fail(not_in_inbox(c.item.value));
  if (entry->kind != InboxKind::kTask) {
    return fail({ErrorCode::kInvalidState, entry->kind == InboxKind::kQuestion
                                               ? "A question is not dismissed but answered; it also ends with its task."
                                               : "An incident is not dismissed but resolved."});
  }
  emit(InboxDismissed{c.item.value, c.reason ? std::optional(c.reason->value) : std::nullopt});
  return Reply(Done{});
}

base::Error Core::not_in_inbox(const std::string& item) {
  return {ErrorCode::kNotFound, "There is no " + item +
                                    " in the inbox. Items are question:ID, incident:ID and task:ID (a dead task); "
                                    "what was answered, resolved, retried or dismissed is not in it any more."};
}

// ---- views ----------------------------------------------------------------------------------------------------

namespace {

std::optional<Timestamp> at(std::int64_t ms) { return ms ? std::optional(Timestamp{ms}) : std::nullopt; }

constexpr std::size_t kTitleBytesMax = 200;

// The first line, at most kTitleBytesMax of it, not cut within a character.
std::string title_of(const std::string& text) {
  std::string line = text.substr(0, text.find('\n'));
  if (line.size() <= kTitleBytesMax) return line;
  std::size_t end = kTitleBytesMax;
  while (end > 0 && (static_cast<unsigned char>(line[end]) & 0xC0U) == 0x80U) --end;
  return line.substr(0, end) + "...";
}

void add_question(const Question& q, InboxItem& item) {
  item.state = base::to_text(q.state);
  item.title = title_of(q.asked.text);
  item.task_id = q.asked.task;
  item.worker_id = q.asked.worker;
  item.created_at = {q.asked_at};
  item.expires_at = at(q.expires_at);
  item.options = q.asked.options;
  item.default_ = q.asked.default_;
}

void add_incident(const Incident& i, InboxItem& item) {
  item.state = base::to_text(i.state);
  item.title = title_of(i.opened.title);
  item.task_id = i.opened.task_id;
  item.worker_id = i.opened.worker_id;
  item.created_at = {i.opened_at};
}

void add_dead_task(const DeadTask& d, InboxItem& item) {
  item.state = base::to_text(TaskState::kFailed);
  item.title = title_of(d.type + " failed: " + d.message);
  item.task_id = Name(d.id);
  item.created_at = {d.at};
}

}  // namespace

QuestionView view_of(const Question& q) {
  QuestionView view;
  view.id.value = q.id;
  view.state = q.state;
  view.text = q.asked.text;
  view.details = q.asked.details;
  view.options = q.asked.options;
  view.default_ = q.asked.default_;
  view.answer = q.answer;
  view.comment = q.comment;
  view.answered_by = q.answered_by;
  view.task_id = q.asked.task;
  view.queue = q.asked.queue;
  view.worker_id = q.asked.worker;
  view.assignee = q.assignee;
  view.asked_at = {q.asked_at};
  view.expires_at = at(q.expires_at);
  view.ended_at = at(q.ended_at);
  view.reason = q.reason;
  return view;
}

IncidentView view_of(const Incident& i) {
  IncidentView view;
  view.id.value = i.id;
  view.state = i.state;
  view.cause = i.opened.cause;
  view.rule = i.opened.rule;
  view.severity = i.opened.severity;
  view.title = i.opened.title;
  view.evidence = i.opened.evidence;
  view.count = i.count;
  view.task_id = i.opened.task_id;
  view.queue = i.opened.queue;
  view.worker_id = i.opened.worker_id;
  view.assignee = i.assignee;
  view.opened_by = i.opened.by;
  view.opened_at = {i.opened_at};
  view.last_at = {i.last_at};
  view.acknowledged_by = i.acknowledged_by;
  view.acknowledged_at = at(i.acknowledged_at);
  view.resolved_by = i.resolved_by;
  view.resolved_at = at(i.resolved_at);
  view.comment = i.comment;
  return view;
}

InboxItem view_of(const InboxEntry& entry) {
  InboxItem item;
  item.item = item_of(entry);
  item.kind = entry.kind;
  item.id.value = entry.id;
  item.severity = severity_of(entry);
  if (!entry.queue.empty()) item.queue = Name(entry.queue);
  item.assignee = entry.assignee;
  switch (entry.kind) {
    case InboxKind::kQuestion:
      add_question(static_cast<const Question&>(entry), item);
      break;
    case InboxKind::kIncident:
      add_incident(static_cast<const Incident&>(entry), item);
      break;
    case InboxKind::kTask:
      add_dead_task(static_cast<const DeadTask&>(entry), item);
      break;
  }
  return item;
}

}  // namespace arbiter::core
