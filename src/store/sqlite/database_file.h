// A database file by itself, looked at without owning it: whether it is sound, what it holds, and a copy of it that is
// consistent although its server goes on.
#pragma once

#include <filesystem>
#include <functional>

#include "store/journal.h"
#include "store/sqlite/options.h"

namespace arbiter::store::sqlite {

class Connection;

// Enough to tell two states of a namespace apart.
struct Contents {
  Position oldest = 0;
  Position head = 0;
  std::uint64_t events = 0;
  Epoch epoch = 0;
  std::uint64_t seed = 0;
  base::Timestamp last_time;
  std::uint64_t entity_hash = 0;
  friend bool operator==(const Contents&, const Contents&) = default;
};

[[nodiscard]] base::Error damaged(const std::filesystem::path& file, const std::string& how);

// SQLite's own check of every page, row and index; then that positions are dense but for the gaps that restores left,
// and that the entities are those that were committed. kIoError says what is damaged. Reads one state of the file, also
// while others commit.
[[nodiscard]] base::Result<Contents> check_database(Connection& connection, const std::filesystem::path& file);
[[nodiscard]] base::Result<Contents> check_database(const std::filesystem::path& file,
                                                    const SqliteOptions& options = {});

// Copies what is committed now to `copy`, which does not exist or is empty, syncs it, and checks the copy. Commits go
// on meanwhile; their log is not reset before the copy is done.
[[nodiscard]] base::Result<Contents> copy_database(const std::filesystem::path& file, const std::filesystem::path& copy,
                                                   const SqliteOptions& options = {});

// As Journal::load().
void visit_live(Connection& connection, const std::function<void(const LoadedEntity&)>& visit);
[[nodiscard]] base::Result<void> visit_live(const std::filesystem::path& file,
                                            const std::function<void(const LoadedEntity&)>& visit,
                                            const SqliteOptions& options = {});

}  // namespace arbiter::store::sqlite
