#include "cli/run_view.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "base/clock.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/task_views.h"

namespace arbiter::cli {
namespace {

constexpr std::size_t kBarWidth = 30;
constexpr std::size_t kWorkerLinesMax = 16;

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 100;
  return size.ws_col;
}

std::string last_part(const std::string& worker) {
  const auto dot = worker.rfind('.');
  return dot == std::string::npos ? worker : worker.substr(dot + 1);
}

}  // namespace

RunView::RunView(Context& context, const std::vector<PlannedTask>& tasks, std::vector<std::string> workers)
    : context_(context),
      planned_(tasks),
      workers_(std::move(workers)),
      started_ms_(base::SystemClock{}.monotonic_ms()) {
  counts_.total = tasks.size();
}

void RunView::update(const json::array& tasks) {
  for (const auto& task : tasks) latest_[text(task, "id")] = task;
  Counts counts;
  counts.total = planned_.size();
  for (const auto& planned : planned_) {
    const auto it = latest_.find(planned.id);
    if (it == latest_.end()) continue;
    const auto state = text(it->second, "state");
    if (state == "completed") ++counts.completed;
    if (state == "failed") ++counts.failed;
    if (state == "cancelled") ++counts.cancelled;
    if (state == "running" || state == "assigned") ++counts.running;
    if (state == "suspended") ++counts.suspended;
  }
  counts_ = counts;
  erase();
  for (const auto& planned : planned_) {
    const auto it = latest_.find(planned.id);
    if (it == latest_.end() || !is_ended(it->second) || !told_.insert(planned.id).second) continue;
    ended(planned, it->second);
  }
  draw();
}

// On a terminal the bar shows successes; only what needs attention stays as a line.
void RunView::ended(const PlannedTask& planned, const json::value& task) {
  const auto state = text(task, "state");
  if (context_.format == Format::kJson || (context_.interactive() && state == "completed")) return;
  const auto digits = std::to_string(counts_.total).size();
  auto number = std::to_string(told_.size());
  number.insert(0, digits - std::min(digits, number.size()), ' ');
  std::string word = state == "completed" ? "ok" : state;
  word.resize(std::max<std::size_t>(word.size(), 9), ' ');
  std::string line = "[" + number + "/" + std::to_string(counts_.total) + "] " +
                     coloured(word, state_colour(state), context_.colours()) + "  " + planned.label;
  if (const auto took = span(task, "startedAt", "endedAt"); !took.empty()) line += "  " + took;
  if (const auto worker = text(task, "workerId"); !worker.empty()) line += "  " + last_part(worker);
  if (number.empty() || state != "completed") {
    const auto attempts = cli::number(task, "attempt");
    if (attempts > 1) line += "  after " + std::to_string(attempts) + " attempts";
    if (auto why = task_remark(task); !why.empty()) line += ": " + shortened(why, 200);
  }
  context_.print(line);
}

void RunView::say(const std::string& line) {
  if (context_.format == Format::kJson) return;
  erase();
  context_.print(line);
  draw();
}

void RunView::tick() {
  erase();
  draw();
}

void RunView::finish() { erase(); }

void RunView::erase() {
  if (drawn_ > 0) std::printf("\x1b[%zuA\x1b[J", drawn_);
  drawn_ = 0;
}

void RunView::draw() {
  if (!context_.interactive() || context_.format == Format::kJson) return;
  const auto width_max = terminal_width() - 1;
  for (const auto& line : lines()) {
    std::printf("%s\n", shortened(line, width_max).c_str());
    ++drawn_;
  }
  std::fflush(stdout);
}

std::string RunView::bar() const {
  const std::size_t filled = counts_.total == 0 ? 0 : kBarWidth * counts_.ended() / counts_.total;
  std::string out = "[";
  for (std::size_t i = 0; i < kBarWidth; ++i) out += i < filled ? "█" : "░";
  out += "] " + std::to_string(counts_.ended()) + "/" + std::to_string(counts_.total);
  out += "  running " + std::to_string(counts_.running);
  if (counts_.suspended > 0) out += "  suspended " + std::to_string(counts_.suspended);
  if (counts_.failed > 0) out += "  failed " + std::to_string(counts_.failed);
  if (counts_.cancelled > 0) out += "  cancelled " + std::to_string(counts_.cancelled);
  return out + "  " + human_duration(base::SystemClock{}.monotonic_ms() - started_ms_);
}

