// How a leased task becomes a program, and the program's end an outcome. docs: `arbiter worker run --help`.
#pragma once

#include <string>

#include "client/http.h"
#include "worker/inbox.h"
#include "worker/outbox.h"
#include "worker/runner.h"
#include "worker/workspace.h"
#include "worker/worktree.h"

namespace arbiter::worker {

// Exit code 0 completes a task, kExitForGood fails it for good, any other fails the attempt and leaves the rest to the
// task's retry policy.
inline constexpr int kExitForGood = 65;

struct Executor {
  client::Endpoint endpoint;
  std::string worker;
  std::vector<std::string> argv;  // empty: the payload's `run` is the program (the built-in `shell`)
  std::string directory;          // where programs start; empty: here
  bool fresh = false;             // each in an empty directory of its own instead
  Workspace* workspace = nullptr;
  const Worktrees* worktrees = nullptr;  // each in a git worktree of its own instead
};

// The program of a task. kInvalidRequest: the payload does not fit, so trying again is useless.
[[nodiscard]] Result<Job> make_job(const Executor& executor, const Leased& leased);

// The outcome of a program's end; empty when the lease is lost and nobody wants to know.
[[nodiscard]] std::optional<Report> make_report(const Ended& ended);

[[nodiscard]] Report make_failure(const std::string& task_id, const std::string& lease, const std::string& message,
                                  const std::string& code, bool retryable);
[[nodiscard]] Report make_release(const std::string& task_id, const std::string& lease);

// Fetches the results that a shell task's payload asks for (`needs`: a map from a name to the ids of ended tasks) into
// `leased.needs`: one entry `name` for one id, `name.0`, `name.1`, ... for a list.
[[nodiscard]] Result<void> fetch_needs(client::Http& http, Leased& leased);

// What a program wrote to stdout as a result, as JSON text: its own text when that is JSON, else a string of it; empty
// when there is nothing. A number is JSON only when no reader can change it: 12345e6 may be the name of a commit, 1.10
// a version.
[[nodiscard]] std::string read_result(const std::string& output);

// Why a program that wrote more than kOutputBytesMax has failed.
[[nodiscard]] base::Error output_too_large();

}  // namespace arbiter::worker
