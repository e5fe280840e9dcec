#include "effects/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

#include "base/check.h"

namespace arbiter::effects {

std::string signature(std::string_view secret, std::int64_t unix_seconds, std::string_view body) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const std::string time = std::to_string(unix_seconds);
  std::string text = time;
  text.append(".").append(body);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  CHECK(::HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
               reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size) != nullptr);
  std::string out = "t=" + time + ",v1=";
  for (unsigned int i = 0; i < size; ++i) {
    out += kDigits[digest.at(i) >> 4U];
    out += kDigits[digest.at(i) & 15U];
  }
  return out;
}

}  // namespace arbiter::effects
