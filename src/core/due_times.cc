#include "core/due_times.h"

namespace arbiter::core {
namespace {

std::int64_t floor_divide(std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

}  // namespace

std::optional<DueTimes> DueTimes::of(const ScheduleSpec& spec, std::int64_t anchor, base::FieldErrors& errors) {
  bool good = true;
  const auto bad = [&](const char* field, const std::string& why) {
    errors.add(field, why);
    good = false;
  };
  auto zone = TimeZone::named(spec.time_zone);
  if (!zone) bad("timeZone", zone.error().message);
  if (spec.cron.has_value() == spec.every_ms.has_value()) bad("cron", "give either this or everyMs");
  auto cron = spec.cron ? Cron::parse(spec.cron->value) : base::Result<Cron>(base::fail({}));
  if (spec.cron && !cron) bad("cron", cron.error().message);
  if (spec.start_at && spec.end_at && *spec.end_at < *spec.start_at) bad("endAt", "must not be before startAt");
  if (!good) return std::nullopt;
  DueTimes times(*zone);
  if (cron) times.cron_ = *cron;
  if (spec.every_ms) times.every_ = *spec.every_ms;
  times.anchor_ = anchor;
  if (spec.start_at) times.start_ = spec.start_at->ms;
  if (spec.end_at) times.end_ = spec.end_at->ms;
  return times;
}

std::optional<std::int64_t> DueTimes::next(std::int64_t after) const {
  if (start_) after = std::max(after, *start_ - 1);
  std::optional<std::int64_t> due;
  if (cron_) {
    if (const auto second = cron_->next(floor_divide(after, 1'000), zone_)) due = *second * 1'000;
  } else {
    due = anchor_ + (floor_divide(after - anchor_, every_) + 1) * every_;
  }
  return due && end_ && *due > *end_ ? std::nullopt : due;
}

// By halves: whether one comes after t, up to `until`, is true up to the last but one and false from there on.
std::int64_t DueTimes::latest(std::int64_t first, std::int64_t until) const {
  const auto comes_after = [&](std::int64_t t) {
    const auto due = next(t);
    return due && *due <= until;
  };
  if (!comes_after(first)) return first;
  std::int64_t yes = first;
  for (std::int64_t no = until; no - yes > 1;) {
    const std::int64_t middle = yes + (no - yes) / 2;
    (comes_after(middle) ? yes : no) = middle;
  }
  return *next(yes);
}

std::int64_t DueTimes::count(std::int64_t first, std::int64_t until, std::int64_t most) const {
  std::int64_t n = 0;
  for (std::optional<std::int64_t> due = first; due && *due <= until && n < most; due = next(*due)) ++n;
  return n;
}

std::int64_t DueTimes::first_of_newest(std::int64_t first, std::int64_t until, std::int64_t most) const {
  if (count(first, until, most + 1) <= most) return first;
  std::int64_t due = latest(first, until);
  for (std::int64_t n = 1; n < most; ++n) due = latest(first, due - 1);
  return due;
}

}  // namespace arbiter::core
