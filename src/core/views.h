// What clients see of the state.
#pragma once

#include "core/state.h"

namespace arbiter::core {

enum class Detail : std::uint8_t { kFull, kWithoutBodies };

[[nodiscard]] TaskView view_of(const State& state, const Task& task, Detail detail);
[[nodiscard]] LeaseView lease_view_of(const State& state, const Task& task, Detail detail);
[[nodiscard]] LeaseStatus lease_status_of(const State& state, const Task& task);
[[nodiscard]] WorkerView view_of(const State& state, const Worker& worker, bool with_leases);
[[nodiscard]] QueueView view_of(State& state, Queue& queue, std::int64_t now);
[[nodiscard]] KeyView view_of(const Key& key);
[[nodiscard]] BulkView view_of(const Bulk& bulk);
[[nodiscard]] QuestionView view_of(const Question& question);
[[nodiscard]] IncidentView view_of(const Incident& incident);
[[nodiscard]] InboxItem view_of(const InboxEntry& entry);
[[nodiscard]] BudgetView view_of(const State& state, const Budget& budget, std::int64_t meters);
[[nodiscard]] ScheduleView view_of(const State& state, const Schedule& schedule, Detail detail);

// Ended tasks as the store has them, without payload and result. One that comes without its definition (an empty
// `spec`) shows only what its record holds.
[[nodiscard]] base::Result<std::vector<TaskView>> ended_views(const std::vector<StoredEntity>& entities);
// Whether there is more to a stored task than its record says: its definition lies in its document.
[[nodiscard]] bool needs_definition(std::string_view task_body);

}  // namespace arbiter::core
