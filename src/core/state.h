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
#include "core/entity.h"
#include "core/inbox.h"
#include "core/limits.h"
#include "core/queue.h"
#include "core/schedule.h"
#include "core/token.h"
#include "core/type_registry.h"

namespace arbiter::core {

class State {
 public:
  State(CoreLimits core_limits, std::uint64_t namespace_seed) : limits(std::move(core_limits)), seed(namespace_seed) {}

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
  std::map<std::string, Budget, std::less<>> budgets;
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
  // Queued tasks whose own budget, or whose root's, is used up; not in lanes.
  std::map<Position, Task*> parked;
  std::deque<MeterName> untold_budgets;  // meters that may have reached 80 % or their limit since that was told
  std::deque<MeterName> untold_ends;     // the same, of tasks that ended with it; told in the same step
  // The causes of meters that were said to be at their limit and are not any more: their incidents are over.
  std::deque<std::string> eased_budgets;
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
  // ---- budget_meters.cc, budget_state.cc ----
  [[nodiscard]] Budget* find_budget(std::string_view name);
  // The budget that is used up for a subject; nullptr when none is.
  [[nodiscard]] const Budget* spent_budget(BudgetScope scope, std::string_view subject) const;
  // The same for the budgets of the task itself and of its lineage.
  [[nodiscard]] const Budget* own_spent_budget(const Task& task) const;
  // Of those that retry nothing, the one that is used up once an attempt with this usage has failed.
  [[nodiscard]] const Budget* refusing_budget(const Task& task, const std::optional<Usage>& usage) const;
  // Of those that refuse new tasks, the one that refuses this.
  [[nodiscard]] const Budget* refusing_budget(const TaskSpec& spec, const Task* root) const;
  // What a subject has spent in the present period; nullptr: nothing.
  [[nodiscard]] const BudgetMeter* find_meter(const Budget& budget, std::string_view subject) const;
  [[nodiscard]] bool has_budget_news() const {
    return !untold_budgets.empty() || !untold_ends.empty() || !eased_budgets.empty();
  }
  // Whether a meter of `holder` can hold anything back: it has not ended, or not all of its lineage has.
  [[nodiscard]] static bool holds_back(const Budget& budget, const Task& holder);
  // Takes a queued task whose own budget is used up out of its lane.
  void park(Task& task);
  void arm(Budget& budget);

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
  void touch(Budget& budget);
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
  void on(const BudgetSet& e, const Event& event);
  void on(const BudgetDeleted& e, const Event& event);
  void on(const BudgetWarned& e, const Event& event);
  void on(const BudgetExhausted& e, const Event& event);
  void on(const BudgetRaised& e, const Event& event);
  void on(const BudgetReset& e, const Event& event);
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

  // ---- budget_meters.cc, budget_state.cc ----
  void spend(Task& task, const Amounts& what);  // by the holder of its lease
  void spend(Task& task, const std::optional<Usage>& usage);
  void give_back(Task& task);  // the attempt that its lease counted: nothing came of it
  void count(Budget& budget, Task& task, const Amounts& what);
  [[nodiscard]] Task* meter_holder(const Budget& budget, const Task& task) const;
  [[nodiscard]] static TaskMeter* find_meter(const Budget& budget, const Task& holder);
  [[nodiscard]] TaskMeter& meter_of(const Budget& budget, Task& holder);  // made when it is new
  using NamedMeter = std::pair<const std::string, BudgetMeter>;
  [[nodiscard]] static NamedMeter& meter_of(Budget& budget, std::string_view subject, std::int64_t most);
  [[nodiscard]] std::optional<std::string_view> subject_of(const Budget& budget, const Task& task) const;
  void touch(const Budget& budget, NamedMeter& meter);
  void weigh(const Budget& budget, NamedMeter& meter);
  void weigh(Budget& budget, Task& holder, TaskMeter& meter);
  void weigh(Task& holder);  // all its meters
  void weigh_all(Budget& budget);
  void ease(const Budget& budget, const std::string& subject, BudgetMeter& meter);
  void drop_meters(Budget& budget);
  void add_task_budget(Budget& budget);
  void note_told(const BudgetFigures& e, BudgetState told);
  void forget_meters(const Task& task);
  void recheck(BudgetScope scope, std::string_view subject);
  void unpark();
  void end_meters(Task& holder);
  void begin_meters_again(Task& holder);
  void link_budgets();
  void link_task_meters();
  void settle_incidents();
  void forget_eased(const Event& event);
  [[nodiscard]] base::Result<void> load_budget(const StoredEntity& entity);
  [[nodiscard]] base::Result<void> load_budget_meter(const StoredEntity& entity);
  static EntityChange budget_change(const Budget& budget);
  static EntityChange meter_change(std::string_view budget, const std::string& subject, const BudgetMeter& meter);
  void take_budgets(std::vector<EntityChange>& changes);
  void list_budgets(std::vector<EntityChange>& all) const;
  Budget& named_budget(const std::string& name);

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
  std::int64_t spent_meters_ = 0;      // meters of workers, queues, keys and the namespace that are at their limit
  std::vector<Budget*> task_budgets_;  // those of tasks and of lineages
  std::vector<std::string> dirty_budgets_;
  std::vector<MeterName> dirty_meters_;
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
