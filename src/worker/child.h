// One task's program under its supervisor, as its worker sees it: three pipes, an end to wait for, and orders to end.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.h"

namespace arbiter::worker {

using base::Result;

struct ChildSpec {
  std::vector<std::string> argv;
  std::vector<std::string> environment;  // `NAME=value`, all of it
  std::string directory;                 // where the program starts; empty: where the worker is
  std::string remove_directory;          // removed at the end, whatever happened; may be empty
};

// This process's environment with `changes` (`NAME=value`) put over it.
[[nodiscard]] std::vector<std::string> environment_with(const std::vector<std::string>& changes);

// Owns a supervisor. Destroying it (or the death of this process) kills the program and everything it started. All
// descriptors are non-blocking.
class Child {
 public:
  // kInternal with the reason when no process can be started; a program that does not exist shows as exit code 127.
  [[nodiscard]] static Result<Child> start(const ChildSpec& spec);
  Child(Child&& other) noexcept;
  Child& operator=(Child&&) = delete;
  ~Child();

  [[nodiscard]] int input() const { return input_; }    // the program's stdin; -1 after close_input()
  [[nodiscard]] int output() const { return output_; }  // its stdout
  [[nodiscard]] int errors() const { return errors_; }  // its stderr
  [[nodiscard]] int end() const { return pid_fd_; }     // readable when program and supervisor have ended
  [[nodiscard]] pid_t supervisor() const { return pid_; }
  void close_input();
  // SIGTERM to all of the program, SIGKILL five seconds later.
  void terminate() const;
  void kill() const;
  // All of the program stands still, and goes on.
  void suspend() const;
  void resume() const;
  struct Exit {
    int code = 0;
    bool killed = false;  // the supervisor itself was: what it watched may live, what it had to remove is there
  };
  // Collects the ended supervisor; call once, after end() became readable.
  [[nodiscard]] Exit collect();

 private:
  Child() = default;
  int input_ = -1;
  int output_ = -1;
  int errors_ = -1;
  int control_ = -1;
  int pid_fd_ = -1;
  pid_t pid_ = -1;
};

}  // namespace arbiter::worker
