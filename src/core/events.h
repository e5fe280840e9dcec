// Everything that can happen in a namespace. An event is applied to the state the moment it is emitted, and written to
// the log with its batch. The struct of an event is its `data` in the log; docs/formats.md lists them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/budget_events.h"
#include "core/commands.h"
#include "core/effect_events.h"
#include "core/inbox_events.h"
#include "core/trace.h"

namespace arbiter::core {

// Why a task changed its state; on the wire and in the log.
BOOST_DEFINE_ENUM_CLASS(Reason, kSubmitted, kDependencies, kTime, kBackoff, kRequested, kReported, kTimeout, kStalled,
                        kLeaseExpired, kWorkerLost, kDeadline, kDependencyFailed, kLineageLimit, kReleased,
                        kDeregistered, kUndelivered, kNotRetryable, kCancelGrace, kIdle, kBudget)

struct TaskSubmitted {
  Name id;
  Name type;
  Name queue;
  Priority priority;
  TaskState state = TaskState::kPending;  // pending or queued
  std::optional<Timestamp> run_at;        // of the wall clock
  std::optional<Timestamp> not_before;    // of `now`: delayMs, resolved
  std::optional<Name> root_id;
  std::int64_t fingerprint = 0;            // of the definition after defaults
  std::optional<std::string> traceparent;  // of the request, when that had one
  // In the event's document, not in its data; the definition is without its payload, shared and never changed.
  std::shared_ptr<const TaskSpec> spec;
  RawJson payload;
};
BOOST_DESCRIBE_STRUCT(TaskSubmitted, (),
                      (id, type, queue, priority, state, run_at, not_before, root_id, fingerprint, traceparent))
struct TaskQueued {
  Name id;
  Reason reason = Reason::kTime;
};
BOOST_DESCRIBE_STRUCT(TaskQueued, (), (id, reason))
struct TaskAssigned {
  Name id;
  Name worker;
  std::int64_t lease = 0;  // The position of this event: a lease number is never used twice.
  std::int64_t attempt = 1;
  std::int64_t lease_ms = 30'000;
  TaskState state = TaskState::kRunning;  // assigned when the worker starts it by itself
};
BOOST_DESCRIBE_STRUCT(TaskAssigned, (), (id, worker, lease, attempt, lease_ms, state))
struct TaskStarted {
  Name id;
  std::int64_t lease = 0;
};
BOOST_DESCRIBE_STRUCT(TaskStarted, (), (id, lease))
struct TaskCompleted {
  Name id;
  Name worker;
  std::int64_t lease = 0;
  std::int64_t attempt = 1;
  std::int64_t run_ms = 0;
  std::int64_t fingerprint = 0;  // of the reported outcome
  std::optional<double> quality_score;
  std::optional<Usage> usage;
  RawJson result;  // In the event's document, not in its data.
};
BOOST_DESCRIBE_STRUCT(TaskCompleted, (), (id, worker, lease, attempt, run_ms, fingerprint, quality_score, usage))
// An attempt failed, or the task cannot be tried (again). TASK.FAILED.RETRY when `state` is pending, else
// TASK.FAILED.PERMANENT; TASK.CANCELLED.SUCCESS replaces it when a cancelled task's worker gives up.
struct TaskFailed {
  Name id;
  TaskState from = TaskState::kRunning;
  TaskState state = TaskState::kFailed;  // pending (will be retried), or failed
  Reason reason = Reason::kReported;
  std::optional<Name> worker;
  std::int64_t lease = 0;  // 0: it held none
  std::int64_t attempt = 0;
  bool counted = true;  // the attempt counts
  std::int64_t fingerprint = 0;
  std::optional<Timestamp> retry_at;
  std::optional<TaskError> error;
  std::optional<Usage> usage;
};
BOOST_DESCRIBE_STRUCT(TaskFailed, (),
                      (id, from, state, reason, worker, lease, attempt, counted, fingerprint, retry_at, error, usage))
struct TaskReleased {
  Name id;
  Name worker;
  std::int64_t lease = 0;
  TaskState from = TaskState::kRunning;
  Reason reason = Reason::kReleased;
  std::optional<std::string> message;  // what its worker said
};
BOOST_DESCRIBE_STRUCT(TaskReleased, (), (id, worker, lease, from, reason, message))
struct TaskSuspended {
  Name id;
  std::int64_t lease = 0;
  bool by_holder = false;
  std::optional<std::string> reason;  // for a question: its id
  bool for_question = false;
};
BOOST_DESCRIBE_STRUCT(TaskSuspended, (), (id, lease, by_holder, reason, for_question))
struct TaskResumed {
  Name id;
  std::int64_t lease = 0;
  std::int64_t suspended_ms = 0;
};
BOOST_DESCRIBE_STRUCT(TaskResumed, (), (id, lease, suspended_ms))
struct TaskCancelRequested {
  Name id;
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(TaskCancelRequested, (), (id, reason))
struct TaskCancelled {
  Name id;
  TaskState from = TaskState::kQueued;
  Reason reason = Reason::kRequested;
  std::optional<std::string> message;
  std::optional<Name> dependency;  // whose failure cancelled it
  std::int64_t lease = 0;
  std::int64_t fingerprint = 0;  // of the outcome that its worker reported
  std::optional<Usage> usage{};  // with it
};
BOOST_DESCRIBE_STRUCT(TaskCancelled, (), (id, from, reason, message, dependency, lease, fingerprint, usage))
struct TaskUniqueExpired {
  Name id;
  Name key;
};
BOOST_DESCRIBE_STRUCT(TaskUniqueExpired, (), (id, key))
struct TaskRedriven {
  Name id;
  TaskState state = TaskState::kQueued;  // pending: it waits for its dependencies again
  std::optional<Name> dependency;        // which was redriven and takes this task with it
};
BOOST_DESCRIBE_STRUCT(TaskRedriven, (), (id, state, dependency))

struct WorkerRegistered {
  Name id;
  std::int64_t session = 1;
  RegisterWorker definition;
};
BOOST_DESCRIBE_STRUCT(WorkerRegistered, (), (id, session, definition))
struct WorkerDraining {
  Name id;
  Reason reason = Reason::kRequested;  // or idle: it had no task for its idle time
};
BOOST_DESCRIBE_STRUCT(WorkerDraining, (), (id, reason))
struct WorkerLost {
  Name id;
  std::int64_t leases = 0;
};
BOOST_DESCRIBE_STRUCT(WorkerLost, (), (id, leases))
struct WorkerReturned {
  Name id;
};
BOOST_DESCRIBE_STRUCT(WorkerReturned, (), (id))
struct WorkerDeregistered {
  Name id;
  Reason reason = Reason::kRequested;  // or worker_lost: it did not come back
};
BOOST_DESCRIBE_STRUCT(WorkerDeregistered, (), (id, reason))

struct QueueConfigured {
  Name name;
  std::int64_t max_depth = 0;
  std::int64_t concurrency = 0;
  RateLimit rate;
  KeyLimits key_limits;
};
BOOST_DESCRIBE_STRUCT(QueueConfigured, (), (name, max_depth, concurrency, rate, key_limits))
struct QueuePaused {
  Name name;
  std::optional<Timestamp> until;  // of the wall clock
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(QueuePaused, (), (name, until, reason))
struct QueueResumed {
  Name name;
  Reason reason = Reason::kRequested;  // or time: its pause is over
};
BOOST_DESCRIBE_STRUCT(QueueResumed, (), (name, reason))

struct QueueDraining {
  Name name;
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(QueueDraining, (), (name, reason))

struct KeyConfigured {
  Name name;
  KeyLimits limits;
};
BOOST_DESCRIBE_STRUCT(KeyConfigured, (), (name, limits))
struct KeyPaused {
  Name name;
  std::optional<Timestamp> until;  // of the wall clock
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(KeyPaused, (), (name, until, reason))
struct KeyResumed {
  Name name;
  Reason reason = Reason::kRequested;  // or time: its pause is over
};
BOOST_DESCRIBE_STRUCT(KeyResumed, (), (name, reason))

struct BulkStarted {
  Name id;
  BulkAction action = BulkAction::kCancel;
  BulkFilter filter;
  std::optional<std::string> reason;
};
BOOST_DESCRIBE_STRUCT(BulkStarted, (), (id, action, filter, reason))
struct BulkAdvanced {
  Name id;
  std::int64_t scanned = 0;  // in this step
  std::int64_t done = 0;     // in this step
  std::int64_t cursor = 0;   // where the next step goes on
  BulkState state = BulkState::kRunning;
};
BOOST_DESCRIBE_STRUCT(BulkAdvanced, (), (id, scanned, done, cursor, state))

struct NamespaceCreated {
  Name name;
};
BOOST_DESCRIBE_STRUCT(NamespaceCreated, (), (name))
struct TokenCreated {
  std::string hash;  // SHA-256, hexadecimal
  std::string name;
  std::optional<Timestamp> expires_at;
  std::optional<std::string> created_by;  // none: the server, at its start
};
BOOST_DESCRIBE_STRUCT(TokenCreated, (), (hash, name, expires_at, created_by))
struct TokenRevoked {
  std::string hash;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(TokenRevoked, (), (hash, name))
// A new token takes the name of one that had expired, which leaves the list.
struct TokenExpired {
  std::string hash;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(TokenExpired, (), (hash, name))
// Its last use, recorded from time to time.
struct TokenUsed {
  std::string hash;
  std::string name;
  Timestamp at;
};
BOOST_DESCRIBE_STRUCT(TokenUsed, (), (hash, name, at))
struct ServerLifecycle {
  std::string what;  // STARTED | STOPPED
  std::string detail;
};
BOOST_DESCRIBE_STRUCT(ServerLifecycle, (), (what, detail))

struct TaskTypeSet {
  Name name;
  RawJson definition;  // a TypeDefinition
};
BOOST_DESCRIBE_STRUCT(TaskTypeSet, (), (name, definition))
struct TaskTypeDeleted {
  Name name;
};
BOOST_DESCRIBE_STRUCT(TaskTypeDeleted, (), (name))

struct ScheduleSet {
  Name name;
  RawJson definition;  // a ScheduleSpec
  Timestamp anchor_at;
  std::optional<Timestamp> next_at;
};
BOOST_DESCRIBE_STRUCT(ScheduleSet, (), (name, definition, anchor_at, next_at))
struct SchedulePaused {
  Name name;
  std::optional<std::string> message;  // why, when nobody asked for it
};
BOOST_DESCRIBE_STRUCT(SchedulePaused, (), (name, message))
struct ScheduleResumed {
  Name name;
  std::optional<Timestamp> next_at;
};
BOOST_DESCRIBE_STRUCT(ScheduleResumed, (), (name, next_at))
struct ScheduleDeleted {
  Name name;
};
BOOST_DESCRIBE_STRUCT(ScheduleDeleted, (), (name))
// A task was submitted, in the same commit.
struct ScheduleFired {
  Name name;
  Name task;
  std::optional<Timestamp> due_at;   // none: somebody asked for a run now
  std::optional<Timestamp> next_at;  // none: it was the last one; with a due time only
};
BOOST_DESCRIBE_STRUCT(ScheduleFired, (), (name, task, due_at, next_at))
// Due times that bring no task, and why.
struct ScheduleSkipped {
  Name name;
  Timestamp first_at;
  Timestamp last_at;
  std::int64_t times = 1;  // counted up to skip_count_max
  SkipReason reason = SkipReason::kOverlap;
  std::optional<std::string> message;
  std::optional<Timestamp> next_at;
};
BOOST_DESCRIBE_STRUCT(ScheduleSkipped, (), (name, first_at, last_at, times, reason, message, next_at))

using EventBody = std::variant<
    TaskSubmitted, TaskQueued, TaskAssigned, TaskStarted, TaskCompleted, TaskFailed, TaskReleased, TaskSuspended,
    TaskResumed, TaskCancelRequested, TaskCancelled, TaskUniqueExpired, TaskRedriven, WorkerRegistered, WorkerDraining,
    WorkerLost, WorkerReturned, WorkerDeregistered, QueueConfigured, QueuePaused, QueueResumed, QueueDraining,
    KeyConfigured, KeyPaused, KeyResumed, BulkStarted, BulkAdvanced, NamespaceCreated, TokenCreated, TokenRevoked,
    TokenExpired, TokenUsed, ServerLifecycle, ScheduleSet, SchedulePaused, ScheduleResumed, ScheduleDeleted,
    ScheduleFired, ScheduleSkipped, TaskTypeSet, TaskTypeDeleted, QuestionAsked, QuestionAnswered, QuestionExpired,
    QuestionWithdrawn, IncidentOpened, IncidentRepeated, IncidentAcknowledged, IncidentResolved, InboxAssigned,
    InboxDismissed, BudgetSet, BudgetDeleted, BudgetWarned, BudgetExhausted, BudgetRaised, BudgetReset, EffectCreated,
    EffectStarted, EffectDelivered, EffectFailed, EffectGivenUp, EffectRetried, EffectRemoved, EffectDropped>;

// Who asked, and on behalf of which request.
struct Actor {
  std::string name;        // of the token, or `system`
  std::string request_id;  // empty: not caused by a request
  std::string trace{};     // its traceparent; empty: it is not traced
};

struct Event {
  Position position = 0;
  Timestamp time;
  EventBody body;
  std::string actor;
  std::string request_id;
  std::string trace{};                                     // traceparent of its task, else of the request; empty: none
  std::shared_ptr<const std::vector<TaskStage>> stages{};  // that ended with it; not in the log; null: none
};

[[nodiscard]] std::string type_of(const EventBody& body);    // TASK.COMPLETED.SUCCESS
[[nodiscard]] std::string entity_of(const EventBody& body);  // task:build-1

// The log's form of an event.
struct EventRecord {
  Position position = 0;
  Timestamp time;
  std::string type;
  std::string entity;
  std::vector<std::string> tags;
  std::string data;
  std::string metadata;
  bool has_document = false;
  std::string document_spec;
  std::string_view document_body;  // borrowed from the event
};
[[nodiscard]] EventRecord to_record(const Event& event);

// The event that `record` was made from; spec and body of its document are given with it.
[[nodiscard]] base::Result<Event> from_record(const EventRecord& record);

// Every event type that can occur, with the name of its data's schema; for docs and OpenAPI.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> event_types(base::Schemas& schemas);

}  // namespace arbiter::core
