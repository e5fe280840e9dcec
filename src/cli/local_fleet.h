// The processes that `arbiter run` starts: a server of its own where none runs, and its workers. They end with it,
// however it ends.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "client/endpoint.h"

namespace arbiter::cli {

using base::Result;

// A child process whose output goes to a file, and that gets SIGTERM when this process dies.
class Process {
 public:
  struct Spec {
    std::vector<std::string> arguments;    // of this executable
    std::vector<std::string> environment;  // `NAME=value`, over ours
    std::string log_file;                  // stderr; appended
    int output_fd = -1;                    // stdout; -1: to the log as well
  };
  Process() = default;
  ~Process() { stop(); }
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Process& operator=(Process&& other) noexcept {
    std::swap(pid_, other.pid_);
    return *this;
  }
  [[nodiscard]] static Result<Process> start(const Spec& spec);
  [[nodiscard]] pid_t pid() const { return pid_; }
  // Collects it if it has ended.
  [[nodiscard]] bool alive();
  void signal(int number) const;
  // SIGTERM, and waits; SIGKILL after ten seconds.
  void stop();

 private:
  pid_t pid_ = -1;
};

// A server on a data directory, on a free port of the loopback.
class LocalServer {
 public:
  // `serve` says its URL on one line of stdout when it is ready. kInternal with the end of its log when it does not
  // come up. `port` 0: any.
  [[nodiscard]] Result<void> start(const std::string& data_directory, const std::string& log_file);
  [[nodiscard]] bool running() const { return process_.pid() > 0; }
  [[nodiscard]] pid_t pid() const { return process_.pid(); }
  // Starts it again at the same address when it has ended. True: it was started again.
  [[nodiscard]] Result<bool> revive();
  [[nodiscard]] const client::Endpoint& endpoint() const { return endpoint_; }
  void stop() { process_.stop(); }

 private:
  std::string data_directory_;
  std::string log_file_;
  client::Endpoint endpoint_;
  int starts_ = 0;
  Process process_;
};

struct WorkerFleetOptions {
  client::Endpoint endpoint;
  std::string run;
  std::string directory;
  std::string log_file;
  std::vector<std::string> queues;
  std::vector<std::string> environment;  // `NAME=value`, for the steps
  int count = 1;
};

// `count` workers named `<run>.w1`, `<run>.w2`, ...: one process each, one task at a time.
class WorkerFleet {
 public:
  explicit WorkerFleet(WorkerFleetOptions options) : options_(std::move(options)) {}
  [[nodiscard]] Result<void> start();
  // Starts workers that have died again; how many.
  [[nodiscard]] int revive();
  void stop();
  [[nodiscard]] std::vector<std::string> names() const;

 private:
  [[nodiscard]] Result<Process> start_one(int index) const;
  WorkerFleetOptions options_;
  std::vector<Process> workers_;
};

}  // namespace arbiter::cli
