// What a namespace tells of itself for metrics: taken on its strand at one moment.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/core.h"

namespace arbiter::engine {

// Events of one commit.
inline constexpr std::array<std::int64_t, 11> kBatchBounds{1, 2, 5, 10, 20, 50, 100, 250, 500, 1'000, 2'000};
using BatchSizes = base::Histogram<kBatchBounds>;

struct QueueReport {
  std::string name;
  bool paused = false;
  std::array<std::int64_t, core::kTaskStates> depth{};  // live tasks by state
  std::int64_t oldest_age_ms = 0;                       // of the oldest queued task
  core::QueueTotals totals;
};

struct NamespaceReport {
  std::string name;
  bool open = false;  // while it is not, the rest is empty
  std::vector<QueueReport> queues;
  std::array<std::int64_t, 4> workers{};  // by state
  std::int64_t slots = 0;                 // of live workers
  std::int64_t slots_used = 0;
  std::int64_t ready_tasks = 0;  // that a worker could have now
  std::int64_t schedules = 0;
  std::array<std::int64_t, core::kEffectStates> effects{};  // by state
  std::int64_t budgets = 0;
  std::int64_t budgets_exhausted = 0;  // of which a subject has nothing left
  std::int64_t timers_late_ms = 0;     // how long the oldest due timer has waited
  core::Totals totals;
};

// The parts that the core knows, `now`.
[[nodiscard]] NamespaceReport report_of(std::string name, core::Core& core, base::Now now);

}  // namespace arbiter::engine
