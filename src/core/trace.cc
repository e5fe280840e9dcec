#include "core/trace.h"

#include "base/ids.h"
#include "core/core.h"

namespace arbiter::core {
namespace {

// FNV-1a: the same in every build, since spans of one task are told by servers before and after an upgrade.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

template <typename Body>
constexpr bool kIsOfTask =
    std::is_same_v<Body, TaskSubmitted> || std::is_same_v<Body, TaskQueued> || std::is_same_v<Body, TaskAssigned> ||
    std::is_same_v<Body, TaskStarted> || std::is_same_v<Body, TaskCompleted> || std::is_same_v<Body, TaskFailed> ||
    std::is_same_v<Body, TaskReleased> || std::is_same_v<Body, TaskCancelRequested> ||
    std::is_same_v<Body, TaskCancelled> || std::is_same_v<Body, TaskUniqueExpired> ||
    std::is_same_v<Body, TaskRedriven>;

const std::string* task_of(const EventBody& event) {
  return std::visit(
      [](const auto& body) -> const std::string* {
        if constexpr (kIsOfTask<std::decay_t<decltype(body)>>) {
          return &body.id.value;
        } else {
          return nullptr;
        }
      },
      event);
}

TaskStage stage_of(const Task& task, TaskStage::Kind kind, std::int64_t from, std::int64_t to) {
  TaskStage stage;
  stage.kind = kind;
  stage.traceparent = *task.trace;
  stage.task = task.id;
  stage.type = task.profile->type.value;
  stage.queue = task.queue->name;
  stage.from_ms = from;
  stage.to_ms = std::max(from, to);
  stage.attempt = task.failures + (task.lease ? 1 : 0);
  if (task.lease) {
    stage.lease = task.lease->number;
    stage.worker = task.lease->worker->id;
  }
  return stage;
}

// What ended with an event, and how.
struct Ending {
  bool attempt = false;
  bool task = false;
  const char* outcome = "";
  std::string message;
};

Ending ending_of(const EventBody& event) {
  if (std::holds_alternative<TaskCompleted>(event)) return {true, true, "completed", {}};
  if (std::holds_alternative<TaskReleased>(event)) return {true, false, "released", {}};
  if (const auto* cancelled = std::get_if<TaskCancelled>(&event)) {
    return {true, true, "cancelled", cancelled->message.value_or("")};
  }
  if (const auto* failed = std::get_if<TaskFailed>(&event)) {
    const bool dead = failed->state == TaskState::kFailed;
    return {true, dead, dead ? "failed" : "retried",
            failed->error ? failed->error->message.value : base::to_text(failed->reason)};
  }
  return {};
}

}  // namespace

base::TraceContext span_of_task(const base::TraceContext& submitted, std::string_view task) {
  return submitted.child(hash_of(task));
}

base::TraceContext span_of_run(const base::TraceContext& submitted, std::string_view task, std::int64_t lease) {
  return span_of_task(submitted, task).child(2 * static_cast<std::uint64_t>(lease) + 1);
}

base::TraceContext span_of_stage(const TaskStage& stage, const base::TraceContext& submitted) {
  switch (stage.kind) {
    case TaskStage::Kind::kWhole:
      return span_of_task(submitted, stage.task);
    case TaskStage::Kind::kRun:
      return span_of_run(submitted, stage.task, stage.lease);
    case TaskStage::Kind::kQueued:
      return span_of_task(submitted, stage.task).child(2 * static_cast<std::uint64_t>(stage.from_ms));
  }
  return submitted;
}

// Called before the event is applied: what it ends is still there to be read.
std::vector<TaskStage> Core::stages_ended_by(const EventBody& event) const {
  const std::string* id = task_of(event);
  const Task* task = id ? state_.find_task(*id) : nullptr;
  if (!task || !task->trace || !task->trace->ends_with("-01")) return {};
  std::vector<TaskStage> stages;
  const auto add = [&](TaskStage::Kind kind, std::int64_t from, const char* outcome, const std::string& message) {
    TaskStage& stage = stages.emplace_back(stage_of(*task, kind, from, now_.now.ms));
    stage.outcome = outcome;
    stage.message = message;
  };
  if (const auto* assigned = std::get_if<TaskAssigned>(&event)) {
    add(TaskStage::Kind::kQueued, task->queued_at, "leased", {});
    stages.back().attempt = assigned->attempt;
    stages.back().lease = assigned->lease;
    stages.back().worker = assigned->worker.value;
    return stages;
  }
  const Ending ending = ending_of(event);
  const bool begun = task->lease && task->lease->started_at > 0;
  if (ending.attempt && begun) add(TaskStage::Kind::kRun, task->lease->started_at, ending.outcome, ending.message);
  if (!ending.task) return stages;
  if (task->state == TaskState::kQueued) add(TaskStage::Kind::kQueued, task->queued_at, ending.outcome, {});
  add(TaskStage::Kind::kWhole, task->created_at, ending.outcome, ending.message);
  return stages;
}

// The trace that an event is told in: its task's, else that of the request that caused it.
const std::string& Core::trace_of(const EventBody& event) const {
  const std::string* id = state_.traced_tasks > 0 ? task_of(event) : nullptr;
  const Task* task = id ? state_.find_task(*id) : nullptr;
  return task && task->trace ? *task->trace : actor_.trace;
}

}  // namespace arbiter::core
