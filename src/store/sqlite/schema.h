// The tables of a namespace's database and the steps from each version to the next.
#pragma once

#include "base/result.h"

namespace arbiter::store::sqlite {

class Connection;

// 0: of an empty database.
[[nodiscard]] std::int64_t schema_version(Connection& connection);
// From this version on a database has an entity hash and blobs.
inline constexpr std::int64_t kEntityHashVersion = 2;

// Brings the database to the newest version inside the caller's transaction. kInvalidState: it was written by a newer
// Arbiter; nothing was changed. Failures of SQLite stay on the connection.
[[nodiscard]] base::Result<void> migrate(Connection& connection);

}  // namespace arbiter::store::sqlite
