// The state of one namespace: the fold of its events, the indexes over it, and what is volatile beside it.
//
// apply() cannot fail and is the only way durable state changes. Everything here belongs to the engine's strand.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "base/clock.h"
#include "core/effect.h"
#include "core/inbox.h"
#include "core/queue.h"
#include "core/schedule.h"
#include "core/token.h"
#include "core/type_registry.h"

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
  std::int64_t tokens_max = 10'000;              // of the namespace `system`
  InboxLimits inbox;
  std::int64_t skip_count_max = 10'000;      // times that one skip counts; it may stand for more
  bool task_stages = false;                  // events of sampled tasks tell the stages that they end
  double trace_ratio = 0;                    // of the tasks of schedules, those that begin a sampled trace
  std::int64_t effects_max = 10'000;         // with those that are delivered or given up and still kept
  std::int64_t effect_shown_ms = 60'000;     // a delivered one is kept for so long, and for its quiet time
  std::int64_t effect_kept_ms = 7 * kDayMs;  // one that was given up
  std::vector<Notifier> notifiers{};         // of this namespace
};

// An entity as it is to be written: the current body, or its removal.
struct EntityChange {
  std::string kind;
  std::string id;
  std::string body;
  Position document = 0;
  bool deleted = false;
  bool revived = false;
  bool ended = false;  // with the four below
  Position ended_position = 0;
  Timestamp ended_at;
  std::string state, queue, type;
};

// An entity as the store gives it back.
struct StoredEntity {
  std::string_view kind;
  std::string_view id;
  std::string_view body;
  Position document = 0;
  std::string_view spec;
  std::string_view payload;
  std::size_t payload_bytes = 0;
};

struct TaskHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view id) const { return boost::hash<std::string_view>{}(id); }
  std::size_t operator()(const std::unique_ptr<Task>& t) const { return (*this)(std::string_view(t->id)); }
};
struct TaskEqual {
  using is_transparent = void;
  static std::string_view id(const std::unique_ptr<Task>& t) { return t->id; }
  static std::string_view id(std::string_view s) { return s; }
  bool operator()(const auto& a, const auto& b) const { return id(a) == id(b); }
};

class State {
 public:
  State(CoreLimits core_limits, std::uint64_t namespace_seed) : limits(core_limits), seed(namespace_seed) {}

  const CoreLimits limits;
  const std::uint64_t seed;
  Position position = 0;  // of the newest event
  std::int64_t last_time = 0;

  // ---- durable, by the events only ----
  boost::unordered_flat_set<std::unique_ptr<Task>, TaskHash, TaskEqual> tasks;  // live, and recently ended
  LiveSet live;                                                                 // not ended, oldest first
  LiveSet held;  // ended, but live tasks still hang on them: the store has them among the live ones too
  std::map<std::string, std::unique_ptr<Queue>, std::less<>> queues;
  std::map<std::string, std::unique_ptr<Key>, std::less<>> keys;
  std::map<std::string, std::unique_ptr<Worker>, std::less<>> workers;
  std::map<std::string, Bulk, std::less<>> bulks;
  std::map<std::string, Schedule, std::less<>> schedules;
  std::map<std::string, std::unique_ptr<TaskType>, std::less<>> types;
  std::map<std::string, Effect, std::less<>> effects;
  std::map<std::string, std::int64_t, std::less<>> namespaces;  // created at
  std::map<std::string, Token, std::less<>> tokens;             // by hash
  Inbox inbox{limits.inbox, timers};

  // ---- derived ----
  std::map<std::string, std::unique_ptr<Profile>, std::less<>> profiles;
  TimerNode queue_age_timer{TimerKind::kQueueAge};  // when the task that is queued for the longest time is too old
  TimerSet timers;                                  // of `now`
  TimerSet gate_timers;                             // of `now`: when rates let the next task start
  TimerSet wall_timers;                             // of the wall clock
  // Cascades that go on with each step.
  struct Cascade {
    std::string id;
    std::int64_t total = 0;  // when it began, or when the namespace was loaded
  };
  std::deque<Cascade> unsettled;     // tasks that ended, with dependents that have not been told yet
  std::deque<Cascade> lost_workers;  // lost or gone, still with leases to take away
  // The live runs of each schedule, oldest first; also of one that was deleted since.
  std::map<std::string, std::set<Position>, std::less<>> schedule_runs;
  EffectIndex effect_index;
  std::int64_t kept_keys = 0;       // that have an entity
  std::int64_t memory_bytes = 0;    // about what the tasks in memory take
  std::int64_t unique_windows = 0;  // tasks that hold a unique key for a time
  std::int64_t ready_tasks = 0;     // queued tasks that may start now: in open lanes of queues that are not shut
  std::int64_t traced_tasks = 0;    // in memory, with a trace
  Totals totals;                    // volatile

