// Worker mode: any program becomes a worker of an Arbiter server.
#pragma once

#include <string>

#include "client/endpoint.h"
#include "worker/session.h"
#include "worker/worktree.h"

namespace arbiter::worker {

struct WorkerOptions {
  client::Endpoint endpoint;
  Registration registration;
  std::string command;             // run by /bin/sh for each task; empty: the built-in shell executor
  std::string directory;           // where programs start; empty: here
  bool fresh = false;              // each in an empty directory of its own
  WorktreeOptions worktree;        // or each in a git worktree of its own
  std::string work_root;           // where those are; empty: below $TMPDIR
  int drain_ms = 30'000;           // how long SIGTERM waits for running tasks before they are handed back
  int connect_ms = 10'000;         // how long the first connection is tried
  bool release_inherited = false;  // hand a dead predecessor's tasks back instead of counting a lost attempt
  bool quiet = false;
};

// Works until SIGTERM or SIGINT (drain; a second one forces), until the server drains this worker, or until another
// worker takes its name. Answers the exit code; an error: it could not begin. Blocks those signals in this process.
[[nodiscard]] Result<int> run_worker(const WorkerOptions& options);

}  // namespace arbiter::worker
