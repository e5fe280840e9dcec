#include "base/values.h"

#include <gtest/gtest.h>

#include "base/ids.h"

namespace arbiter::base {
namespace {

TEST(Values, NamesFollowTheirPattern) {
  EXPECT_TRUE(is_name("a"));
  EXPECT_TRUE(is_name("9.b_c:d-e"));
  EXPECT_TRUE(is_name(std::string(128, 'x')));
  for (const char* bad : {"", ".a", "-a", "a/b", "a b", "\xc3\xa4"}) EXPECT_FALSE(is_name(bad)) << bad;
  EXPECT_FALSE(is_name(std::string(129, 'x')));
}

TEST(Values, TimesRoundTrip) {
  for (std::int64_t ms : {0LL, 1'767'225'600'123LL, 951'782'400'000LL, 253'402'300'799'999LL}) {
    Timestamp back;
    ASSERT_TRUE(from_rfc3339(to_rfc3339({ms}), back));
    EXPECT_EQ(back.ms, ms);
  }
  Timestamp t;
  for (const char* bad : {"", "2026-01-01", "2026-02-30T00:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01T00:00:00",
                          "2026-01-01T00:00:00+1", "2026-01-01T00:00:00Zx"}) {
    EXPECT_FALSE(from_rfc3339(bad, t)) << bad;
  }
}

TEST(Ids, TypeIdsSortByTime) {
  const auto early = type_id("task", {1'000}, 1, ~0ULL);
  const auto late = type_id("task", {1'001}, 0, 0);
  EXPECT_LT(early, late);
  EXPECT_EQ(early.size(), 31U);
  EXPECT_TRUE(is_name(early));
}

}  // namespace
}  // namespace arbiter::base
