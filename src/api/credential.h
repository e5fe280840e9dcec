// A token that was seen, and what goes on under it.
#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/request_rate.h"
#include "base/clock.h"
#include "core/token_commands.h"

namespace arbiter::api {

// A stream or a WebSocket, which outlives the answer to its request.
class Guarded {
 public:
  virtual ~Guarded() = default;
  // Its token is not valid any more: it says so to its client and ends. Any thread.
  virtual void end(const base::Error& why) = 0;
};

class Credential : public std::enable_shared_from_this<Credential> {
 public:
  Credential(boost::asio::io_context& io, const base::Clock& clock, core::TokenView token, std::string hash);

  [[nodiscard]] const std::string& name() const { return token_.name.value; }
  [[nodiscard]] const std::string& id() const { return token_.id.value; }
  [[nodiscard]] const std::string& hash() const { return hash_; }
  [[nodiscard]] std::optional<base::Timestamp> expires_at() const { return token_.expires_at; }
  // kUnauthorized once it is revoked or has expired. Cheap: every request asks.
  [[nodiscard]] base::Result<void> check() const;
  // Counts a request; the milliseconds after which it may come again when it is over the rate, else 0.
  [[nodiscard]] std::int64_t take(const RequestRate& rate) { return meter_.take(rate, clock_.monotonic_ms()); }
  void note_use() { last_used_ms_.store(clock_.wall().ms, std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t last_used_ms() const { return last_used_ms_.load(std::memory_order_relaxed); }

  // From now on `guarded` ends with the token; refused when that is over already. unguard() when it ends by itself.
  [[nodiscard]] base::Result<void> guard(const std::shared_ptr<Guarded>& guarded);
  void unguard(const Guarded* guarded);
  // Ends what goes on under it.
  void revoke();

 private:
  void await_expiry();  // with the mutex held
  void end_all(const base::Error& why);

  const base::Clock& clock_;
  const core::TokenView token_;
  const std::string hash_;
  std::atomic<std::int64_t> last_used_ms_;
  std::atomic<bool> revoked_{false};
  RequestMeter meter_;
  std::mutex mutex_;  // Guards the rest.
  boost::asio::steady_timer expiry_;
  struct Entry {
    const Guarded* key;
    std::weak_ptr<Guarded> guarded;
  };
  std::vector<Entry> guarded_;  // as many as there are streams, which have their limit
};

}  // namespace arbiter::api
