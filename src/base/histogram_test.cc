#include "base/histogram.h"

#include <gtest/gtest.h>

namespace arbiter::base {
namespace {

constexpr std::array<std::int64_t, 2> kBounds{10, 20};

TEST(Histogram, ABoundBelongsToItsBucketAndTheLastTakesTheRest) {
  Histogram<kBounds> h;
  for (const std::int64_t value : {-5, 0, 10, 11, 20, 21, 1'000}) h.add(value);
  EXPECT_EQ(h.counts, (std::array<std::uint64_t, 3>{3, 2, 2}));
  EXPECT_EQ(h.sum, 10 + 11 + 20 + 21 + 1'000);
  EXPECT_EQ(h.count(), 7U);
}

TEST(Histogram, OneIsAddedToAnotherAndASharedOneIsReadAsSuch) {
  SharedHistogram<kBounds> shared;
  shared.add(5);
  shared.add(50);
  Histogram<kBounds> sum = shared.read();
  sum.add(shared.read());
  EXPECT_EQ(sum.counts, (std::array<std::uint64_t, 3>{2, 0, 2}));
  EXPECT_EQ(sum.sum, 110);
}

}  // namespace
}  // namespace arbiter::base
