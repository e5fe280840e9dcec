// How much of everything a namespace may have. The configuration sets most of them (server/config_keys.cc).
#pragma once

#include <vector>

#include "core/inbox.h"
#include "core/notifier.h"
#include "core/task_types.h"

namespace arbiter::core {

struct CoreLimits {
  std::int64_t queues_max = 10'000;
  std::int64_t keys_max = 100'000;  // that were configured or paused
  std::int64_t workers_max = 100'000;
  std::int64_t waiters_max = 20'000;
  std::int64_t live_tasks_max = 5'000'000;
  std::int64_t memory_bytes_max = 4LL * 1024 * 1024 * 1024;  // of tasks, about; 0: no limit
  std::int64_t unique_windows_max = 1'000'000;  // tasks that hold a unique key for a time, ended ones included
  std::int64_t lineage_max = 100;               // retries plus children of one root task
  std::int64_t cascade_events_max = 1'000;      // events of one step of a cascade
  std::int64_t scan_max = 10'000;               // tasks one list request looks at
  std::int64_t ended_in_memory_max = 10'000;
  std::int64_t ended_in_memory_ms = 60'000;
  std::int64_t bulks_in_memory_max = 1'000;
  std::int64_t worker_lost_ms = 30'000;
  std::int64_t worker_retired_ms = kDayMs;  // a worker that is lost for so long is removed; 0: never
  std::int64_t cancel_grace_ms = 10'000;
  std::int64_t payload_bytes_max = 1024LL * 1024;
  std::int64_t metadata_bytes_max = 8LL * 1024;
  std::int64_t result_bytes_max = 8LL * 1024 * 1024;
  std::int64_t grant_bytes_max = 16LL * 1024 * 1024;  // of payloads in one answer; one task is always given
  std::int64_t batch_bytes_max = 16LL * 1024 * 1024;
  std::size_t inline_bytes_max = 4'096;  // larger payloads and results stay in the store
  std::int64_t task_types_max = 1'000;
  std::int64_t task_type_bytes_max = 64LL * 1024;  // of a definition with its schemas
  std::int64_t schedules_max = 1'000'000;
  std::int64_t schedule_bytes_max = 8LL * 1024;  // of a definition with its task and payload
  std::int64_t schedule_runs_max = 1'000;        // live runs of one schedule that may overlap
  std::int64_t schedule_queued_max = 100;        // live runs of one schedule that come one after the other
  std::int64_t misfire_runs_max = 100;           // runs of one schedule that `misfire: all` makes up for
  InboxLimits inbox;
  std::int64_t budgets_max = 200;            // each one is looked at whenever something is spent
  std::int64_t task_budgets_max = 16;        // of those, of tasks or lineages: their meters are in the tasks' records
  std::int64_t budget_meters_max = 10'000;   // of one budget; further subjects share a meter
  std::int64_t tokens_max = 10'000;          // of the namespace `system`
  std::int64_t skip_count_max = 10'000;      // times that one skip counts; it may stand for more
  bool task_stages = false;                  // events of sampled tasks tell the stages that they end
  double trace_ratio = 0;                    // of the tasks of schedules, those that begin a sampled trace
  std::int64_t effects_max = 10'000;         // with those that are delivered or given up and still kept
  std::int64_t effect_shown_ms = 60'000;     // a delivered one is kept for so long, and for its quiet time
  std::int64_t effect_kept_ms = 7 * kDayMs;  // one that was given up
  std::vector<Notifier> notifiers{};         // of this namespace
};

}  // namespace arbiter::core
