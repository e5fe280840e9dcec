// Pages of other origins: what a browser must be told before it gives them an answer (the CORS protocol of the Fetch
// standard). The gate decides which; credentials in the sense of cookies are never allowed, for there are none.
#pragma once

#include <string_view>

#include "net/server.h"

namespace arbiter::net {

// A browser's question whether a page may send a request.
[[nodiscard]] bool is_preflight(const Request& request);
[[nodiscard]] Response preflight_answer();

// Lets the page of `origin` read the answer.
void allow_page(Response& response, std::string_view origin);

}  // namespace arbiter::net
