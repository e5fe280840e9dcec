// How the receiver of a webhook knows who sent it, and when.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace arbiter::effects {

// `t=UNIX,v1=HEX`: HMAC-SHA256 with `secret` over `UNIX.body`. The receiver computes it anew and refuses what is old.
[[nodiscard]] std::string signature(std::string_view secret, std::int64_t unix_seconds, std::string_view body);

}  // namespace arbiter::effects
