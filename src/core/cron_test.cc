// Cron expressions: tables of what they mean, and a walk second by second that must come to the same times.
#include "core/cron.h"

#include <gmock/gmock.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "base/values.h"

namespace arbiter::core {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Seconds utc(std::string_view text) {
  base::Timestamp time;
  EXPECT_TRUE(base::from_rfc3339(text, time)) << text;
  return time.ms / 1000;
}

TimeZone zone(const std::string& name) {
  auto found = TimeZone::named(name);
  EXPECT_TRUE(found) << name;
  return *found;
}

// The next `count` times after `after`, as UTC texts without their milliseconds.
std::vector<std::string> next(std::string_view expression, std::string_view after, int count,
                              const std::string& zone_name = "UTC") {
  auto cron = Cron::parse(expression);
  EXPECT_TRUE(cron) << expression << ": " << (cron ? "" : cron.error().message);
  std::vector<std::string> times;
  if (!cron) return times;
  std::optional<Seconds> at = utc(after);
  for (int i = 0; i < count; ++i) {
    at = cron->next(*at, zone(zone_name));
    if (!at) break;
    times.push_back(base::to_rfc3339({*at * 1000}).substr(0, 19) + "Z");
  }
  return times;
}

// ---- what expressions mean ------------------------------------------------------------------------------------

TEST(Cron, FieldsStepsListsRangesAndNames) {
  EXPECT_THAT(next("30 2 * * *", "2026-01-01T00:00:00Z", 2),
              ElementsAre("2026-01-01T02:30:00Z", "2026-01-02T02:30:00Z"));
  EXPECT_THAT(next("*/20 * * * *", "2026-01-01T00:19:59Z", 3),
              ElementsAre("2026-01-01T00:20:00Z", "2026-01-01T00:40:00Z", "2026-01-01T01:00:00Z"));
  EXPECT_THAT(next("10/25 5 * * *", "2026-01-01T00:00:00Z", 3),
              ElementsAre("2026-01-01T05:10:00Z", "2026-01-01T05:35:00Z", "2026-01-02T05:10:00Z"));
  EXPECT_THAT(next("0 9-17/4 * * mon-fri", "2026-01-02T13:00:00Z", 3),
              ElementsAre("2026-01-02T17:00:00Z", "2026-01-05T09:00:00Z", "2026-01-05T13:00:00Z"));
  EXPECT_THAT(next("0 0 1 JAN,jul *", "2026-01-01T00:00:00Z", 2),
              ElementsAre("2026-07-01T00:00:00Z", "2027-01-01T00:00:00Z"));
  EXPECT_THAT(next("0 0 * * 7", "2026-01-01T00:00:00Z", 1), ElementsAre("2026-01-04T00:00:00Z"));
}

TEST(Cron, SecondsStandInFront) {
  EXPECT_THAT(next("*/30 59 23 31 12 *", "2026-01-01T00:00:00Z", 3),
              ElementsAre("2026-12-31T23:59:00Z", "2026-12-31T23:59:30Z", "2027-12-31T23:59:00Z"));
}

TEST(Cron, TwoRestrictedDayFieldsNeedOneThatFits) {
  EXPECT_THAT(next("0 0 13 * 5", "2026-02-01T00:00:00Z", 3),
              ElementsAre("2026-02-06T00:00:00Z", "2026-02-13T00:00:00Z", "2026-02-20T00:00:00Z"));
  // A field that begins with `*` is not restricted: both must fit.
  EXPECT_THAT(next("0 0 13 * */5", "2026-02-01T00:00:00Z", 2),
              ElementsAre("2026-02-13T00:00:00Z", "2026-03-13T00:00:00Z"));
}

TEST(Cron, MacrosStandForExpressions) {
  const char* from = "2026-03-04T05:06:07Z";
  EXPECT_THAT(next("@yearly", from, 1), ElementsAre("2027-01-01T00:00:00Z"));
  EXPECT_THAT(next("@monthly", from, 1), ElementsAre("2026-04-01T00:00:00Z"));
  EXPECT_THAT(next("@weekly", from, 1), ElementsAre("2026-03-08T00:00:00Z"));
  EXPECT_THAT(next("@Daily", from, 1), ElementsAre("2026-03-05T00:00:00Z"));
  EXPECT_THAT(next("@hourly", from, 1), ElementsAre("2026-03-04T06:00:00Z"));
}

TEST(Cron, LeapDaysComeAlsoAcrossACenturyWithoutOne) {
  EXPECT_THAT(next("0 0 29 2 *", "2096-03-01T00:00:00Z", 1), ElementsAre("2104-02-29T00:00:00Z"));
  // 29 February that is a Sunday or a Friday.
  EXPECT_THAT(next("0 0 29 2 */5", "2072-03-01T00:00:00Z", 1), ElementsAre("2088-02-29T00:00:00Z"));
}

TEST(Cron, RefusalsNameTheFieldAndTheReason) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"", "has 0 fields"},
      {"* * * *", "has 4 fields"},
      {"* * * * * * *", "has 7 fields"},
      {"60 * * * *", "'60' in the field minute is not a number in 0-59"},
      {"* 24 * * *", "'24' in the field hour"},
      {"* * 0 * *", "'0' in the field day-of-month is not a number in 1-31"},
      {"* * * 13 *", "'13' in the field month"},
      {"* * * * 8", "'8' in the field day-of-week is not a number in 0-7 or a name"},
      {"* * * * monday", "'monday' in the field day-of-week"},
      {"5-1 * * * *", "'5-1' in the field minute ends before it begins"},
      {"*/0 * * * *", "'0' in the field minute is not a step in 1-59"},
      {"*/x * * * *", "'x' in the field minute is not a step"},
      {"1,,2 * * * *", "'' in the field minute"},
      {"-1 * * * *", "in the field minute"},
      {"+1 * * * *", "'+1' in the field minute"},
      {"1.5 * * * *", "'1.5' in the field minute"},
      {"0 0 L * *", "'L' in the field day-of-month"},
      {"99999999999999999999 * * * *", "in the field minute"},
      {"@reboot", "'@reboot' is no macro"},
      {"0 0 30 2 *", "never comes"},
      {"0 0 31 4,6,9,11 *", "never comes"},
      {"0 0 30-31 feb *", "never comes"}};
  for (const auto& [expression, why] : cases) {
    auto cron = Cron::parse(expression);
    ASSERT_FALSE(cron) << expression;
    EXPECT_THAT(cron.error().message, HasSubstr(why)) << expression;
  }
}

