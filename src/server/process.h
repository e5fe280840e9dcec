// What concerns the operating system: limits, memory, signals.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

namespace arbiter::server {

// Settings of the whole process; once, before any thread starts.
void prepare_process(bool exit_with_parent);

// Waits for SIGTERM and SIGINT on a thread of its own. Blocks them for every thread started after it.
// The second one ends the process at once.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;
  // Returns the signal's name once it has come.
  [[nodiscard]] const char* wait();

 private:
  void watch();
  std::mutex mutex_;
  std::condition_variable changed_;
  int signal_ = 0;
  bool leaving_ = false;
  std::thread thread_;
};

}  // namespace arbiter::server
