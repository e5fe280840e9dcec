#include "core/graph.h"

#include <set>

#include "core/core.h"
#include "core/views.h"

namespace arbiter::core {
namespace {

class Walk {
 public:
  Walk(const State& state, const GetGraph& request) : state_(state), request_(request) {}

  GraphWalk run() {
    index_dependents();
    if (request_.task_id) visit(request_.task_id->value);
    while (!open_.empty() && !walk_.truncated) {
      const Task* task = open_.back();
      open_.pop_back();
      if (seen_.contains(task)) continue;
      walk_.truncated = static_cast<std::int64_t>(seen_.size()) >= request_.limit;
      if (!walk_.truncated) take(*task);
    }
    walk_.tasks.assign(seen_.begin(), seen_.end());
    std::sort(walk_.tasks.begin(), walk_.tasks.end(), [](auto* a, auto* b) { return a->submitted < b->submitted; });
    walk_.missing.assign(missing_.begin(), missing_.end());
    return std::move(walk_);
  }

 private:
  // Who depends on a task is found by looking at every live task once.
  void index_dependents() {
    for (const Task& task : state_.live) {
      const TaskSpec& spec = state_.spec_of(task);
      if (spec.depends_on.empty() || (request_.tag && !has_tag(spec, request_.tag->value))) continue;
      for (const Name& id : spec.depends_on) dependents_[id.value].push_back(&task);
      if (!request_.task_id) open_.push_back(&task);
    }
  }

  void visit(const std::string& id) {
    if (const Task* task = state_.find_task(id)) {
      open_.push_back(task);
    } else if (static_cast<std::int64_t>(missing_.size() + seen_.size()) < request_.limit) {
      missing_.insert(id);
    }
  }

  void take(const Task& task) {
    seen_.insert(&task);
    for (const Name& id : state_.spec_of(task).depends_on) visit(id.value);
    const auto dependents = dependents_.find(task.id);
    if (dependents != dependents_.end())
      open_.insert(open_.end(), dependents->second.begin(), dependents->second.end());
  }

  const State& state_;
  const GetGraph& request_;
  GraphWalk walk_;
  std::map<std::string_view, std::vector<const Task*>> dependents_;
  std::vector<const Task*> open_;
  boost::unordered_flat_set<const Task*> seen_;
  std::set<std::string> missing_;
};

}  // namespace

GraphWalk walk_graph(const State& state, const GetGraph& request) { return Walk(state, request).run(); }

// The engine has brought back what needs() named; what is missing still was deleted by retention.
Core::Answer Core::on(const GetGraph& c, Ticket) {
  if (c.task_id && !state_.find_task(c.task_id->value)) return base::fail(no_task(c.task_id->value));
  const GraphWalk walk = walk_graph(state_, c);
  Graph graph;
  graph.truncated = walk.truncated;
  for (const Task* task : walk.tasks) {
    const auto& needs = state_.spec_of(*task).depends_on;
    graph.nodes.push_back({Name(task->id), task->profile->type, task->state, {needs.begin(), needs.end()}});
    graph.order.emplace_back(task->id);
  }
  return Reply(std::move(graph));
}

}  // namespace arbiter::core
