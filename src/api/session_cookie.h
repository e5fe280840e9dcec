// The cookie of a browser that has signed in, as requests bring it.
#pragma once

#include <string>
#include <string_view>

#include "net/server.h"

namespace arbiter::api {

// `arbiter_session`, and behind it the port of Host when that has one: cookies do not tell ports apart, and two servers
// on one machine shall not sign each other's browsers out.
[[nodiscard]] std::string session_cookie_name(const net::Request& request);
// The token of the cookie; empty when there is none.
[[nodiscard]] std::string_view session_token(const net::Request& request);
// Whether a page of this very server sent it, as far as the browser tells (Sec-Fetch-Site, else Origin).
[[nodiscard]] bool is_same_origin(const net::Request& request);

}  // namespace arbiter::api
