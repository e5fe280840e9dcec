// What the core keeps in memory of tasks, workers and bulk changes. Plain data; State (state.h) keeps the indexes true.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>

#include "core/budget.h"
#include "core/events.h"
#include "core/timers.h"

namespace arbiter::core {

struct KeyPair;
struct Queue;
struct Worker;
struct Task;

// A task type together with its requirements: what decides whether a worker can serve it. Tasks share profiles.
struct Profile {
  std::uint32_t id = 0;  // Never used twice.
  std::string key;
  Name type;
  Requirements requirements;
  std::size_t tasks = 0;  // How many tasks use it.
};

// Since when a task rests, who wanted it so, and why.
struct Suspension {
  std::int64_t since = 0;             // 0: it does not
  bool by_holder = false;             // else somebody else, and its worker is told to stop the program
  std::optional<std::string> reason;  // of one for a question: its id
  bool for_question = false;          // it is over when nothing that the task asked is open
};

struct Lease {
  Worker* worker = nullptr;
  std::int64_t number = 0;
  std::int64_t lease_ms = 30'000;
  std::int64_t expires_at = 0;       // volatile; the worker's signs of life count too
  bool cancel_told = false;          // volatile; a request for leases was answered with the cancellation
  bool disowned = false;             // volatile; the worker named the leases it knows, and not this one
  std::int64_t started_at = 0;       // 0: not begun
  std::int64_t last_sign_at = 0;     // volatile: progress, log line, extension
  Suspension suspension;             // of a suspended task
  std::int64_t suspended_ms = 0;     // the suspensions of this attempt that are over
  std::optional<Progress> progress;  // volatile
  // How long the attempt has run at `now`, suspensions not counted.
  [[nodiscard]] std::int64_t ran_ms(std::int64_t now) const {
    if (!started_at) return 0;
    return std::max<std::int64_t>(0, (suspension.since ? suspension.since : now) - started_at - suspended_ms);
  }
};

// What the latest attempt ended with.
struct LastOutcome {
  std::int64_t lease = 0;
  Outcome outcome = Outcome::kFailed;
  bool reported = false;         // by the worker, so that repeating it is answered alike
  std::int64_t fingerprint = 0;  // of the reported outcome
  std::int64_t started_at = 0;   // when that attempt began
  std::int64_t ran_ms = 0;       // without its rests
  std::string worker;
  std::string cause;  // the dependency whose failure cancelled the task
  std::optional<TaskError> error;
  Position result_document = 0;
  std::int64_t result_bytes = 0;
  RawJson result;  // when small enough for memory
  std::optional<double> quality_score;
  std::optional<Usage> usage;
};

// The rarer parts of a definition, and what hangs on them.
struct TaskExtras {
  explicit TaskExtras(Task& owner) : wall_timer(owner) {}
  struct WallTimer : TimerNode {
    explicit WallTimer(Task& owner) : TimerNode(TimerKind::kTaskWall), task(&owner) {}
    Task* task;
  };
  struct UniqueTimer : TimerNode {
    explicit UniqueTimer(Task& owner) : TimerNode(TimerKind::kUnique), task(&owner) {}
    Task* task;
  };
  std::shared_ptr<const TaskSpec> spec;  // without payload; never null
  Name root_id;                          // empty: it is its own root
  std::optional<Timestamp> run_at;
  std::vector<Task*> unmet;  // dependencies that have not ended, or whose end is not yet acted on
  bool pins_root = false;    // counted in its root's pins
  bool unique_over = false;  // it holds its unique key no longer
  std::optional<std::string> cancel_reason;
  std::int64_t cancel_at = 0;  // volatile: when a requested cancellation takes the lease
  WallTimer wall_timer;
  std::unique_ptr<UniqueTimer> unique_timer;  // when the window of its unique key is over
};

using ReadyHook =
    boost::intrusive::set_base_hook<boost::intrusive::tag<struct ReadyTag>, boost::intrusive::optimize_size<true>,
                                    boost::intrusive::link_mode<boost::intrusive::safe_link>>;
using LiveHook =
    boost::intrusive::set_base_hook<boost::intrusive::tag<struct LiveTag>, boost::intrusive::optimize_size<true>,
                                    boost::intrusive::link_mode<boost::intrusive::safe_link>>;

struct Task : TimerNode, ReadyHook, LiveHook {
  Task() : TimerNode(TimerKind::kTask) {}
  std::string id;
  Profile* profile = nullptr;
  Queue* queue = nullptr;
  KeyPair* keys = nullptr;  // of its concurrency and rate; nullptr: neither
  TaskState state = TaskState::kPending;
  std::uint8_t priority = 5;
  bool cancel_requested = false;
  bool dirty = false;             // in State::dirty_tasks
  bool ended_in_store = false;    // the store has it among the ended
  bool backoff_over = false;      // volatile: retry_at has come
  std::uint64_t ended_stamp = 0;  // of its latest entry among the recently ended
  std::uint16_t failures = 0;     // counted attempts
  std::uint16_t max_attempts = 3;
  std::uint16_t lineage_used = 0;  // of a root: retries and children of its whole lineage so far
  std::uint32_t pins = 0;          // of a root: its live descendants, which keep it in memory
  std::optional<Reason> reason;
  Position submitted = 0;  // position of its first event, and of the document with its definition
  Position ended_position = 0;
  std::int64_t created_at = 0;
  std::int64_t queued_at = 0;
  std::int64_t ended_at = 0;
  std::int64_t retry_at = 0;  // pending: not before this (backoff)
  std::int64_t fingerprint = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t memory_bytes = 0;            // about what it takes of memory, see State::memory_bytes
  RawJson payload;                           // empty when there is none, or when it is too large for memory
  std::unique_ptr<const std::string> trace;  // traceparent of the request that submitted it; null: none
  std::unique_ptr<TaskExtras> extras;
  std::unique_ptr<Lease> lease;
  std::unique_ptr<LastOutcome> last;
  std::unique_ptr<std::vector<TaskMeter>> meters;  // of budgets of tasks, and as a root of budgets of lineages
  std::unique_ptr<std::vector<Task*>> dependents;  // pending tasks that wait for this one

