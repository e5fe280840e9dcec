#include "tickets.h"

#include "counts.h"

namespace arbiter::sim {
namespace {

struct Summary {
  std::string operator()(const core::SubmitTaskReply& r) const { return "task " + r.task.id.value; }
  std::string operator()(const core::SubmitReply& r) const {
    std::string text = "tasks";
    for (const auto& t : r.tasks) text += ' ' + t.id.value;
    return text;
  }
  std::string operator()(const core::LeaseReply& r) const { return leases(r.leases); }
  std::string operator()(const core::ReportReply& r) const { return leases(r.leases); }
  std::string operator()(const core::RegisterReply& r) const {
    return "worker " + r.worker.id.value + ' ' + std::to_string(r.worker.session);
  }
  std::string operator()(const core::BulkView& r) const { return "bulk " + r.id.value; }
  std::string operator()(const core::AskReply& r) const { return "question " + r.question.id.value; }
  std::string operator()(const core::OpenIncidentReply& r) const { return "incident " + r.incident.id.value; }
  std::string operator()(const auto&) const { return "done"; }

  static std::string leases(const std::vector<core::LeaseView>& list) {
    std::string text = "leases";
    for (const auto& l : list) text += ' ' + l.task.id.value + '/' + l.lease;
    return text;
  }
};

}  // namespace

engine::StoredReply stored(const core::Reply& reply) { return {200, std::visit(Summary{}, reply)}; }

int marked_tasks(const Asked& asked) {
  int marked = 0;
  const auto look = [&](const core::TaskSpec& spec) {
    const bool may_stand_for_other = spec.unique_key && spec.on_duplicate == core::OnDuplicate::kExisting;
    marked += marker_of(spec) == asked.number && !may_stand_for_other ? 1 : 0;
  };
  if (const auto* one = std::get_if<core::SubmitTask>(&asked.command)) look(*one);
  if (const auto* batch = std::get_if<core::SubmitBatch>(&asked.command)) {
    for (const auto& spec : batch->tasks) look(spec);
  }
  return marked;
}

std::int64_t wait_of(const core::Command& command) {
  if (const auto* get = std::get_if<core::GetTask>(&command)) return get->wait_ms ? get->wait_ms->value : 0;
  if (const auto* question = std::get_if<core::GetQuestion>(&command)) return question->wait_ms;
  if (const auto* lease = std::get_if<core::LeaseTasks>(&command)) return lease->wait_ms;
  if (const auto* heartbeat = std::get_if<core::Heartbeat>(&command)) return heartbeat->wait_ms;
  if (const auto* report = std::get_if<core::ReportTasks>(&command))
    return report->lease ? report->lease->wait_ms.value : 0;
  return 0;
}

WorkerName worker_of(const core::Command& command) {
  return std::visit(
      [](const auto& c) -> WorkerName {
        using C = std::decay_t<decltype(c)>;
        if constexpr (std::is_same_v<C, core::LeaseTasks> || std::is_same_v<C, core::ReportTasks>) {
          return {c.worker_id.value, c.session};
        } else if constexpr (std::is_same_v<C, core::Heartbeat>) {
          return {c.id.value, c.session};
        } else if constexpr (std::is_same_v<C, core::GetWorker> || std::is_same_v<C, core::DrainWorker> ||
                             std::is_same_v<C, core::DeregisterWorker>) {
          return {c.id.value};
        } else {
          return {};
        }
      },
      command);
}

std::string text_of(const Asked& asked) {
  std::string text(name_of(asked.command));
  if (!asked.key.empty()) text += " key " + asked.key;
  std::visit(
      [&](const auto& c) {
        if constexpr (requires { base::to_json(c); }) {
          if constexpr (boost::describe::has_describe_members<std::decay_t<decltype(c)>>::value)
            text += ' ' + base::to_json(c);
        }
      },
      asked.command);
  return text;
}

std::string text_of(const engine::Answer& answer) {
  if (!answer) return std::string(base::info(answer.error().code).name) + ": " + answer.error().message;
  if (const auto* kept = std::get_if<engine::StoredReply>(&*answer)) return "kept: " + kept->body;
  return stored(std::get<core::Reply>(*answer)).body;
}

}  // namespace arbiter::sim
