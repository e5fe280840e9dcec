// A hash of all live and ended entities, kept with the newest event by every commit, so that a row which somebody
// changed, took away or added beside Arbiter is noticed although SQLite finds nothing wrong with it.
//
// The hash of a row is XXH3 (64 bits) over its columns, see docs/formats.md; the hash of a namespace is the sum of
// those of its rows modulo 2^64. So a commit adds what is new and takes away what was there, and reads no other row.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "store/journal.h"
#include "store/sqlite/connection.h"

struct sqlite3;

namespace arbiter::store::sqlite {

// Of one connection, used by its thread.
class EntityHash {
 public:
  // The tables are up to date.
  explicit EntityHash(Connection& connection);
  EntityHash(const EntityHash&) = delete;
  EntityHash& operator=(const EntityHash&) = delete;

  // A row of this entity is written.
  void add(const EntityPut& put);

  // Sees which rows of entities the connection deletes or replaces, as long as it lives. SQLite takes longer for each
  // row meanwhile, of any table.
  class Watch {
   public:
    explicit Watch(EntityHash& hash);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    EntityHash& hash_;
  };

  // A transaction begins: what an earlier one changed and did not commit is forgotten.
  void begin() { sum_ = written_ = committed_; }
  // To be written with an event that is newer than all others.
  [[nodiscard]] std::uint64_t take() { return written_ = sum_; }
  // Writes it to the newest event, if it is not there yet, before the transaction ends.
  void write();
  // The transaction is committed.
  void committed() { committed_ = sum_; }
  // It is unknown what the last transaction did.
  void reload();

 private:
  void take_away(sqlite3* db, std::string_view table);

  Connection& connection_;
  Statement write_;
  std::uint64_t committed_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t sum_ = 0;  // With what the open transaction changed.
};

// Read from all rows, as they are. Failures stay on the connection.
[[nodiscard]] std::uint64_t hash_entities(Connection& connection);
// As the last commit left it; none when there is no event yet, or in a database of a version that kept none.
[[nodiscard]] std::optional<std::uint64_t> stored_entity_hash(Connection& connection);

}  // namespace arbiter::store::sqlite
