#include "core/meter.h"

#include <algorithm>

namespace arbiter::core {
namespace {

struct Pace {
  std::int64_t interval_us = 0;  // between starts; 0: no bound
  std::int64_t slack_us = 0;     // of a burst
};

bool is_slow(std::int64_t slow_from, std::int64_t now) {
  return slow_from && now - slow_from < kSlowStartSeconds * 1'000;
}

// Rounded up, so that the rate is never exceeded.
Pace pace_of(const RateLimit& rate, std::int64_t slow_from, std::int64_t now) {
  Pace pace;
  if (rate.count > 0) {
    pace.interval_us = (rate.per_ms * 1'000 + rate.count - 1) / rate.count;
    pace.slack_us = (rate.burst - 1) * pace.interval_us;
  }
  if (!is_slow(slow_from, now)) return pace;
  const std::int64_t second = std::max<std::int64_t>(0, (now - slow_from) / 1'000);
  return {std::max(pace.interval_us, std::int64_t{1'000'000} >> second), 0};
}

std::int64_t due_after(const Meter& meter, const Pace& pace, std::int64_t empty_at) {
  const std::int64_t unknown = empty_at ? empty_at * 1'000 + pace.interval_us + pace.slack_us : 0;
  return std::max(meter.due_us, unknown);
}

}  // namespace

std::int64_t Meter::next_start(const RateLimit& rate, std::int64_t now, std::int64_t empty_at) const {
  const Pace pace = pace_of(rate, slow_from, now);
  if (pace.interval_us == 0) return 0;
  return (due_after(*this, pace, empty_at) - pace.slack_us + 999) / 1'000;
}

void Meter::start(const RateLimit& rate, std::int64_t now, std::int64_t empty_at) {
  const Pace pace = pace_of(rate, slow_from, now);
  if (pace.interval_us == 0) return;
  due_us = std::max(due_after(*this, pace, empty_at), now * 1'000) + pace.interval_us;
}

bool Meter::is_full(std::int64_t now) const { return due_us <= now * 1'000 && !is_slow(slow_from, now); }

}  // namespace arbiter::core
