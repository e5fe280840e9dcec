// Everything that a client can ask of a namespace, and what it is answered. Each struct is one row of the operation
// table (api/operations.cc): the REST routes, the validation and the OpenAPI document come from these descriptions.
#pragma once

#include <string>
#include <variant>
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
  // Where payload and result lie in the store when they are too large for memory; not part of the answer.
  Position payload_document = 0;
  Position result_document = 0;
};
BOOST_DESCRIBE_STRUCT(TaskView, (),
                      (id, type, queue, state, priority, attempt, max_attempts, payload, result, error, reason,
                       worker_id, lease_expires_at, progress, waiting_for, cancel_requested, depends_on, tags,
                       requirements, metadata, parent_id, root_id, created_at, run_at, deadline, queued_at, started_at,
                       ended_at, quality_score, usage, timeout_ms))

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
};
BOOST_DESCRIBE_STRUCT(GraphNode, (), (id, type, state, depends_on))
struct Graph {
  std::vector<GraphNode> nodes;
  std::vector<Name> order;  // Topological: dependencies first.
  bool truncated = false;
};
BOOST_DESCRIBE_STRUCT(Graph, (), (nodes, order, truncated))

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
};
BOOST_DESCRIBE_STRUCT(LeaseView, (), (task, lease, attempt, expires_at))
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
};
BOOST_DESCRIBE_STRUCT(Report, (), (task_id, lease, outcome, result, error, retryable, quality_score, usage))
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

// ---- workers --------------------------------------------------------------------------------------------------

BOOST_DEFINE_ENUM_CLASS(WorkerState, kLive, kDraining, kLost, kGone)
struct RegisterWorker {
  std::optional<Name> name;
  List<Text<1, 128>, 0, 1'000> capabilities;
  List<Name, 0, 100> languages;
  std::map<std::string, std::string> labels;
  List<Name, 0, 100> queues;
  Int<1, 10'000> max_concurrent{1};
  std::optional<Text<1, 256>> location;
};
BOOST_DESCRIBE_STRUCT(RegisterWorker, (), (name, capabilities, languages, labels, queues, max_concurrent, location))
struct WorkerView {
  Name id;
  Name name;
  WorkerState state = WorkerState::kLive;
  std::int64_t session = 1;
  std::vector<Text<1, 128>> capabilities;
  std::vector<Name> languages;
  std::map<std::string, std::string> labels;
  std::vector<Name> queues;
  std::int64_t max_concurrent = 1;
  std::optional<std::string> location;
  std::int64_t running = 0;  // leases it holds
  std::vector<LeaseView> leases;
  std::int64_t completed = 0;  // since the server started
  std::int64_t failed = 0;
  Timestamp registered_at;
  std::optional<Timestamp> last_seen_at;
};
BOOST_DESCRIBE_STRUCT(WorkerView, (),
                      (id, name, state, session, capabilities, languages, labels, queues, max_concurrent, location,
                       running, leases, completed, failed, registered_at, last_seen_at))
struct RegisterReply {
  WorkerView worker;
  bool created = true;
};
struct ListWorkers {
  List<WorkerState, 0, 4> state;
  std::optional<Text<1, 128>> capability;
  Limit limit{100};
  std::optional<Text<1, 256>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListWorkers, (), (state, capability, limit, cursor))
