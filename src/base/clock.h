// Time as an argument: the only place where the system's clocks are read is SystemClock.
#pragma once

#include "base/values.h"

namespace arbiter::base {

// The two readings that a namespace needs.
struct Now {
  Timestamp now;   // Never goes back; advances with the monotonic clock. Leases, TTLs and backoff use it.
  Timestamp wall;  // The wall clock; `runAt` and `deadline` follow it.
};

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Timestamp wall() const = 0;
  // Milliseconds since some fixed point; never goes back, counts suspension (CLOCK_BOOTTIME).
  [[nodiscard]] virtual std::int64_t monotonic_ms() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] Timestamp wall() const override;
  [[nodiscard]] std::int64_t monotonic_ms() const override;
};

// A clock that stands still until it is moved; for tests and the simulator.
class ManualClock final : public Clock {
 public:
  [[nodiscard]] Timestamp wall() const override { return wall_; }
  [[nodiscard]] std::int64_t monotonic_ms() const override { return monotonic_ms_; }
  void advance(std::int64_t ms) {
    wall_.ms += ms;
    monotonic_ms_ += ms;
  }
  void jump_wall(std::int64_t ms) { wall_.ms += ms; }

 private:
  Timestamp wall_{1'767'225'600'000};  // 2026-01-01T00:00:00Z
  std::int64_t monotonic_ms_ = 0;
};

}  // namespace arbiter::base
