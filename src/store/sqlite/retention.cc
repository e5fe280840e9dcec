#include "store/sqlite/retention.h"

#include <algorithm>
#include <vector>

#include "store/filters.h"

namespace arbiter::store::sqlite {
namespace {

struct OldEntity {
  std::string id;
  Position ended = 0;
  Position document = 0;
};
struct OldEvent {
  Position position = 0;
  EntityKey entity;
  std::vector<std::string> tags;
};

std::vector<OldEntity> oldest_ended(Connection& connection, const std::string& kind, base::Timestamp before,
                                    std::size_t limit) {
  std::vector<OldEntity> out;
  Statement select(connection,
                   "SELECT id, ended_position, document, ended_at_ms FROM ended WHERE kind = ? "
                   "ORDER BY ended_position LIMIT ?");
  select.bind(kind, limit);
  while (select.next() && select.integer(3) < before.ms) {
    out.push_back({std::string(select.text(0)), select.position(1), select.position(2)});
  }
  select.reset();
  return out;
}

std::vector<OldEvent> oldest_events(Connection& connection, const RetentionLimits& limits, std::size_t limit) {
  std::vector<OldEvent> out;
  // The newest event always stays: it holds the head.
  Statement select(connection,
                   "SELECT position, time_ms, entity, tags FROM events "
                   "WHERE position < (SELECT max(position) FROM events) AND (?1 = 0 OR position < ?1) "
                   "ORDER BY position LIMIT ?2");
  select.bind(limits.keep_events_from, limit);
  while (select.next() && select.integer(1) < limits.ended_before.ms) {
    OldEvent& event = out.emplace_back();
    event.position = select.position(0);
    event.entity = key_of_tag(select.text(2));
    (void)read_tags(select.text(3), event.tags);
  }
  select.reset();
  return out;
}

}  // namespace

Retention::Retention(Connection& connection, Blobs& blobs, const RetentionLimits& limits)
    : connection_(connection), limits_(limits), blobs_(blobs), left_(std::max<std::size_t>(limits.rows_max, 1)) {}

bool Retention::step() {
  delete_idempotency();
  if (left_ > 0) delete_ended();
  // Events stay until no entity needs them to find its documents.
  if (left_ > 0) delete_events();
  if (left_ > 0) spend(collect_blobs(connection_, limits_.blobs_before, left_));
  return left_ == 0 && connection_.ok();
}

void Retention::delete_idempotency() {
  Statement expired(connection_,
                    "DELETE FROM idempotency WHERE key IN "
                    "(SELECT key FROM idempotency WHERE expires_at_ms < ? LIMIT ?)");
  expired.bind(limits_.now.ms, left_).run();
  if (connection_.ok()) spend(expired.changes());
  Statement surplus(connection_,
                    "DELETE FROM idempotency WHERE key IN (SELECT key FROM idempotency ORDER BY expires_at_ms LIMIT "
                    "min(?, max(0, (SELECT count(*) FROM idempotency) - ?)))");
  surplus.bind(left_, limits_.idempotency_keys_max).run();
  if (connection_.ok()) spend(surplus.changes());
}

void Retention::delete_ended() {
  Statement next_kind(connection_, "SELECT min(kind) FROM ended WHERE kind > ?");
  std::string kind;
  while (left_ > 0 && next_kind.bind(kind).next()) {
    const bool last = next_kind.is_null(0);
    if (!last) kind = next_kind.text(0);
    next_kind.reset();
    if (last) return;
    delete_ended_of(kind);
  }
}

void Retention::delete_ended_of(const std::string& kind) {
  Statement documents(connection_,
                      "DELETE FROM documents WHERE position IN (SELECT position FROM events WHERE entity = ?)");
  Statement named_documents(connection_, "DELETE FROM documents WHERE position IN (?, ?)");
  Statement entity_row(connection_, "DELETE FROM ended WHERE kind = ? AND ended_position = ? AND id = ?");
  for (const auto& old : oldest_ended(connection_, kind, limits_.ended_before, left_)) {
    if (kind == "task" && !delete_log(old.id)) return;
    const std::string tag = kind + ':' + old.id;
    documents.bind(tag).run();
    spend(documents.changes());
    named_documents.bind(old.document, old.ended).run();
    spend(named_documents.changes());
    blobs_.release(kind, old.id);
    entity_row.bind(kind, old.ended, old.id).run();
    spend(1);
    if (left_ == 0) return;
  }
}

// False when the log is too long for this step: its task stays until the log is gone.
bool Retention::delete_log(const std::string& task) {
  Statement lines(connection_,
                  "DELETE FROM task_logs WHERE task = ?1 AND sequence <= "
                  "(SELECT min(sequence) + ?2 - 1 FROM task_logs WHERE task = ?1)");
  lines.bind(task, left_).run();
  if (!connection_.ok()) return false;
  spend(lines.changes());
  if (left_ == 0) return false;
  Statement size(connection_, "DELETE FROM task_log_sizes WHERE task = ?");
  size.bind(task).run();
  return true;
}

void Retention::delete_events() {
  const auto events = oldest_events(connection_, limits_, left_);
  if (events.empty()) return;
  Statement tag_row(connection_, "DELETE FROM event_tags WHERE tag = ? AND position = ?");
  Statement document(connection_,
                     "DELETE FROM documents WHERE position = ?1 "
                     "AND NOT EXISTS (SELECT 1 FROM live WHERE kind = ?2 AND id = ?3) "
                     "AND NOT EXISTS (SELECT 1 FROM ended WHERE kind = ?2 AND id = ?3 "
                     "AND (document = ?1 OR ended_position = ?1))");
  Statement event_rows(connection_, "DELETE FROM events WHERE position <= ?");
  for (const auto& event : events) {
    for (const auto& tag : event.tags) tag_row.bind(tag, event.position).run();
    if (!event.entity.kind.empty()) document.bind(event.position, event.entity.kind, event.entity.id).run();
  }
  event_rows.bind(events.back().position).run();
  spend(events.size());
}

}  // namespace arbiter::store::sqlite
