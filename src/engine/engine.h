// Runs namespaces: one strand and one journal each, group commit, timers, recovery. The rest of the program talks to
// this class; every method may be called on any thread unless it says otherwise.
#pragma once

#include <atomic>
#include <cstdint>
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
  core::CoreLimits limits;
  std::int64_t retention_days = 30;  // ended tasks and events; 0: for ever
  std::int64_t retention_interval_ms = 60'000;
  std::size_t committer_threads = 1;
  std::size_t reader_threads = 2;
  std::size_t batch_events_max = 2'000;  // a batch that has so many events takes no more
  std::size_t backlog_max = 20'000;      // requests waiting for a full batch to commit
  // How long a namespace that its store closed waits before it tries to come back: twice as long each time.
  std::int64_t retry_pause_ms = 500;
  std::int64_t retry_pause_max_ms = 10'000;
  // Told when a namespace closes, when an attempt to come back fails and when it is back; called on its strand.
  std::function<void(const std::string& name, const std::string& what)> notice{};
};

// Committed events, in order, as the log has them.
using EventBatch = std::shared_ptr<const std::vector<store::EventRow>>;
using Subscriber = std::function<void(const EventBatch&)>;

inline constexpr std::uint64_t kLagSampleEvery = 8;

struct NamespaceStatus {
  std::string name;
  bool open = false;
  std::string problem;  // why it is closed
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

class Engine {
 public:
  // `io` runs the strands; committers and readers have threads of their own. All references outlive the engine.
  Engine(boost::asio::io_context& io, store::Store& store, const base::Clock& clock, EngineConfig config);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Opens (and creates, if need be) a namespace and loads it; `ready` is called when it serves, or why it does not.
  // Opening an open namespace is fine.
  void open(const std::string& name, std::function<void(base::Result<void>)> ready);

  // Hands a request to a namespace's strand. `done` is called once, on a strand or a pool thread, when the answer is
  // durable: never block in it. kNamespaceUnknown when the namespace was never opened.
  Ticket submit(const std::string& name, Request request, Done done);

  // The client of a waiting request has left: its answer is not wanted any more and `done` will not be called.
  void forget(const std::string& name, Ticket ticket);

  // Runs `job` on a reader thread with the namespace's committed state; nullptr when the namespace is not open. Once
  // the engine has stopped, `job` gets nullptr on the caller's thread.
  void read(const std::string& name, std::function<void(store::Reader*)> job);

  // Every commit's events from now on, called on the namespace's strand; returns an id for unsubscribe().
  std::uint64_t subscribe(const std::string& name, Subscriber subscriber);
  void unsubscribe(const std::string& name, std::uint64_t id);

  [[nodiscard]] std::vector<NamespaceStatus> status() const;
  // Asks every namespace for its report; `done` is called once, on one of their strands (or at once, when there is
  // none). Not durable: what is told may be of a batch that is still being committed.
  void report(std::function<void(std::vector<NamespaceReport>)> done) const;

  [[nodiscard]] store::StoreFigures store_figures() const { return store_.figures(); }

  // Refuses new requests with kShuttingDown, answers waiting ones, flushes open batches, waits for reads under way;
  // then calls `stopped`. From then on nothing that was given to the engine runs any more.
  void stop(std::function<void()> stopped);

 private:
  class Host;  // one open namespace
  friend class Host;

  [[nodiscard]] std::shared_ptr<Host> find(const std::string& name) const;
  [[nodiscard]] bool begin_read();  // false: the engine has stopped
  void end_read();
  void hosts_stopped(std::function<void()> stopped);

  struct Threads;
  boost::asio::io_context& io_;
  store::Store& store_;
  const base::Clock& clock_;
  const EngineConfig config_;
  std::unique_ptr<Threads> threads_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Host>> hosts_;
  std::atomic<Ticket> next_ticket_{1};
  std::atomic<bool> stopping_{false};

  std::mutex reads_mutex_;  // Guards the rest.
  std::size_t reads_ = 0;   // under way or waiting for a reader thread
  bool no_more_reads_ = false;
  std::vector<std::function<void()>> wait_for_reads_;
};

}  // namespace arbiter::engine
