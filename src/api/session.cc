#include "api/session.h"

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

// RFC 6265: what a cookie's value may consist of.
bool fits_a_cookie(std::string_view token) {
  return std::all_of(token.begin(), token.end(),
                     [](char c) { return c > 0x20 && c < 0x7f && c != '"' && c != ',' && c != ';' && c != '\\'; });
}

// Only over TLS, when that is how the page was loaded (from a proxy, perhaps).
std::string cookie_of(Service& service, const net::Request& request, std::string_view value, std::int64_t seconds) {
  const bool tls = (service.network() && service.network()->tls_status()) ||
                   boost::algorithm::istarts_with(request.header("Origin"), "https://");
  return session_cookie_name(request) + "=" + std::string(value) + "; Path=/; Max-Age=" + std::to_string(seconds) +
         "; HttpOnly; SameSite=Strict" + (tls ? "; Secure" : "");
}

SessionView view_for(Service& service, const Credential* credential) {
  SessionView view;
  view.authentication = service.config().authentication;
  view.name = credential ? credential->name() : std::string(kAdmin);
  if (credential) view.expires_at = credential->expires_at();
  view.version = service.config().version;
  return view;
}

void answer(const CallPtr& call, std::string body, std::string cookie) {
  net::Response response;
  response.body = std::move(body);
  if (!cookie.empty()) response.headers.emplace_back("Set-Cookie", std::move(cookie));
  call->reply(std::move(response));
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

void run_create_session(Service& service, const CallPtr& call) {
  const bool foreign = !call->request.header("Origin").empty() && !is_same_origin(call->request);
  if (foreign) {
    return call->refuse({base::ErrorCode::kForeignOrigin, "Only a page of this server may sign a browser in."});
  }
  auto request = call->decode<CreateSession>();
  if (!request) return call->refuse(request.error());
  if (!service.config().authentication) return answer(call, base::to_json(view_for(service, nullptr)), {});
  const std::string token = request->token.value;
  service.authenticate(call, token, [&service, call, token](const std::shared_ptr<Credential>& credential) {
    if (!fits_a_cookie(token)) {
      return call->refuse({base::ErrorCode::kInvalidRequest,
                           "Some fields are not valid.",
                           {{"token", "has characters that a cookie cannot hold"}}});
    }
    answer(call, base::to_json(view_for(service, credential.get())),
           cookie_of(service, call->request, token, kSessionSeconds));
  });
}

void run_get_session(Service& service, const CallPtr& call) {
  call->reply_json(200, base::to_json(view_for(service, call->credential.get())));
}

// Nobody is asked who he is: what is left of a session that has ended shall go too.
void run_delete_session(Service& service, const CallPtr& call) {
  if (!session_token(call->request).empty() && !is_same_origin(call->request)) {
    return call->refuse({base::ErrorCode::kForeignOrigin, "Only a page of this server may sign a browser out."});
  }
  answer(call, "{}", cookie_of(service, call->request, "", 0));
}

}  // namespace arbiter::api
