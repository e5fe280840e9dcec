// A job as tasks: what `arbiter run` submits.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/job.h"

namespace arbiter::cli {

inline constexpr std::size_t kBatchTasksAtMost = 1'000;

struct PlannedTask {
  std::string id;     // <run>.<step>[.<index>][:<round>]
  std::string step;   // its name
  std::string label;  // <step>[.<index>]: how people see it
  json::object body;
};

// Every task of a run, each after those it depends on. The same job and run give the same tasks, so that submitting
// them again changes nothing. Shell steps go to the run's own queue and ask for the label `run`, so that only the run's
// own workers take them.
// `rounds` are above 1 for steps that have to be done once more as new tasks (steps_after).
using Rounds = std::map<std::string, std::int64_t>;
[[nodiscard]] std::vector<PlannedTask> plan(const Job& job, const std::string& run, const Rounds& rounds = {});

// The steps whose result is out of date when these are tried again: all that need them, directly or not.
[[nodiscard]] std::set<std::string> steps_after(const Job& job, const std::set<std::string>& retried);

[[nodiscard]] std::string run_queue(const Job& job);
[[nodiscard]] std::string run_tag(const std::string& run);

// `${item}` in every string of `value` replaced.
[[nodiscard]] json::value with_item(const json::value& value, const std::string& item);

}  // namespace arbiter::cli
