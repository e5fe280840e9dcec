// Free space that is kept for what is under way: below the reserve new work is refused, while reports, completions,
// cancels and heartbeats go on, so that the disk does not fill up under work that could have ended.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>

#include "api/operation.h"
#include "base/clock.h"

namespace arbiter::api {

class DiskReserve {
 public:
  // Free bytes below the data directory; empty when that cannot be known.
  using Probe = std::function<std::optional<std::int64_t>()>;
  // Without a probe, or with a reserve of 0, nothing is refused.
  DiskReserve(std::int64_t reserve_bytes, Probe probe, const base::Clock& clock)
      : reserve_bytes_(reserve_bytes), probe_(std::move(probe)), clock_(clock) {}

  // kNoSpace: the operation would add work, and less than the reserve is free. Any thread; asks at most once a second.
  [[nodiscard]] base::Result<void> check(const Operation& operation);

  [[nodiscard]] std::int64_t reserve_bytes() const { return reserve_bytes_; }
  // As of now; empty when it is not known or nothing is reserved.
  [[nodiscard]] std::optional<std::int64_t> free_bytes();
  [[nodiscard]] bool is_reached();
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  const std::int64_t reserve_bytes_;
  const Probe probe_;
  const base::Clock& clock_;
  std::atomic<std::uint64_t> refused_{0};
  std::mutex mutex_;  // Guards the rest.
  std::optional<std::int64_t> asked_at_ms_;
  std::optional<std::int64_t> free_bytes_;
};

}  // namespace arbiter::api