  [[nodiscard]] bool is_backing_off() const { return retry_at > 0 && !backoff_over; }
};

// Tasks in a set, found by their ids.
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

struct BySubmission {
  using type = Position;
  Position operator()(const Task& t) const { return t.submitted; }
};
using ReadySet =
    boost::intrusive::set<Task, boost::intrusive::base_hook<ReadyHook>, boost::intrusive::key_of_value<BySubmission>,
                          boost::intrusive::constant_time_size<false>>;
using LiveSet =
    boost::intrusive::set<Task, boost::intrusive::base_hook<LiveHook>, boost::intrusive::key_of_value<BySubmission>>;

struct Worker : TimerNode {
  Worker() : TimerNode(TimerKind::kWorker) {}
  std::string id;
  RegisterWorker definition;
  WorkerState state = WorkerState::kLive;
  bool drains = false;  // was told to; a lost one that comes back still does
  std::int64_t session = 1;
  std::int64_t registered_at = 0;
  std::int64_t last_seen_at = 0;  // volatile
  std::int64_t lost_at = 0;       // 0: it is not lost
  std::int64_t idle_since = 0;    // volatile: its last lease ended, or it was registered or loaded
  bool dirty = false;
  std::map<std::int64_t, Task*> leases;                      // by lease number
  std::int64_t slots_used = 0;                               // leases that are not suspended
  std::int64_t completed = 0, failed = 0;                    // volatile
  boost::unordered_flat_map<std::uint32_t, bool> can_serve;  // by profile id; a cache
};

struct Bulk {
  std::string id;
  BulkAction action = BulkAction::kCancel;
  BulkState state = BulkState::kRunning;
  BulkFilter filter;
  std::optional<std::string> reason;
  std::int64_t scanned = 0, done = 0;
  std::int64_t cursor = 0;
  std::int64_t passed = 0;  // of a redrive: `done` when its latest pass over the store was through
  std::int64_t started_at = 0, ended_at = 0;
  Position position = 0;
  bool dirty = false;
};

}  // namespace arbiter::core
