// One task that was leased by hand, done by a program: the lease is renewed under it, its log goes up live, its end is
// reported.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "client/endpoint.h"

namespace arbiter::worker {

struct ExecOptions {
  client::Endpoint endpoint;
  std::string task_id;
  std::string lease;
  std::vector<std::string> argv;
  bool fresh = false;
  std::string work_root;
};

// The program's exit code (its stdout and stderr appear here too); kStaleLease when the lease was lost under it, and
// the program was ended.
[[nodiscard]] base::Result<int> exec_task(const ExecOptions& options);

}  // namespace arbiter::worker