  void apply(const Event& event);

  [[nodiscard]] Task* find_task(std::string_view id) const;
  [[nodiscard]] Worker* find_worker(std::string_view id) const;
  [[nodiscard]] Queue* find_queue(std::string_view name) const;
  [[nodiscard]] Schedule* find_schedule(std::string_view name);
  [[nodiscard]] Effect* find_effect(std::string_view id);
  [[nodiscard]] TaskType* find_type(std::string_view name) const;
  [[nodiscard]] std::vector<Task*> live_runs(std::string_view schedule) const;  // oldest first
  [[nodiscard]] Queue& queue(const std::string& name);                          // made when it is new
  [[nodiscard]] Key* find_key(std::string_view name) const;
  // When the task that is queued for the longest time became so; 0 when none is.
  [[nodiscard]] std::int64_t oldest_arrival(Queue& queue);
  // The root of its lineage, itself when it has no parent; nullptr when retention took the root.
  [[nodiscard]] Task* root_of(Task& task) const;
  // The root of its lineage, when memory does not hold it.
  [[nodiscard]] const std::string* missing_root(const Task& task) const;
  // Their roots, and what the cancelled among them depend on, that memory does not hold; each once. A redrive needs
  // them: a cancelled task that comes back waits for what it waited for, as that is now.
  [[nodiscard]] std::vector<std::string> missing_relatives(const std::vector<std::string>& ids) const;
  [[nodiscard]] const TaskSpec& spec_of(const Task& task) const;  // a default one for plain tasks

  // A pending task whose dependencies are all settled and whose times have come.
  [[nodiscard]] bool ready(const Task& task, base::Now now) const;
  // Sets the task's timers from its state.
  void arm(Task& task);
  void arm(Worker& worker);
  // When a worker without tasks has had none for its idle time; kNever when it has some, or none is set.
  [[nodiscard]] static std::int64_t idle_end(const Worker& worker);
  void arm(Schedule& schedule);
  void arm(Effect& effect);
  // Due, but its notifier has enough to do: it comes again when that has less.
  void hold_back(Effect& effect);
  // Whether somebody is being told, or was told not long ago.
  [[nodiscard]] bool is_quiet(std::string_view notifier, std::string_view cause, std::int64_t now) const;
  // A lease lives as long as its own deadline or its worker's last sign of life says.
  [[nodiscard]] std::int64_t lease_deadline(const Lease& lease) const;

  // `task` does not wait for `dependency` any more, unless that is redriven.
  void meet(Task& task, Task& dependency);
  // What keeps the tasks of a queue, or those with these keys, from starting at `now`; `by` names the key.
  [[nodiscard]] Hold hold_of(const Queue& queue, std::int64_t now) const;
  [[nodiscard]] Hold hold_of(const KeyPair& pair, const Queue& queue, std::int64_t now, const Key** by) const;
  // The limits of a key for tasks of a queue.
  [[nodiscard]] static const KeyLimits& limits_of(const Key& key, const Queue& queue);
  // What a rate held back may start once its time has come.
  void open_due_gates(std::int64_t now);

  // An ended task that stays, in memory and among the live entities of the store, for what hangs on it.
  [[nodiscard]] static bool is_held(const Task& task) { return task.dependents || task.pins > 0 || holds_window(task); }

  // Holds its unique key for a time that is not over, ended or not.
  [[nodiscard]] static bool holds_window(const Task& task);
  // The task that holds a unique key; nullptr when none does.
  [[nodiscard]] Task* holder_of(std::string_view unique_key) const;

  // Called when what hangs on an ended task may have changed: dependents to tell, live descendants.
  void settled(Task& task);

  // Drops ended tasks from memory that are old or too many, up to what the store surely has (`floor`).
  void evict(Position floor, std::int64_t now);
  // When the next of them is old; kNever when there is none.
  [[nodiscard]] std::int64_t next_eviction() const {
    return ended_.empty() ? kNever : ended_.front().at + limits.ended_in_memory_ms;
  }

  // Brings the live entities back after a restart; finish_load() once all are in. kIoError: this one cannot be read,
  // and the state is of no use.
  [[nodiscard]] base::Result<void> load(const StoredEntity& entity);
  void finish_load(std::int64_t now);
  // Brings an ended entity back for a look-up; does nothing when memory has it already, or when it cannot be read.
  [[nodiscard]] base::Result<void> admit(const StoredEntity& entity);

