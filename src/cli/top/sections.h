// The parts of a picture as rows for people.
#pragma once

#include "cli/top/picture.h"
#include "cli/top/section.h"

namespace arbiter::cli::top {

// `with_ids`: the ids, by which items are answered, are never left out.
[[nodiscard]] Section inbox_section(const Picture& picture, base::Timestamp now, bool with_ids);
[[nodiscard]] Section workers_section(const Picture& picture, base::Timestamp now);
[[nodiscard]] Section tasks_section(const Picture& picture, base::Timestamp now);
// Only tasks that are worked on, or rest.
[[nodiscard]] Section busy_section(const Picture& picture, base::Timestamp now);
[[nodiscard]] Section queues_section(const Picture& picture, base::Timestamp now);
[[nodiscard]] Section events_section(const Picture& picture);

// Keeps the rows in which some cell contains `filter`, whatever its case.
void keep_matching(Section& section, const std::string& filter);

// Whether a task has been handed to a worker.
[[nodiscard]] bool is_worked_on(const json::value& task);

}  // namespace arbiter::cli::top
