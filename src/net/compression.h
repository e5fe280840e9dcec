// Answers in gzip, for clients that ask for it.
//
// Answers tell no attacker anything by their length (BREACH): a page of another site cannot make a browser send a token
// or the cookie of a session, and no answer but the one that creates a token holds a secret.
#pragma once

#include <string>
#include <string_view>

#include "net/server.h"

namespace arbiter::net {

inline constexpr std::size_t kGzipBytesMax = std::size_t{8} * 1024 * 1024;  // Larger bodies go as they are.

// Whether `accept_encoding` (RFC 9110, 12.5.3) prefers gzip to nothing. What is malformed in it is passed over.
[[nodiscard]] bool accepts_gzip(std::string_view accept_encoding);

// The gzip form of `body`; empty when that is not smaller.
[[nodiscard]] std::string gzip(std::string_view body);

// Whether the body is text of at least `bytes_min` (0: never) that is not encoded yet.
[[nodiscard]] bool is_compressible(const Response& response, std::size_t bytes_min);

}  // namespace arbiter::net
