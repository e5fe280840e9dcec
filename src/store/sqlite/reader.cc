#include "store/sqlite/reader.h"

#include <sqlite3.h>

#include <algorithm>
#include <limits>

#include "base/json.h"
#include "store/filters.h"
#include "store/sqlite/connection.h"

namespace arbiter::store::sqlite {
namespace {

constexpr std::size_t kSessionsMax = 2;
constexpr Position kPositionMax = std::numeric_limits<std::int64_t>::max();

// A document's body only when it is small enough to be handed out in passing.
#define INLINE_DOCUMENT "d.spec, CASE WHEN d.body_bytes <= ? THEN d.body END, d.body_bytes"

// A page ends when it has `limit` rows or kScanRowsMax have been looked at.
class PageBounds {
 public:
  explicit PageBounds(std::size_t limit) : limit_(std::clamp<std::size_t>(limit, 1, kPageRowsMax)) {}
  [[nodiscard]] bool full(std::size_t rows) const { return rows >= limit_; }
  [[nodiscard]] bool scanned_enough() { return ++scanned_ > kScanRowsMax; }

 private:
  std::size_t limit_;
  std::size_t scanned_ = 0;
};

}  // namespace

class ReadSession {
 public:
  explicit ReadSession(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}

  Connection& connection() { return *connection_; }

  Lookup lookup(const std::vector<EntityKey>& keys);
  EventPage events(const EventQuery& query);
  EndedPage ended(const EndedQuery& query);
  std::optional<Document> document(Position position);
  LogPage log(const std::string& task, std::uint64_t sequence, std::size_t limit);
  std::optional<BlobPart> blob(const std::string& id, std::uint64_t offset, std::size_t limit);

 private:
  Position head();
  bool find(Statement& in, const EntityKey& key, bool ended, std::vector<FoundEntity>& found);
  EventRow event_at(Position position);
  void scan(Statement& candidates, const EventQuery& query, EventPage& page);

