// Runs namespaces: one strand and one journal each, group commit, timers, recovery. The rest of the program talks to
// this class; every method may be called on any thread unless it says otherwise.
//
// A namespace that the engine knows is opened when it is used and when something in it is due, and closed when it is at
// rest: nobody waits or subscribes, no worker is live or holds a lease, nothing is on its way to the store and nothing
// is due soon. What is volatile is then empty, as after a restart.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/report.h"
#include "engine/request.h"
#include "store/journal.h"

namespace boost::asio {
class io_context;
}

namespace arbiter::engine {

struct EngineConfig {
  core::CoreLimits limits;           // `notifiers` of all namespaces; each gets its own
  std::int64_t retention_days = 30;  // ended tasks and events; 0: for ever
  std::int64_t retention_interval_ms = 60'000;
  std::size_t committer_threads = 4;
  std::size_t reader_threads = 2;
  std::size_t batch_events_max = 2'000;     // a batch that has so many events takes no more
  std::size_t backlog_max = 20'000;         // requests waiting for a full batch to commit
  std::size_t open_max = 256;               // namespaces open at a time
  std::int64_t idle_ms = 60'000;            // one that nobody used for so long is closed
  std::vector<std::string> keep_open{};     // never closed
  std::int64_t look_again_ms = 86'400'000;  // a closed one is opened after so long, for retention
  std::int64_t sweep_ms = 1'000;            // how often sweep() comes by itself
  // How long a namespace that its store closed waits before it tries to come back: twice as long each time.
  std::int64_t retry_pause_ms = 500;
  std::int64_t retry_pause_max_ms = 10'000;
  // Told when a namespace closes, when an attempt to come back fails and when it is back; called on its strand.
  std::function<void(const std::string& name, const std::string& what)> notice{};
  // Gets what a committed event tells of the lives of sampled tasks (CoreLimits::task_stages), on the namespace's
  // strand: never block in it.
  std::function<void(const std::string& name, const std::vector<core::TaskStage>& stages)> stages{};
  // Gets the attempts of effects that are to be made now, on the namespace's strand: never block in it. What becomes of
  // each is submitted as a SettleEffect; one without an answer is made again later.
  std::function<void(const std::string& name, std::vector<core::EffectOrder> orders)> effects{};
};

// Committed events, in order, as the log has them.
using EventBatch = std::shared_ptr<const std::vector<store::EventRow>>;
using Subscriber = std::function<void(const EventBatch&)>;

inline constexpr std::uint64_t kLagSampleEvery = 8;

struct NamespaceStatus {
  std::string name;
  bool open = false;
  std::string problem;  // why it cannot serve; empty also while it opens and closes
  store::Position head = 0;
  std::int64_t live_tasks = 0;
  std::int64_t waiters = 0;
  std::uint64_t commits = 0;
  std::uint64_t events = 0;
  std::uint64_t failed_commits = 0;
  std::uint64_t recoveries = 0;     // after failures of the device
  std::uint64_t commit_micros = 0;  // spent in commits, together
  std::int64_t backlog = 0;         // requests that wait for a full batch to commit
  base::Latencies commit_time;      // of each batch, with the making of its rows
  base::Latencies strand_lag;       // of one request in kLagSampleEvery: from its arrival to its turn on the strand
  BatchSizes batch_events;
};

struct EngineCounts {
  std::size_t known = 0;
  std::size_t open = 0;  // with those that are opening or closing
  std::uint64_t opened = 0;
  std::uint64_t closed = 0;  // at rest
};

class Engine {
 public:
  // `io` runs the strands; committers and readers have threads of their own. All references outlive the engine.
  Engine(boost::asio::io_context& io, store::Store& store, const base::Clock& clock, EngineConfig config);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // These exist in the store. They open when they are used, and when they have something to do; those of which the
  // store does not keep when that is are opened now, a few at a time, to learn it.
  [[nodiscard]] base::Result<void> know(const std::vector<std::string>& names);
  [[nodiscard]] bool knows(const std::string& name) const;

  // Opens (and creates, if need be) a namespace and loads it; `ready` is called when it serves, or why it does not:
  // kOverloaded when `open_max` others are open and none can be closed. Opening an open namespace is fine.
  void open(const std::string& name, std::function<void(base::Result<void>)> ready);

