// A naive picture of a namespace, made from its durable log alone and shared with nothing in core. It remembers every
// version of everything, so that any answer can be held against what was durable at its time.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "budget_model.h"
#include "core/events.h"
#include "core/schedule.h"
#include "history.h"
#include "inbox_model.h"
#include "limits_model.h"

namespace arbiter::sim {

using core::Position;
using core::TaskState;

// What of a task can be seen to change.
struct TaskFacts {
  TaskState state = TaskState::kPending;
  int failures = 0;
  std::int64_t lease = 0;  // 0: none
  std::string worker;
  bool cancel_requested = false;
  friend bool operator==(const TaskFacts&, const TaskFacts&) = default;
};

enum class Ending : std::uint8_t { kCompleted, kFailed, kReleased, kCancelled };

// How a lease ended.
// What a completion says, as text.
[[nodiscard]] std::string completion(std::string_view result, std::optional<double> score,
                                     const std::optional<core::Usage>& usage);
[[nodiscard]] std::string completion(const core::Report& report);

struct LeaseEnd {
  std::int64_t lease = 0;
  Ending ending = Ending::kCompleted;
  core::Reason reason = core::Reason::kReported;
  std::string result;  // of a completion: with its score and usage
  std::string error;   // message of a failure
  Position position = 0;
};

struct TaskModel {
  std::string id;
  core::TaskSpec spec;  // with payload
  std::uint64_t marker = 0;
  Position submitted = 0;
  std::int64_t created_at = 0;
  std::int64_t not_before = 0;  // delay or backoff
  TaskFacts now;
  struct Lease {
    std::string worker;
    std::int64_t number = 0, lease_ms = 0, granted_at = 0, started_at = 0;
    std::int64_t suspended_at = 0, suspended_ms = 0;  // now, and all that is over
    std::int64_t resumed_at = 0;
    bool by_holder = false;
    bool for_question = false;
  };
  std::optional<Lease> lease;
  std::string root;  // itself when it has no parent
  int lineage_used = 0;
  std::int64_t cancel_at = 0;  // when its cancellation was requested
  Position ended_position = 0;
  bool ever_ended = false, ever_failed = false, ever_redriven = false;
  bool released = false;       // its dependencies were met, or a person redrove it
  std::string cancelled_by{};  // the dependency whose failure did it
  std::string result;
  std::vector<LeaseEnd> ends;
  History<TaskFacts> history;

