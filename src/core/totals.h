// What has happened in a namespace since it was loaded, for metrics: counters that only grow. Volatile: after a reload
// they begin at 0, as after a restart.
#pragma once

#include <array>
#include <cstdint>

#include "base/histogram.h"

namespace arbiter::core {

// Milliseconds: from tasks of a moment to those that take an agent half a day.
inline constexpr std::array<std::int64_t, 15> kTaskBounds{
    5, 10, 50, 100, 500, 1'000, 5'000, 10'000, 30'000, 60'000, 300'000, 1'800'000, 7'200'000, 21'600'000, 43'200'000};
using TaskDurations = base::Histogram<kTaskBounds>;

// Why a lease was taken from its worker.
enum class LostLease : std::uint8_t { kExpired, kWorkerLost, kTimeout, kStalled };
inline constexpr std::size_t kLostLeases = 4;

struct QueueTotals {
  std::uint64_t submitted = 0;
  std::uint64_t leased = 0;
  std::uint64_t completed = 0;
  std::uint64_t retried = 0;  // attempts that failed and were followed by another
  std::uint64_t failed = 0;   // tasks that ended so: dead, too late, or by a dependency
  std::uint64_t cancelled = 0;
  std::uint64_t released = 0;
  std::array<std::uint64_t, kLostLeases> leases_lost{};
  TaskDurations wait;  // from queued to leased
  TaskDurations run;   // from leased to completed

  void add(const QueueTotals& other) {
    submitted += other.submitted;
    leased += other.leased;
    completed += other.completed;
    retried += other.retried;
    failed += other.failed;
    cancelled += other.cancelled;
    released += other.released;
    for (std::size_t i = 0; i < kLostLeases; ++i) leases_lost[i] += other.leases_lost[i];
    wait.add(other.wait);
    run.add(other.run);
  }
};

struct Totals {
  std::uint64_t workers_lost = 0;
  std::uint64_t schedules_fired = 0;    // at a due time
  std::uint64_t schedules_skipped = 0;  // due times that brought no task
  TaskDurations schedule_delay;         // from a due time to its task
  std::uint64_t effects_created = 0;
  std::uint64_t effects_delivered = 0;
  std::uint64_t effects_failed = 0;  // attempts
  std::uint64_t effects_given_up = 0;
  std::uint64_t effects_late = 0;     // answers that came after their attempt was over
  std::uint64_t effects_quiet = 0;    // not created: their cause was told of not long ago
  std::uint64_t effects_dropped = 0;  // not created: there were too many
};

}  // namespace arbiter::core
