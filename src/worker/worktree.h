// A git worktree per task: the program works on a branch of its own, in a directory of its own.
//
// The worker runs its own executable as `task-worktree` in the place of the program. That process adds the worktree,
// runs the program in it and decides what stays, so that git never keeps the worker from its other tasks.
//
// | the program                                   | the worktree                        | its branch | |
// --------------------------------------------- | ----------------------------------- | ---------------------------- |
// | succeeded, everything is committed            | is removed                          | stays if it has new commits |
// | succeeded, something is not committed         | stays for keep_ms                   | stays | | failed, or was
// ended, or the machine crashed  | stays for keep_ms                   | stays                        |
//
// Of those that stay at most kWorktreesKeptMax do, the newest; a branch goes with its worktree when it has no commit.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace arbiter::worker {

using base::Result;

inline constexpr std::string_view kWorktreeCommand = "task-worktree";
inline constexpr std::size_t kWorktreesKeptMax = 20;  // of one repository
inline constexpr int kNoWorktree = 125;               // exit code: the program was not run

struct WorktreeOptions {
  std::string repository;  // empty: none
  std::string ref = "HEAD";
  std::int64_t keep_ms = std::int64_t{24} * 3'600'000;
};

class Worktrees {
 public:
  // Checks repository and ref and removes what is over from earlier times. `root` is a directory that only we can write
  // to. kInvalidRequest says what is wrong.
  [[nodiscard]] static Result<Worktrees> open(WorktreeOptions options, const std::string& root);

  // What to run instead of `argv`.
  [[nodiscard]] std::vector<std::string> wrap(const std::string& task_id, const std::vector<std::string>& argv) const;

 private:
  Worktrees(WorktreeOptions options, std::string place) : options_(std::move(options)), place_(std::move(place)) {}

  WorktreeOptions options_;
  std::string place_;  // of all worktrees of this repository
};

// The whole life of that process: `arbiter task-worktree REPOSITORY REF PLACE KEEP_MS TASK PROGRAM [ARGUMENT...]`.
[[nodiscard]] int run_in_worktree(int argc, char** argv);

// The branch of a task; its names make no ref or path that leads elsewhere. `again` tells those of one task apart.
[[nodiscard]] std::string branch_name(const std::string& task_id, int again);

}  // namespace arbiter::worker