  [[nodiscard]] bool live() const { return !core::is_ended(now.state); }
};

struct WorkerFacts {
  core::WorkerState state = core::WorkerState::kLive;
  std::int64_t session = 0;
  friend bool operator==(const WorkerFacts&, const WorkerFacts&) = default;
};
struct WorkerModel {
  WorkerFacts now;
  bool drains = false;
  bool exists = false;
  core::RegisterWorker definition;
  std::int64_t alive_at = 0;  // registered or returned
  std::int64_t lost_at = 0;
  std::int64_t idle_since = 0;  // registered, returned, or its last lease ended
  [[nodiscard]] std::int64_t slots_used() const { return static_cast<std::int64_t>(leases.size()) - resting; }
  std::int64_t resting = 0;  // leases of suspended tasks
  std::map<std::int64_t, std::string> leases;
  History<std::optional<WorkerFacts>> history;
};

struct QueueFacts {
  bool paused = false;
  std::int64_t max_depth = 0;
  bool draining = false;
  friend bool operator==(const QueueFacts&, const QueueFacts&) = default;
};
struct QueueModel {
  QueueFacts now;
  History<QueueFacts> history;
  std::int64_t live = 0;
};

struct BulkFacts {
  core::BulkState state = core::BulkState::kRunning;
  std::int64_t scanned = 0, done = 0;
  friend bool operator==(const BulkFacts&, const BulkFacts&) = default;
};
struct BulkModel {
  core::BulkStarted started;
  Position position = 0;
  BulkFacts now;
  History<BulkFacts> history;
};

struct TokenModel {
  std::string name;
  Position created = 0;
  std::int64_t expires = 0, last_used = 0;
  bool servers_own = false;
  History<bool> valid;  // neither revoked nor replaced; it may have expired
  [[nodiscard]] bool is_valid() const { return valid.latest().value_or(false); }
};

struct ScheduleFacts {
  std::string definition;  // as JSON
  bool paused = false;
  std::int64_t next = 0, fired = 0, skipped = 0;
  friend bool operator==(const ScheduleFacts&, const ScheduleFacts&) = default;
};
struct ScheduleModel {
  bool exists = false;
  core::ScheduleSpec spec;
  std::int64_t anchor = 0, last_due = 0;
  ScheduleFacts now;
  History<std::optional<ScheduleFacts>> history;
};

// What is defined for a type, with its history.
struct TypeModel {
  std::optional<core::TypeDefinition> now;
  History<std::string> history;  // the definition as JSON; "" while there is none
  std::vector<std::pair<Position, core::TypeDefinition>> versions;
};

struct EffectFacts {
  core::EffectState state = core::EffectState::kWaiting;
  std::int64_t attempt = 0, failures = 0;
  friend bool operator==(const EffectFacts&, const EffectFacts&) = default;
};
struct EffectModel {
  bool exists = true;
  std::string notifier, cause;
  std::int64_t next_at = 0;  // waiting: of the next attempt; started: when its answer is late
  std::int64_t ended_at = 0, quiet_until = 0;
  std::size_t load = 0;  // in which its latest attempt was started
  EffectFacts now;
  History<std::optional<EffectFacts>> history;
};

class Model {
 public:
  Position position = 0;
  std::int64_t last_time = 0;
  std::map<std::string, TaskModel, std::less<>> tasks;
  std::map<std::pair<int, Position>, TaskModel*> queued;  // best first: minus priority, age
  std::map<std::string, WorkerModel, std::less<>> workers;
  std::map<std::string, QueueModel, std::less<>> queues;
  std::map<std::string, BulkModel, std::less<>> bulks;
  std::map<std::string, ScheduleModel, std::less<>> schedules;
  std::map<std::string, TypeModel, std::less<>> types;
  std::map<std::string, EffectModel, std::less<>> effects;    // also those that were removed
  std::map<std::string, std::int64_t> drops;                  // by notifier, not yet told
  std::size_t load = 0;                                       // how often the namespace was loaded
  std::map<std::string, std::vector<const TaskModel*>> runs;  // of each schedule, also of a deleted one
  std::map<std::string, Position, std::less<>> namespaces;
  std::map<std::string, TokenModel, std::less<>> tokens;              // by hash, also the revoked ones
  History<int> lasting_tokens;                                        // valid ones that do not expire
  std::map<std::uint64_t, int> marked;                                // tasks by the request that brought them
  std::map<std::int64_t, std::vector<const TaskModel*>> passed_over;  // by lease: better tasks that it did not get
  std::vector<std::pair<std::string, std::string>> lifecycle;         // what, detail

  LimitsModel limits;
  InboxModel inbox;
  BudgetsModel budgets;

  std::map<std::string, std::set<std::string>, std::less<>> lineages;  // by root: what of it is live

  std::map<std::int64_t, std::string> holders;  // who got which lease
  std::map<std::int64_t, std::string> leased;   // of which task

  void apply(const core::Event& event);
  [[nodiscard]] TaskModel* task(std::string_view id);
  [[nodiscard]] const TaskModel* task(std::string_view id) const;
  [[nodiscard]] TaskModel* root_of(const TaskModel& task);
  // Who would spend if `worker` had the task.
  [[nodiscard]] static Spender spender(const TaskModel& task, const std::string& worker);
  // A task of this root, itself included, has not ended.
  [[nodiscard]] bool is_live_lineage(const std::string& root) const;
  [[nodiscard]] int count_lasting() const;
  // The runs of a schedule that have not ended, but for one.
  [[nodiscard]] std::vector<const TaskModel*> live_runs(const std::string& schedule, const std::string& but) const;

  // Somebody is being told of the cause, or was told not long ago.
  [[nodiscard]] bool is_quiet(const std::string& notifier, const std::string& cause, std::int64_t now) const;
  [[nodiscard]] std::int64_t effects_kept() const;   // without those that were given up
  [[nodiscard]] std::int64_t effects_there() const;  // with them
  // Attempts that this load of the namespace has under way.
  [[nodiscard]] std::int64_t running_effects(const std::string& notifier, std::size_t of_load) const;

