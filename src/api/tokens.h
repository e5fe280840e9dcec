// Access tokens. The namespace `system` keeps their SHA-256; those that were seen are remembered here.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "api/snapshot.h"
#include "engine/engine.h"

namespace arbiter::api {

inline constexpr std::string_view kAdmin = "admin";  // the name of the administrator's token
inline constexpr std::string_view kSystem = "system";

// SHA-256 in hexadecimal.
[[nodiscard]] std::string token_hash(std::string_view token);

class Tokens {
 public:
  explicit Tokens(engine::Engine& engine) : engine_(engine) {}

  // Who the token belongs to, when it has been seen before; else null.
  [[nodiscard]] const std::string* known(const std::string& hash) const;
  // Asks `system`. kUnauthorized: nobody has this token. `found` is called on any thread.
  void find(const std::string& hash, std::function<void(base::Result<std::string>)> found);
  // Keeps the hash in `system`; adding it again changes nothing.
  void add(const std::string& hash, const std::string& name, std::function<void(base::Result<void>)> added);

 private:
  void remember(const std::string& hash, const std::string& name);

  engine::Engine& engine_;
  Snapshot<std::map<std::string, std::string, std::less<>>> names_;  // by hash
};

}  // namespace arbiter::api
