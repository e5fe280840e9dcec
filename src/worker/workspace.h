// A worker's private place on disk: fresh directories for tasks, gone when the tasks are, or at the latest when the
// next worker on this machine starts.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace arbiter::worker {

using base::Result;

// The directory of the workers of this user, as an absolute path, made when it is not there. An empty `root` is
// $TMPDIR/arbiter-work-<uid>. kInvalidRequest: others can write to it.
[[nodiscard]] Result<std::string> open_work_root(std::string root);

// `root`/w<pid>-<n>/, locked for this process's life. Not copied, not moved.
class Workspace {
 public:
  // Removes what dead workers left in open_work_root(root), then makes a place there; remarks() tells what could not be
  // removed.
  [[nodiscard]] static Result<std::unique_ptr<Workspace>> open(std::string given);
  ~Workspace();
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  // A new, empty directory; whoever asked removes it.
  [[nodiscard]] Result<std::string> make_directory(const std::string& name);
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::vector<std::string>& remarks() const { return remarks_; }
  // Removes the place; nothing can be made in it any more. kIoError says what is left. The destructor does the same.
  [[nodiscard]] Result<void> close();

 private:
  Workspace(std::string path, int lock_fd, std::vector<std::string> remarks)
      : path_(std::move(path)), remarks_(std::move(remarks)), lock_fd_(lock_fd) {}
  std::string path_;
  std::vector<std::string> remarks_;
  int lock_fd_;
};

}  // namespace arbiter::worker
