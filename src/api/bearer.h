// Where a request carries its token, and the subprotocols that a WebSocket's client offers.
#pragma once

#include <string_view>

#include "net/server.h"

namespace arbiter::api {

// What a client names in Sec-WebSocket-Protocol to get WebSockets of this kind. Browsers cannot set Authorization
// there, so the same list may hold the token, as `bearer.TOKEN`.
inline constexpr std::string_view kSocketProtocol = "arbiter";
[[nodiscard]] bool offers_protocol(const net::Request& request, std::string_view protocol);

// The token of Authorization; for an upgrade without that header the one among the offered subprotocols. Empty: none.
[[nodiscard]] std::string_view token_of(const net::Request& request);

}  // namespace arbiter::api
