// The tables of a namespace's database and the steps from each version to the next.
#pragma once

#include "base/result.h"

namespace arbiter::store::sqlite {

class Connection;

// Brings the database to the newest version inside the caller's transaction. kInvalidState: it was written by a newer
// Arbiter; nothing was changed. Failures of SQLite stay on the connection.
[[nodiscard]] base::Result<void> migrate(Connection& connection);

}  // namespace arbiter::store::sqlite
