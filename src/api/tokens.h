// Access tokens. The namespace `system` keeps their SHA-256; those that were seen are remembered here, so that a
// request asks nobody. Their last use is noted in memory, and in `system` once in a while.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/credential.h"
#include "engine/engine.h"

namespace arbiter::api {

inline constexpr std::string_view kAdmin = "admin";  // the name of the token that a server makes at its first start
inline constexpr std::string_view kSystem = "system";
inline constexpr std::chrono::minutes kUsesNotedEvery{60};

// A new secret: 256 bits of the system's random device.
[[nodiscard]] base::Result<std::string> make_token();
// SHA-256 in hexadecimal.
[[nodiscard]] std::string token_hash(std::string_view token);

class Tokens {
 public:
  Tokens(boost::asio::io_context& io, engine::Engine& engine, const base::Clock& clock)
      : io_(io), engine_(engine), clock_(clock), noting_(io) {}

  // The token with this hash, when it has been seen before and was not revoked since; else null.
  [[nodiscard]] std::shared_ptr<Credential> known(const std::string& hash) const;
  // Asks `system`. kUnauthorized: nobody has this token, or no longer. `found` is called on any thread.
  using Found = std::function<void(base::Result<std::shared_ptr<Credential>>)>;
  void find(const std::string& hash, Found found);
  // Keeps the hash in `system`; adding it again changes nothing. kUnauthorized: it has been revoked.
  void add(const std::string& hash, const std::string& name, std::function<void(base::Result<void>)> added);
  // The token of this name or id was revoked, or may have been: requests and streams under it end.
  void revoke(const std::string& name_or_id);

  // An expired one need not be remembered.
  void forget(const std::string& hash);

  // When the tokens that this process has seen were used last, by id.
  [[nodiscard]] std::unordered_map<std::string, std::int64_t> last_uses() const;
  // Writes the uses to `system` from now on, every so often.
  void begin_noting();
  // Writes what is not written yet; `done` is called on any thread. No more writes follow.
  void end_noting(std::function<void()> done);

 private:
  struct Seen {
    std::shared_ptr<Credential> credential;
    std::int64_t noted_ms = 0;  // the last use that `system` has
  };
  void note_later();
  void note_uses(std::function<void()> done);

  boost::asio::io_context& io_;
  engine::Engine& engine_;
  const base::Clock& clock_;
  mutable std::shared_mutex mutex_;             // Guards the rest.
  std::unordered_map<std::string, Seen> seen_;  // by hash; of tokens that exist, which have their limit
  std::uint64_t revocations_ = 0;
  boost::asio::steady_timer noting_;
  bool noting_ended_ = false;
};

}  // namespace arbiter::api
