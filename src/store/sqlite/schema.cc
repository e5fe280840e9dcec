#include "store/sqlite/schema.h"

#include <array>
#include <string>

#include "store/sqlite/connection.h"
#include "store/sqlite/entity_hash.h"

namespace arbiter::store::sqlite {
namespace {

// Columns that queries filter by stand before the long texts, so that a scan does not read overflow pages.
// `ended` is kept in the order of its lists, which is also the order in which it grows and in which retention takes
// from it: all three touch the ends of one tree.
constexpr const char* kVersion1 = R"sql(
CREATE TABLE meta(key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO meta(key, value) VALUES ('epoch', 0), ('probe', 0);

CREATE TABLE events(
  position INTEGER PRIMARY KEY,
  time_ms INTEGER NOT NULL,
  type TEXT NOT NULL,
  entity TEXT NOT NULL,
  tags TEXT NOT NULL,
  data TEXT NOT NULL,
  metadata TEXT NOT NULL);
CREATE INDEX events_by_entity ON events(entity, position);

CREATE TABLE event_tags(tag TEXT NOT NULL, position INTEGER NOT NULL, PRIMARY KEY(tag, position)) WITHOUT ROWID;

CREATE TABLE live(
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  document INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(kind, id)) WITHOUT ROWID;

CREATE TABLE ended(
  kind TEXT NOT NULL,
  ended_position INTEGER NOT NULL,
  id TEXT NOT NULL,
  ended_at_ms INTEGER NOT NULL,
  state TEXT NOT NULL,
  queue TEXT NOT NULL,
  type TEXT NOT NULL,
  document INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY(kind, ended_position, id)) WITHOUT ROWID;
CREATE UNIQUE INDEX ended_by_id ON ended(kind, id);

CREATE TABLE documents(
  position INTEGER PRIMARY KEY,
  body_bytes INTEGER NOT NULL,
  spec TEXT NOT NULL,
  body TEXT NOT NULL);

CREATE TABLE idempotency(
  key TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  status INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  reply TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX idempotency_by_expiry ON idempotency(expires_at_ms);

CREATE TABLE task_logs(
  task TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  time_ms INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY(task, sequence)) WITHOUT ROWID;
CREATE TABLE task_log_sizes(
  task TEXT PRIMARY KEY,
  last_sequence INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  truncated INTEGER NOT NULL) WITHOUT ROWID;
)sql";

// `uses` counts the rows of blob_references, so that garbage is found without a look at what is in use.
constexpr const char* kVersion2 = R"sql(
CREATE TABLE blobs(
  id TEXT PRIMARY KEY,
  bytes INTEGER NOT NULL,
  written_at_ms INTEGER NOT NULL,
  uses INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX blobs_without_use ON blobs(written_at_ms) WHERE uses = 0;
CREATE TABLE blob_chunks(blob TEXT NOT NULL, start INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE UNIQUE INDEX blob_chunks_by_start ON blob_chunks(blob, start);
CREATE TABLE blob_references(
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  blob TEXT NOT NULL,
  PRIMARY KEY(kind, id, blob)) WITHOUT ROWID;

ALTER TABLE events ADD COLUMN entity_hash INTEGER;
)sql";

void hash_what_is_there(Connection& connection) {
  const std::uint64_t hash = hash_entities(connection);
  Statement put(connection, "UPDATE events SET entity_hash = ? WHERE position = (SELECT max(position) FROM events)");
  put.bind(hash).run();
}

// Step n leads from version n to n + 1. Steps that were ever released are not edited.
struct Step {
  const char* sql;
  void (*then)(Connection&);
};
constexpr std::array kSteps{Step{kVersion1, nullptr}, Step{kVersion2, hash_what_is_there}};

}  // namespace

std::int64_t schema_version(Connection& connection) {
  Statement read(connection, "PRAGMA user_version");
  return read.next() ? read.integer(0) : 0;
}

base::Result<void> migrate(Connection& connection) {
  const std::int64_t version = schema_version(connection);
  constexpr auto kNewest = static_cast<std::int64_t>(kSteps.size());
  if (version > kNewest) {
    return base::fail({base::ErrorCode::kInvalidState, "The database has schema version " + std::to_string(version) +
                                                           ", this Arbiter knows up to " + std::to_string(kNewest) +
                                                           ". Use a newer Arbiter."});
  }
  if (version == kNewest) return {};
  for (auto step = static_cast<std::size_t>(version); step < kSteps.size(); ++step) {
    connection.execute(kSteps.at(step).sql);
    if (kSteps.at(step).then != nullptr) kSteps.at(step).then(connection);
  }
  connection.execute(("PRAGMA user_version = " + std::to_string(kNewest)).c_str());
  return {};
}

}  // namespace arbiter::store::sqlite
