// How tasks are printed, and the wait for their end; shared by the files of `arbiter task`.
#pragma once

#include <string>

#include "cli/context.h"

namespace arbiter::cli {

[[nodiscard]] std::string task_path(const std::string& id);
[[nodiscard]] std::string tasks_table(const json::array& tasks, bool colours);
[[nodiscard]] std::string task_details(const json::value& task, bool colours);
[[nodiscard]] bool is_ended(const json::value& task);
// Why a task failed, waits or was cancelled; one line, "" when there is nothing to say.
[[nodiscard]] std::string task_remark(const json::value& task);

// The task once it has ended, or as it stands when `wait_ms` (negative: no limit) is over.
[[nodiscard]] Result<json::value> await_end(Context& context, const std::string& id, std::int64_t wait_ms);
// 0 when it completed, 1 when it ended otherwise, 6 when it has not ended.
[[nodiscard]] int exit_code_of(const json::value& task);

// Prints log lines after `after` and moves it; colours for the time only.
[[nodiscard]] Result<void> print_log(Context& context, const std::string& id, std::string& after);

}  // namespace arbiter::cli
