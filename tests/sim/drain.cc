#include "drain.h"

#include <algorithm>

#include "core/views.h"

namespace arbiter::sim {
namespace {

// No worker that is there may serve it: it waits, and says so.
bool nobody_can(const Model& model, const TaskModel& task) {
  return std::none_of(model.workers.begin(), model.workers.end(), [&](const auto& worker) {
    return worker.second.exists && may_serve(worker.first, worker.second.definition, task.spec);
  });
}

// Waits for a worker that is not there, or for a task that does.
bool is_stuck(const Model& model, const TaskModel& task) {
  if (task.now.state == TaskState::kQueued) return nobody_can(model, task);
  if (task.now.state != TaskState::kPending) return false;
  return std::any_of(task.spec.depends_on.begin(), task.spec.depends_on.end(), [&](const auto& id) {
    const TaskModel* dependency = model.task(id.value);
    return dependency && dependency->live() && is_stuck(model, *dependency);
  });
}

}  // namespace

// Tasks that are neither ended nor waiting for a worker that does not exist.
std::vector<const TaskModel*> Drain::unfinished() const {
  std::vector<const TaskModel*> found;
  for (const auto& [id, task] : model_.tasks) {
    if (task.live() && !is_stuck(model_, task)) found.push_back(&task);
  }
  return found;
}

void Drain::open_everything() {
  for (const auto& [name, queue] : model_.queues) {
    if (queue.now.paused || queue.now.draining) clients_.send(core::ResumeQueue{core::Name(name)});
  }
  // A schedule would bring new work for ever.
  for (const auto& [name, schedule] : model_.schedules) {
    if (schedule.exists) clients_.send(core::DeleteSchedule{core::Name(name)});
  }
  for (const auto& [name, budget] : model_.budgets.all) {
    if (budget.exists) clients_.send(core::DeleteBudget{core::Name(name)});
  }
  for (const auto& [name, limits] : model_.limits.queue_limits) {
    core::ConfigureQueue c{.name = core::Name(name)};
    c.concurrency = 0;
    c.rate = core::RateLimit{};
    c.key_limits = core::KeyLimits{};
    clients_.send(std::move(c));
  }
  for (const auto& [name, limits] : model_.limits.key_limits) {
    core::ConfigureKey c{.name = core::Name(name)};
    c.concurrency = 0;
    c.rate = core::RateLimit{};
    clients_.send(std::move(c));
  }
  for (const auto& [name, gate] : model_.limits.keys) {
    if (gate.paused) clients_.send(core::ResumeKey{core::Name(name)});
  }
  // Those that nobody plays any more make room.
  for (const auto& [id, worker] : model_.workers) {
    if (worker.exists && id.size() > 2) clients_.send(core::DeregisterWorker{core::Name(id)});
  }
  world_.settle();
  for (int i = 1; i <= 5; ++i) {
    core::RegisterWorker c;
    c.name = core::Name("w" + std::to_string(i));
    c.capabilities.emplace_back("*");
    for (const auto& type : kTypes) c.capabilities.emplace_back(type.value);
    c.languages.assign(kLanguages.begin(), kLanguages.end());
    c.labels["zone"] = i % 2 ? "a" : "b";
    c.max_concurrent = 1'000;
    clients_.send(std::move(c));
  }
  world_.settle();
}

void Drain::work_round() {
  for (int i = 1; i <= 5; ++i) {
    core::LeaseTasks c;
    c.worker_id = core::Name("w" + std::to_string(i));
    c.max = 50;
    c.lease_ms = 1'000;
    clients_.send(std::move(c));
  }
  world_.settle();
  // Every lease that the log knows is brought to its end, by whoever holds it.
  std::vector<core::CompleteTask> outcomes;
  std::vector<core::StartTask> starts;
  for (const auto& [id, task] : model_.tasks) {
    if (!task.lease) continue;
    const core::LeaseText lease(std::to_string(task.lease->number));
    if (task.now.state == TaskState::kAssigned) starts.push_back({core::Name(id), lease});
    outcomes.push_back({core::Name(id), lease, json("{\"drained\":true}"), {}, {}});
  }
  for (auto& c : starts) clients_.send(std::move(c));
  for (auto& c : outcomes) clients_.send(std::move(c));
  world_.settle();
}

// To the next deadline; the wall clock jumps to the next runAt.
void Drain::pass_time() {
  const base::Now now = world_.peek();
  std::int64_t run_at = core::kNever;
  std::int64_t next = now.now.ms + 60'000;
  for (const auto& [id, task] : model_.tasks) {
    if (task.now.state != TaskState::kPending) continue;
    if (task.not_before > now.now.ms) next = std::min(next, task.not_before);
    if (task.spec.run_at && task.spec.run_at->ms > now.wall.ms) run_at = std::min(run_at, task.spec.run_at->ms);
  }
  if (run_at != core::kNever) world_.jump_wall(run_at - now.wall.ms);
  next = std::min(next, world_.get().core()->next_deadline(now));
  while (world_.peek().now.ms <= next && world_.advance(1'000)) world_.settle();
  world_.settle();
}

// What is left must say what it waits for.
void Drain::check_named() {
  for (const auto& [id, task] : model_.tasks) {
    if (!task.live()) continue;
    const core::Task* living = world_.get().core()->state().find_task(id);
    EXPECT_RULE(verdict_, living != nullptr, "3", "the accepted task " + id + " is gone");
    if (verdict_.failed()) return;
    const auto view = core::view_of(world_.get().core()->state(), *living, core::Detail::kWithoutBodies);
    EXPECT_RULE(verdict_, view.waiting_for && !view.waiting_for->empty(), "3",
                "task " + id + " neither ends nor says what it waits for");
  }
}

std::size_t Drain::open_effects() const {
  return static_cast<std::size_t>(std::count_if(model_.effects.begin(), model_.effects.end(), [](const auto& entry) {
    const auto state = entry.second.now.state;
    return entry.second.exists && (state == core::EffectState::kWaiting || state == core::EffectState::kStarted);
  }));
}

// Receivers that behave get everything, in the end.
void Drain::deliver() {
  world_.receivers().behave();
  for (int round = 0; round < 2'000 && open_effects() > 0 && !verdict_.failed(); ++round) {
    const base::Now now = world_.peek();
    core::Core* core = world_.get().core();
    const std::int64_t next = core ? core->next_deadline(now) : now.now.ms;
    world_.advance(std::max<std::int64_t>(1, std::min(next, world_.receivers().next_answer()) - now.now.ms));
    world_.settle();
  }
  EXPECT_RULE(verdict_, open_effects() == 0, "3", "effects are neither delivered nor given up");
  for (const auto& [id, effect] : model_.effects) {
    if (effect.now.state != core::EffectState::kDelivered) continue;
    EXPECT_RULE(verdict_, world_.receivers().took(id, effect.now.attempt), "3", "effect " + id + " never arrived");
  }
}

void Drain::run(const std::function<void()>& rest) {
  world_.stop_faults();
  world_.settle();
  for (int round = 0; round < 400 && !verdict_.failed(); ++round) {
    if (round % 3 == 0) open_everything();
    work_round();
    if (unfinished().empty()) break;
    pass_time();
    if (round % 50 == 49) rest();
  }
  const auto left = unfinished();
  EXPECT_RULE(verdict_, left.empty(), "3",
              "task " + left.front()->id + " never ends: it is " + base::to_text(left.front()->now.state));

  if (!verdict_.failed()) check_named();
  if (!verdict_.failed()) deliver();
}

}  // namespace arbiter::sim
