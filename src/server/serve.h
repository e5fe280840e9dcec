// `arbiter serve`: builds the server from its parts, runs it until a signal, and stops it in order.
#pragma once

#include "base/result.h"
#include "server/config.h"

namespace arbiter::server {

struct ServeOptions {
  Config config;
  std::string config_file;            // where the configuration came from; empty: no file
  std::int64_t config_ms = 0;         // what reading it took
  std::vector<std::string> warnings;  // about the configuration, for the log
  bool exit_with_parent = false;      // SIGTERM when the process that started this one ends
};

// Serves until SIGTERM or SIGINT, then stops in order; a second signal forces. Answers the exit code, or why the server
// could not start. Prints one line with its address on stdout when it is ready. Call before any thread starts.
[[nodiscard]] base::Result<int> serve(const ServeOptions& options);

}  // namespace arbiter::server
