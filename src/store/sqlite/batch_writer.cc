#include "store/sqlite/batch_writer.h"

#include "store/filters.h"

namespace arbiter::store::sqlite {
void EventRows::read(std::size_t row, int column, Cell cell) const {
  const EventRow& event = (*rows)[row];
  switch (column) {
    case 0:
      return cell.integer(event.position);
    case 1:
      return cell.integer(event.time.ms);
    case 2:
      return cell.text(event.type);
    case 3:
      return cell.text(event.entity);
    case 4:
      return event.tags.empty() ? cell.text("[]") : cell.text_copy(write_tags(event.tags));
    case 5:
      return cell.text(event.data);
    case 6:
      return cell.text(event.metadata);
    case 7:
      if (row + 1 == rows->size()) cell.integer(entity_hash);
      return;
  }
}

void TagRows::read(std::size_t row, int column, Cell cell) const {
  if (column == 0) return cell.text(*rows[row].first);
  cell.integer(rows[row].second);
}

void LiveRows::read(std::size_t row, int column, Cell cell) const {
  const EntityPut& put = *rows[row];
  switch (column) {
    case 0:
      return cell.text(put.kind);
    case 1:
      return cell.text(put.id);
    case 2:
      return cell.integer(put.document);
    case 3:
      return cell.text(put.body);
  }
}

void EndedRows::read(std::size_t row, int column, Cell cell) const {
  const EntityPut& put = *rows[row];
  switch (column) {
    case 0:
      return cell.text(put.kind);
    case 1:
      return cell.integer(put.ended->ended_position);
    case 2:
      return cell.text(put.id);
    case 3:
      return cell.integer(put.ended->ended_at.ms);
    case 4:
      return cell.text(put.ended->state);
    case 5:
      return cell.text(put.ended->queue);
    case 6:
      return cell.text(put.ended->type);
    case 7:
      return cell.integer(put.document);
    case 8:
      return cell.text(put.body);
  }
}

void DocumentRows::read(std::size_t row, int column, Cell cell) const {
  const Document& document = (*rows)[row];
  switch (column) {
    case 0:
      return cell.integer(document.position);
    case 1:
      return cell.integer(std::uint64_t{document.body.size()});
    case 2:
      return cell.text(document.spec);
    case 3:
      return cell.text(document.body);
  }
}

void BatchRows::register_with(Connection& connection) {
  register_rows(connection, "batch_events", EventRows::kColumns, events);
  register_rows(connection, "batch_tags", TagRows::kColumns, tags);
  register_rows(connection, "batch_live", LiveRows::kColumns, live);
  register_rows(connection, "batch_ended", EndedRows::kColumns, ended);
  register_rows(connection, "batch_documents", DocumentRows::kColumns, documents);
}

void BatchRows::take(const Batch& batch) {
  events.rows = &batch.events;
  documents.rows = &batch.documents;
  tags.rows.clear();
  live.rows.clear();
  ended.rows.clear();
  for (const auto& event : batch.events) {
    for (const auto& tag : event.tags) tags.rows.emplace_back(&tag, event.position);
  }
  for (const auto& put : batch.puts) (put.ended ? ended.rows : live.rows).push_back(&put);
}

BatchWriter::BatchWriter(Connection& connection, BatchRows& rows, EntityHash& hash)
    : rows_(rows),
      hash_(hash),
      blobs_(connection),
      insert_events_(connection, "INSERT INTO events SELECT * FROM batch_events"),
      // A tag that an event names twice is one row.
      insert_tags_(connection, "INSERT OR IGNORE INTO event_tags SELECT * FROM batch_tags"),
      put_live_(connection, "INSERT OR REPLACE INTO live SELECT * FROM batch_live"),
      put_ended_(connection, "INSERT OR REPLACE INTO ended SELECT * FROM batch_ended"),
      insert_documents_(connection, "INSERT INTO documents SELECT * FROM batch_documents"),
      delete_live_(connection, "DELETE FROM live WHERE kind = ? AND id = ?"),
      delete_ended_(connection, "DELETE FROM ended WHERE kind = ? AND id = ?"),
      put_idempotency_(connection,
                       "INSERT OR REPLACE INTO idempotency(key, fingerprint, status, expires_at_ms, reply) "
                       "VALUES (?, ?, ?, ?, ?)"),
      log_size_(connection, "SELECT last_sequence, bytes, truncated FROM task_log_sizes WHERE task = ?"),
      put_log_size_(connection, "INSERT OR REPLACE INTO task_log_sizes VALUES (?, ?, ?, ?)"),
      insert_log_line_(connection, "INSERT INTO task_logs VALUES (?, ?, ?, ?, ?)") {}

base::Result<void> BatchWriter::write(const Batch& batch) {
  rows_.take(batch);
  write_entities(batch);
  if (!batch.events.empty()) {
    rows_.events.entity_hash = hash_.take();
    insert_events_.run();
  }
  if (!rows_.tags.rows.empty()) insert_tags_.run();
  if (!batch.documents.empty()) insert_documents_.run();
  for (const auto& record : batch.idempotency) {
    put_idempotency_
        .bind(record.key, record.fingerprint, record.status, record.expires_at.ms, std::string_view(record.reply))
        .run();
  }
  for (const auto& log : batch.logs) append_log(log);
  for (const auto& reference : batch.blobs) {
    if (auto referred = blobs_.refer(reference); !referred) return referred;
  }
  return {};
}

void BatchWriter::write_entities(const Batch& batch) {
  const EntityHash::Watch watch(hash_);
  for (const auto& key : batch.deletes) {
    delete_live_.bind(key.kind, key.id).run();
    blobs_.release(key.kind, key.id);
  }
  for (const auto* put : rows_.ended.rows) delete_live_.bind(put->kind, put->id).run();
  for (const auto& put : batch.puts) {
    if (put.revived) delete_ended_.bind(put.kind, put.id).run();
    hash_.add(put);
  }
  if (!rows_.live.rows.empty()) put_live_.run();
  if (!rows_.ended.rows.empty()) put_ended_.run();
}

void BatchWriter::append_log(const LogAppend& log) {
  std::uint64_t sequence = 0;
  std::uint64_t bytes = 0;
  bool truncated = false;
  if (log_size_.bind(log.task).next()) {
    sequence = log_size_.position(0);
    bytes = log_size_.position(1);
    truncated = log_size_.integer(2) != 0;
    log_size_.reset();
  }
  for (const auto& line : log.lines) {
    // Once a line was dropped all later ones are: a log has no holes in its middle.
    truncated = truncated || bytes + line.text.size() > kTaskLogBytesMax;
    if (truncated) break;
    bytes += line.text.size();
    ++sequence;
    insert_log_line_.bind(log.task, sequence, line.time.ms, line.attempt, std::string_view(line.text)).run();
  }
  put_log_size_.bind(log.task, sequence, bytes, truncated ? 1 : 0).run();
}

}  // namespace arbiter::store::sqlite
