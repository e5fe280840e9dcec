#include "api/session.h"

#include <algorithm>
#include <boost/algorithm/string/predicate.hpp>

namespace arbiter::api {
namespace {

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
