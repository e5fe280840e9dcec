// What the core keeps in memory of queues and keys, and how queued tasks are arranged for dispatch. Plain data; State
// keeps it true (src/core/lanes.cc).
//
// Queued tasks stand in lanes: one lane for each queue, priority, profile and pair of keys, in the order of their
// submission. A lane is open when its keys let a task start now. Workers are given tasks by priority; inside a priority
// the lane whose key has had the smallest share so far comes first (stride scheduling: Waldspurger and Weihl, 1995),
// and among equals the one with the oldest task. Tasks without a key share one place beside the keys.
#pragma once

#include <deque>
#include <map>

#include "core/meter.h"
#include "core/task.h"
#include "core/totals.h"

namespace arbiter::core {

// The latest durations of one kind, for percentiles.
struct Samples {
  static constexpr std::size_t kMax = 1'000;
  std::vector<std::int64_t> ring;
  std::size_t next = 0;
  void add(std::int64_t ms);
  [[nodiscard]] Durations summary() const;
};

// Events per second over the last minute.
struct Rate {
  static constexpr std::size_t kSeconds = 60;
  std::array<std::uint32_t, kSeconds> counts{};
  std::int64_t second = 0;
  void add(std::int64_t now_ms);
  [[nodiscard]] double per_second(std::int64_t now_ms) const;
  void advance(std::int64_t now_ms);
};

// A task that became queued, and when.
struct Arrival {
  std::int64_t at = 0;
  Position task = 0;  // when it was submitted
};

struct Key;
struct ReadyGroup;

// Wakes a queue or a key: on State::gate_timers when its rate lets the next task start, on State::wall_timers when its
// pause is over.
struct GateTimer : TimerNode {
  GateTimer(Queue* q, Key* k) : TimerNode(TimerKind::kGate), queue(q), key(k) {}
  Queue* queue;
  Key* key;
};

// A share of dispatch. Volatile.
struct Share {
  static constexpr std::uint64_t kStride = 1 << 20;
  std::uint64_t pass = 0;  // how much it has had, divided by its weight
  std::int64_t open = 0;   // its tasks in open lanes
};

// The keys of a task; tasks that name the same ones share it.
struct KeyPair {
  Key* concurrency = nullptr;
  Key* rate = nullptr;
  std::size_t tasks = 0;  // how many have it, ended ones that memory holds included
  // Whose share counts.
  [[nodiscard]] Key* fair() const { return concurrency ? concurrency : rate; }
};

// What holds a queue or a key back, and until when (of `now`, in ms; kNever: until something ends or is resumed).
struct Hold {
  enum Why : std::uint8_t { kNothing, kPaused, kBudget, kConcurrency, kRate } why = kNothing;
  std::int64_t until = kNever;
};

using LaneHook = boost::intrusive::set_base_hook<boost::intrusive::optimize_size<true>,
                                                 boost::intrusive::link_mode<boost::intrusive::safe_link>>;
struct Lane : LaneHook {
  ReadySet tasks;
  std::int64_t count = 0;
  ReadyGroup* group = nullptr;
  KeyPair* keys = nullptr;  // nullptr: the lane of the tasks without keys
  Share* share = nullptr;
  bool open = false;
  [[nodiscard]] Position oldest() const { return tasks.begin()->submitted; }
};
[[nodiscard]] inline bool comes_before(const Lane& a, const Lane& b) {
  return a.share->pass != b.share->pass ? a.share->pass < b.share->pass : a.oldest() < b.oldest();
}
inline bool operator<(const Lane& a, const Lane& b) { return comes_before(a, b); }

// The queued tasks of one queue, priority and profile.
struct ReadyGroup {
  Queue* queue = nullptr;
  Lane plain;  // not in `open`: its share changes with every task that has no key
  boost::unordered_flat_map<KeyPair*, std::unique_ptr<Lane>> keyed;
  boost::intrusive::set<Lane, boost::intrusive::constant_time_size<false>> open;  // of the keyed ones
  [[nodiscard]] bool empty() const { return plain.count == 0 && keyed.empty(); }
  [[nodiscard]] bool holds_one() const {
    return keyed.empty() ? plain.count == 1
                         : plain.count == 0 && keyed.size() == 1 && keyed.begin()->second->count == 1;
  }
  // The lane that is next, nullptr when none is open.
  [[nodiscard]] Lane* first() {
    Lane* keyed_first = open.empty() ? nullptr : &*open.begin();
    if (!plain.open) return keyed_first;
    return keyed_first && comes_before(*keyed_first, plain) ? keyed_first : &plain;
  }
};

struct Key {
  explicit Key(std::string key_name)
      : name(std::move(key_name)), rate_timer(nullptr, this), pause_timer(nullptr, this) {}
  std::string name;
  KeyLimits limits;         // when it is configured
  bool configured = false;  // else its queue's key limits hold
  bool kept = false;        // has an entity: was configured or paused
  bool paused = false;
  std::int64_t paused_until = 0;  // of the wall clock; 0: until it is resumed
  bool dirty = false;
  std::size_t pairs = 0;     // how many pairs name it
  std::int64_t running = 0;  // leased tasks that have it as their concurrency key
  Share share;
  Meter meter;
  std::vector<Lane*> lanes;  // that name it in either role
  GateTimer rate_timer, pause_timer;
};

struct Queue {
  explicit Queue(std::string queue_name)
      : name(std::move(queue_name)), rate_timer(this, nullptr), pause_timer(this, nullptr) {}
  std::string name;
  bool paused = false;
  bool draining = false;          // takes no new tasks
  std::int64_t paused_until = 0;  // of the wall clock; 0: until it is resumed
  std::int64_t max_depth = 0;     // 0: no limit
  std::int64_t concurrency = 0;   // leased tasks at a time; 0: no limit
  RateLimit rate;
  KeyLimits key_limits;     // of keys that are not configured themselves
  bool configured = false;  // has an entity of its own
  bool dirty = false;
  bool shut = false;      // paused, or a limit of its own is reached
  std::int64_t open = 0;  // tasks in open lanes
  std::int64_t leased = 0;
  [[nodiscard]] bool has_gate() const { return concurrency > 0 || rate.count > 0 || meter.slow_from > 0; }
  Meter meter;
  GateTimer rate_timer, pause_timer;
  std::array<std::map<std::uint32_t, ReadyGroup>, 11> ready;  // by priority, by profile
  std::array<std::int64_t, kTaskStates> depth{};              // live tasks by state
  std::deque<Arrival> arrivals;       // of the queued tasks, oldest first, and of some that left
  Rate submitted, completed, failed;  // volatile
  Samples wait, run;                  // volatile
  QueueTotals totals;                 // volatile
};

}  // namespace arbiter::core
