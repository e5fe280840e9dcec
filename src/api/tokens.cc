#include "api/tokens.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <mutex>

#include "base/check.h"

namespace arbiter::api {
namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kUsesAtOnce = 1'000;  // of one command

template <typename Bytes>
void append_hexadecimal(const Bytes& bytes, std::size_t size, std::string& out) {
  static constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 0; i < size; ++i) {
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
}

}  // namespace

base::Result<std::string> make_token() {
  std::array<unsigned char, kTokenBytes> bytes;
  if (::getentropy(bytes.data(), bytes.size()) != 0) {
    return base::fail({base::ErrorCode::kInternal, "The system gives no random numbers for a token."});
  }
  std::string token = "arb_";
  append_hexadecimal(bytes, bytes.size(), token);
  return token;
}

std::string token_hash(std::string_view token) {
  // Fetched once: looking the algorithm up takes longer than hashing a token.
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> sha256(EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                                      &EVP_MD_free);
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  CHECK(EVP_Digest(token.data(), token.size(), bytes, &size, sha256.get(), nullptr) == 1);
  std::string hash;
  hash.reserve(std::size_t{size} * 2);
  append_hexadecimal(bytes, size, hash);
  return hash;
}

std::shared_ptr<Credential> Tokens::known(const std::string& hash) const {
  const std::shared_lock lock(mutex_);
  const auto it = seen_.find(hash);
  return it == seen_.end() ? nullptr : it->second.credential;
}

void Tokens::find(const std::string& hash, Found found) {
  engine::Request request;
  request.command = core::FindToken{hash};
  std::uint64_t revocations = 0;
  {
    const std::shared_lock lock(mutex_);
    revocations = revocations_;
  }
  engine_.submit(std::string(kSystem), std::move(request),
                 [this, hash, revocations, found = std::move(found)](engine::Answer answer) mutable {
                   if (!answer) return found(base::fail(answer.error()));
                   auto& view = std::get<core::TokenView>(std::get<core::Reply>(*answer));
                   const std::int64_t noted = view.last_used_at ? view.last_used_at->ms : 0;
                   auto credential = std::make_shared<Credential>(io_, clock_, std::move(view), hash);
                   bool is_current = false;
                   {
                     const std::unique_lock lock(mutex_);
                     is_current = revocations == revocations_;
                     if (is_current)
                       credential = seen_.try_emplace(hash, Seen{credential, noted}).first->second.credential;
                   }
                   // It may be the one that was revoked after this was asked.
                   if (!is_current) return find(hash, std::move(found));
                   found(std::move(credential));
                 });
}

void Tokens::add(const std::string& hash, const std::string& name, std::function<void(base::Result<void>)> added) {
  engine::Request request;
  request.command = core::AddToken{hash, name};
  request.actor.name = kSystem;
  engine_.submit(std::string(kSystem), std::move(request), [added = std::move(added)](auto answer) {
    if (!answer) return added(base::fail(answer.error()));
    added({});
  });
}

void Tokens::forget(const std::string& hash) {
  const std::unique_lock lock(mutex_);
  seen_.erase(hash);
}

void Tokens::revoke(const std::string& name_or_id) {
  std::vector<std::shared_ptr<Credential>> revoked;
  {
    const std::unique_lock lock(mutex_);
    ++revocations_;
    std::erase_if(seen_, [&](const auto& entry) {
      const auto& credential = entry.second.credential;
      const bool meant = credential->name() == name_or_id || credential->id() == name_or_id;
      if (meant) revoked.push_back(credential);
      return meant;
    });
  }
  for (const auto& credential : revoked) credential->revoke();
}

// ---- last use -------------------------------------------------------------------------------------------------

std::unordered_map<std::string, std::int64_t> Tokens::last_uses() const {
  std::unordered_map<std::string, std::int64_t> uses;
  const std::shared_lock lock(mutex_);
  for (const auto& [hash, seen] : seen_) uses.emplace(seen.credential->id(), seen.credential->last_used_ms());
  return uses;
}

void Tokens::begin_noting() {
  const std::unique_lock lock(mutex_);
  note_later();
}

// With the mutex held.
void Tokens::note_later() {
  if (noting_ended_) return;
  noting_.expires_after(kUsesNotedEvery);
  noting_.async_wait([this](boost::system::error_code cancelled) {
    if (cancelled) return;
    note_uses([] {});
    const std::unique_lock lock(mutex_);
    note_later();
  });
}

void Tokens::end_noting(std::function<void()> done) {
  {
    const std::unique_lock lock(mutex_);
    noting_ended_ = true;
    noting_.cancel();
  }
  note_uses(std::move(done));
}

void Tokens::note_uses(std::function<void()> done) {
  std::vector<core::NoteTokenUses> commands;
  {
    const std::unique_lock lock(mutex_);
    for (auto& [hash, seen] : seen_) {
      const std::int64_t used = seen.credential->last_used_ms();
      if (used <= seen.noted_ms) continue;
      if (commands.empty() || commands.back().uses.size() == kUsesAtOnce) commands.emplace_back();
      commands.back().uses.push_back({hash, {used}});
      seen.noted_ms = used;
    }
  }
  // `done` lives as long as an answer is owed.
  const std::shared_ptr<void> last(nullptr, [done = std::move(done)](void*) { done(); });
  for (auto& command : commands) {
    engine::Request request;
    request.command = std::move(command);
    request.actor.name = kSystem;
    engine_.submit(std::string(kSystem), std::move(request), [last](const engine::Answer&) {});
  }
}

}  // namespace arbiter::api