  // What changed since the last call, in a deterministic order.
  [[nodiscard]] std::vector<EntityChange> take_changes();
  // The same, without making the records.
  void forget_changes();
  // Every live entity, in the order of kinds and ids: what the store must hold (for checkers).
  [[nodiscard]] std::vector<EntityChange> snapshot();

  void touch(Task& task);
  void touch(Worker& worker);
  void touch(Queue& queue);
  void touch(Key& key);
  void touch(Bulk& bulk);
  void touch(Schedule& schedule);
  void touch(TaskType& type);
  void touch(Effect& effect);

 private:
  void on(const TaskSubmitted& e, const Event& event);
  void on(const TaskQueued& e, const Event& event);
  void on(const TaskAssigned& e, const Event& event);
  void on(const TaskStarted& e, const Event& event);
  void on(const TaskCompleted& e, const Event& event);
  void on(const TaskFailed& e, const Event& event);
  void on(const TaskReleased& e, const Event& event);
  void on(const TaskSuspended& e, const Event& event);
  void on(const TaskResumed& e, const Event& event);
  void on(const TaskCancelRequested& e, const Event& event);
  void on(const TaskCancelled& e, const Event& event);
  void on(const TaskUniqueExpired& e, const Event& event);
  void on(const TaskRedriven& e, const Event& event);
  void on(const WorkerRegistered& e, const Event& event);
  void on(const WorkerDraining& e, const Event& event);
  void on(const WorkerLost& e, const Event& event);
  void on(const WorkerReturned& e, const Event& event);
  void on(const WorkerDeregistered& e, const Event& event);
  void on(const QueueConfigured& e, const Event& event);
  void on(const QueuePaused& e, const Event& event);
  void on(const QueueResumed& e, const Event& event);
  void on(const QueueDraining& e, const Event& event);
  void on(const KeyConfigured& e, const Event& event);
  void on(const KeyPaused& e, const Event& event);
  void on(const KeyResumed& e, const Event& event);
  void on(const BulkStarted& e, const Event& event);
  void on(const BulkAdvanced& e, const Event& event);
  void on(const NamespaceCreated& e, const Event& event);
  void on(const TokenCreated& e, const Event& event);
  void on(const TokenRevoked& e, const Event& event);
  void on(const TokenExpired& e, const Event& event);
  void on(const TokenUsed& e, const Event& event);
  void on(const ServerLifecycle& e, const Event& event);
  void on(const ScheduleSet& e, const Event& event);
  void on(const SchedulePaused& e, const Event& event);
  void on(const ScheduleResumed& e, const Event& event);
  void on(const ScheduleDeleted& e, const Event& event);
  void on(const ScheduleFired& e, const Event& event);
  void on(const ScheduleSkipped& e, const Event& event);
  void on(const TaskTypeSet& e, const Event& event);
  void on(const TaskTypeDeleted& e, const Event& event);
  void on(const EffectCreated& e, const Event& event);
  void on(const EffectStarted& e, const Event& event);
  void on(const EffectDelivered& e, const Event& event);
  void on(const EffectFailed& e, const Event& event);
  void on(const EffectGivenUp& e, const Event& event);
  void on(const EffectRetried& e, const Event& event);
  void on(const EffectRemoved& e, const Event& event);
  void on(const EffectDropped& e, const Event& event);

  TaskExtras& extras_of(Task& task);  // made when it is new
  Task& add_task(const TaskSubmitted& e, Position submitted, std::int64_t created_at, KeyPair* task_keys);
  void link_dependencies(Task& task);
  void unlink_dependencies(Task& task);
  void unlink(Task& task, Task& dependency);
  void enter(Task& task, TaskState to);  // moves it between the indexes
  [[nodiscard]] bool is_queued_since(const Arrival& arrival) const;
  void note_arrival(Task& task);

  // ---- lanes.cc ----
  [[nodiscard]] Key& key(const std::string& name);  // made when it is new
  [[nodiscard]] KeyPair* pair_of(const std::optional<Name>& concurrency, const std::optional<Name>& rate);
  void release_pair(KeyPair& pair);
  void drop_if_idle(Key& key, std::int64_t now);
  [[nodiscard]] Hold hold_of(const Key& key, bool counts_leases, bool counts_starts, const Queue& queue,
                             std::int64_t now) const;
  [[nodiscard]] Lane& lane_of(Task& task);  // made when it is new
  void drop_lane(Lane& lane);
  void take_out(Lane& lane);
  void place(Lane& lane, std::int64_t now);
  void add_open(Lane& lane, std::int64_t count);
  void join_ready(Task& task);
  void leave_ready(Task& task);
  void wake_for(const Lane& lane, std::int64_t now);
  void recheck(Key& key, std::int64_t now);
  void recheck(Queue& queue, std::int64_t now);
  void recheck_lanes(Queue& queue, std::int64_t now);
  void recheck_keys(const KeyPair& pair);
  void count_start(Task& task);
  void count_end(Task& task);

