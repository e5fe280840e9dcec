// Writes the head of a response.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "net/server.h"

namespace arbiter::net {

enum class Framing { kLength, kChunked, kUntilClose };
enum class Persistence { kDefault, kKeepAlive, kClose };  // kKeepAlive: said aloud, for HTTP/1.0 clients

// Statuses whose responses have no body by definition.
[[nodiscard]] constexpr bool has_no_body(int status) { return status == 204 || status == 304; }

// Appends status line and headers with the empty line to `out`. The length is that of response.body. Control characters
// in header values become spaces, so no value can end its line.
void append_head(std::string& out, const Response& response, std::string_view request_id, Framing framing,
                 Persistence persistence);

}  // namespace arbiter::net
