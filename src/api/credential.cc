#include "api/credential.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <chrono>

namespace arbiter::api {
namespace {

// The wall clock may jump: it is looked at so often while something goes on under a token that will expire.
constexpr std::int64_t kLookMs = 30'000;

base::Error revoked() { return {base::ErrorCode::kUnauthorized, "This token has been revoked."}; }
base::Error expired() { return {base::ErrorCode::kUnauthorized, "This token has expired."}; }

}  // namespace

Credential::Credential(boost::asio::io_context& io, const base::Clock& clock, core::TokenView token, std::string hash)
    : clock_(clock),
      token_(std::move(token)),
      hash_(std::move(hash)),
      last_used_ms_(token_.last_used_at ? token_.last_used_at->ms : 0),
      expiry_(io) {}

base::Result<void> Credential::check() const {
  if (revoked_.load(std::memory_order_acquire)) return base::fail(revoked());
  if (token_.expires_at && token_.expires_at->ms <= clock_.wall().ms) return base::fail(expired());
  return {};
}

base::Result<void> Credential::guard(const std::shared_ptr<Guarded>& guarded) {
  const std::lock_guard lock(mutex_);
  // Under the lock: a revocation either shows here or finds the entry.
  if (auto valid = check(); !valid) return valid;
  guarded_.push_back({guarded.get(), guarded});
  if (guarded_.size() == 1 && token_.expires_at) await_expiry();
  return {};
}

void Credential::unguard(const Guarded* guarded) {
  const std::lock_guard lock(mutex_);
  std::erase_if(guarded_, [&](const Entry& entry) { return entry.key == guarded; });
  if (guarded_.empty()) expiry_.cancel();
}

void Credential::revoke() {
  {
    const std::lock_guard lock(mutex_);
    revoked_.store(true, std::memory_order_release);
  }
  end_all(revoked());
}

void Credential::await_expiry() {
  const std::int64_t left = token_.expires_at->ms - clock_.wall().ms;
  expiry_.expires_after(std::chrono::milliseconds(std::clamp<std::int64_t>(left, 0, kLookMs)));
  expiry_.async_wait([weak = weak_from_this()](boost::system::error_code cancelled) {
    const auto self = weak.lock();
    if (cancelled || !self) return;
    if (!self->check()) return self->end_all(expired());
    const std::lock_guard lock(self->mutex_);
    if (!self->guarded_.empty()) self->await_expiry();
  });
}

// Without the lock: what ends says so itself by unguard().
void Credential::end_all(const base::Error& why) {
  std::vector<Entry> all;
  {
    const std::lock_guard lock(mutex_);
    all = guarded_;
  }
  for (const auto& entry : all) {
    if (const auto guarded = entry.guarded.lock()) guarded->end(why);
  }
}

}  // namespace arbiter::api