  // ---- unique.cc ----
  void claim_unique(Task& task);
  void claim_again(Task& task);
  void end_claim(Task& task);

  void drop_lease(Task& task);
  LastOutcome& outcome_of(Task& task, base::Timestamp at);  // a new one, of the present lease
  LastOutcome& last_of(Task& task);                         // the present one, else an empty one
  void end_task(Task& task, TaskState to, const Event& event);
  void hold(Task& ended);    // into `held`
  void unhold(Task& ended);  // out of it
  void remember_ended(Task& task);
  void forget_task(Task& task);
  Profile& profile_of(const Name& type, const Requirements& requirements);
  void use_lineage(Task& task);  // one more retry or child of its root
  void pin_root(Task& task);
  void unpin_root(Task& task);
  void remove_worker(Worker& worker);
  [[nodiscard]] base::Result<Task*> load_task(const StoredEntity& entity, bool must_have_ended);
  [[nodiscard]] base::Result<void> load_worker(const StoredEntity& entity);
  [[nodiscard]] base::Result<void> load_queue(const StoredEntity& entity);
  void open_gates(std::int64_t now);
  [[nodiscard]] base::Result<void> load_key(const StoredEntity& entity);
  [[nodiscard]] base::Result<void> load_bulk(const StoredEntity& entity);
  [[nodiscard]] base::Result<void> load_schedule(const StoredEntity& entity);
  static EntityChange schedule_change(const Schedule& schedule);
  void take_schedules(std::vector<EntityChange>& changes);
  [[nodiscard]] base::Result<void> load_token(const StoredEntity& entity);
  [[nodiscard]] EntityChange token_change(const std::string& hash) const;  // a removal when it is gone
  void take_tokens(std::vector<EntityChange>& changes);
  [[nodiscard]] base::Result<void> load_type(const StoredEntity& entity);
  static EntityChange type_change(const TaskType& type);
  void take_types(std::vector<EntityChange>& changes);
  void index(Effect& effect);
  void unindex(Effect& effect);
  void end_attempt(Effect& effect);
  [[nodiscard]] base::Result<void> load_effect(const StoredEntity& entity);
  static EntityChange effect_change(const Effect& effect);
  void take_effects(std::vector<EntityChange>& changes);
  void begin_run(const Task& task);  // of its schedule, if it has one: it is live (again)
  void end_run(const Task& task);    // it is live no more
  void note_run(const Task& task);
  void link_loaded(std::int64_t now);
  void sort_arrivals();

  struct Ended {
    Task* task;
    std::uint64_t stamp;
    Position position;
    std::int64_t at;
  };
  std::deque<Ended> ended_;  // the recently ended, oldest first
  std::uint64_t stamps_ = 0;
  std::uint32_t profiles_made_ = 0;
  std::map<std::string, KeyPair, std::less<>> key_pairs_;
  std::map<std::string, Task*, std::less<>> unique_;  // key -> who holds it
  Share plain_share_;                                 // of the tasks without keys
  std::uint64_t pass_ = 0;                            // of the latest start; grows only
  std::int64_t meters_empty_at_ = 0;                  // when this process loaded the namespace; 0: it was new
  std::vector<Key*> dirty_keys_;
  std::vector<Task*> dirty_tasks_;
  std::vector<std::string> dirty_workers_;
  std::vector<Queue*> dirty_queues_;
  std::vector<Bulk*> dirty_bulks_;
  std::vector<std::string> dirty_schedules_;
  std::vector<std::string> dirty_types_;
  std::vector<std::string> dirty_effects_;
  std::vector<std::string> dirty_tokens_;    // hashes, also of those that are gone
  std::vector<EntityChange> other_changes_;  // namespaces, removals
};

// Effects of the same key are not told of twice in a quiet time.
[[nodiscard]] std::string quiet_key(std::string_view notifier, std::string_view cause);
[[nodiscard]] bool has_tag(const TaskSpec& spec, std::string_view tag);
// Says that the record of an entity is damaged, or newer than this program.
[[nodiscard]] base::Error unreadable(const StoredEntity& entity, const base::Error& why);
[[nodiscard]] base::Error no_task(const std::string& id);  // the refusal of a request that names an unknown task

}  // namespace arbiter::core
