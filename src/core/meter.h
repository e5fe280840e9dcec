// When the next task may start, by rate and by slow start: the arithmetic that queues and keys share. Pure.
//
// The rate is held by the generic cell rate algorithm (ITU-T I.371, the leaky bucket as a meter): `due_us` is when the
// bucket will be full again, and a start is let through when that is less than a bucket away. So at most
// `burst + W * count / perMs` starts fall into any window of length W.
#pragma once

#include "core/task_types.h"

namespace arbiter::core {

// After a timed pause starts come back slowly: one in the first second, then twice as many in each further one, until
// after kSlowStartSeconds there is no bound any more but the rate. An upstream that has just lifted its own limit does
// not get everything at once that was held back.
inline constexpr std::int64_t kSlowStartSeconds = 10;

// All of it is volatile; times are of `now`.
struct Meter {
  std::int64_t due_us = 0;     // when the bucket is full again
  std::int64_t slow_from = 0;  // ms; when a timed pause ended. 0: none did, or long ago

  // From when on a start is let through, in ms; 0: from any time on. A bucket counts as empty at `empty_at` (ms): that
  // is when this process learned of it, and what was started before is not known.
  [[nodiscard]] std::int64_t next_start(const RateLimit& rate, std::int64_t now, std::int64_t empty_at) const;
  // Counts one start at `now`.
  void start(const RateLimit& rate, std::int64_t now, std::int64_t empty_at);
  // Whether forgetting it changes nothing.
  [[nodiscard]] bool is_full(std::int64_t now) const;
};

}  // namespace arbiter::core
