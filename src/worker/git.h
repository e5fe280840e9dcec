// Runs git. Its messages go to stderr; it asks nobody anything.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace arbiter::worker {

struct GitEnd {
  int code = 0;  // 127: it could not be started
  std::string output;
  [[nodiscard]] bool ok() const { return code == 0; }
};

// `git -C directory arguments...`. What it writes to stdout, without the last newline, up to kGitOutputBytesMax; with
// `quiet` its stderr is not shown. Variables that would lead it to another repository are not passed on.
inline constexpr std::size_t kGitOutputBytesMax = std::size_t{64} * 1024;
[[nodiscard]] GitEnd run_git(const std::string& directory, const std::vector<std::string>& arguments,
                             bool quiet = false);

// The names of those variables; a program that is to work in a directory must not see them either.
[[nodiscard]] const std::vector<std::string>& git_location_variables();

}  // namespace arbiter::worker
