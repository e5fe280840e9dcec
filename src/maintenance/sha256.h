// SHA-256 of bytes that come piece by piece.
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace arbiter::maintenance {

class Sha256 {
 public:
  Sha256();
  void add(std::string_view bytes);
  // Of all that was added, in hexadecimal; nothing is added afterwards.
  [[nodiscard]] std::string end();

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace arbiter::maintenance
