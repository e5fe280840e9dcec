// The traces that requests belong to (W3C Trace Context), and the spans that are told of them.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/operation.h"
#include "base/trace_context.h"
#include "core/commands.h"

namespace arbiter::api {

inline constexpr std::size_t kSpanLinksMax = 32;

// A request from its arrival to its answer.
struct RequestSpan {
  base::TraceContext context;  // its own
  std::uint64_t parent = 0;    // the caller's span; 0: the trace begins here
  const Operation* operation = nullptr;
  int status = 0;
  std::chrono::nanoseconds took{};  // until now
  std::string namespace_name;
  std::string actor;
  std::string request_id;
  std::vector<base::TraceContext> links;  // the attempts whose leases it got or reported
};

struct SpanCounts {
  std::uint64_t exported = 0;
  std::uint64_t rejected = 0;     // by the collector
  std::uint64_t overflowed = 0;   // came while the queue was full
  std::uint64_t undelivered = 0;  // the collector did not answer, or not well, for too long
  std::size_t queued = 0;
};

// Where spans go. Any thread; never blocks: what it cannot take it drops and counts.
class SpanSink {
 public:
  virtual ~SpanSink() = default;
  virtual void add(RequestSpan span) = 0;
  // Whether one more trace may begin: there is a limit of spans per second.
  [[nodiscard]] virtual bool has_room() = 0;
  [[nodiscard]] virtual SpanCounts counts() const = 0;
};

// What a call knows of its trace.
struct CallTrace {
  std::optional<base::TraceContext> incoming;
  std::optional<base::TraceContext> context;  // empty: it is in none
  std::uint64_t parent = 0;
  SpanSink* spans = nullptr;  // null: no span is told of it
  std::vector<base::TraceContext> links;
};

// Ids that nobody else has, very likely. Any thread.
class TraceIds {
 public:
  TraceIds();
  [[nodiscard]] std::uint64_t next();  // never 0
  [[nodiscard]] base::TraceContext begin();

 private:
  std::uint64_t seed_;
  std::atomic<std::uint64_t> count_{0};
};

struct Call;
// A call that takes many leases, or reports them, is in one trace and its tasks in others: links say which.
void link_leases(Call& call, const core::Reply& reply);
void link_reports(Call& call, const core::ReportTasks& request);

}  // namespace arbiter::api
