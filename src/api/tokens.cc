#include "api/tokens.h"

#include <openssl/evp.h>

#include <memory>

#include "base/check.h"

namespace arbiter::api {

std::string token_hash(std::string_view token) {
  // Fetched once: looking the algorithm up takes longer than hashing a token.
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> sha256(EVP_MD_fetch(nullptr, "SHA256", nullptr),
                                                                      &EVP_MD_free);
  unsigned char bytes[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  CHECK(EVP_Digest(token.data(), token.size(), bytes, &size, sha256.get(), nullptr) == 1);
  static constexpr char digits[] = "0123456789abcdef";
  std::string hash;
  hash.reserve(std::size_t{size} * 2);
  for (unsigned int i = 0; i < size; ++i) {
    hash += digits[bytes[i] >> 4];
    hash += digits[bytes[i] & 15];
  }
  return hash;
}

const std::string* Tokens::known(const std::string& hash) const {
  const auto& names = names_.get();
  const auto it = names.find(hash);
  return it == names.end() ? nullptr : &it->second;
}

void Tokens::remember(const std::string& hash, const std::string& name) {
  if (!known(hash)) names_.update([&](auto& names) { names.emplace(hash, name); });
}

void Tokens::find(const std::string& hash, std::function<void(base::Result<std::string>)> found) {
  engine::Request request;
  request.command = core::FindToken{hash};
  engine_.submit(std::string(kSystem), std::move(request), [this, hash, found = std::move(found)](auto answer) {
    if (!answer) return found(base::fail(answer.error()));
    const std::string& name = std::get<core::TokenView>(std::get<core::Reply>(*answer)).name;
    remember(hash, name);
    found(name);
  });
}

void Tokens::add(const std::string& hash, const std::string& name, std::function<void(base::Result<void>)> added) {
  engine::Request request;
  request.command = core::AddToken{hash, name};
  request.actor.name = kSystem;
  engine_.submit(std::string(kSystem), std::move(request), [this, hash, name, added = std::move(added)](auto answer) {
    if (!answer) return added(base::fail(answer.error()));
    remember(hash, name);
    added({});
  });
}

}  // namespace arbiter::api