std::vector<std::string> RunView::lines() const {
  std::map<std::string, std::string> doing;
  for (const auto& planned : planned_) {
    const auto it = latest_.find(planned.id);
    if (it == latest_.end()) continue;
    const auto& task = it->second;
    const auto state = text(task, "state");
    if (state != "running" && state != "assigned") continue;
    std::string line = planned.label + "  " + span(task, "startedAt", "endedAt");
    if (number(task, "attempt") > 1) line += "  attempt " + text(task, "attempt");
    if (const auto remark = task_remark(task); !remark.empty()) line += "  " + remark;
    doing[text(task, "workerId")] = line;
  }
  std::vector<std::string> out = {bar()};
  for (const auto& worker : workers_) {
    if (out.size() > kWorkerLinesMax) break;
    const auto it = doing.find(worker);
    out.push_back("  " + last_part(worker) + "  " + (it == doing.end() ? "idle" : it->second));
  }
  if (!remark_.empty()) out.push_back("  " + remark_);
  return out;
}

std::string RunView::summary() const {
  struct Row {
    Counts counts;
    std::int64_t attempts = 0;
    std::int64_t longest_ms = 0;
  };
  std::vector<std::string> order;
  std::map<std::string, Row> rows;
  for (const auto& planned : planned_) {
    if (!rows.contains(planned.step)) order.push_back(planned.step);
    Row& row = rows[planned.step];
    ++row.counts.total;
    const auto it = latest_.find(planned.id);
    if (it == latest_.end()) continue;
    const auto state = text(it->second, "state");
    if (state == "completed") ++row.counts.completed;
    if (state == "failed") ++row.counts.failed;
    if (state == "cancelled") ++row.counts.cancelled;
    row.attempts += number(it->second, "attempt");
    base::Timestamp begin;
    base::Timestamp end;
    if (base::from_rfc3339(text(it->second, "startedAt"), begin) &&
        base::from_rfc3339(text(it->second, "endedAt"), end)) {
      row.longest_ms = std::max(row.longest_ms, end.ms - begin.ms);
    }
  }
  Table table({"STEP", ">TASKS", ">OK", ">FAILED", ">CANCELLED", ">ATTEMPTS", ">LONGEST"});
  for (const auto& name : order) {
    const Row& row = rows[name];
    const Colour colour = row.counts.failed > 0                      ? Colour::kRed
                          : row.counts.completed == row.counts.total ? Colour::kGreen
                                                                     : Colour::kYellow;
    table.add({Cell(name, colour), std::to_string(row.counts.total), std::to_string(row.counts.completed),
               std::to_string(row.counts.failed), std::to_string(row.counts.cancelled), std::to_string(row.attempts),
               human_duration(row.longest_ms)});
  }
  return table.text(context_.colours());
}

json::object RunView::summary_json(const std::map<std::string, json::value>& results) const {
  json::array tasks;
  for (const auto& planned : planned_) {
    const auto it = latest_.find(planned.id);
    json::object entry{{"id", planned.id}, {"step", planned.step}};
    if (it != latest_.end()) {
      for (const char* key : {"state", "attempt", "error", "workerId"}) {
        if (!at(it->second, key).is_null()) entry[key] = at(it->second, key);
      }
    }
    if (const auto result = results.find(planned.id); result != results.end()) entry["result"] = result->second;
    tasks.push_back(std::move(entry));
  }
  return {{"total", counts_.total},
          {"completed", counts_.completed},
          {"failed", counts_.failed},
          {"cancelled", counts_.cancelled},
          {"tasks", std::move(tasks)}};
}

}  // namespace arbiter::cli