TEST(Cron, ADayOfTheWeekBesideAnImpossibleDayIsEnough) {
  EXPECT_THAT(next("0 0 30 2 1", "2026-02-01T00:00:00Z", 1), ElementsAre("2026-02-02T00:00:00Z"));
}

// ---- clocks that change ---------------------------------------------------------------------------------------

TEST(Cron, AParticularTimeThatIsSkippedComesAtTheJump) {
  // Berlin, 29 March 2026: 02:00 becomes 03:00 at 01:00 UTC.
  EXPECT_THAT(next("30 2 * * *", "2026-03-28T12:00:00Z", 2, "Europe/Berlin"),
              ElementsAre("2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"));
  // Several that are skipped, and the one at the jump itself, come once.
  EXPECT_THAT(next("0,30 2,3 * * *", "2026-03-29T00:00:00Z", 2, "Europe/Berlin"),
              ElementsAre("2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"));
}

TEST(Cron, AParticularTimeThatComesTwiceComesOnce) {
  // Berlin, 25 October 2026: 03:00 becomes 02:00 at 01:00 UTC.
  EXPECT_THAT(next("30 2 * * *", "2026-10-24T12:00:00Z", 2, "Europe/Berlin"),
              ElementsAre("2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"));
  EXPECT_THAT(next("30 2 * * *", "2026-10-25T01:15:00Z", 1, "Europe/Berlin"), ElementsAre("2026-10-26T01:30:00Z"));
}

TEST(Cron, OthersComeWheneverTheClocksShowThem) {
  EXPECT_THAT(next("*/30 2 * * *", "2026-03-28T12:00:00Z", 1, "Europe/Berlin"), ElementsAre("2026-03-30T00:00:00Z"));
  EXPECT_THAT(next("30 * * * *", "2026-03-29T00:00:00Z", 3, "Europe/Berlin"),
              ElementsAre("2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z"));
  EXPECT_THAT(next("*/30 2 * * *", "2026-10-24T22:00:00Z", 5, "Europe/Berlin"),
              ElementsAre("2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z",
                          "2026-10-25T01:30:00Z", "2026-10-26T01:00:00Z"));
  // A `*` among the seconds is enough.
  EXPECT_THAT(next("*/30 30 2 * * *", "2026-10-25T00:30:00Z", 2, "Europe/Berlin"),
              ElementsAre("2026-10-25T00:30:30Z", "2026-10-25T01:30:00Z"));
}

