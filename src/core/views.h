// What clients see of the state.
#pragma once

#include "core/state.h"

namespace arbiter::core {

enum class Detail : std::uint8_t { kFull, kWithoutBodies };

[[nodiscard]] TaskView view_of(const State& state, const Task& task, Detail detail);
[[nodiscard]] LeaseView lease_view_of(const State& state, const Task& task, Detail detail);
[[nodiscard]] LeaseStatus lease_status_of(const State& state, const Task& task);
[[nodiscard]] WorkerView view_of(const State& state, const Worker& worker, bool with_leases);
[[nodiscard]] QueueView view_of(const Queue& queue, std::int64_t now);
[[nodiscard]] BulkView view_of(const Bulk& bulk);

}  // namespace arbiter::core
