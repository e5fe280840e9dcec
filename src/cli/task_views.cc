#include "cli/task_views.h"

#include "base/clock.h"
#include "cli/fields.h"
#include "cli/table.h"

namespace arbiter::cli {

using base::fail;

std::string task_path(const std::string& id) { return "/api/v1/tasks/" + client::escape(id); }

bool is_ended(const json::value& task) {
  const auto state = text(task, "state");
  return state == "completed" || state == "failed" || state == "cancelled";
}

std::string task_remark(const json::value& task) {
  if (const auto& error = at(task, "error"); error.is_object() && text(task, "state") != "completed") {
    const auto code = text(error, "code");
    return (code.empty() ? "" : code + ": ") + text(error, "message");
  }
  if (const auto waiting = text(task, "waitingFor"); !waiting.empty()) return "waits for " + waiting;
  if (const auto& progress = at(task, "progress"); progress.is_object()) {
    const auto percent = text(progress, "percent");
    return (percent.empty() ? "" : percent + "% ") + text(progress, "message");
  }
  return is_ended(task) ? "" : text(task, "reason");
}

std::string tasks_table(const json::array& tasks, bool colours) {
  Table table({"TASK", "TYPE", "QUEUE", "STATE", ">PRIO", ">TRY", ">AGE", ">TIME", "WORKER", "REMARK"});
  for (const auto& task : tasks) {
    const auto state = text(task, "state");
    table.add({text(task, "id"), text(task, "type"), text(task, "queue"), Cell(state, state_colour(state)),
               text(task, "priority"), text(task, "attempt") + "/" + text(task, "maxAttempts"), age(task, "createdAt"),
               span(task, "startedAt", "endedAt"), text(task, "workerId"), shortened(task_remark(task), 60)});
  }
  return table.text(colours);
}

std::string task_details(const json::value& task, bool colours) {
  Table table({"FIELD", "VALUE"});
  const auto* fields = task.if_object();
  if (!fields) return json::serialize(task);
  for (const auto& [key, value] : *fields) {
    if (value.is_null() || (value.is_array() && value.get_array().empty())) continue;
    const auto shown = text(value);
    table.add({std::string(key), key == "state" ? Cell(shown, state_colour(shown)) : Cell(shortened(shown, 2'000))});
  }
  return table.text(colours);
}

Result<json::value> await_end(Context& context, const std::string& id, std::int64_t wait_ms) {
  constexpr std::int64_t poll_ms = 20'000;
  const base::SystemClock clock;
  const std::int64_t until = wait_ms < 0 ? INT64_MAX : clock.monotonic_ms() + wait_ms;
  for (;;) {
    const std::int64_t left = std::clamp<std::int64_t>(until - clock.monotonic_ms(), 0, poll_ms);
    auto task = context.get(task_path(id) + "?waitMs=" + std::to_string(left), static_cast<int>(left) + 10'000);
    if (!task || is_ended(*task) || left == 0) return task;
  }
}

int exit_code_of(const json::value& task) {
  if (text(task, "state") == "completed") return 0;
  return is_ended(task) ? 1 : base::info(base::ErrorCode::kOverloaded).exit_code;
}

Result<void> print_log(Context& context, const std::string& id, std::string& after) {
  for (;;) {
    auto page = context.get(task_path(id) + "/logs" + client::query({{"after", after}, {"limit", "1000"}}));
    if (!page) return fail(page.error());
    const auto& lines = items(*page);
    for (const auto& line : lines) {
      after = text(line, "sequence");
      context.show(line, [&](const json::value& value) {
        const auto time = text(value, "time");
        return coloured(time.size() > 19 ? time.substr(11, 12) : time, Colour::kGrey, context.colours()) + "  " +
               printable(text(value, "text"));
      });
    }
    if (lines.size() < 1'000) return {};
  }
}

}  // namespace arbiter::cli
