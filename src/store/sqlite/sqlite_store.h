// Namespaces in SQLite files: DIRECTORY/namespaces/NAME.db, readable with plain `sqlite3`.
#pragma once

#include <filesystem>
#include <memory>

#include "base/result.h"
#include "store/journal.h"
#include "store/sqlite/options.h"

namespace arbiter::store {

// Creates the directory when it does not exist and locks it until the store is destroyed.
// kInvalidState: another process has it; the message names its pid. The store must outlive its journals.
[[nodiscard]] base::Result<std::unique_ptr<Store>> open_sqlite_store(const std::filesystem::path& directory,
                                                                     const SqliteOptions& options = {});

}  // namespace arbiter::store