  std::unique_ptr<Connection> connection_;
  Statement head_{*connection_, "SELECT max(position) FROM events"};
  Statement lost_after_{*connection_,
                        "SELECT CAST(substr(key, 5) AS INTEGER) FROM meta WHERE key LIKE 'gap:%' "
                        "AND CAST(substr(key, 5) AS INTEGER) < ? AND value >= ?"};
  Statement find_live_{*connection_, "SELECT e.body, e.document, " INLINE_DOCUMENT
                                     " FROM live e LEFT JOIN documents d ON d.position = e.document"
                                     " WHERE e.kind = ? AND e.id = ?"};
  Statement find_ended_{*connection_, "SELECT e.body, e.document, " INLINE_DOCUMENT
                                      " FROM ended e LEFT JOIN documents d ON d.position = e.document"
                                      " WHERE e.kind = ? AND e.id = ?"};
  Statement event_{*connection_, "SELECT time_ms, type, entity, tags, data, metadata FROM events WHERE position = ?"};
  Statement scan_all_{*connection_,
                      "SELECT position, type FROM events WHERE position > ? AND position <= ? ORDER BY position"};
  Statement scan_tag_{*connection_,
                      "SELECT position FROM events WHERE entity = ?3 AND position > ?1 AND position <= ?2 "
                      "UNION "
                      "SELECT position FROM event_tags WHERE tag = ?3 AND position > ?1 AND position <= ?2 "
                      "ORDER BY position"};
  Statement scan_ended_{*connection_,
                        "SELECT ended_position, id, ended_at_ms, state, queue, type, document FROM ended "
                        "WHERE kind = ? AND ended_position < ? ORDER BY ended_position DESC"};
  Statement ended_body_{*connection_, "SELECT body FROM ended WHERE kind = ? AND ended_position = ? AND id = ?"};
  Statement document_{*connection_, "SELECT spec, body FROM documents WHERE position = ?"};
  Statement log_{*connection_,
                 "SELECT sequence, time_ms, attempt, text FROM task_logs WHERE task = ? AND sequence > ? "
                 "ORDER BY sequence LIMIT ?"};
  Statement oldest_{*connection_, "SELECT position FROM events ORDER BY position LIMIT 1"};
  Statement blob_size_{*connection_, "SELECT bytes FROM blobs WHERE id = ?"};
  Statement blob_chunks_{*connection_,
                         "SELECT start, bytes FROM blob_chunks WHERE blob = ?1 AND start >= "
                         "(SELECT max(start) FROM blob_chunks WHERE blob = ?1 AND start <= ?2) ORDER BY start"};
  Statement log_truncated_{*connection_, "SELECT truncated FROM task_log_sizes WHERE task = ?"};
};

Position ReadSession::head() {
  Position head = 0;
  if (head_.next()) head = head_.position(0);
  head_.reset();
  return head;
}

bool ReadSession::find(Statement& in, const EntityKey& key, bool ended, std::vector<FoundEntity>& found) {
  if (!in.bind(kDocumentInlineBytesMax, key.kind, key.id).next()) return false;
  found.push_back({.key = key,
                   .body = std::string(in.text(0)),
                   .document_position = in.position(1),
                   .spec = std::string(in.text(2)),
                   .document_body = std::string(in.text(3)),
                   .document_bytes = in.position(4),
                   .ended = ended});
  in.reset();
  return true;
}

Lookup ReadSession::lookup(const std::vector<EntityKey>& keys) {
  Lookup out;
  out.head = head();
  for (const auto& key : keys) {
    if (!find(find_live_, key, /*ended=*/false, out.found)) (void)find(find_ended_, key, /*ended=*/true, out.found);
  }
  return out;
}

EventRow ReadSession::event_at(Position position) {
  EventRow event;
  if (!event_.bind(position).next()) {
    // Retention runs in transactions of its own, so within ours an index entry without its row is damage.
    connection_->record_failure(SQLITE_CORRUPT);
    return event;
  }
  event.position = position;
  event.time.ms = event_.integer(0);
  event.type = event_.text(1);
  event.entity = event_.text(2);
  if (!read_tags(event_.text(3), event.tags)) connection_->record_failure(SQLITE_CORRUPT);
  event.data = event_.text(4);
  event.metadata = event_.text(5);
  event_.reset();
  return event;
}

EventPage ReadSession::events(const EventQuery& query) {
  const Position newest = head();
  const Position end = query.up_to == 0 ? newest : std::min(query.up_to, newest);
  EventPage page;
  page.oldest = oldest_.next() ? oldest_.position(0) : newest + 1;
  oldest_.reset();
  if (query.after > 0 && lost_after_.bind(query.after, query.after).next()) {
    page.lost_after = lost_after_.position(0);
    lost_after_.reset();
  }
  page.scanned_to = std::max(end, query.after);
  if (query.after >= end) return page;
  // One tag leads, the others are checked on the events that it finds.
  Statement& candidates =
      query.tags.empty() ? scan_all_.bind(query.after, end) : scan_tag_.bind(query.after, end, query.tags.front());
  scan(candidates, query, page);
  return page;
}

void ReadSession::scan(Statement& candidates, const EventQuery& query, EventPage& page) {
  const Position end = page.scanned_to;
  PageBounds bounds(query.limit);
  Position seen = query.after;
  while (candidates.next()) {
    if (bounds.full(page.events.size()) || bounds.scanned_enough()) {
      page.scanned_to = seen;
      page.more = seen < end;
      candidates.reset();
      return;
    }
    seen = candidates.position(0);
    const bool type_known = query.tags.empty();
    if (type_known && !type_matches(candidates.text(1), query.types)) continue;
    EventRow event = event_at(seen);
    if ((type_known || type_matches(event.type, query.types)) && has_tags(event, query.tags)) {
      page.events.push_back(std::move(event));
    }
  }
}

EndedPage ReadSession::ended(const EndedQuery& query) {
  EndedPage page;
  PageBounds bounds(query.limit);
  const Position before = query.before == 0 ? kPositionMax : query.before;
  page.scanned_to = before;
  scan_ended_.bind(query.kind, before);
  while (scan_ended_.next()) {
    const Position position = scan_ended_.position(0);
    // Entities that one event ended are never parted by a page's end.
    const bool next_event = position != page.scanned_to;
    if (next_event && (bounds.full(page.entities.size()) || bounds.scanned_enough())) {
      page.more = true;
      scan_ended_.reset();
      break;
    }
    page.scanned_to = position;
    if (!ended_matches(query, scan_ended_.text(3), scan_ended_.text(4), scan_ended_.text(5))) continue;
    EndedEntity& entity = page.entities.emplace_back();
    entity.id = scan_ended_.text(1);
    entity.document = scan_ended_.position(6);
    entity.info = {.ended_position = position,
                   .ended_at = {scan_ended_.integer(2)},
                   .state = std::string(scan_ended_.text(3)),
                   .queue = std::string(scan_ended_.text(4)),
                   .type = std::string(scan_ended_.text(5))};
    if (ended_body_.bind(query.kind, position, entity.id).next()) entity.body = ended_body_.text(0);
    ended_body_.reset();
  }
  if (!page.more) page.scanned_to = 0;
  return page;
}

std::optional<Document> ReadSession::document(Position position) {
  if (!document_.bind(position).next()) return std::nullopt;
  Document out{.position = position, .spec = std::string(document_.text(0)), .body = std::string(document_.text(1))};
  document_.reset();
  return out;
}

LogPage ReadSession::log(const std::string& task, std::uint64_t sequence, std::size_t limit) {
  LogPage page;
  page.next = sequence;
  log_.bind(task, sequence, std::clamp<std::size_t>(limit, 1, kPageRowsMax));
  while (log_.next()) {
    page.next = log_.position(0);
    page.lines.push_back({page.next, {log_.integer(1)}, log_.integer(2), std::string(log_.text(3))});
  }
  if (log_truncated_.bind(task).next()) page.truncated = log_truncated_.integer(0) != 0;
  log_truncated_.reset();
  return page;
}

std::optional<BlobPart> ReadSession::blob(const std::string& id, std::uint64_t offset, std::size_t limit) {
  if (!blob_size_.bind(id).next()) return std::nullopt;
  BlobPart part;
  part.size = blob_size_.position(0);
  blob_size_.reset();
  limit = std::min(limit, kBlobChunkBytesMax);
  blob_chunks_.bind(id, offset);
  while (offset < part.size && part.bytes.size() < limit && blob_chunks_.next()) {
    const std::uint64_t skip = offset + part.bytes.size() - blob_chunks_.position(0);
    part.bytes += blob_chunks_.text(1).substr(skip, limit - part.bytes.size());
  }
  blob_chunks_.reset();
  return part;
}

SqliteReader::SqliteReader(std::filesystem::path file, SqliteOptions options)
    : file_(std::move(file)), options_(std::move(options)) {}
SqliteReader::~SqliteReader() = default;

base::Result<std::unique_ptr<ReadSession>> SqliteReader::take() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [this] { return !idle_.empty() || lent_ < kSessionsMax; });
  ++lent_;
  if (!idle_.empty()) {
    auto session = std::move(idle_.back());
    idle_.pop_back();
    return session;
  }
  lock.unlock();
  auto connection = Connection::open(file_, Use::kRead, options_);
  if (connection) {
    auto session = std::make_unique<ReadSession>(std::move(*connection));
    if (session->connection().ok()) return session;
    connection = base::fail(session->connection().take_error("prepare to read"));
  }
  give_back(nullptr);
  return base::fail(std::move(connection.error()));
}

