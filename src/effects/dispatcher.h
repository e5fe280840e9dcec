// Makes the attempts of effects: gets what the engine starts, tells whoever is to be told, and hands the outcome back
// as a command. Each notifier has threads and a queue of its own, so that one that hangs delays nobody else.
//
// It keeps nothing: whatever is lost here (a full queue, a stop, a crash) has no outcome, and the core starts it again
// under the same id. So an effect may be delivered twice, and never not at all.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "effects/channel.h"
#include "engine/engine.h"

namespace arbiter::effects {

// What it is that a notifier of the core tells.
struct Target {
  std::string notifier;
  std::int64_t timeout_ms = 10'000;
  std::unique_ptr<Channel> channel;
};

class Dispatcher {
 public:
  // Told what went wrong, and what was given up; any thread.
  using Notice = std::function<void(const std::string& what, const Delivery& delivery)>;

  // Stop it before the engine is stopped, and destroy it after that: reads of the engine come back to it.
  Dispatcher(engine::Engine& engine, std::vector<Target> targets, Notice notice);
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  // For EngineConfig::effects: any thread, never blocks.
  void start(const std::string& namespace_name, std::vector<core::EffectOrder> orders);

  // Takes no more; what is under way gets `grace_ms` to end, and is broken off then. Returns when all threads are gone.
  void stop(std::int64_t grace_ms);

 private:
  struct Job {
    Delivery delivery;
    std::chrono::steady_clock::time_point since;  // when it was asked for
  };
  // One notifier.
  struct Lane {
    Target target;
    std::deque<Job> jobs;
    std::vector<std::thread> threads;
  };

  void enqueue(Delivery delivery, std::chrono::steady_clock::time_point since);
  void serve(Lane& lane);
  void attempt(Lane& lane, const Job& job);

  engine::Engine& engine_;
  const Notice notice_;
  std::map<std::string, Lane, std::less<>> lanes_;  // the map does not change once it is made
  std::atomic<bool> breaking_off_{false};
  std::mutex mutex_;  // Guards the jobs of all lanes and the rest.
  std::condition_variable changed_;
  std::size_t under_way_ = 0;
  bool stopping_ = false;
};

}  // namespace arbiter::effects
