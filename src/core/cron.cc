#include "core/cron.h"

#include <array>
#include <charconv>
#include <chrono>
#include <string>
#include <vector>

namespace arbiter::core {

using base::ErrorCode;
using base::fail;
using base::Result;

namespace {

constexpr Seconds kDay = 86'400;
constexpr std::array<std::string_view, 12> kMonthNames{"jan", "feb", "mar", "apr", "may", "jun",
                                                       "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdayNames{"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Macro {
  std::string_view name, expression;
};
constexpr std::array<Macro, 7> kMacros{{{"@yearly", "0 0 1 1 *"},
                                        {"@annually", "0 0 1 1 *"},
                                        {"@monthly", "0 0 1 * *"},
                                        {"@weekly", "0 0 * * 0"},
                                        {"@daily", "0 0 * * *"},
                                        {"@midnight", "0 0 * * *"},
                                        {"@hourly", "0 * * * *"}}};

struct Field {
  std::string_view name;
  int low, high;
  const std::string_view* names = nullptr;  // of low and the following
  int named = 0;
};
const std::array<Field, 6> kFields{{{"second", 0, 59},
                                    {"minute", 0, 59},
                                    {"hour", 0, 23},
                                    {"day-of-month", 1, 31},
                                    {"month", 1, 12, kMonthNames.data(), 12},
                                    {"day-of-week", 0, 7, kWeekdayNames.data(), 7}}};

base::Error bad(const std::string& what) { return {ErrorCode::kInvalidRequest, what}; }

base::Error bad(const Field& field, std::string_view text, const std::string& why) {
  return bad("'" + std::string(text) + "' in the field " + std::string(field.name) + ' ' + why);
}

std::string range_of(const Field& field) { return std::to_string(field.low) + '-' + std::to_string(field.high); }

bool same_word(std::string_view a, std::string_view lower) {
  return std::equal(a.begin(), a.end(), lower.begin(), lower.end(),
                    [](char x, char y) { return (x >= 'A' && x <= 'Z' ? x - 'A' + 'a' : x) == y; });
}

// A number or a name of the field.
Result<int> parse_value(const Field& field, std::string_view text) {
  for (int i = 0; i < field.named; ++i) {
    if (same_word(text, field.names[i])) return field.low + i;
  }
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size() && !text.starts_with('-');
  if (!whole || value < field.low || value > field.high) {
    return fail(bad(field, text, "is not a number in " + range_of(field) + (field.named ? " or a name" : "")));
  }
  return value;
}

Result<int> parse_step(const Field& field, std::string_view text) {
  int step = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
  if (error != std::errc{} || end != text.data() + text.size() || step < 1 || step > field.high) {
    return fail(bad(field, text, "is not a step in 1-" + std::to_string(field.high)));
  }
  return step;
}

// `*`, `a`, `a-b`, each with or without `/step`.
Result<std::uint64_t> parse_part(const Field& field, std::string_view text) {
  const auto slash = text.find('/');
  const std::string_view range = text.substr(0, slash);
  int step = 1;
  if (slash != std::string_view::npos) {
    auto parsed = parse_step(field, text.substr(slash + 1));
    if (!parsed) return fail(parsed.error());
    step = *parsed;
  }
  int from = field.low;
  int to = field.high;
  if (range != "*") {
    const auto dash = range.find('-');
    auto first = parse_value(field, range.substr(0, dash));
    if (!first) return fail(first.error());
    from = *first;
    to = slash == std::string_view::npos ? from : field.high;
    if (dash != std::string_view::npos) {
      auto last = parse_value(field, range.substr(dash + 1));
      if (!last) return fail(last.error());
      to = *last;
    }
    if (to < from) return fail(bad(field, range, "ends before it begins"));
  }
  std::uint64_t bits = 0;
  for (int i = from; i <= to; i += step) bits |= std::uint64_t{1} << i;
  return bits;
}

Result<std::uint64_t> parse_field(const Field& field, std::string_view text) {
  std::uint64_t bits = 0;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    auto part = parse_part(field, text.substr(start, comma - start));
    if (!part) return part;
    bits |= *part;
    start = comma + 1;
  }
  return bits;
}

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view kSpace = " \t";
  std::vector<std::string_view> words;
  for (std::size_t at = text.find_first_not_of(kSpace); at != std::string_view::npos;) {
    const std::size_t end = std::min(text.find_first_of(kSpace, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(kSpace, end);
  }
  return words;
}

bool has(std::uint64_t bits, std::int64_t n) { return (bits >> n & 1) != 0; }

std::int64_t day_of(Seconds local) { return local >= 0 ? local / kDay : -((kDay - 1 - local) / kDay); }

std::chrono::year_month_day date_of(std::int64_t day) {
  return std::chrono::sys_days(std::chrono::days(static_cast<int>(day)));
}

}  // namespace

// ---- parsing --------------------------------------------------------------------------------------------------

Result<Cron> Cron::parse(std::string_view text) {
  auto words = words_of(text);
  if (words.size() == 1 && words[0].starts_with('@')) {
    const auto macro =
        std::find_if(kMacros.begin(), kMacros.end(), [&](const Macro& m) { return same_word(words[0], m.name); });
    if (macro == kMacros.end()) {
      return fail(bad("'" + std::string(words[0]) +
                      "' is no macro; there are @yearly, @monthly, @weekly, @daily, @midnight and @hourly"));
    }
    words = words_of(macro->expression);
  }
  if (words.size() != 5 && words.size() != 6) {
    return fail(bad("has " + std::to_string(words.size()) +
                    " fields; write minute, hour, day of month, month and day of week, with seconds in front or not"));
  }
  if (words.size() == 5) words.insert(words.begin(), "0");
  std::array<std::uint64_t, 6> bits{};
  for (std::size_t i = 0; i < words.size(); ++i) {
    auto field = parse_field(kFields[i], words[i]);
    if (!field) return fail(field.error());
    bits[i] = *field;
  }
  Cron cron;
  cron.seconds_ = bits[0];
  cron.minutes_ = bits[1];
  cron.hours_ = bits[2];
  cron.days_ = bits[3];
  cron.months_ = bits[4];
  cron.weekdays_ = bits[5] | (has(bits[5], 7) ? 1 : 0);
  const auto any = [&](std::size_t i) { return words[i].starts_with('*'); };
  cron.particular_ = !any(0) && !any(1) && !any(2);
  cron.any_day_ = any(3);
  cron.any_weekday_ = any(5);
  if (auto ok = cron.check_days(); !ok) return fail(ok.error());
  return cron;
}

// A day of the month that stands alone must be in one of the months; 29 February counts. With a day of the week beside
// it there is always a day that fits.
Result<void> Cron::check_days() const {
  if (any_day_ || !any_weekday_) return {};
  constexpr std::array<int, 13> kLength{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  for (int month = 1; month <= 12; ++month) {
    if (!has(months_, month)) continue;
    for (int day = 1; day <= kLength[static_cast<std::size_t>(month)]; ++day) {
      if (has(days_, day)) return {};
    }
  }
  return fail(bad("never comes: none of its months has such a day"));
}

// ---- what fits ------------------------------------------------------------------------------------------------

bool Cron::fits(std::int64_t day) const {
  const auto date = date_of(day);
  if (!has(months_, static_cast<unsigned>(date.month()))) return false;
  const bool in_month = has(days_, static_cast<unsigned>(date.day()));
  const std::chrono::weekday weekday{std::chrono::sys_days(date)};
  const bool in_week = has(weekdays_, weekday.c_encoding());
  return any_day_ || any_weekday_ ? in_month && in_week : in_month || in_week;
}

bool Cron::matches(Seconds local) const {
  const std::int64_t day = day_of(local);
  const Seconds second = local - day * kDay;
  return fits(day) && has(hours_, second / 3600) && has(minutes_, second / 60 % 60) && has(seconds_, second % 60);
}

// ---- what comes next ------------------------------------------------------------------------------------------

std::optional<Seconds> Cron::next_in_day(Seconds from) const {
  for (Seconds hour = from / 3600; hour < 24; ++hour) {
    if (!has(hours_, hour)) continue;
    for (Seconds minute = std::max<Seconds>(0, from - hour * 3600) / 60; minute < 60; ++minute) {
      if (!has(minutes_, minute)) continue;
      const Seconds start = hour * 3600 + minute * 60;
      for (Seconds second = std::max<Seconds>(0, from - start); second < 60; ++second) {
        if (has(seconds_, second)) return start + second;
      }
    }
  }
  return std::nullopt;
}

// The first time in [from, until) that fits, all in local time.
std::optional<Seconds> Cron::next_local(Seconds from, Seconds until) const {
  std::int64_t day = day_of(from);
  Seconds start = from - day * kDay;
  while (day * kDay < until) {
    if (fits(day)) {
      if (const auto second = next_in_day(start)) {
        const Seconds found = day * kDay + *second;
        return found < until ? std::optional(found) : std::nullopt;
      }
    }
    start = 0;
    const auto date = date_of(day);
    if (has(months_, static_cast<unsigned>(date.month()))) {
      ++day;
    } else {
      const auto next_month = date.year() / date.month() / 1 + std::chrono::months(1);
      day = std::chrono::sys_days(next_month).time_since_epoch().count();
    }
  }
  return std::nullopt;
}

// Period by period, as the clocks go: skipped time is in none of them, repeated time in two.
std::optional<Seconds> Cron::next_shown(Seconds after, const TimeZone& zone) const {
  const Seconds limit = after + Seconds{kHorizonYears} * 366 * kDay;
  for (Seconds from = after + 1; from < limit;) {
    const ZonePeriod period = zone.period_at(from);
    const Seconds until = std::min(period.end, limit);
    if (const auto local = next_local(from + period.offset, until + period.offset)) return *local - period.offset;
    from = until;
  }
  return std::nullopt;
}

// By local time, which never comes earlier for a later one: first_showing() does not decrease.
std::optional<Seconds> Cron::next_particular(Seconds after, const TimeZone& zone) const {
  Seconds local = after + zone.period_at(after).offset;
  const Seconds limit = local + Seconds{kHorizonYears} * 366 * kDay;
  for (;;) {
    const auto found = next_local(local + 1, limit);
    if (!found) return std::nullopt;
    const Seconds comes = zone.first_showing(*found);
    if (comes > after) return comes;
    local = *found;
  }
}

std::optional<Seconds> Cron::next(Seconds after, const TimeZone& zone) const {
  return particular_ ? next_particular(after, zone) : next_shown(after, zone);
}

}  // namespace arbiter::core
