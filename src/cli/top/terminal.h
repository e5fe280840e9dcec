// The terminal while `arbiter top` draws on it: another screen, keys without Enter, and all of it given back however
// the program ends (but for SIGKILL).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/top/screen.h"

namespace arbiter::cli::top {

// One at a time. Between construction and destruction, and not between leave() and enter(), the terminal is ours; a
// signal that kills the program by a crash gives it back first.
class Terminal {
 public:
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void enter();
  void leave();
  [[nodiscard]] Size size() const;
  // Shows `lines`, sending only those that changed. False: nobody reads any more.
  [[nodiscard]] bool draw(const std::vector<std::string>& lines);
  // The next drawing sends everything.
  void forget() { drawn_.clear(); }

 private:
  std::vector<std::string> drawn_;
};

}  // namespace arbiter::cli::top
