#include "store/sqlite/database_file.h"

#include "store/sqlite/connection.h"
#include "store/sqlite/entity_hash.h"
#include "store/sqlite/schema.h"

namespace arbiter::store::sqlite {
namespace {

using base::ErrorCode;
using base::fail;
using std::filesystem::path;

base::Result<void> check_integrity(Connection& connection, const path& file) {
  std::string said;
  {
    Statement check(connection, "PRAGMA integrity_check(3)");
    while (check.next()) said += (said.empty() ? "" : "; ") + std::string(check.text(0));
  }
  if (!connection.ok()) return fail(connection.take_error("check the database"));
  if (said != "ok") return fail(damaged(file, said));
  return {};
}

// Positions that restores passed over, within what the log still holds.
std::uint64_t passed_over(Connection& connection, Position oldest) {
  Statement gaps(
      connection,
      "SELECT coalesce(sum(value - CAST(substr(key, 5) AS INTEGER)), 0) FROM meta "
      "WHERE key LIKE 'gap:%' AND CAST(substr(key, 5) AS INTEGER) >= ? AND value < (SELECT max(position) FROM events)");
  return gaps.bind(oldest).next() ? gaps.position(0) : 0;
}

void read_events(Connection& connection, Contents& found) {
  Statement events(connection,
                   "SELECT coalesce(min(position), 0), coalesce(max(position), 0), count(*), "
                   "coalesce(max(time_ms), 0) FROM events");
  if (events.next()) {
    found.oldest = events.position(0);
    found.head = events.position(1);
    found.events = events.position(2);
    found.last_time.ms = events.integer(3);
  }
  events.reset();
  Statement meta(connection, "SELECT key, value FROM meta WHERE key IN ('epoch', 'seed')");
  while (meta.next()) (meta.text(0) == "seed" ? found.seed : found.epoch) = meta.position(1);
}

// Names a blob that is not whole, or whose uses are miscounted. Empty: there is none.
std::string broken_blobs(Connection& connection) {
  std::string broken;
  Statement sizes(connection,
                  "SELECT id FROM blobs WHERE (id, bytes) NOT IN "
                  "(SELECT blob, sum(length(bytes)) FROM blob_chunks GROUP BY blob) LIMIT 1");
  if (sizes.next()) broken = "the blob " + std::string(sizes.text(0)) + " is not whole";
  sizes.reset();
  Statement uses(connection,
                 "SELECT r.blob FROM (SELECT blob, count(*) AS uses FROM blob_references GROUP BY blob) r "
                 "LEFT JOIN blobs b ON b.id = r.blob WHERE b.uses IS NOT r.uses LIMIT 1");
  if (uses.next()) broken = "the uses of the blob " + std::string(uses.text(0)) + " are miscounted";
  uses.reset();
  return broken;
}

}  // namespace

base::Error damaged(const path& file, const std::string& how) {
  return {ErrorCode::kIoError, file.string() + " is damaged: " + how};
}

base::Result<Contents> check_database(Connection& connection, const path& file) {
  if (auto sound = check_integrity(connection, file); !sound) return fail(std::move(sound.error()));
  connection.execute("BEGIN");
  Contents found;
  read_events(connection, found);
  const std::uint64_t passed = found.events > 0 ? passed_over(connection, found.oldest) : 0;
  const bool is_hashed = schema_version(connection) >= kEntityHashVersion;
  const auto committed_hash = is_hashed ? stored_entity_hash(connection) : std::nullopt;
  found.entity_hash = hash_entities(connection);
  const std::string blobs = is_hashed ? broken_blobs(connection) : std::string();
  if (auto read = connection.finish("check the database"); !read) return fail(std::move(read.error()));
  if (found.events > 0 && found.events + passed != found.head - found.oldest + 1) {
    return fail(damaged(file, "it has " + std::to_string(found.events) + " events at the positions " +
                                  std::to_string(found.oldest) + " to " + std::to_string(found.head)));
  }
  if (committed_hash && *committed_hash != found.entity_hash) {
    return fail(
        damaged(file, "its entities are not those that were committed: a row was changed, added or taken away"));
  }
  if (!blobs.empty()) return fail(damaged(file, blobs));
  return found;
}

base::Result<Contents> check_database(const path& file, const SqliteOptions& options) {
  auto connection = Connection::open(file, Use::kRead, options);
  if (!connection) return fail(std::move(connection.error()));
  return check_database(**connection, file);
}

base::Result<Contents> copy_database(const path& file, const path& copy, const SqliteOptions& options) {
  {
    auto source = Connection::open(file, Use::kRead, options);
    if (!source) return fail(std::move(source.error()));
    auto made = options.files->create(copy);
    if (!made) return fail(std::move(made.error()));
    {
      Statement vacuum(**source, "VACUUM INTO ?");
      const std::string into = copy.string();
      vacuum.bind(into).run();
    }
    if (!(*source)->ok()) return fail((*source)->take_error("copy " + file.string()));
  }
  if (auto synced = options.files->sync_file(copy); !synced) return fail(std::move(synced.error()));
  return check_database(copy, options);
}

void visit_live(Connection& connection, const std::function<void(const LoadedEntity&)>& visit) {
  Statement rows(connection,
                 "SELECT e.kind, e.id, e.body, e.document, d.spec, CASE WHEN d.body_bytes <= ? THEN d.body END, "
                 "d.body_bytes FROM live e LEFT JOIN documents d ON d.position = e.document ORDER BY e.kind, e.id");
  rows.bind(kDocumentInlineBytesMax);
  while (rows.next()) {
    visit({.kind = rows.text(0),
           .id = rows.text(1),
           .body = rows.text(2),
           .document = rows.position(3),
           .spec = rows.text(4),
           .document_body = rows.text(5),
           .document_bytes = rows.position(6)});
  }
}

base::Result<void> visit_live(const path& file, const std::function<void(const LoadedEntity&)>& visit,
                              const SqliteOptions& options) {
  auto connection = Connection::open(file, Use::kRead, options);
  if (!connection) return fail(std::move(connection.error()));
  visit_live(**connection, visit);
  if (!(*connection)->ok()) return fail((*connection)->take_error("read " + file.string()));
  return {};
}

}  // namespace arbiter::store::sqlite
