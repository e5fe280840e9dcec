// An access token as the namespace `system` keeps it.
#pragma once

#include <cstdint>
#include <string>

namespace arbiter::core {

struct Token {
  std::string name;
  std::int64_t created_at = 0;  // 0: before this was recorded
  std::string created_by;       // empty: the server made it at its start
  std::int64_t expires_at = 0;  // of the wall clock; 0: never
  std::int64_t last_used_at = 0;
  std::int64_t revoked_at = 0;

  // A token of the server's own is remembered when it is revoked, so that the next start does not bring it back.
  [[nodiscard]] bool is_servers_own() const { return created_by.empty(); }
  [[nodiscard]] bool is_live(std::int64_t wall) const {
    return revoked_at == 0 && (expires_at == 0 || expires_at > wall);
  }
};

}  // namespace arbiter::core