struct WorkerList {
  std::vector<WorkerView> items;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(WorkerList, (), (items, next_cursor))
struct GetWorker {
  static constexpr std::array kRequired{"id"};
  Name id;
};
BOOST_DESCRIBE_STRUCT(GetWorker, (), (id))
struct Heartbeat {
  static constexpr std::array kRequired{"id"};
  Name id;
  std::optional<std::int64_t> session;
  Wait wait_ms{0};
  std::optional<List<LeaseText, 0, 10'000>> leases;  // When given, only these are renewed.
};
BOOST_DESCRIBE_STRUCT(Heartbeat, (), (id, session, wait_ms, leases))
struct HeartbeatReply {
  Name id;
  WorkerState state = WorkerState::kLive;
  std::vector<Cancellation> cancellations;
  std::vector<Cancellation> lost;  // Of the leases named in the heartbeat: those that are not current any more.
  bool drain = false;
  std::int64_t running = 0;
};
BOOST_DESCRIBE_STRUCT(HeartbeatReply, (), (id, state, cancellations, lost, drain, running))
struct DrainWorker {
  static constexpr std::array kRequired{"id"};
  Name id;
};
BOOST_DESCRIBE_STRUCT(DrainWorker, (), (id))
struct DeregisterWorker {
  static constexpr std::array kRequired{"id"};
  Name id;
};
BOOST_DESCRIBE_STRUCT(DeregisterWorker, (), (id))

// ---- queues ---------------------------------------------------------------------------------------------------

struct Durations {
  std::int64_t samples = 0;
  double p50_ms = 0, p95_ms = 0, p99_ms = 0;
};
BOOST_DESCRIBE_STRUCT(Durations, (), (samples, p50_ms, p95_ms, p99_ms))
struct QueueView {
  Name name;
  bool paused = false;
  std::optional<std::int64_t> max_depth;
  std::map<std::string, std::int64_t> depth;  // live tasks by state
  std::optional<std::int64_t> oldest_age_ms;  // of the oldest queued task
  double submitted_per_second = 0;            // over the last minute
  double completed_per_second = 0;
  double failed_per_second = 0;
  Durations wait;  // from queued to leased, of the latest 1,000
  Durations run;   // from leased to completed, of the latest 1,000
};
BOOST_DESCRIBE_STRUCT(QueueView, (),
                      (name, paused, max_depth, depth, oldest_age_ms, submitted_per_second, completed_per_second,
                       failed_per_second, wait, run))
struct ListQueues {
  Limit limit{100};
  std::optional<Text<1, 256>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListQueues, (), (limit, cursor))
struct QueueList {
  std::vector<QueueView> items;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(QueueList, (), (items, next_cursor))
struct GetQueue {
  static constexpr std::array kRequired{"name"};
  Name name;
};
BOOST_DESCRIBE_STRUCT(GetQueue, (), (name))
struct ConfigureQueue {
  static constexpr std::array kRequired{"name"};
  Name name;
  std::optional<Int<0, 1'000'000'000>> max_depth;  // 0: no limit
};
BOOST_DESCRIBE_STRUCT(ConfigureQueue, (), (name, max_depth))
struct PauseQueue {
  static constexpr std::array kRequired{"name"};
  Name name;
};
BOOST_DESCRIBE_STRUCT(PauseQueue, (), (name))
struct ResumeQueue {
  static constexpr std::array kRequired{"name"};
  Name name;
};
BOOST_DESCRIBE_STRUCT(ResumeQueue, (), (name))

// ---- the namespace `system` -----------------------------------------------------------------------------------

struct CreateNamespace {
  static constexpr std::array kRequired{"name"};
  Name name;
};
BOOST_DESCRIBE_STRUCT(CreateNamespace, (), (name))
struct NamespaceView {
  Name name;
  Timestamp created_at;
};
BOOST_DESCRIBE_STRUCT(NamespaceView, (), (name, created_at))
struct CreateNamespaceReply {
  NamespaceView created_namespace;
  bool created = true;
};
struct ListNamespaces {
  Limit limit{1'000};
  std::optional<Text<1, 256>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListNamespaces, (), (limit, cursor))
struct NamespaceList {
  std::vector<NamespaceView> items;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(NamespaceList, (), (items, next_cursor))
// Keeps the hash of a token; not reachable from outside.
struct AddToken {
  std::string hash;  // SHA-256, hexadecimal
  std::string name;
};
// Tells who a token's hash belongs to; not reachable from outside.
struct FindToken {
  std::string hash;
};
struct TokenView {
  std::string name;
};
// A start or stop of the server, recorded in `system`; not reachable from outside.
struct RecordLifecycle {
  std::string what;  // STARTED | STOPPED
  std::string detail;
};

struct Done {};
BOOST_DESCRIBE_STRUCT(Done, (), ())

using Command =
    std::variant<SubmitTask, SubmitBatch, GetTask, ListTasks, GetGraph, CancelTask, RetryTask, StartBulk, GetBulk,
                 LeaseTasks, StartTask, ReportProgress, AppendLog, CompleteTask, FailTask, ReleaseTask, ExtendLease,
                 ReportTasks, ReturnLeases, RegisterWorker, ListWorkers, GetWorker, Heartbeat, DrainWorker,
                 DeregisterWorker, ListQueues, GetQueue, ConfigureQueue, PauseQueue, ResumeQueue, CreateNamespace,
                 ListNamespaces, AddToken, FindToken, RecordLifecycle>;

using Reply = std::variant<Done, SubmitTaskReply, SubmitReply, TaskView, TaskList, Graph, BulkView, LeaseReply,
                           LeaseStatus, ReportReply, RegisterReply, WorkerList, WorkerView, HeartbeatReply, QueueList,
                           QueueView, CreateNamespaceReply, NamespaceList, TokenView>;

}  // namespace arbiter::core
