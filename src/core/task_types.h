// The words of tasks: states, policies, and the definition that a client submits. Shared by commands, events and state.
//
// State machine (checked by core/task_types_test.cc against allowed() and docs/ARCHITECTURE.md):
//   pending    -> queued, cancelled, failed
//   queued     -> assigned, cancelled, failed
//   assigned   -> running, queued, pending, failed, cancelled
//   running    -> completed, failed, pending, queued, suspended, cancelled
//   suspended  -> running, completed, pending, queued, failed, cancelled
//   failed     -> queued
//   cancelled  -> pending, when its dependency's failure cancelled it and that dependency is redriven with dependents
//   completed  -> none
#pragma once

#include <array>
#include <boost/describe.hpp>
#include <map>
#include <optional>
#include <string>

#include "base/json.h"
#include "base/values.h"

namespace arbiter::core {

using base::Int;
using base::List;
using base::Name;
using base::RawJson;
using base::Text;
using base::Timestamp;

using Position = std::uint64_t;

inline constexpr std::int64_t kDayMs = 86'400'000;
inline constexpr std::size_t kBatchTasksMax = 1'000;
inline constexpr std::size_t kDependenciesMax = 1'000;
inline constexpr std::size_t kTagsMax = 32;

BOOST_DEFINE_ENUM_CLASS(TaskState, kPending, kQueued, kAssigned, kRunning, kSuspended, kCompleted, kFailed, kCancelled)
inline constexpr std::size_t kTaskStates = 8;

[[nodiscard]] bool allowed(TaskState from, TaskState to);
[[nodiscard]] constexpr bool is_ended(TaskState s) {
  return s == TaskState::kCompleted || s == TaskState::kFailed || s == TaskState::kCancelled;
}
[[nodiscard]] constexpr bool is_leased(TaskState s) {
  return s == TaskState::kAssigned || s == TaskState::kRunning || s == TaskState::kSuspended;
}

BOOST_DEFINE_ENUM_CLASS(OnDependencyFailure, kCancel, kFail, kRun)

// How long a task keeps its unique key: while it waits for its first lease, until it has ended, or for a time since it
// was submitted.
BOOST_DEFINE_ENUM_CLASS(UniqueScope, kQueued, kRunning, kWindow)
// What becomes of a submit whose unique key another task holds.
BOOST_DEFINE_ENUM_CLASS(OnDuplicate, kRefuse, kExisting, kReplace)

// 1..10, 10 first; the words low, normal, high and critical stand for 2, 5, 8 and 10.
struct Priority {
  std::int64_t value = 5;
  friend bool operator==(Priority, Priority) = default;
};

struct RetryPolicy {
  static constexpr std::int64_t kMaxBackoffMs = 60'000;
  Int<1, 100> max_attempts{3};
  Int<0, kDayMs> backoff_ms{1'000};
  base::Number<1.0, 10.0> multiplier{2.0};
  std::optional<Int<0, kDayMs>> max_backoff_ms;  // not given: a minute, or backoff_ms when that is more
  base::Number<0.0, 1.0> jitter{0.2};
  [[nodiscard]] std::int64_t longest_ms() const {
    return max_backoff_ms ? max_backoff_ms->value : std::max<std::int64_t>(kMaxBackoffMs, backoff_ms.value);
  }
  friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};
BOOST_DESCRIBE_STRUCT(RetryPolicy, (), (max_attempts, backoff_ms, multiplier, max_backoff_ms, jitter))

// What a worker must have; everything must match.
struct Requirements {
  static constexpr bool kSparse = true;
  List<Name, 0, 32> capabilities;
  List<Name, 0, 32> languages;
  std::map<std::string, std::string> labels;
  std::optional<Name> worker_id;
  [[nodiscard]] bool empty() const { return capabilities.empty() && languages.empty() && labels.empty() && !worker_id; }
  friend bool operator==(const Requirements&, const Requirements&) = default;
};
BOOST_DESCRIBE_STRUCT(Requirements, (), (capabilities, languages, labels, worker_id))

// At most `count` starts per `per_ms`, at most `burst` of them at once; count 0: no limit.
struct RateLimit {
  static constexpr bool kSparse = true;
  Int<0, 1'000'000> count{0};
  Int<1, kDayMs> per_ms{1'000};
  Int<1, 1'000'000> burst{1};
  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};
BOOST_DESCRIBE_STRUCT(RateLimit, (), (count, per_ms, burst))

// What holds the tasks of one key back, and its share beside other keys.
struct KeyLimits {
  static constexpr bool kSparse = true;
  Int<0, 1'000'000'000> concurrency{0};  // leased at a time; 0: no limit
  RateLimit rate;
  Int<1, 1'000> weight{1};
  friend bool operator==(const KeyLimits&, const KeyLimits&) = default;
};
BOOST_DESCRIBE_STRUCT(KeyLimits, (), (concurrency, rate, weight))

// A task as its client defines it. Only `type` is required.
struct TaskSpec {
  static constexpr std::array kRequired{"type"};
  static constexpr bool kSparse = true;
  std::optional<Name> id;
  Name type;
  base::Defaulted<Name> queue = base::Defaulted<Name>::of("default");
  RawJson payload;
  base::Defaulted<Priority> priority;
  List<Name, 0, kDependenciesMax> depends_on;
  OnDependencyFailure on_dependency_failure = OnDependencyFailure::kCancel;
  std::optional<Timestamp> run_at;
  std::optional<Int<0, 3650 * kDayMs>> delay_ms;
  std::optional<Int<1, 365 * kDayMs>> timeout_ms;
  std::optional<Int<1, 365 * kDayMs>> stall_ms;
  std::optional<Timestamp> deadline;
  base::Defaulted<RetryPolicy> retry;
  Requirements requirements;
  List<Text<1, 128>, 0, kTagsMax> tags;
  RawJson metadata;
  std::optional<Name> parent_id;
  std::optional<Name> concurrency_key;
  std::optional<Name> rate_key;
  std::optional<Name> unique_key;
  UniqueScope unique_scope = UniqueScope::kRunning;
  std::optional<Int<1, 365 * kDayMs>> unique_window_ms;
  OnDuplicate on_duplicate = OnDuplicate::kRefuse;
};
BOOST_DESCRIBE_STRUCT(TaskSpec, (),
                      (id, type, queue, payload, priority, depends_on, on_dependency_failure, run_at, delay_ms,
                       timeout_ms, stall_ms, deadline, retry, requirements, tags, metadata, parent_id, concurrency_key,
                       rate_key, unique_key, unique_scope, unique_window_ms, on_duplicate))

struct TaskError {
  static constexpr std::array kRequired{"message"};
  Text<0, 8'192> message;
  std::optional<Text<1, 128>> code;
  RawJson details;
};
BOOST_DESCRIBE_STRUCT(TaskError, (), (message, code, details))

struct Usage {
  std::optional<Int<0, 1'000'000'000'000>> input_tokens;
  std::optional<Int<0, 1'000'000'000'000>> output_tokens;
  std::optional<Int<0, 1'000'000'000'000>> tokens;
  std::optional<base::Number<0.0, 1e12>> cost;
};
BOOST_DESCRIBE_STRUCT(Usage, (), (input_tokens, output_tokens, tokens, cost))

struct Progress {
  std::optional<base::Number<0.0, 100.0>> percent;
  std::optional<Text<0, 1'024>> message;
  Timestamp at;
};
BOOST_DESCRIBE_STRUCT(Progress, (), (percent, message, at))

}  // namespace arbiter::core

template <>
struct arbiter::base::JsonCodec<arbiter::core::Priority> {
  static void decode(const json::value& in, core::Priority& out, const Path& path, FieldErrors& errors);
  static void encode(core::Priority in, std::string& out) { write_int(in.value, out); }
  static json::object schema(Schemas&);
};
