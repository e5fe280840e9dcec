// Cron expressions: what they say, and when they come next.
//
//   [second] minute hour day-of-month month day-of-week
//
// Five fields, or six with seconds in front. A field is `*`, a number, a range `a-b`, any of them with a step (`*/15`,
// `10-20/2`; `a/n` goes from a to the field's end), or a list of these with commas. Months and days of the week may be
// named (`jan`, `MON`); Sunday is 0 or 7. The macros @yearly, @annually, @monthly, @weekly, @daily, @midnight, @hourly
// are known. Meaning follows Vixie cron, crontab(5): when both day fields are restricted (neither begins with `*`), a
// day that fits one of them will do; else it must fit both.
//
// When clocks change, the rules of cron(8) of Debian hold, to the second and whatever the size of the change. Its
// words: "those jobs which would have run in the time that was skipped will be run soon after the change [...] those
// jobs that fall into the repeated time will not be re-run. Only jobs that run at a particular time (not specified as
// @hourly, nor with '*' in the hour or minute specifier) are affected." So an expression has a particular time when
// none of its second, minute and hour fields begins with `*`:
//
//   particular time, the clocks skip it       it comes at the moment they jump; several that are skipped come once
//   particular time, the clocks show it twice it comes the first time
//   otherwise                                 it comes whenever the clocks show it: not in skipped time, in repeated
//   twice
#pragma once

#include <optional>
#include <string_view>

#include "core/time_zone.h"

namespace arbiter::core {

class Cron {
 public:
  // kInvalidRequest says which field is wrong and why, also for a day that no month has.
  [[nodiscard]] static base::Result<Cron> parse(std::string_view text);

  // The first time after `after` (UTC). None within the next kHorizonYears (a 29 February that is a Sunday comes every
  // 40 years at the latest).
  [[nodiscard]] std::optional<Seconds> next(Seconds after, const TimeZone& zone) const;

  // Whether the clocks on the wall show a time of this expression.
  [[nodiscard]] bool matches(Seconds local) const;
  [[nodiscard]] bool has_particular_time() const { return particular_; }

  static constexpr int kHorizonYears = 50;

 private:
  [[nodiscard]] bool fits(std::int64_t day) const;
  [[nodiscard]] std::optional<Seconds> next_local(Seconds from, Seconds until) const;
  [[nodiscard]] std::optional<Seconds> next_in_day(Seconds from) const;
  [[nodiscard]] std::optional<Seconds> next_shown(Seconds after, const TimeZone& zone) const;
  [[nodiscard]] std::optional<Seconds> next_particular(Seconds after, const TimeZone& zone) const;
  [[nodiscard]] base::Result<void> check_days() const;

  // Bit n stands for the number n.
  std::uint64_t seconds_ = 0, minutes_ = 0, hours_ = 0, days_ = 0, months_ = 0, weekdays_ = 0;
  bool any_day_ = false, any_weekday_ = false;  // the field begins with `*`
  bool particular_ = false;
};

}  // namespace arbiter::core
