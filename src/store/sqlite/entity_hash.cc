#include "store/sqlite/entity_hash.h"

// Debian's library has the hook, its header declares it on request.
#define SQLITE_ENABLE_PREUPDATE_HOOK
#include <sqlite3.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <array>
#include <cstring>
#include <string_view>

namespace arbiter::store::sqlite {
namespace {

constexpr std::string_view kLive = "live";
constexpr std::string_view kEnded = "ended";

// Of one column, on top of the hash of those before it.
std::uint64_t add_to(std::uint64_t hash, std::string_view text) {
  return XXH3_64bits_withSeed(text.data() == nullptr ? "" : text.data(), text.size(), hash);
}
std::uint64_t add_to(std::uint64_t hash, std::uint64_t number) {
  std::array<char, 8> little_endian{};
  for (std::size_t i = 0; i < little_endian.size(); ++i) little_endian.at(i) = static_cast<char>(number >> (8 * i));
  return add_to(hash, std::string_view(little_endian.data(), little_endian.size()));
}
std::uint64_t add_to(std::uint64_t hash, sqlite3_value* value) {
  if (sqlite3_value_type(value) == SQLITE_INTEGER) {
    return add_to(hash, static_cast<std::uint64_t>(sqlite3_value_int64(value)));
  }
  const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));  // First: the size is that of this form.
  return add_to(hash, std::string_view(bytes, static_cast<std::size_t>(sqlite3_value_bytes(value))));
}

template <typename... Columns>
std::uint64_t hash_row(const Columns&... columns) {
  std::uint64_t hash = 0;
  ((hash = add_to(hash, columns)), ...);
  return hash;
}

// SQL: row_hash(table, column, ...).
void row_hash(sqlite3_context* context, int count, sqlite3_value** values) {
  std::uint64_t hash = 0;
  for (int i = 0; i < count; ++i) hash = add_to(hash, values[i]);
  sqlite3_result_int64(context, static_cast<std::int64_t>(hash));
}

std::uint64_t sum_rows(Connection& connection, std::string_view select) {
  std::uint64_t sum = 0;
  Statement rows(connection, select);
  while (rows.next()) sum += rows.position(0);
  return sum;
}

}  // namespace

EntityHash::EntityHash(Connection& connection)
    : connection_(connection),
      write_(connection, "UPDATE events SET entity_hash = ? WHERE position = (SELECT max(position) FROM events)") {
  reload();
}

EntityHash::Watch::Watch(EntityHash& hash) : hash_(hash) {
  const auto on_change = [](void* self, sqlite3* db, int operation, const char*, const char* table, sqlite3_int64,
                            sqlite3_int64) {
    if (operation == SQLITE_INSERT) return;
    const std::string_view name(table);
    if (name == kLive || name == kEnded) static_cast<EntityHash*>(self)->take_away(db, name);
  };
  sqlite3_preupdate_hook(hash.connection_.handle(), on_change, &hash);
}
EntityHash::Watch::~Watch() { sqlite3_preupdate_hook(hash_.connection_.handle(), nullptr, nullptr); }

void EntityHash::take_away(sqlite3* db, std::string_view table) {
  std::uint64_t hash = hash_row(table);
  for (int i = 0; i < sqlite3_preupdate_count(db); ++i) {
    sqlite3_value* value = nullptr;
    if (sqlite3_preupdate_old(db, i, &value) == SQLITE_OK) hash = add_to(hash, value);
  }
  sum_ -= hash;
}

void EntityHash::add(const EntityPut& put) {
  if (!put.ended) {
    sum_ += hash_row(kLive, put.kind, put.id, put.document, put.body);
    return;
  }
  const EndedInfo& ended = *put.ended;
  sum_ += hash_row(kEnded, put.kind, ended.ended_position, put.id, static_cast<std::uint64_t>(ended.ended_at.ms),
                   ended.state, ended.queue, ended.type, put.document, put.body);
}

void EntityHash::write() {
  if (sum_ != written_) write_.bind(take()).run();
}

void EntityHash::reload() {
  const auto stored = stored_entity_hash(connection_);
  committed_ = stored ? *stored : hash_entities(connection_);
  begin();
}

std::uint64_t hash_entities(Connection& connection) {
  sqlite3_create_function(connection.handle(), "row_hash", -1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr, row_hash,
                          nullptr, nullptr);
  return sum_rows(connection, "SELECT row_hash('live', kind, id, document, body) FROM live") +
         sum_rows(connection,
                  "SELECT row_hash('ended', kind, ended_position, id, ended_at_ms, state, queue, type, document, body) "
                  "FROM ended");
}

std::optional<std::uint64_t> stored_entity_hash(Connection& connection) {
  std::optional<std::uint64_t> hash;
  Statement read(connection, "SELECT entity_hash FROM events ORDER BY position DESC LIMIT 1");
  if (read.next() && !read.is_null(0)) hash = read.position(0);
  read.reset();
  return hash;
}

}  // namespace arbiter::store::sqlite
