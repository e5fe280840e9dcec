#include <algorithm>

#include "net/server.h"
#include "net/text.h"

namespace arbiter::net {

std::string_view Request::header(std::string_view name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& header) { return same_text(header.first, name); });
  return found == headers.end() ? std::string_view{} : std::string_view{found->second};
}

}  // namespace arbiter::net
