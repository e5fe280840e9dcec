// What concerns the operating system: limits, memory, signals.
#pragma once

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace arbiter::server {

// Settings of the whole process; once, before any thread starts.
void prepare_process(bool exit_with_parent);

// Waits for SIGTERM and SIGINT on a thread of its own. Blocks them for every thread started after it.
// The second one ends the process at once.
class StopSignal {
 public:
  // With `with_hangup` SIGHUP calls what on_hangup() named; else it does what it always does.
  explicit StopSignal(bool with_hangup = false);
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  // Called on the thread of the signals; not after on_hangup() was called again.
  void on_hangup(std::function<void()> action);
  // Returns the signal's name once it has come.
  [[nodiscard]] const char* wait();

 private:
  void watch();
  const bool with_hangup_;
  std::mutex mutex_;
  std::function<void()> hangup_;
  std::condition_variable changed_;
  int signal_ = 0;
  bool leaving_ = false;
  std::thread thread_;
};

}  // namespace arbiter::server
