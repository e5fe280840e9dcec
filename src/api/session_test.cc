#include "api/session.h"

#include <gtest/gtest.h>

namespace arbiter::api {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

net::Request with(Headers headers) { return {"GET", "/", "", "r1", "127.0.0.1:1", std::move(headers)}; }

TEST(Session, ServersOfOneMachineHaveCookiesOfTheirOwn) {
  EXPECT_EQ(session_cookie_name(with({{"Host", "localhost:7420"}})), "arbiter_session_7420");
  EXPECT_EQ(session_cookie_name(with({{"Host", "[::1]:7421"}})), "arbiter_session_7421");
  for (const char* host : {"arbiter.example", "", "[::1]", "a:", "a:7x"}) {
    EXPECT_EQ(session_cookie_name(with({{"Host", host}})), "arbiter_session") << host;
  }
}

TEST(Session, TheTokenIsThatOfTheCookieWithExactlyThisName) {
  const struct {
    const char* cookies;
    const char* token;
  } cases[] = {
      {"arbiter_session_1=arb_1", "arb_1"},
      {"a=b; arbiter_session_1=arb_1; c=d", "arb_1"},
      {"a=b;arbiter_session_1=arb_1", "arb_1"},
      {"arbiter_session_1=a=b", "a=b"},
      {"arbiter_session_1=", ""},
      {"arbiter_session=arb_1", ""},
      {"arbiter_session_12=arb_1", ""},
      {"xarbiter_session_1=arb_1", ""},
      {"; ;", ""},
      {"", ""},
  };
  for (const auto& c : cases) {
    const net::Request request = with({{"Host", "localhost:1"}, {"Cookie", c.cookies}});
    EXPECT_EQ(session_token(request), c.token) << c.cookies;
  }
}

TEST(Session, ABrowserTellsWhosePageItIs) {
  const struct {
    Headers headers;
    bool same;
  } cases[] = {
      {{{"Host", "h:1"}, {"Sec-Fetch-Site", "same-origin"}}, true},
      {{{"Host", "h:1"}, {"Sec-Fetch-Site", "same-site"}}, false},
      {{{"Host", "h:1"}, {"Sec-Fetch-Site", "cross-site"}}, false},
      // A link or an address that somebody was made to open.
      {{{"Host", "h:1"}, {"Sec-Fetch-Site", "none"}}, false},
      // Sec-Fetch-Site goes before Origin.
      {{{"Host", "h:1"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "http://h:1"}}, false},
      {{{"Host", "h:1"}, {"Origin", "http://h:1"}}, true},
      {{{"Host", "H:1"}, {"Origin", "https://h:1"}}, true},
      {{{"Host", "h:1"}, {"Origin", "http://h:2"}}, false},
      {{{"Host", "h:1"}, {"Origin", "null"}}, false},
      {{{"Origin", "http://"}}, false},
      {{{"Host", "h:1"}}, false},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(is_same_origin(with(c.headers)), c.same) << c.headers.back().first << ": " << c.headers.back().second;
  }
}

}  // namespace
}  // namespace arbiter::api