void SqliteReader::give_back(std::unique_ptr<ReadSession> session) {
  {
    const std::lock_guard lock(mutex_);
    --lent_;
    if (session) idle_.push_back(std::move(session));
  }
  returned_.notify_one();
}

template <typename Query>
auto SqliteReader::read(Query query) -> base::Result<decltype(query(std::declval<ReadSession&>()))> {
  auto session = take();
  if (!session) return base::fail(std::move(session.error()));
  Connection& connection = (*session)->connection();
  connection.execute("BEGIN");
  auto answer = query(**session);
  auto outcome = connection.finish("read");
  // A connection that failed is not used again.
  give_back(outcome ? std::move(*session) : nullptr);
  if (!outcome) return base::fail(std::move(outcome.error()));
  return answer;
}

base::Result<Lookup> SqliteReader::lookup(const std::vector<EntityKey>& keys) {
  return read([&](ReadSession& session) { return session.lookup(keys); });
}
base::Result<EventPage> SqliteReader::events(const EventQuery& query) {
  return read([&](ReadSession& session) { return session.events(query); });
}
base::Result<EndedPage> SqliteReader::ended(const EndedQuery& query) {
  return read([&](ReadSession& session) { return session.ended(query); });
}
base::Result<Document> SqliteReader::document(Position position) {
  auto found = read([&](ReadSession& session) { return session.document(position); });
  if (!found) return base::fail(std::move(found.error()));
  if (!*found) return base::fail({base::ErrorCode::kNotFound, "This document is no longer kept."});
  return std::move(**found);
}
base::Result<BlobPart> SqliteReader::blob(const std::string& id, std::uint64_t offset, std::size_t limit) {
  auto found = read([&](ReadSession& session) { return session.blob(id, offset, limit); });
  if (!found) return base::fail(std::move(found.error()));
  if (!*found) return base::fail({base::ErrorCode::kNotFound, "There is no blob " + id + "."});
  return std::move(**found);
}
base::Result<LogPage> SqliteReader::log(const std::string& task, std::uint64_t sequence, std::size_t limit) {
  return read([&](ReadSession& session) { return session.log(task, sequence, limit); });
}

}  // namespace arbiter::store::sqlite
