#include "effects/signature.h"

#include <gtest/gtest.h>

namespace arbiter::effects {
namespace {

// printf '1700000000.{"id":"effect_1"}' | openssl dgst -sha256 -hmac secret
TEST(Signature, IsOfTheTimeAndTheBody) {
  EXPECT_EQ(signature("secret", 1'700'000'000, R"({"id":"effect_1"})"),
            "t=1700000000,v1=7595f51a0b957f69bd42b107510581a9e79a7c3c1a4c1e93984d4eed4601aa2f");
  EXPECT_NE(signature("secret", 1'700'000'000, "a"), signature("secret", 1'700'000'001, "a"));
  EXPECT_NE(signature("secret", 1'700'000'000, "a"), signature("secret2", 1'700'000'000, "a"));
}

}  // namespace
}  // namespace arbiter::effects
