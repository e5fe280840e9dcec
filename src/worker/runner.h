// Runs programs for tasks in one thread: feeds their input, gathers their output, passes their log lines on and ends
// them in time. It knows nothing of the server.
#pragma once

#include <poll.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "worker/child.h"
#include "worker/text.h"

namespace arbiter::worker {

// What a server takes as a result, unless it is set up otherwise.
inline constexpr std::size_t kOutputBytesMax = std::size_t{8} * 1024 * 1024;

enum class Stop { kNone, kTimedOut, kCancelled, kLost, kShutdown };

struct Job {
  std::string task_id;
  std::string lease;  // names the job
  ChildSpec spec;
  std::string input;
  std::int64_t timeout_ms = 0;  // 0: none
  bool retry_failure = true;    // whether trying again can help when the program fails
};

struct Ended {
  std::string task_id;
  std::string lease;
  int exit_code = 0;
  std::string output;          // the first kOutputBytesMax bytes of stdout
  std::size_t output_cut = 0;  // bytes beyond them: the output is no result then
  std::string last_line;       // the last line on stderr that is not empty
  Stop stop = Stop::kNone;     // why it was ended, if it was
  bool retry_failure = true;
  std::int64_t duration_ms = 0;
  std::string left_behind;  // why the job's directory could not be removed; empty: it is gone
};

// Its process adopts what programs orphan and has no other children while it runs programs: when a supervisor is
// killed, every child that is no supervisor is taken for a stray of its program and ended.
class Runner {
 public:
  using OnLines = std::function<void(const std::string& task_id, const std::string& lease, std::vector<std::string>)>;
  using OnEnd = std::function<void(Ended)>;
  // All of stdout as it comes, for those who pass it on.
  using OnOutput = std::function<void(std::string_view)>;
  Runner(OnLines on_lines, OnEnd on_end, OnOutput on_output = {});
  ~Runner();

  [[nodiscard]] Result<void> start(Job job);
  // Ends a job's program and everything it started; its end is reported as usual. Unknown leases are ignored. The
  // first reason stays.
  void stop(const std::string& lease, Stop reason);
  void stop_all(Stop reason);
  // A job's program stands still, and goes on; its time limit does not count what lies between.
  void suspend(const std::string& lease);
  void resume(const std::string& lease);
  // Without the five seconds of grace.
  void kill_all();
  [[nodiscard]] std::size_t running() const { return jobs_.size(); }
  [[nodiscard]] bool runs(const std::string& lease) const { return jobs_.contains(lease); }

  // Sleeps until a program, one of `others` (their revents are set) or `timeout_ms` (-1: never) has something to say,
  // and serves the programs.
  void turn(std::vector<pollfd>& others, int timeout_ms);

 private:
  struct Running;
  void feed_input(Running& running);
  void read_output(Running& running);
  void read_errors(Running& running);
  void finish(Running& running);
  void end_strays() const;
  void check_deadlines();
  [[nodiscard]] int wait_ms(int timeout_ms) const;

  OnLines on_lines_;
  OnEnd on_end_;
  OnOutput on_output_;
  std::map<std::string, std::unique_ptr<Running>> jobs_;  // by lease
};

}  // namespace arbiter::worker
