// Where webhooks may go, by the address that a connection is really made to: what a name stood for when it was looked
// at earlier does not count.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

struct sockaddr;

namespace arbiter::effects {

// An address as IPv6; IPv4 ones are mapped (::ffff:a.b.c.d), as are those that IPv6 wraps for a translator.
using AddressBytes = std::array<std::uint8_t, 16>;

struct Network {
  AddressBytes address{};
  int bits = 0;  // of the prefix, in IPv6's counting
};

// `10.0.0.0/8`, `fd00::/8`, `192.0.2.7`. kInvalidRequest: it is none, or has bits beyond its prefix.
[[nodiscard]] base::Result<Network> parse_network(const std::string& text);

class Networks {
 public:
  // Only these; all when the list is empty. Never any of link-local, multicast, broadcast and unspecified addresses.
  explicit Networks(std::vector<Network> allowed = {}) : allowed_(std::move(allowed)) {}
  // Why a connection to `address` is refused; empty: it is allowed.
  [[nodiscard]] std::string refusal(const sockaddr& address) const;

 private:
  std::vector<Network> allowed_;
};

}  // namespace arbiter::effects
