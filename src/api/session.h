// How a browser signs in: its token goes into a cookie that no script can read and that no other site can make it send.
//
// The cookie is the token itself, so that a session needs nothing on the server: it outlives a restart, and ends when
// the token is revoked or expires. What comes with the cookie and changes something, and /ws, must come from a page of
// this server; a request with `Authorization` needs no such proof, for no browser adds that by itself.
#pragma once

#include <string>

#include "api/service.h"
#include "api/session_cookie.h"

namespace arbiter::api {

inline constexpr std::int64_t kSessionSeconds = 30LL * 24 * 60 * 60;  // how long the cookie lasts

struct CreateSession {
  static constexpr std::array kRequired{"token"};
  base::Text<1, 1'024> token;
};
BOOST_DESCRIBE_STRUCT(CreateSession, (), (token))
struct SessionView {
  bool authentication = true;                 // false: nobody needs a token here
  std::string name;                           // of the token; what it does is recorded under this name
  std::optional<base::Timestamp> expires_at;  // of the token
  std::string version;                        // of the server
};
BOOST_DESCRIBE_STRUCT(SessionView, (), (authentication, name, expires_at, version))

void run_create_session(Service& service, const CallPtr& call);
void run_get_session(Service& service, const CallPtr& call);
void run_delete_session(Service& service, const CallPtr& call);

}  // namespace arbiter::api
