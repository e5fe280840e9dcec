#include "drain.h"

#include <algorithm>

#include "core/views.h"

namespace arbiter::sim {
namespace {

bool nobody_can(const TaskModel& task) {
  const auto& wanted = task.spec.requirements.capabilities;
  return std::find(wanted.begin(), wanted.end(), core::Name(kNobody)) != wanted.end();
}

}  // namespace

// Tasks that are neither ended nor waiting for a worker that does not exist.
std::vector<const TaskModel*> Drain::unfinished() const {
  std::vector<const TaskModel*> found;
  for (const auto& [id, task] : model_.tasks) {
    if (task.live() && !(task.now.state == TaskState::kQueued && nobody_can(task))) found.push_back(&task);
  }
  return found;
}

void Drain::open_everything() {
  for (const auto& [name, queue] : model_.queues) {
    if (queue.now.paused) clients_.send(core::ResumeQueue{core::Name(name)});
  }
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

void Drain::pass_time() {
  const std::int64_t now = world_.peek().now.ms;
  const std::int64_t next = world_.next_timer();
  std::int64_t ms = next == core::kNever ? 1'000 : std::max<std::int64_t>(1, next - now);
  while (ms > 0 && world_.advance(std::min<std::int64_t>(ms, 300'000))) ms -= std::min<std::int64_t>(ms, 300'000);
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

void Drain::run(const std::function<void()>& rest) {
  world_.stop_faults();
  world_.settle();
  for (int round = 0; round < 400 && !verdict_.failed(); ++round) {
    if (round % 10 == 0) open_everything();
    work_round();
    if (unfinished().empty()) break;
    pass_time();
    if (round % 50 == 49) rest();
  }
  const auto left = unfinished();
  EXPECT_RULE(verdict_, left.empty(), "3",
              "task " + left.front()->id + " never ends: it is " + base::to_text(left.front()->now.state));
  if (!verdict_.failed()) check_named();
}

}  // namespace arbiter::sim
