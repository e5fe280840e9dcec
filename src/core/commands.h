// Everything that a client can ask of a namespace, and what it is answered. Each struct is one row of the operation
// table (api/operations.cc): the REST routes, the validation and the OpenAPI document come from these descriptions.
#pragma once

#include <variant>

#include "core/budget_commands.h"
#include "core/effect_commands.h"
#include "core/inbox_commands.h"
#include "core/schedule_commands.h"
#include "core/task_commands.h"
#include "core/token_commands.h"
#include "core/type_definition.h"

namespace arbiter::core {

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
  std::optional<Int<100, 365 * kDayMs>> idle_ms;  // Drained once it had no task for so long.
};
BOOST_DESCRIBE_STRUCT(RegisterWorker, (),
                      (name, capabilities, languages, labels, queues, max_concurrent, location, idle_ms))
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
  std::optional<std::int64_t> idle_ms;
  std::int64_t running = 0;  // leases it holds
  std::vector<LeaseView> leases;
  std::int64_t completed = 0;  // since the server started
  std::int64_t failed = 0;
  Timestamp registered_at;
  std::optional<Timestamp> last_seen_at;
};
BOOST_DESCRIBE_STRUCT(WorkerView, (),
                      (id, name, state, session, capabilities, languages, labels, queues, max_concurrent, location,
                       idle_ms, running, leases, completed, failed, registered_at, last_seen_at))
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
  std::optional<List<LeaseText, 0, 10'000>> leases;     // When given, only these are renewed.
  std::optional<List<LeaseText, 0, 10'000>> suspended;  // When given, a change of what is suspended ends the wait.
};
BOOST_DESCRIBE_STRUCT(Heartbeat, (), (id, session, wait_ms, leases, suspended))
struct SuspendedLease {
  Name task_id;
  std::string lease;
  bool stop = false;  // Somebody else than its holder wants its program to stand still.
};
BOOST_DESCRIBE_STRUCT(SuspendedLease, (), (task_id, lease, stop))
struct HeartbeatReply {
  Name id;
  WorkerState state = WorkerState::kLive;
  std::vector<Cancellation> cancellations;
  std::vector<SuspendedLease> suspended;
  std::vector<Cancellation> lost;  // Of the leases named in the heartbeat: those that are not current any more.
  bool drain = false;
  std::int64_t running = 0;
};
BOOST_DESCRIBE_STRUCT(HeartbeatReply, (), (id, state, cancellations, suspended, lost, drain, running))
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
  std::optional<Timestamp> paused_until;
  bool draining = false;  // takes no new tasks
  bool drained = false;   // and has none left
  std::optional<std::int64_t> max_depth;
  std::optional<std::int64_t> concurrency;    // leased tasks at a time
  std::optional<RateLimit> rate;              // of starts
  std::optional<KeyLimits> key_limits;        // of every key that is not configured itself
  std::map<std::string, std::int64_t> depth;  // live tasks by state
  std::optional<std::int64_t> oldest_age_ms;  // of the oldest queued task
  double submitted_per_second = 0;            // over the last minute
  double completed_per_second = 0;
  double failed_per_second = 0;
  Durations wait;  // from queued to leased, of the latest 1,000
  Durations run;   // from leased to completed, of the latest 1,000
};
BOOST_DESCRIBE_STRUCT(QueueView, (),
                      (name, paused, paused_until, draining, drained, max_depth, concurrency, rate, key_limits, depth,
                       oldest_age_ms, submitted_per_second, completed_per_second, failed_per_second, wait, run))
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
  std::optional<Int<0, 1'000'000'000>> max_depth;    // 0: no limit
  std::optional<Int<0, 1'000'000'000>> concurrency;  // 0: no limit
  std::optional<RateLimit> rate;
  std::optional<KeyLimits> key_limits;
};
BOOST_DESCRIBE_STRUCT(ConfigureQueue, (), (name, max_depth, concurrency, rate, key_limits))
struct PauseQueue {
  static constexpr std::array kRequired{"name"};
  Name name;
  std::optional<Timestamp> until;  // of the wall clock; without either: until it is resumed
  std::optional<Int<1, 365 * kDayMs>> for_ms;
  std::optional<Text<1, 1'024>> reason;
};
BOOST_DESCRIBE_STRUCT(PauseQueue, (), (name, until, for_ms, reason))
struct ResumeQueue {
  static constexpr std::array kRequired{"name"};
  Name name;
};
BOOST_DESCRIBE_STRUCT(ResumeQueue, (), (name))
struct DrainQueue {
  static constexpr std::array kRequired{"name"};
  Name name;
  std::optional<Text<1, 1'024>> reason;
};
BOOST_DESCRIBE_STRUCT(DrainQueue, (), (name, reason))

// ---- subscriptions --------------------------------------------------------------------------------------------

BOOST_DEFINE_ENUM_CLASS(SnapshotPart, kTasks, kQueues, kWorkers, kInbox)
// The state that a subscription begins with, and the position of the log at which it is true.
struct TakeSnapshot {
  List<SnapshotPart, 0, 4> parts;
  std::optional<Name> task;  // of the tasks only this one
};
BOOST_DESCRIBE_STRUCT(TakeSnapshot, (), (parts, task))
struct SnapshotReply {
  std::int64_t position = 0;
  std::optional<std::vector<TaskView>> tasks;  // live ones, newest first, without payloads and results
  std::optional<std::vector<QueueView>> queues;
  std::optional<std::vector<WorkerView>> workers;
  std::optional<std::vector<InboxItem>> inbox;
  std::vector<SnapshotPart> truncated;  // of these there are more than a snapshot holds (kSnapshotItemsMax)
};
BOOST_DESCRIBE_STRUCT(SnapshotReply, (), (position, tasks, queues, workers, inbox, truncated))
inline constexpr std::int64_t kSnapshotItemsMax = 1'000;  // of each part

