#include "net/gate.h"

#include <gtest/gtest.h>

#include <ostream>

namespace arbiter::net {
namespace {

using base::ErrorCode;

const Gate& gate() {
  static const Gate gate("http", 7420, {"build.example", "proxy.example:443"}, {"https://dashboard.example"});
  return gate;
}

TEST(Gate, HostsThatAreOursPass) {
  for (const char* host : {"localhost", "localhost:7420", "LocalHost:7420", "127.0.0.1", "127.0.0.1:7420", "[::1]",
                           "[::1]:7420", "build.example", "build.example:7420", "proxy.example:443"}) {
    EXPECT_FALSE(gate().check(host, std::nullopt)) << host;
  }
  EXPECT_FALSE(gate().check(std::nullopt, std::nullopt));
}

TEST(Gate, OtherHostsAreForeign) {
  for (const char* host : {"", "evil.example", "localhost:80", "localhost.", "127.0.0.1.evil.example",
                           "127.0.0.1:", "127.0.0.2:7420", "proxy.example", "localhost:7420:7420", "[::1]:1"}) {
    const auto error = gate().check(host, std::nullopt);
    ASSERT_TRUE(error) << host;
    EXPECT_EQ(error->code, ErrorCode::kForeignHost) << host;
  }
}

TEST(Gate, OriginsOfOurHostsAndConfiguredOnesPass) {
  for (const char* origin :
       {"http://localhost:7420", "http://127.0.0.1:7420", "http://[::1]:7420", "https://dashboard.example"}) {
    EXPECT_FALSE(gate().check("localhost", origin)) << origin;
  }
}

TEST(Gate, OtherOriginsAreForeign) {
  for (const char* origin : {"", "null", "http://evil.example", "https://localhost:7420", "http://localhost:3000",
                             "http://dashboard.example", "http://", "file://", "http://localhost:7420/"}) {
    const auto error = gate().check("localhost", origin);
    ASSERT_TRUE(error) << origin;
    EXPECT_EQ(error->code, ErrorCode::kForeignOrigin) << origin;
  }
}

TEST(Gate, OnlyConfiguredOriginsArePagesOfOthers) {
  EXPECT_TRUE(gate().is_allowed_page("https://dashboard.example"));
  EXPECT_FALSE(gate().is_allowed_page("http://localhost:7420")) << "our own need no permission";
  EXPECT_FALSE(gate().is_allowed_page("https://evil.example"));
  const Gate open("http", 7420, {}, {"*"});
  EXPECT_TRUE(open.is_allowed_page("https://evil.example"));
  EXPECT_FALSE(open.check("localhost", "https://evil.example"));
  EXPECT_TRUE(open.check("evil.example", "https://evil.example")) << "a name that points here is still foreign";
}

}  // namespace
}  // namespace arbiter::net
