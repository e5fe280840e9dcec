#include "store/sqlite/blobs.h"

#include "store/blobs.h"

namespace arbiter::store::sqlite {

Blobs::Blobs(Connection& connection)
    : find_(connection, "SELECT bytes, uses FROM blobs WHERE id = ?"),
      grow_(connection,
            "INSERT INTO blobs(id, bytes, written_at_ms, uses) VALUES (?1, ?2, ?3, 0) "
            "ON CONFLICT(id) DO UPDATE SET bytes = ?2, written_at_ms = ?3"),
      add_chunk_(connection, "INSERT INTO blob_chunks(blob, start, bytes) VALUES (?, ?, ?)"),
      refer_(connection, "INSERT OR IGNORE INTO blob_references(kind, id, blob) VALUES (?, ?, ?)"),
      count_use_(connection, "UPDATE blobs SET uses = uses + 1 WHERE id = ?"),
      uncount_uses_(connection,
                    "UPDATE blobs SET uses = uses - 1 WHERE id IN "
                    "(SELECT blob FROM blob_references WHERE kind = ? AND id = ?)"),
      release_(connection, "DELETE FROM blob_references WHERE kind = ? AND id = ?") {}

Blobs::State Blobs::state(const std::string& blob) {
  State found;
  if (find_.bind(blob).next()) found = {find_.position(0), find_.integer(1)};
  find_.reset();
  return found;
}

base::Result<void> Blobs::append(const BlobChunk& chunk) {
  const State now = state(chunk.blob);
  const auto step = next_step(chunk, now.size, now.uses > 0);
  if (!step) return base::fail(step.error());
  if (*step == BlobStep::kThereAlready) return {};
  add_chunk_.bind(chunk.blob, chunk.offset, Bytes{chunk.bytes}).run();
  grow_.bind(chunk.blob, chunk.offset + chunk.bytes.size(), chunk.time.ms).run();
  return {};
}

base::Result<void> Blobs::refer(const BlobReference& reference) {
  const State now = state(reference.blob);
  if (now.size != reference.size) return base::fail(missing_blob(reference, now.size));
  refer_.bind(reference.entity.kind, reference.entity.id, reference.blob).run();
  if (refer_.changes() > 0) count_use_.bind(reference.blob).run();
  return {};
}

void Blobs::release(std::string_view kind, std::string_view id) {
  uncount_uses_.bind(kind, id).run();
  release_.bind(kind, id).run();
}

std::size_t collect_blobs(Connection& connection, base::Timestamp before, std::size_t budget) {
  Statement next(connection,
                 "SELECT id, bytes FROM blobs WHERE uses = 0 AND written_at_ms < ? ORDER BY written_at_ms LIMIT 1");
  Statement last_chunk(connection, "SELECT max(start) FROM blob_chunks WHERE blob = ?");
  Statement drop_chunk(connection, "DELETE FROM blob_chunks WHERE blob = ? AND start = ?");
  Statement shrink(connection, "UPDATE blobs SET bytes = ?2 WHERE id = ?1");
  Statement drop(connection, "DELETE FROM blobs WHERE id = ?");
  std::size_t spent = 0;
  while (spent < budget && next.bind(before.ms).next()) {
    const std::string id(next.text(0));
    next.reset();
    Position start = 0;
    if (last_chunk.bind(id).next()) start = last_chunk.position(0);
    last_chunk.reset();
    drop_chunk.bind(id, start).run();
    if (start == 0) {
      drop.bind(id).run();
    } else {
      shrink.bind(id, start).run();
    }
    spent += kChunkRows;
  }
  return spent;
}

}  // namespace arbiter::store::sqlite
