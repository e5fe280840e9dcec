#include "maintenance/sha256.h"

#include <array>

#include "base/check.h"

namespace arbiter::maintenance {

Sha256::Sha256() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
  const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> sha256(EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free);
  CHECK(EVP_DigestInit_ex(context_.get(), sha256.get(), nullptr) == 1);
}

void Sha256::add(std::string_view bytes) { CHECK(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1); }

std::string Sha256::end() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  CHECK(EVP_DigestFinal_ex(context_.get(), bytes.data(), &size) == 1);
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hash;
  for (unsigned int i = 0; i < size; ++i) {
    hash += kDigits[bytes[i] >> 4U];
    hash += kDigits[bytes[i] & 15U];
  }
  return hash;
}

}  // namespace arbiter::maintenance
