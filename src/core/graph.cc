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

// How long tasks take, as far as it was measured.
class Clock {
 public:
  explicit Clock(std::int64_t now) : now_(now) {}

  void measure(const Task& task, GraphNode& node) {
    if (is_ended(task.state)) {
      if (task.last) node.duration_ms = task.last->ran_ms;
      return;
    }
    node.estimated = true;
    node.duration_ms = median_of(*task.queue);
    if (task.lease) node.duration_ms = std::max(node.duration_ms, task.lease->ran_ms(now_));
  }

 private:
  std::int64_t median_of(const Queue& queue) {
    const auto [it, fresh] = medians_.try_emplace(&queue, 0);
    if (fresh) it->second = static_cast<std::int64_t>(queue.run.summary().p50_ms);
    return it->second;
  }

  std::int64_t now_;
  std::map<const Queue*, std::int64_t> medians_;
};

// The chain of dependencies whose durations add up to most. The nodes come with dependencies first.
void find_critical_path(Graph& graph) {
  std::map<std::string_view, std::size_t> index;
  std::vector<std::int64_t> until(graph.nodes.size(), 0);
  std::vector<std::size_t> before(graph.nodes.size(), graph.nodes.size());
  std::size_t last = graph.nodes.size();
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const GraphNode& node = graph.nodes[i];
    for (const Name& id : node.depends_on) {
      const auto found = index.find(id.value);
      if (found == index.end() || (before[i] < i && until[found->second] <= until[before[i]])) continue;
      before[i] = found->second;
    }
    until[i] = node.duration_ms + (before[i] < i ? until[before[i]] : 0);
    index.emplace(node.id.value, i);
    if (last == graph.nodes.size() || until[i] > until[last]) last = i;
  }
  if (last == graph.nodes.size()) return;
  graph.critical_path_ms = until[last];
  for (std::size_t i = last; i < graph.nodes.size(); i = before[i]) graph.critical_path.push_back(graph.nodes[i].id);
  std::reverse(graph.critical_path.begin(), graph.critical_path.end());
}

// Names hold no quotes; types and states neither.
std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

std::string_view colour_of(TaskState state) {
  switch (state) {
    case TaskState::kPending:
    case TaskState::kQueued:
      return "white";
    case TaskState::kAssigned:
    case TaskState::kRunning:
      return "lightblue";
    case TaskState::kSuspended:
      return "khaki";
    case TaskState::kCompleted:
      return "palegreen";
    case TaskState::kFailed:
      return "lightcoral";
    case TaskState::kCancelled:
      return "lightgrey";
  }
  return "white";
}

}  // namespace

std::string to_dot(const Graph& graph) {
  std::set<std::string_view> critical;
  for (const Name& id : graph.critical_path) critical.insert(id.value);
  std::string out = "digraph tasks {\n  rankdir=LR;\n  node [shape=box, style=filled];\n";
  for (const GraphNode& node : graph.nodes) {
    const std::string took =
        node.duration_ms ? "\\n" + std::string(node.estimated ? "~" : "") + std::to_string(node.duration_ms) + " ms"
                         : "";
    out += "  " + quoted(node.id.value) +
           " [label=" + quoted(node.id.value + "\\n" + node.type.value + ", " + base::to_text(node.state) + took) +
           ", fillcolor=" + std::string(colour_of(node.state)) +
           (critical.contains(node.id.value) ? ", penwidth=3" : "") + "];\n";
  }
  for (const GraphNode& node : graph.nodes) {
    for (const Name& id : node.depends_on) {
      const bool both = critical.contains(id.value) && critical.contains(node.id.value);
      out += "  " + quoted(id.value) + " -> " + quoted(node.id.value) + (both ? " [penwidth=3]" : "") + ";\n";
    }
  }
  return out + "}\n";
}

GraphWalk walk_graph(const State& state, const GetGraph& request) { return Walk(state, request).run(); }

// The engine has brought back what needs() named; what is missing still was deleted by retention.
Core::Answer Core::on(const GetGraph& c, Ticket) {
  if (c.task_id && !state_.find_task(c.task_id->value)) return base::fail(no_task(c.task_id->value));
  const GraphWalk walk = walk_graph(state_, c);
  Graph graph;
  graph.truncated = walk.truncated;
  Clock clock(now_.now.ms);
  for (const Task* task : walk.tasks) {
    const auto& needs = state_.spec_of(*task).depends_on;
    graph.nodes.push_back({Name(task->id), task->profile->type, task->state, {needs.begin(), needs.end()}});
    clock.measure(*task, graph.nodes.back());
    graph.order.emplace_back(task->id);
  }
  find_critical_path(graph);
  return Reply(std::move(graph));
}

}  // namespace arbiter::core
