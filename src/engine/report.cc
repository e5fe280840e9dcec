#include "engine/report.h"

#include <algorithm>

namespace arbiter::engine {
namespace {

QueueReport report_of(core::State& state, core::Queue& queue, std::int64_t now) {
  QueueReport report;
  report.name = queue.name;
  report.paused = queue.paused;
  report.depth = queue.depth;
  const std::int64_t oldest = state.oldest_arrival(queue);
  report.oldest_age_ms = oldest == 0 ? 0 : std::max<std::int64_t>(0, now - oldest);
  report.totals = queue.totals;
  return report;
}

bool is_exhausted(const core::State& state, const core::Budget& budget) {
  const auto spent = [&](const core::BudgetMeter* meter) { return meter && meter->is_spent; };
  return std::any_of(budget.meters.begin(), budget.meters.end(), [&](const auto& m) { return spent(&m.second); }) ||
         std::any_of(budget.tight.begin(), budget.tight.end(),
                     [&](const auto& holder) { return spent(state.find_meter(budget, holder.second->id)); });
}

}  // namespace

NamespaceReport report_of(std::string name, core::Core& core, base::Now now) {
  core::State& state = core.state();
  NamespaceReport report;
  report.name = std::move(name);
  report.open = true;
  report.queues.reserve(state.queues.size());
  for (auto& [key, queue] : state.queues) report.queues.push_back(report_of(state, *queue, now.now.ms));
  for (const auto& [id, worker] : state.workers) {
    ++report.workers[static_cast<std::size_t>(worker->state)];
    report.slots_used += worker->slots_used;
    if (worker->state == core::WorkerState::kLive) report.slots += worker->definition.max_concurrent;
  }
  report.ready_tasks = state.ready_tasks;
  report.schedules = static_cast<std::int64_t>(state.schedules.size());
  report.budgets = static_cast<std::int64_t>(state.budgets.size());
  report.budgets_exhausted = std::count_if(state.budgets.begin(), state.budgets.end(),
                                           [&](const auto& b) { return is_exhausted(state, b.second); });
  for (const auto& [id, effect] : state.effects) ++report.effects[static_cast<std::size_t>(effect.state)];
  const auto late = [](std::int64_t due, std::int64_t at) { return due == core::kNever ? 0 : at - due; };
  report.timers_late_ms =
      std::max({std::int64_t{0}, late(state.timers.next(), now.now.ms), late(state.gate_timers.next(), now.now.ms),
                late(state.wall_timers.next(), now.wall.ms)});
  report.totals = state.totals;
  return report;
}

}  // namespace arbiter::engine
