#include "api/session_cookie.h"

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>

namespace arbiter::api {
namespace {

constexpr std::string_view kCookie = "arbiter_session";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

}  // namespace

std::string session_cookie_name(const net::Request& request) {
  const std::string_view host = request.header("Host");
  const auto colon = host.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? std::string_view{} : host.substr(colon + 1);
  const bool is_port =
      !port.empty() && std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  return is_port ? std::string(kCookie) + "_" + std::string(port) : std::string(kCookie);
}

std::string_view session_token(const net::Request& request) {
  const std::string name = session_cookie_name(request) + "=";
  std::string_view rest = request.header("Cookie");
  while (!rest.empty()) {
    const auto semicolon = rest.find(';');
    const std::string_view one = trimmed(rest.substr(0, semicolon));
    if (one.starts_with(name)) return one.substr(name.size());
    if (semicolon == std::string_view::npos) break;
    rest.remove_prefix(semicolon + 1);
  }
  return {};
}

bool is_same_origin(const net::Request& request) {
  const std::string_view site = request.header("Sec-Fetch-Site");
  if (!site.empty()) return site == "same-origin";
  // A browser that is too old for Sec-Fetch-Site, or does not send it to an address without TLS.
  const std::string_view origin = request.header("Origin");
  const auto host = origin.find("://");
  return host != std::string_view::npos && !request.header("Host").empty() &&
         boost::algorithm::iequals(origin.substr(host + 3), request.header("Host"));
}

}  // namespace arbiter::api