 private:
  void on(const core::TaskSubmitted& e, const core::Event& event);
  void on(const core::TaskQueued& e, const core::Event& event);
  void on(const core::TaskAssigned& e, const core::Event& event);
  void on(const core::TaskStarted& e, const core::Event& event);
  void on(const core::TaskCompleted& e, const core::Event& event);
  void on(const core::TaskFailed& e, const core::Event& event);
  void on(const core::TaskReleased& e, const core::Event& event);
  void on(const core::TaskSuspended& e, const core::Event& event);
  void on(const core::TaskResumed& e, const core::Event& event);
  void on(const core::TaskCancelRequested& e, const core::Event& event);
  void on(const core::TaskCancelled& e, const core::Event& event);
  void on(const core::TaskUniqueExpired& e, const core::Event& event);
  void on(const core::TaskRedriven& e, const core::Event& event);
  void on(const core::WorkerRegistered& e, const core::Event& event);
  void on(const core::WorkerDraining& e, const core::Event& event);
  void on(const core::WorkerLost& e, const core::Event& event);
  void on(const core::WorkerReturned& e, const core::Event& event);
  void on(const core::WorkerDeregistered& e, const core::Event& event);
  void on(const core::QueueConfigured& e, const core::Event& event);
  void on(const core::QueuePaused& e, const core::Event& event);
  void on(const core::QueueResumed& e, const core::Event& event);
  void on(const core::QueueDraining& e, const core::Event& event);
  void on(const core::KeyConfigured& e, const core::Event& event);
  void on(const core::KeyPaused& e, const core::Event& event);
  void on(const core::KeyResumed& e, const core::Event& event);
  void on(const core::BulkStarted& e, const core::Event& event);
  void on(const core::BulkAdvanced& e, const core::Event& event);
  void on(const core::NamespaceCreated& e, const core::Event& event);
  void on(const core::TokenCreated& e, const core::Event& event);
  void on(const core::TokenRevoked& e, const core::Event& event);
  void on(const core::TokenExpired& e, const core::Event& event);
  void on(const core::TokenUsed& e, const core::Event& event);
  void on(const core::ServerLifecycle& e, const core::Event& event);
  void on(const core::ScheduleSet& e, const core::Event& event);
  void on(const core::SchedulePaused& e, const core::Event& event);
  void on(const core::ScheduleResumed& e, const core::Event& event);
  void on(const core::ScheduleDeleted& e, const core::Event& event);
  void on(const core::ScheduleFired& e, const core::Event& event);
  void on(const core::ScheduleSkipped& e, const core::Event& event);
  void on(const core::TaskTypeSet& e, const core::Event& event);
  void on(const core::TaskTypeDeleted& e, const core::Event& event);
  void on(const core::BudgetSet& e, const core::Event& event) { budgets.on(e, event.position); }
  void on(const core::BudgetDeleted& e, const core::Event& event) { budgets.on(e, event.position); }
  void on(const core::BudgetWarned& e, const core::Event& event) { budgets.on(e, event.position); }
  void on(const core::BudgetExhausted& e, const core::Event& event) { budgets.on(e, event.position); }
  void on(const core::BudgetRaised& e, const core::Event& event) { budgets.on(e, event.position); }
  void on(const core::BudgetReset& e, const core::Event& event) { budgets.on(e, event.position); }
  void on(const core::EffectCreated& e, const core::Event& event);
  void on(const core::EffectStarted& e, const core::Event& event);
  void on(const core::EffectDelivered& e, const core::Event& event);
  void on(const core::EffectFailed& e, const core::Event& event);
  void on(const core::EffectGivenUp& e, const core::Event& event);
  void on(const core::EffectRetried& e, const core::Event& event);
  void on(const core::EffectRemoved& e, const core::Event& event);
  void on(const core::EffectDropped& /*e*/, const core::Event& /*event*/) {}
  void note(EffectModel& effect, const core::Event& event);

  void begin_spending(const TaskModel& task);
  void end_spending(const TaskModel& task, const std::optional<std::string>& worker,
                    const std::optional<core::Usage>& usage, const core::Event& event);
  [[nodiscard]] static std::optional<std::string> worker_of(const TaskModel& task);
  void note(ScheduleModel& schedule, const core::Event& event);
  void move(TaskModel& task, TaskState to, const core::Event& event);
  void end_lease(TaskModel& task, LeaseEnd end);
  void note(WorkerModel& worker, const core::Event& event);
};

// The request that a payload of ours names; 0 when it names none.
[[nodiscard]] std::uint64_t marker_of(const core::TaskSpec& spec);
// A worker that may take the task, by what both of them say.
[[nodiscard]] bool may_serve(const std::string& id, const core::RegisterWorker& worker, const core::TaskSpec& spec);
// `given` with what its type says about what it leaves open.
[[nodiscard]] core::TaskSpec with_defaults(core::TaskSpec given, const core::TypeDefaults& defaults);
// The definition in one text, to compare.
[[nodiscard]] std::string text_of(const core::TaskSpec& spec);

}  // namespace arbiter::sim
