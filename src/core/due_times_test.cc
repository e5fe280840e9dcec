// The computations over many due times, against counting them one by one.
#include "core/due_times.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace arbiter::core {
namespace {

DueTimes some_times(std::int64_t anchor) {
  ScheduleSpec spec;
  if (*rc::gen::arbitrary<bool>()) {
    spec.every_ms = *rc::gen::inRange<std::int64_t>(1'000, 10'000'000);
  } else {
    spec.cron = Text<1, 256>(*rc::gen::element<std::string>("* * * * *", "*/7 3 * * *", "30 2 * * *", "0 0 1 * *",
                                                            "15,45 * * * * *", "0 12 29 2 *"));
    spec.time_zone = *rc::gen::element<Text<1, 64>>("UTC", "Europe/Berlin");
  }
  if (*rc::gen::arbitrary<bool>()) spec.end_at = Timestamp{anchor + *rc::gen::inRange<std::int64_t>(0, kDayMs)};
  base::FieldErrors errors;
  return *DueTimes::of(spec, anchor, errors);
}

RC_GTEST_PROP(DueTimesProperty, LatestCountAndNewestAreWhatCountingFinds, ()) {
  const std::int64_t anchor = *rc::gen::inRange<std::int64_t>(1'700'000'000'000, 1'900'000'000'000);
  const DueTimes times = some_times(anchor);
  const auto first = times.next(anchor);
  if (!first) return;
  const std::int64_t until = *first + *rc::gen::inRange<std::int64_t>(0, 20'000'000);
  std::vector<std::int64_t> all;
  for (auto due = first; due && *due <= until; due = times.next(*due)) {
    if (!all.empty()) RC_ASSERT(*due > all.back());
    all.push_back(*due);
  }
  const auto most = *rc::gen::inRange<std::int64_t>(1, 50);
  const auto n = static_cast<std::int64_t>(all.size());
  RC_ASSERT(times.latest(*first, until) == all.back());
  RC_ASSERT(times.count(*first, until, most) == std::min(most, n));
  RC_ASSERT(times.first_of_newest(*first, until, most) ==
            all[static_cast<std::size_t>(std::max<std::int64_t>(0, n - most))]);
}

TEST(DueTimes, AnIntervalWithAStartBeginsThere) {
  ScheduleSpec spec;
  spec.every_ms = 60'000;
  spec.start_at = Timestamp{1'000'500};
  base::FieldErrors errors;
  const auto times = DueTimes::of(spec, spec.start_at->ms, errors);
  EXPECT_EQ(times->next(0), 1'000'500);
  EXPECT_EQ(times->next(1'000'499), 1'000'500);
  EXPECT_EQ(times->next(1'000'500), 1'060'500);
}

TEST(DueTimes, CronComesOnWholeSeconds) {
  ScheduleSpec spec;
  spec.cron = Text<1, 256>("* * * * * *");
  spec.start_at = Timestamp{1'500};
  base::FieldErrors errors;
  const auto times = DueTimes::of(spec, 0, errors);
  EXPECT_EQ(times->next(0), 2'000);
  EXPECT_EQ(times->next(2'000), 3'000);
  EXPECT_EQ(times->next(2'999), 3'000);
}

}  // namespace
}  // namespace arbiter::core
