// The link that opens the dashboard and signs in.
#pragma once

#include <string>

#include "client/endpoint.h"

namespace arbiter::cli {

// `http://HOST:PORT/#token=TOKEN`: browsers never send what stands after #, so the token reaches no log. Without a
// token just the address.
[[nodiscard]] std::string page_link(const client::Endpoint& endpoint);

// A page that leads to `link`, for a file.
[[nodiscard]] std::string redirect_page(const std::string& link);

}  // namespace arbiter::cli
