// What a person sees while `arbiter run` works: on a terminal a bar and a line per worker, drawn anew; elsewhere a
// plain line per task that ended.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/job_plan.h"

namespace arbiter::cli {

struct Counts {
  std::size_t total = 0;
  std::size_t completed = 0;
  std::size_t failed = 0;
  std::size_t cancelled = 0;
  std::size_t running = 0;
  std::size_t suspended = 0;
  [[nodiscard]] std::size_t ended() const { return completed + failed + cancelled; }
};

class RunView {
 public:
  RunView(Context& context, const std::vector<PlannedTask>& tasks, std::vector<std::string> workers);

  // Takes in the tasks as the server lists them and shows what is new.
  void update(const json::array& tasks);
  // A line that stays.
  void say(const std::string& line);
  // A line that stands below the bar until it is replaced (terminals only).
  void remark(const std::string& line) { remark_ = line; }
  // Draws anew so that running times move.
  void tick();
  // Removes what is drawn for the moment.
  void finish();

  [[nodiscard]] const Counts& counts() const { return counts_; }
  [[nodiscard]] bool all_ended() const { return counts_.ended() == counts_.total; }
  [[nodiscard]] const std::map<std::string, json::value>& tasks() const { return latest_; }
  // Per step: how many tasks, how they ended, how long they took.
  [[nodiscard]] std::string summary() const;
  // The same for programs; `results` by task id.
  [[nodiscard]] json::object summary_json(const std::map<std::string, json::value>& results) const;

 private:
  void ended(const PlannedTask& planned, const json::value& task);
  void draw();
  void erase();
  [[nodiscard]] std::vector<std::string> lines() const;
  [[nodiscard]] std::string bar() const;

  Context& context_;
  const std::vector<PlannedTask>& planned_;
  const std::vector<std::string> workers_;
  std::map<std::string, json::value> latest_;  // by task id
  std::set<std::string> told_;
  Counts counts_;
  std::string remark_;
  std::size_t drawn_ = 0;
  std::int64_t started_ms_;
};

}  // namespace arbiter::cli
