// Which trace a task belongs to. A task keeps the trace context of the request that submitted it; every span of its
// life follows from that, its id and its leases, so that whoever needs one finds the same.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/trace_context.h"

namespace arbiter::core {

// A part of the life of a sampled task that has ended: a span of its trace.
struct TaskStage {
  enum class Kind : std::uint8_t {
    kQueued,  // from queued to leased, or to its end
    kRun,     // one attempt, from its start to its outcome
    kWhole,   // from submitted to ended
  };
  Kind kind = Kind::kWhole;
  std::string traceparent;  // of the request that submitted the task
  std::string task;
  std::string type;
  std::string queue;
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
  std::int64_t attempt = 0;
  std::int64_t lease = 0;  // 0: none
  std::string worker;
  std::string outcome;  // leased, completed, failed, retried, released, cancelled
  std::string message;  // of the error
};

// The span of a task's life, and of one attempt in it. `submitted` is the task's own context.
[[nodiscard]] base::TraceContext span_of_task(const base::TraceContext& submitted, std::string_view task);
[[nodiscard]] base::TraceContext span_of_run(const base::TraceContext& submitted, std::string_view task,
                                             std::int64_t lease);
[[nodiscard]] base::TraceContext span_of_stage(const TaskStage& stage, const base::TraceContext& submitted);

}  // namespace arbiter::core
