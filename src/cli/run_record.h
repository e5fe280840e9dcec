// What is remembered of a job's latest run, so that --resume finds it: DATA/runs/<name>.json.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/job_plan.h"

namespace arbiter::cli {

struct RunRecord {
  std::string path;
  std::string run;
  Rounds rounds;
  bool finished = false;

  // Leaves everything as it is when there is no file; kInvalidRequest when it is damaged.
  [[nodiscard]] Result<void> read();
  // Replaces the file at once; durable before anything is submitted, so that no submitted run is ever forgotten.
  [[nodiscard]] Result<void> write(const std::string& job_file) const;
};

}  // namespace arbiter::cli
