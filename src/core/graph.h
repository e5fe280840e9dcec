// Which task waits for which: the part of the dependency graph that a request asks for.
#pragma once

#include "core/state.h"

namespace arbiter::core {

struct GraphWalk {
  std::vector<const Task*> tasks;    // By submission, so a dependency is always before what depends on it.
  std::vector<std::string> missing;  // Dependencies that memory does not hold; each once, sorted.
  bool truncated = false;            // There was more than the request's limit.
};
// With a task: everything connected with it, downwards as far as live tasks go. Else: the live tasks that have
// dependencies (and the tag), with all that these hang on.
[[nodiscard]] GraphWalk walk_graph(const State& state, const GetGraph& request);

// `graph`'s nodes in their order, as a graph of Graphviz.
[[nodiscard]] std::string to_dot(const Graph& graph);

}  // namespace arbiter::core
