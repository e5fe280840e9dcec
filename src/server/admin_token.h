// The administrator's token: a file in the data directory that only its owner can read.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace arbiter::server {

// The token in DIRECTORY/admin.token. When there is no such file a token of 256 random bits is made and is on disk,
// durable, when this returns.
[[nodiscard]] base::Result<std::string> ensure_admin_token(const std::filesystem::path& directory);

}  // namespace arbiter::server
