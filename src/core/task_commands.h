// What clients ask about tasks, and what they are answered. Part of core/commands.h.
#pragma once

#include <string>
#include <vector>

#include "core/task_types.h"

namespace arbiter::core {

inline constexpr std::int64_t kListMax = 1'000;
inline constexpr std::int64_t kLeaseMax = 1'000;
inline constexpr std::int64_t kReportsMax = 1'000;
inline constexpr std::int64_t kWaitMsMax = 60'000;
using Wait = Int<0, kWaitMsMax>;
using Limit = Int<1, kListMax>;

// ---- views ----------------------------------------------------------------------------------------------------

struct TaskView {
  Name id;
  Name type;
  Name queue;
  TaskState state = TaskState::kPending;
  Priority priority;
  std::int64_t attempt = 0;
  std::int64_t max_attempts = 3;
  RawJson payload;
  RawJson result;
  std::optional<TaskError> error;
  std::optional<std::string> reason;
  std::optional<std::string> worker_id;
  std::optional<Timestamp> lease_expires_at;
  std::optional<Progress> progress;
  std::optional<std::string> waiting_for;  // What a pending task waits for, by name.
  bool cancel_requested = false;
  std::vector<Name> depends_on;
  std::vector<Text<1, 128>> tags;
  std::optional<Requirements> requirements;
  RawJson metadata;
  std::optional<Name> parent_id;
  std::optional<Name> root_id;
  Timestamp created_at;
  std::optional<Timestamp> run_at;
  std::optional<Timestamp> deadline;
  std::optional<Timestamp> queued_at;
  std::optional<Timestamp> started_at;
  std::optional<Timestamp> ended_at;
  std::optional<double> quality_score;
  std::optional<Usage> usage;
  std::optional<std::int64_t> timeout_ms;
  std::optional<Name> concurrency_key;
  std::optional<Name> rate_key;
  std::optional<Name> unique_key;
  std::optional<std::string> traceparent;  // W3C Trace Context of the request that submitted it
  // Where payload and result lie in the store when they are too large for memory; not part of the answer.
  Position payload_document = 0;
  Position result_document = 0;
};
BOOST_DESCRIBE_STRUCT(TaskView, (),
                      (id, type, queue, state, priority, attempt, max_attempts, payload, result, error, reason,
                       worker_id, lease_expires_at, progress, waiting_for, cancel_requested, depends_on, tags,
                       requirements, metadata, parent_id, root_id, created_at, run_at, deadline, queued_at, started_at,
                       ended_at, quality_score, usage, timeout_ms, concurrency_key, rate_key, unique_key, traceparent))

// ---- submit ---------------------------------------------------------------------------------------------------

struct SubmitTask : TaskSpec {};
BOOST_DESCRIBE_STRUCT(SubmitTask, (TaskSpec), ())
struct SubmitBatch {
  static constexpr std::array kRequired{"tasks"};
  List<TaskSpec, 1, kBatchTasksMax> tasks;
};
BOOST_DESCRIBE_STRUCT(SubmitBatch, (), (tasks))
struct Submitted {
  Name id;
  TaskState state = TaskState::kPending;
  bool created = true;
};
BOOST_DESCRIBE_STRUCT(Submitted, (), (id, state, created))
struct SubmitReply {
  std::vector<Submitted> tasks;
};
BOOST_DESCRIBE_STRUCT(SubmitReply, (), (tasks))
struct SubmitTaskReply {
  TaskView task;
  bool created = true;
};

// ---- look-ups -------------------------------------------------------------------------------------------------

struct GetTask {
  static constexpr std::array kRequired{"id"};
  Name id;
  std::optional<Wait> wait_ms;
};
BOOST_DESCRIBE_STRUCT(GetTask, (), (id, wait_ms))
struct ListTasks {
  List<TaskState, 0, kTaskStates> state;
  std::optional<Name> queue;
  std::optional<Name> type;
  std::optional<Text<1, 128>> tag;
  std::optional<Name> worker_id;
  std::optional<Name> parent_id;
  Limit limit{100};
  std::optional<Text<1, 256>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListTasks, (), (state, queue, type, tag, worker_id, parent_id, limit, cursor))
struct TaskList {
  std::vector<TaskView> items;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(TaskList, (), (items, next_cursor))
struct GetGraph {
  std::optional<Name> task_id;  // Everything connected with it; else every live task that has dependencies.
  std::optional<Text<1, 128>> tag;
  Limit limit{1'000};
};
BOOST_DESCRIBE_STRUCT(GetGraph, (), (task_id, tag, limit))
struct GraphNode {
  Name id;
  Name type;
  TaskState state = TaskState::kPending;
  std::vector<Name> depends_on;
  std::int64_t duration_ms = 0;  // Of its latest attempt, without its rests.
  bool estimated = false;        // It has not ended: what tasks of its queue take (their median), or longer already.
};
BOOST_DESCRIBE_STRUCT(GraphNode, (), (id, type, state, depends_on, duration_ms, estimated))
struct Graph {
  std::vector<GraphNode> nodes;
  std::vector<Name> order;          // Topological: dependencies first.
  std::vector<Name> critical_path;  // The chain that takes longest; of the nodes that are shown.
  std::int64_t critical_path_ms = 0;
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(Graph, (), (nodes, order, critical_path, critical_path_ms, truncated))

// ---- changes by people ----------------------------------------------------------------------------------------

struct CancelTask {
  static constexpr std::array kRequired{"id"};
  Name id;
  std::optional<Text<1, 1'024>> reason;
};
BOOST_DESCRIBE_STRUCT(CancelTask, (), (id, reason))
struct RetryTask {
  static constexpr std::array kRequired{"id"};
  Name id;
  bool dependents = false;  // Also redrive what was cancelled because of it.
};
BOOST_DESCRIBE_STRUCT(RetryTask, (), (id, dependents))

BOOST_DEFINE_ENUM_CLASS(BulkAction, kCancel, kRetry)
BOOST_DEFINE_ENUM_CLASS(BulkState, kRunning, kDone)
struct BulkFilter {
  static constexpr bool kSparse = true;
  List<TaskState, 0, kTaskStates> state;
  std::optional<Name> queue;
  std::optional<Name> type;
  std::optional<Text<1, 128>> tag;
};
BOOST_DESCRIBE_STRUCT(BulkFilter, (), (state, queue, type, tag))
struct StartBulk {
  static constexpr std::array kRequired{"action"};
  BulkAction action = BulkAction::kCancel;
  BulkFilter filter;
  std::optional<Text<1, 1'024>> reason;
};
BOOST_DESCRIBE_STRUCT(StartBulk, (), (action, filter, reason))
struct GetBulk {
  static constexpr std::array kRequired{"id"};
  Name id;
};
BOOST_DESCRIBE_STRUCT(GetBulk, (), (id))
struct BulkView {
  Name id;
  BulkAction action = BulkAction::kCancel;
  BulkState state = BulkState::kRunning;
  std::int64_t scanned = 0;  // tasks looked at
  std::int64_t done = 0;     // tasks changed
  Timestamp started_at;
  std::optional<Timestamp> ended_at;
};
BOOST_DESCRIBE_STRUCT(BulkView, (), (id, action, state, scanned, done, started_at, ended_at))

// ---- leases ---------------------------------------------------------------------------------------------------

struct LeaseTasks {
  static constexpr std::array kRequired{"workerId"};
  Name worker_id;
  Int<1, kLeaseMax> max{1};
  Wait wait_ms{0};
  Int<100, kDayMs> lease_ms{30'000};
  bool start = true;
  List<Name, 0, 100> types;
  List<Name, 0, 100> queues;
  std::optional<std::int64_t> session;
};
BOOST_DESCRIBE_STRUCT(LeaseTasks, (), (worker_id, max, wait_ms, lease_ms, start, types, queues, session))
struct LeaseView {
  TaskView task;
  std::string lease;
  std::int64_t attempt = 1;
  Timestamp expires_at;
  std::optional<std::string> traceparent;  // what the work on it belongs to; to be sent with the reports
};
BOOST_DESCRIBE_STRUCT(LeaseView, (), (task, lease, attempt, expires_at, traceparent))
struct Cancellation {
  Name task_id;
  std::string lease;
};
BOOST_DESCRIBE_STRUCT(Cancellation, (), (task_id, lease))
struct LeaseReply {
  std::vector<LeaseView> leases;
  std::vector<Cancellation> cancellations;
  bool drain = false;
};
BOOST_DESCRIBE_STRUCT(LeaseReply, (), (leases, cancellations, drain))

using LeaseText = Text<1, 32>;
struct StartTask {
  static constexpr std::array kRequired{"id", "lease"};
  Name id;
  LeaseText lease;
};
BOOST_DESCRIBE_STRUCT(StartTask, (), (id, lease))
// By its holder, who names the lease and goes on renewing it; or by somebody else, and the worker is told to stop.
struct SuspendTask {
  static constexpr std::array kRequired{"id"};
  Name id;
  std::optional<LeaseText> lease;
  std::optional<Text<1, 1'024>> reason;
};
BOOST_DESCRIBE_STRUCT(SuspendTask, (), (id, lease, reason))
struct ResumeTask {
  static constexpr std::array kRequired{"id"};
  Name id;
  std::optional<LeaseText> lease;
};
BOOST_DESCRIBE_STRUCT(ResumeTask, (), (id, lease))
struct ReportProgress {
  static constexpr std::array kRequired{"id", "lease"};
  Name id;
  LeaseText lease;
  std::optional<base::Number<0.0, 100.0>> percent;
  std::optional<Text<0, 1'024>> message;
};
BOOST_DESCRIBE_STRUCT(ReportProgress, (), (id, lease, percent, message))
struct AppendLog {
  static constexpr std::array kRequired{"id", "lease", "lines"};
  Name id;
  LeaseText lease;
  List<Text<0, 65'536>, 1, 1'000> lines;
};
BOOST_DESCRIBE_STRUCT(AppendLog, (), (id, lease, lines))
struct CompleteTask {
  static constexpr std::array kRequired{"id", "lease"};
  Name id;
  LeaseText lease;
  RawJson result;
  std::optional<base::Number<0.0, 1.0>> quality_score;
  std::optional<Usage> usage;
};
BOOST_DESCRIBE_STRUCT(CompleteTask, (), (id, lease, result, quality_score, usage))
struct FailTask {
  static constexpr std::array kRequired{"id", "lease", "error"};
  Name id;
  LeaseText lease;
  TaskError error;
  bool retryable = true;
  std::optional<Usage> usage;
};
BOOST_DESCRIBE_STRUCT(FailTask, (), (id, lease, error, retryable, usage))
struct ReleaseTask {
  static constexpr std::array kRequired{"id", "lease"};
  Name id;
  LeaseText lease;
  std::optional<Text<1, 1'024>> reason;
};
BOOST_DESCRIBE_STRUCT(ReleaseTask, (), (id, lease, reason))
struct ExtendLease {
  static constexpr std::array kRequired{"id", "lease"};
  Name id;
  LeaseText lease;
  std::optional<Int<100, kDayMs>> lease_ms;
};
BOOST_DESCRIBE_STRUCT(ExtendLease, (), (id, lease, lease_ms))
// The answer to start, progress, log and extend: the lease as it stands.
struct LeaseStatus {
  Name id;
  TaskState state = TaskState::kRunning;
  std::string lease;
  std::int64_t attempt = 1;
  std::optional<Timestamp> expires_at;
  bool cancel_requested = false;
};
BOOST_DESCRIBE_STRUCT(LeaseStatus, (), (id, state, lease, attempt, expires_at, cancel_requested))

BOOST_DEFINE_ENUM_CLASS(Outcome, kCompleted, kFailed, kReleased)
struct Report {
  static constexpr std::array kRequired{"taskId", "lease", "outcome"};
  Name task_id;
  LeaseText lease;
  Outcome outcome = Outcome::kCompleted;
  RawJson result;
  std::optional<TaskError> error;
  bool retryable = true;
  std::optional<base::Number<0.0, 1.0>> quality_score;
  std::optional<Usage> usage;
  std::optional<Text<1, 128>> traceparent;  // of the lease: the trace of this request refers to it
};
BOOST_DESCRIBE_STRUCT(Report, (),
                      (task_id, lease, outcome, result, error, retryable, quality_score, usage, traceparent))
struct FetchNext {
  Int<1, kLeaseMax> max{1};
  Wait wait_ms{0};
  Int<100, kDayMs> lease_ms{30'000};
  bool start = true;
  List<Name, 0, 100> types;
  List<Name, 0, 100> queues;
};
BOOST_DESCRIBE_STRUCT(FetchNext, (), (max, wait_ms, lease_ms, start, types, queues))
struct ReportTasks {
  static constexpr std::array kRequired{"workerId", "reports"};
  Name worker_id;
  List<Report, 0, kReportsMax> reports;
  std::optional<FetchNext> lease;
  std::optional<std::int64_t> session;
};
BOOST_DESCRIBE_STRUCT(ReportTasks, (), (worker_id, reports, lease, session))
struct ReportResult {
  Name task_id;
  std::optional<TaskState> state;
  std::optional<std::string> code;  // Of the refusal, when this report was refused.
  std::optional<std::string> message;
};
BOOST_DESCRIBE_STRUCT(ReportResult, (), (task_id, state, code, message))
struct ReportReply {
  std::vector<ReportResult> results;
  std::vector<LeaseView> leases;
  std::vector<Cancellation> cancellations;
  bool drain = false;
};
BOOST_DESCRIBE_STRUCT(ReportReply, (), (results, leases, cancellations, drain))

// Leases whose grant could not be delivered: handed back at once, uncounted. Not reachable from outside.
struct ReturnLeases {
  std::vector<Cancellation> leases;
};

}  // namespace arbiter::core