TEST(Cron, ChangesOfHalfAnHourAndOfAWholeDay) {
  // Lord Howe, 4 October 2026: 02:00 becomes 02:30 at 15:30 UTC of the third.
  EXPECT_THAT(next("15 2 * * *", "2026-10-03T00:00:00Z", 2, "Australia/Lord_Howe"),
              ElementsAre("2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"));
  // Apia had no 30 December 2011.
  EXPECT_THAT(next("0 12 30 12 *", "2011-12-01T00:00:00Z", 2, "Pacific/Apia"),
              ElementsAre("2011-12-30T10:00:00Z", "2012-12-29T22:00:00Z"));
}

TEST(Cron, ZonesAreThoseOfTheSystem) {
  EXPECT_TRUE(TimeZone::named("America/New_York"));
  for (const char* name : {"Nowhere/Town", "", "../../etc/passwd", "europe/berlin!", "+02:00"}) {
    auto found = TimeZone::named(name);
    ASSERT_FALSE(found) << name;
    EXPECT_THAT(found.error().message, HasSubstr("is no time zone"));
  }
}

// ---- the same by walking --------------------------------------------------------------------------------------

// Whether `expression` comes at `at`, from its definition alone. A particular time comes the first time that the clocks
// show it; one that is skipped, at the moment of the jump.
bool comes_at(const Cron& cron, const TimeZone& zone, Seconds at) {
  const ZonePeriod period = zone.period_at(at);
  const Seconds local = at + period.offset;
  if (!cron.has_particular_time()) return cron.matches(local);
  if (at == period.begin) {
    const Seconds before = zone.period_at(at - 1).offset;
    for (Seconds skipped = at + before; skipped < local; ++skipped) {
      if (cron.matches(skipped)) return true;
    }
  }
  const bool shown_before = at - period.begin < zone.period_at(period.begin - 1).offset - period.offset;
  return cron.matches(local) && !shown_before;
}

std::string some_field(int low, int high) {
  const auto number = [&] { return std::to_string(*rc::gen::inRange(low, high + 1)); };
  switch (*rc::gen::weightedElement<int>({{5, 0}, {3, 1}, {2, 2}, {2, 3}, {2, 4}})) {
    case 0:
      return "*";
    case 1:
      return number();
    case 2:
      return "*/" + std::to_string(*rc::gen::inRange(1, high));
    case 3:
      return number() + "," + number();
    default: {
      const int from = *rc::gen::inRange(low, high + 1);
      return std::to_string(from) + "-" + std::to_string(*rc::gen::inRange(from, high + 1));
    }
  }
}

// Close to a change of clocks, or anywhere.
Seconds some_start(const TimeZone& zone) {
  const Seconds any = *rc::gen::inRange<Seconds>(utc("2020-01-01T00:00:00Z"), utc("2036-01-01T00:00:00Z"));
  const ZonePeriod period = zone.period_at(any);
  const bool near = *rc::gen::inRange(0, 4) != 0 && period.end < utc("2037-01-01T00:00:00Z");
  return near ? period.end - *rc::gen::inRange<Seconds>(0, 20'000) : any;
}

RC_GTEST_PROP(CronProperty, NextIsWhatAWalkFinds, ()) {
  const auto name = *rc::gen::element<std::string>("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC",
                                                   "Africa/Casablanca", "Asia/Kathmandu", "Pacific/Chatham");
  const TimeZone in = zone(name);
  const std::string text = some_field(0, 59) + ' ' + some_field(0, 59) + ' ' + some_field(0, 23) + ' ' +
                           *rc::gen::element<std::string>("*", "*", "1-15", "*/2", "29,30,31") + ' ' +
                           *rc::gen::element<std::string>("*", "*", "3,10,11", "*/3") + ' ' +
                           *rc::gen::element<std::string>("*", "*", "0", "1-5", "sat,sun");
  RC_LOG() << text << " in " << name << '\n';
  const auto cron = Cron::parse(text);
  RC_ASSERT(cron.has_value());
  const Seconds start = some_start(in);
  constexpr Seconds kWalk = 40'000;
  Seconds at = start;
  for (int i = 0; i < 20 && at < start + kWalk; ++i) {
    const auto found = cron->next(at, in);
    RC_ASSERT(found.has_value());
    RC_ASSERT(*found > at);
    const Seconds until = std::min(*found, start + kWalk);
    for (Seconds walked = at + 1; walked < until; ++walked) RC_ASSERT(!comes_at(*cron, in, walked));
    if (*found < start + kWalk) RC_ASSERT(comes_at(*cron, in, *found));
    at = *found;
  }
}

}  // namespace
}  // namespace arbiter::core
