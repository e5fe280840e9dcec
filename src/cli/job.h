// A job: the steps of a YAML file that `arbiter run` does, checked as a whole before anything starts.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace arbiter::cli {

namespace json = boost::json;
using base::Result;

inline constexpr int kWorkersDefault = 4;
inline constexpr int kWorkersMax = 256;
inline constexpr std::size_t kForeachMax = 1'000;
inline constexpr std::size_t kNeedsTasksMax = 1'000;  // tasks that one step may wait for
inline constexpr std::size_t kJobTasksMax = 10'000;

using Environment = std::vector<std::pair<std::string, std::string>>;

struct Step {
  std::string name;
  int line = 0;
  std::vector<std::string> needs;
  std::string on_needs_failure;  // cancel (also when empty), fail or run
  std::string run;               // shell text, or else:
  std::string type;              // a type that workers of their own do
  json::value with;              // its payload
  std::string queue;
  int attempts = 0;  // 0: not said: a failure is final, a lost worker is not
  std::int64_t backoff_ms = -1;
  std::int64_t timeout_ms = 0;
  Environment env;
  bool fans_out = false;
  std::vector<json::value> foreach{};
  bool show = false;  // its output is printed at the end
};

struct Job {
  std::string name;
  std::string directory;  // where steps run, relative to the file
  int workers = kWorkersDefault;
  Environment env;
  std::vector<Step> steps;  // each after those that it needs
};

// Reads and checks a whole job; kInvalidRequest names every mistake with `file:line:column`. `name` is the job's when
// the file says none.
[[nodiscard]] Result<Job> read_job(const std::string& yaml, const std::string& file, const std::string& name);

// The candidate that was probably meant by `word`; empty when none is near.
[[nodiscard]] std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

// The steps in an order in which each comes after what it needs (stable). kDependencyCycle names the cycle.
[[nodiscard]] Result<std::vector<Step>> in_order(std::vector<Step> steps);

// Letters, digits, - and _, beginning with a letter or digit, at most 48.
[[nodiscard]] bool is_step_name(std::string_view name);

}  // namespace arbiter::cli
