// What the server knows of itself at one moment: what /metrics shows and what the history of samples keeps.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace arbiter::api {

// How many namespaces and queues (of all namespaces together) have a name of their own in metrics. The first ones get
// it and keep it; all others are summed under kOtherName, so that what is kept of metrics has a bound.
inline constexpr std::size_t kNamespaceNamesMax = 100;
inline constexpr std::size_t kQueueNamesMax = 200;
inline constexpr std::string_view kOtherName = "other";

class MetricNames {
 public:
  [[nodiscard]] std::string of_namespace(const std::string& name);
  [[nodiscard]] std::string of_queue(const std::string& namespace_name, const std::string& queue);

 private:
  std::mutex mutex_;
  std::set<std::string> namespaces_;
  std::set<std::pair<std::string, std::string>> queues_;
};

struct ProcessFigures {
  double cpu_seconds = 0;
  std::int64_t resident_bytes = 0;
  std::int64_t resident_peak_bytes = 0;
  std::int64_t virtual_bytes = 0;
  std::int64_t open_files = 0;
  std::int64_t open_files_max = 0;
  std::int64_t threads = 0;
};
[[nodiscard]] ProcessFigures read_process();
[[nodiscard]] std::int64_t resident_bytes();

// Every name in it is one that MetricNames gave.
struct Observation {
  std::map<std::string, engine::NamespaceStatus> namespaces;
  std::map<std::string, engine::NamespaceReport> reports;                     // their `queues` are empty:
  std::map<std::pair<std::string, std::string>, engine::QueueReport> queues;  // by namespace and queue
  store::StoreFigures store;
  ProcessFigures process;
};
[[nodiscard]] Observation observe(const engine::Engine& engine, std::vector<engine::NamespaceReport> reports,
                                  MetricNames& names);

}  // namespace arbiter::api