// ---- cascades -------------------------------------------------------------------------------------------------

// What is done in many steps: the tasks of a lost worker, the dependents of a task that ended, a bulk change.
BOOST_DEFINE_ENUM_CLASS(CascadeKind, kWorkerLost, kDependents, kBulk)
struct CascadeView {
  CascadeKind kind = CascadeKind::kBulk;
  std::string id;                    // of the worker, the task, the bulk change
  std::int64_t done = 0;             // tasks dealt with, since the server started
  std::optional<std::int64_t> left;  // not known of a bulk change
};
BOOST_DESCRIBE_STRUCT(CascadeView, (), (kind, id, done, left))
struct ListCascades {
  Limit limit{100};
};
BOOST_DESCRIBE_STRUCT(ListCascades, (), (limit))
struct CascadeList {
  std::vector<CascadeView> items;  // those that are under way now
};
BOOST_DESCRIBE_STRUCT(CascadeList, (), (items))
// ---- keys -----------------------------------------------------------------------------------------------------

struct KeyView {
  Name name;
  std::optional<std::int64_t> concurrency;
  std::optional<RateLimit> rate;
  std::int64_t weight = 1;
  bool paused = false;
  std::optional<Timestamp> paused_until;
  std::int64_t queued = 0;   // tasks that name it
  std::int64_t running = 0;  // leased tasks that have it as concurrencyKey
};
BOOST_DESCRIBE_STRUCT(KeyView, (), (name, concurrency, rate, weight, paused, paused_until, queued, running))
struct ListKeys {
  Limit limit{100};
  std::optional<Text<1, 256>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListKeys, (), (limit, cursor))
struct KeyList {
  std::vector<KeyView> items;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(KeyList, (), (items, next_cursor))
struct GetKey {
  static constexpr std::array kRequired{"name"};
  Name name;
};
BOOST_DESCRIBE_STRUCT(GetKey, (), (name))
struct ConfigureKey {
  static constexpr std::array kRequired{"name"};
  Name name;
  std::optional<Int<0, 1'000'000'000>> concurrency;  // 0: no limit
  std::optional<RateLimit> rate;
  std::optional<Int<1, 1'000>> weight;
};
BOOST_DESCRIBE_STRUCT(ConfigureKey, (), (name, concurrency, rate, weight))
struct PauseKey {
  static constexpr std::array kRequired{"name"};
  Name name;
  std::optional<Timestamp> until;
  std::optional<Int<1, 365 * kDayMs>> for_ms;
  std::optional<Text<1, 1'024>> reason;
};
BOOST_DESCRIBE_STRUCT(PauseKey, (), (name, until, for_ms, reason))
struct ResumeKey {
  static constexpr std::array kRequired{"name"};
  Name name;
};
BOOST_DESCRIBE_STRUCT(ResumeKey, (), (name))

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
// A start or stop of the server, recorded in `system`; not reachable from outside.
struct RecordLifecycle {
  std::string what;  // STARTED | STOPPED
  std::string detail;
};

struct Done {};
BOOST_DESCRIBE_STRUCT(Done, (), ())

using Command = std::variant<
    SubmitTask, SubmitBatch, GetTask, ListTasks, GetGraph, CancelTask, RetryTask, StartBulk, GetBulk, LeaseTasks,
    StartTask, SuspendTask, ResumeTask, ReportProgress, AppendLog, CompleteTask, FailTask, ReleaseTask, ExtendLease,
    ReportTasks, ReturnLeases, RegisterWorker, ListWorkers, GetWorker, Heartbeat, DrainWorker, DeregisterWorker,
    ListQueues, GetQueue, ConfigureQueue, PauseQueue, ResumeQueue, DrainQueue, ListKeys, GetKey, ConfigureKey, PauseKey,
    ResumeKey, TakeSnapshot, CreateNamespace, ListNamespaces, AddToken, FindToken, CreateToken, ListTokens, RevokeToken,
    NoteTokenUses, RecordLifecycle, SetSchedule, GetSchedule, ListSchedules, PauseSchedule, ResumeSchedule, RunSchedule,
    DeleteSchedule, SetTaskType, GetTaskType, ListTaskTypes, DeleteTaskType, ListCascades, AskQuestion, GetQuestion,
    ListQuestions, AnswerQuestion, OpenIncident, GetIncident, ListIncidents, AcknowledgeIncident, ResolveIncident,
    NoteStoreClosed, ListInbox, AssignInboxItem, DismissInboxItem, SetBudget, GetBudget, ListBudgets, RaiseBudget,
    DeleteBudget, ListEffects, GetEffect, RetryEffect, TestNotifier, SettleEffect>;

using Reply =
    std::variant<Done, SubmitTaskReply, SubmitReply, TaskView, TaskList, Graph, BulkView, LeaseReply, LeaseStatus,
                 ReportReply, RegisterReply, WorkerList, WorkerView, HeartbeatReply, QueueList, QueueView, KeyList,
                 KeyView, SnapshotReply, CreateNamespaceReply, NamespaceList, TokenView, TokenList, SetScheduleReply,
                 ScheduleView, ScheduleList, SetTaskTypeReply, TaskTypeView, TaskTypeList, CascadeList, AskReply,
                 QuestionView, QuestionList, OpenIncidentReply, IncidentView, IncidentList, InboxItem, InboxList,
                 SetBudgetReply, BudgetView, BudgetList, EffectView, EffectList>;

}  // namespace arbiter::core
