#include "base/clock.h"

#include <ctime>

namespace arbiter::base {
namespace {

std::int64_t read_ms(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return std::int64_t{t.tv_sec} * 1000 + t.tv_nsec / 1'000'000;
}

}  // namespace

Timestamp SystemClock::wall() const { return {read_ms(CLOCK_REALTIME)}; }
std::int64_t SystemClock::monotonic_ms() const { return read_ms(CLOCK_BOOTTIME); }

}  // namespace arbiter::base