  // Hands a request to a namespace's strand. `done` is called once, on a strand or a pool thread, when the answer is
  // durable: never block in it. kNamespaceUnknown when the engine does not know the namespace; kOverloaded as for
  // open().
  Ticket submit(const std::string& name, Request request, Done done);

  // The client of a waiting request has left: its answer is not wanted any more and `done` will not be called.
  void forget(const std::string& name, Ticket ticket);

  // Runs `job` on a reader thread with the namespace's committed state, on any thread with nullptr when the namespace
  // cannot be opened. Once the engine has stopped, `job` gets nullptr on the caller's thread.
  void read(const std::string& name, std::function<void(store::Reader*)> job);

  // Every commit's events from now on, called on the namespace's strand; returns an id for unsubscribe(). The namespace
  // is opened if need be, and stays open until then.
  std::uint64_t subscribe(const std::string& name, Subscriber subscriber);
  void unsubscribe(const std::string& name, std::uint64_t id);

  // Of those that are open, and of those that should be and are not.
  [[nodiscard]] std::vector<NamespaceStatus> status() const;
  // Asks every namespace for its report; `done` is called once, on one of their strands (or at once, when there is
  // none). Not durable: what is told may be of a batch that is still being committed.
  void report(std::function<void(std::vector<NamespaceReport>)> done) const;

  // Of the store, with the sizes of these namespaces.
  [[nodiscard]] store::StoreFigures store_figures(const std::vector<std::string>& names) const {
    return store_.figures(names);
  }
  [[nodiscard]] EngineCounts counts() const;

  // Closes what nobody uses any more and opens what has something to do. Comes by itself as long as the engine runs.
  void sweep();

  // Refuses new requests with kShuttingDown, answers waiting ones, flushes open batches, waits for reads under way;
  // then calls `stopped`. From then on nothing that was given to the engine runs any more.
  void stop(std::function<void()> stopped);

 private:
  class Host;    // one namespace
  class Places;  // for open ones
  friend class Host;
  class Use;
  struct Threads;
  struct Sweeper;

  // What is known of a namespace. While nobody needs its host there is none.
  struct Slot {
    std::shared_ptr<Host> host;
    // When it is to be opened, by the wall clock and by the monotonic one: whichever comes first, since what is due may
    // follow either. kNever while it is open.
    std::int64_t due_wall_ms = core::kNever;
    std::int64_t due_monotonic_ms = core::kNever;
  };

  // Keeps the host in its slot while it is held.
  [[nodiscard]] Use use(const std::string& name, bool add = false);
  [[nodiscard]] std::shared_ptr<Host> find(const std::string& name) const;
  // The most recently used first; without those that are kept open.
  [[nodiscard]] std::vector<std::shared_ptr<Host>> least_recently_used() const;
  void opened(Host& host);
  // The host gives its place back; the namespace is to be opened at `due_ms` of the wall clock.
  enum class Closing : std::uint8_t { kAtRest, kWanted, kBroken };
  void closed(Host& host, Closing how, std::int64_t due_ms);
  void set_due(Slot& slot, std::int64_t due_wall_ms);
  void take_due();
  void open_due();
  void start_sweeping();
  [[nodiscard]] bool begin_read();  // false: the engine has stopped
  void end_read();
  void hosts_stopped(std::function<void()> stopped);

  boost::asio::io_context& io_;
  store::Store& store_;
  const base::Clock& clock_;
  const EngineConfig config_;
  std::unique_ptr<Threads> threads_;
  std::unique_ptr<Places> places_;
  std::shared_ptr<Sweeper> sweeper_;
  std::atomic<Ticket> next_ticket_{1};
  std::atomic<bool> stopping_{false};

  mutable std::mutex mutex_;  // Guards these.
  std::map<std::string, Slot> slots_;
  std::int64_t next_wall_ms_ = core::kNever;  // no slot is due earlier
  std::int64_t next_monotonic_ms_ = core::kNever;
  std::deque<std::string> due_;  // to be opened
  std::size_t opening_due_ = 0;
  std::uint64_t opened_ = 0;
  std::uint64_t closed_ = 0;

  std::mutex reads_mutex_;  // Guards the rest.
  std::size_t reads_ = 0;   // under way or waiting for a reader thread
  bool no_more_reads_ = false;
  std::vector<std::function<void()>> wait_for_reads_;
};

}  // namespace arbiter::engine
