#include "api/bearer.h"

#include <boost/algorithm/string/predicate.hpp>

namespace arbiter::api {
namespace {

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// The first of the subprotocols that a client offers for which `wanted` holds; empty when there is none.
template <typename Wanted>
std::string_view find_protocol(const net::Request& request, Wanted wanted) {
  std::string_view rest = request.header("Sec-WebSocket-Protocol");
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    const std::string_view one = trimmed(rest.substr(0, comma));
    if (wanted(one)) return one;
    if (comma == std::string_view::npos) break;
    rest.remove_prefix(comma + 1);
  }
  return {};
}

}  // namespace

bool offers_protocol(const net::Request& request, std::string_view protocol) {
  return !find_protocol(request, [&](std::string_view one) { return one == protocol; }).empty();
}

std::string_view token_of(const net::Request& request) {
  constexpr std::string_view scheme = "bearer ";
  constexpr std::string_view prefix = "bearer.";
  const std::string_view authorization = request.header("Authorization");
  if (boost::algorithm::iequals(authorization.substr(0, scheme.size()), scheme)) {
    return authorization.substr(scheme.size());
  }
  if (!authorization.empty() || !net::is_upgrade(request)) return {};
  const auto offer = find_protocol(request, [&](std::string_view one) { return one.starts_with(prefix); });
  return offer.empty() ? offer : offer.substr(prefix.size());
}

}  // namespace arbiter::api
