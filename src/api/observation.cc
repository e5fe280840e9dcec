#include "api/observation.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace arbiter::api {
namespace {

void add(engine::NamespaceStatus& sum, const engine::NamespaceStatus& one) {
  sum.open = sum.open && one.open;
  if (sum.problem.empty()) sum.problem = one.problem;
  sum.head += one.head;
  sum.live_tasks += one.live_tasks;
  sum.waiters += one.waiters;
  sum.commits += one.commits;
  sum.events += one.events;
  sum.failed_commits += one.failed_commits;
  sum.recoveries += one.recoveries;
  sum.commit_micros += one.commit_micros;
  sum.backlog += one.backlog;
  sum.commit_time.add(one.commit_time);
  sum.strand_lag.add(one.strand_lag);
  sum.batch_events.add(one.batch_events);
}

void add(engine::QueueReport& sum, const engine::QueueReport& one) {
  sum.paused = sum.paused || one.paused;
  for (std::size_t i = 0; i < sum.depth.size(); ++i) sum.depth[i] += one.depth[i];
  sum.oldest_age_ms = std::max(sum.oldest_age_ms, one.oldest_age_ms);
  sum.totals.add(one.totals);
}

void add(engine::NamespaceReport& sum, const engine::NamespaceReport& one) {
  for (std::size_t i = 0; i < sum.workers.size(); ++i) sum.workers[i] += one.workers[i];
  sum.slots += one.slots;
  sum.slots_used += one.slots_used;
  sum.ready_tasks += one.ready_tasks;
  sum.schedules += one.schedules;
  sum.budgets += one.budgets;
  sum.budgets_exhausted += one.budgets_exhausted;
  sum.timers_late_ms = std::max(sum.timers_late_ms, one.timers_late_ms);
  sum.totals.workers_lost += one.totals.workers_lost;
  sum.totals.schedules_fired += one.totals.schedules_fired;
  sum.totals.schedules_skipped += one.totals.schedules_skipped;
  sum.totals.schedule_delay.add(one.totals.schedule_delay);
  for (std::size_t i = 0; i < sum.effects.size(); ++i) sum.effects[i] += one.effects[i];
  sum.totals.effects_created += one.totals.effects_created;
  sum.totals.effects_delivered += one.totals.effects_delivered;
  sum.totals.effects_failed += one.totals.effects_failed;
  sum.totals.effects_given_up += one.totals.effects_given_up;
  sum.totals.effects_late += one.totals.effects_late;
  sum.totals.effects_quiet += one.totals.effects_quiet;
  sum.totals.effects_dropped += one.totals.effects_dropped;
}

template <typename Sums, typename Name, typename One>
void add_to(Sums& sums, Name name, const One& one) {
  const auto [at, is_new] = sums.try_emplace(std::move(name), one);
  if (!is_new) add(at->second, one);
}

}  // namespace

std::string MetricNames::of_namespace(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (!namespaces_.contains(name) && namespaces_.size() >= kNamespaceNamesMax) return std::string(kOtherName);
  return *namespaces_.insert(name).first;
}

std::string MetricNames::of_queue(const std::string& namespace_name, const std::string& queue) {
  const std::lock_guard lock(mutex_);
  const auto key = std::pair(namespace_name, queue);
  if (!queues_.contains(key) && (queues_.size() >= kQueueNamesMax || !namespaces_.contains(namespace_name))) {
    return std::string(kOtherName);
  }
  queues_.insert(key);
  return queue;
}

std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t pages = 0;
  std::int64_t resident = 0;
  statm >> pages >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

ProcessFigures read_process() {
  ProcessFigures figures;
  rusage used{};
  if (::getrusage(RUSAGE_SELF, &used) == 0) {
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    figures.cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime);
    figures.resident_peak_bytes = std::int64_t{used.ru_maxrss} * 1024;
  }
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    std::istringstream words(line);
    std::string key;
    std::int64_t value = 0;
    words >> key >> value;
    if (key == "VmSize:") figures.virtual_bytes = value * 1024;
    if (key == "VmRSS:") figures.resident_bytes = value * 1024;
    if (key == "Threads:") figures.threads = value;
  }
  std::error_code failed;
  for (std::filesystem::directory_iterator at("/proc/self/fd", failed), end; !failed && at != end;
       at.increment(failed)) {
    ++figures.open_files;
  }
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) figures.open_files_max = static_cast<std::int64_t>(limit.rlim_cur);
  return figures;
}

Observation observe(const engine::Engine& engine, std::vector<engine::NamespaceReport> reports, MetricNames& names) {
  Observation seen;
  for (const auto& status : engine.status()) add_to(seen.namespaces, names.of_namespace(status.name), status);
  std::vector<std::string> open;
  for (auto& report : reports) {
    open.push_back(report.name);
    const std::string shown = names.of_namespace(report.name);
    for (const auto& queue : report.queues) {
      add_to(seen.queues, std::pair(shown, names.of_queue(report.name, queue.name)), queue);
    }
    report.queues.clear();
    add_to(seen.reports, shown, report);
  }
  seen.store = engine.store_figures(open);
  for (const auto& [name, bytes] : std::exchange(seen.store.bytes, {})) {
    seen.store.bytes[names.of_namespace(name)] += bytes;
  }
  seen.process = read_process();
  return seen;
}

}  // namespace arbiter::api
