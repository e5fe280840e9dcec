#include "core/meter.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

namespace arbiter::core {
namespace {

// Starts as soon as the meter lets it, `times` times from `now` on.
std::vector<std::int64_t> greedy(Meter& meter, const RateLimit& rate, std::int64_t now, int times,
                                 std::int64_t empty_at = 0) {
  std::vector<std::int64_t> starts;
  for (int i = 0; i < times; ++i) {
    now = std::max(now, meter.next_start(rate, now, empty_at));
    meter.start(rate, now, empty_at);
    starts.push_back(now);
  }
  return starts;
}

TEST(Meter, WithoutARateNothingWaits) {
  Meter meter;
  EXPECT_THAT(greedy(meter, {}, 5'000, 3), testing::ElementsAre(5'000, 5'000, 5'000));
}

TEST(Meter, ABurstGoesAtOnceTheRestAtItsRate) {
  Meter meter;
  EXPECT_THAT(greedy(meter, {10, 1'000, 3}, 5'000, 6), testing::ElementsAre(5'000, 5'000, 5'000, 5'100, 5'200, 5'300));
}

TEST(Meter, IsEmptyFromWhenItsProcessBegan) {
  Meter meter;
  EXPECT_EQ(meter.next_start({1, 60'000, 5}, 5'000, /*empty_at=*/5'000), 65'000);
}

TEST(Meter, AfterATimedPauseStartsDoubleEachSecond) {
  Meter meter;
  meter.slow_from = 10'000;
  const auto starts = greedy(meter, {}, 10'000, 40);
  const auto in_second = [&](int second) {
    return std::count_if(starts.begin(), starts.end(), [&](std::int64_t t) { return (t - 10'000) / 1'000 == second; });
  };
  EXPECT_EQ(in_second(0), 1);
  EXPECT_EQ(in_second(1), 2);
  EXPECT_EQ(in_second(2), 4);
  EXPECT_EQ(in_second(3), 8);
  EXPECT_EQ(meter.next_start({}, 20'000, 0), 0);
}

// The rate holds over every window, whatever the limits are and whenever somebody tries.
RC_GTEST_PROP(Meter, NoWindowHoldsMoreThanBurstAndRate, ()) {
  const RateLimit rate{*rc::gen::inRange<std::int64_t>(1, 50), *rc::gen::inRange<std::int64_t>(1, 5'000),
                       *rc::gen::inRange<std::int64_t>(1, 20)};
  const auto pauses = *rc::gen::container<std::vector<int>>(100, rc::gen::inRange(0, 2'000));
  Meter meter;
  std::int64_t now = 1'000'000;
  std::vector<std::int64_t> starts;
  for (int pause : pauses) {
    now += pause;
    while (meter.next_start(rate, now, 0) <= now && starts.size() < 2'000) {
      meter.start(rate, now, 0);
      starts.push_back(now);
    }
  }
  for (std::size_t from = 0; from < starts.size(); ++from) {
    for (std::size_t to = from; to < starts.size(); ++to) {
      const auto count = static_cast<std::int64_t>(to - from + 1);
      RC_ASSERT(count <= rate.burst + (starts[to] - starts[from]) * rate.count / rate.per_ms);
    }
  }
}

}  // namespace
}  // namespace arbiter::core
