#include "api/history.h"

#include <cmath>
#include <limits>

namespace arbiter::api {
namespace {

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

// What a counter has grown by; one that is smaller than before was reset by a reload.
template <typename Count>
double grown(Count now, Count before) {
  return static_cast<double>(now >= before ? now - before : now);
}

// The mean of what came to a histogram between two readings; nothing when nothing came.
template <const auto& kBounds>
std::optional<double> mean(const base::Histogram<kBounds>& now, const base::Histogram<kBounds>& before) {
  const bool reset = now.count() < before.count();
  const double count = grown(now.count(), before.count());
  if (count == 0) return std::nullopt;
  return static_cast<double>(reset ? now.sum : now.sum - before.sum) / count;
}

// Writes the values of one thing: of a queue, a namespace or the server.
struct Writer {
  Sample& sample;
  std::string namespace_name{};
  std::string queue{};
  double seconds = 0;

  void put(const char* name, double value) const { sample[{name, namespace_name, queue}] = value; }
  template <typename Count>
  void rate(const char* name, Count now, Count before) const {
    put(name, grown(now, before) / seconds);
  }
  void maybe(const char* name, std::optional<double> value, double scale = 1) const {
    if (value) put(name, *value * scale);
  }
};

template <typename Map, typename Key>
typename Map::mapped_type before_of(const Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? typename Map::mapped_type{} : found->second;
}

void write(const Writer& out, const engine::QueueReport& now, const engine::QueueReport& before) {
  const auto depth = [&](core::TaskState state) {
    return static_cast<double>(now.depth[static_cast<std::size_t>(state)]);
  };
  out.put("queued", depth(core::TaskState::kQueued));
  out.put("pending", depth(core::TaskState::kPending));
  out.put("leased",
          depth(core::TaskState::kAssigned) + depth(core::TaskState::kRunning) + depth(core::TaskState::kSuspended));
  out.put("oldestAgeMs", static_cast<double>(now.oldest_age_ms));
  const auto& t = now.totals;
  const auto& b = before.totals;
  out.rate("submittedPerSecond", t.submitted, b.submitted);
  out.rate("completedPerSecond", t.completed, b.completed);
  out.rate("failedPerSecond", t.failed, b.failed);
  out.rate("retriedPerSecond", t.retried, b.retried);
  std::uint64_t lost = 0;
  std::uint64_t lost_before = 0;
  for (std::size_t i = 0; i < core::kLostLeases; ++i) {
    lost += t.leases_lost[i];
    lost_before += b.leases_lost[i];
  }
  out.rate("leasesLostPerSecond", lost, lost_before);
  out.maybe("waitMs", mean(t.wait, b.wait));
  out.maybe("runMs", mean(t.run, b.run));
}

void write(const Writer& out, const engine::NamespaceStatus& now, const engine::NamespaceStatus& before) {
  constexpr double kMicrosToMs = 1e-3;
  out.put("liveTasks", static_cast<double>(now.live_tasks));
  out.put("waiters", static_cast<double>(now.waiters));
  out.put("backlog", static_cast<double>(now.backlog));
  out.rate("eventsPerSecond", now.events, before.events);
  out.rate("commitsPerSecond", now.commits, before.commits);
  out.maybe("commitMs", mean(now.commit_time, before.commit_time), kMicrosToMs);
  out.maybe("strandLagMs", mean(now.strand_lag, before.strand_lag), kMicrosToMs);
}

void write(const Writer& out, const engine::NamespaceReport& now, const engine::NamespaceReport& before) {
  const auto in = [&](core::WorkerState state) {
    return static_cast<double>(now.workers[static_cast<std::size_t>(state)]);
  };
  out.put("readyTasks", static_cast<double>(now.ready_tasks));
  out.put("workersLive", in(core::WorkerState::kLive));
  out.put("workersDraining", in(core::WorkerState::kDraining));
  out.put("workersLost", in(core::WorkerState::kLost));
  out.put("slots", static_cast<double>(now.slots));
  out.put("slotsUsed", static_cast<double>(now.slots_used));
  out.rate("schedulesFiredPerSecond", now.totals.schedules_fired, before.totals.schedules_fired);
  out.put("timersLateMs", static_cast<double>(now.timers_late_ms));
}

}  // namespace

const std::vector<std::string_view>& series_names() {
  static const std::vector<std::string_view> names{
      // of the server
      "residentBytes", "cpuCores", "requestsPerSecond", "failedRequestsPerSecond", "logSyncMs", "freeBytes",
      // of a namespace
      "liveTasks", "waiters", "backlog", "eventsPerSecond", "commitsPerSecond", "commitMs", "strandLagMs", "storeBytes",
      "readyTasks", "workersLive", "workersDraining", "workersLost", "slots", "slotsUsed", "schedulesFiredPerSecond",
      "timersLateMs",
      // of a queue
      "queued", "pending", "leased", "oldestAgeMs", "submittedPerSecond", "completedPerSecond", "failedPerSecond",
      "retriedPerSecond", "leasesLostPerSecond", "waitMs", "runMs"};
  return names;
}

Sample Sampler::take(Observation seen, std::uint64_t requests, std::uint64_t failed_requests,
                     std::int64_t monotonic_ms) {
  Sample sample;
  Writer out{sample};
  out.seconds = std::max(1e-3, static_cast<double>(monotonic_ms - at_ms_) / 1e3);
  // The first sample has nothing to compare with: it only says what is.
  if (before_) {
    out.put("residentBytes", static_cast<double>(seen.process.resident_bytes));
    out.put("cpuCores", (seen.process.cpu_seconds - before_->process.cpu_seconds) / out.seconds);
    out.rate("requestsPerSecond", requests, requests_);
    out.rate("failedRequestsPerSecond", failed_requests, failed_requests_);
    out.maybe("logSyncMs", mean(seen.store.log_syncs, before_->store.log_syncs), 1e-3);
    if (seen.store.free_bytes) out.put("freeBytes", static_cast<double>(*seen.store.free_bytes));
    for (const auto& [name, now] : seen.namespaces) {
      out.namespace_name = name;
      write(out, now, before_of(before_->namespaces, name));
    }
    for (const auto& [name, now] : seen.reports) {
      out.namespace_name = name;
      write(out, now, before_of(before_->reports, name));
    }
    for (const auto& [name, bytes] : seen.store.bytes) {
      out.namespace_name = name;
      out.put("storeBytes", static_cast<double>(bytes));
    }
    for (const auto& [name, now] : seen.queues) {
      out.namespace_name = name.first;
      out.queue = name.second;
      write(out, now, before_of(before_->queues, name));
    }
  }
  before_ = std::move(seen);
  requests_ = requests;
  failed_requests_ = failed_requests;
  at_ms_ = monotonic_ms;
  return sample;
}

void History::add(base::Timestamp at, const Sample& sample) {
  const std::lock_guard lock(mutex_);
  const std::size_t slot = taken_ % kSamplesMax;
  times_[slot] = at.ms;
  for (auto it = series_.begin(); it != series_.end();) {
    it->second->values[slot] = kNone;
    const bool is_over = taken_ - it->second->latest >= kSamplesMax;
    it = is_over ? series_.erase(it) : std::next(it);
  }
  for (const auto& [name, value] : sample) {
    auto found = series_.find(name);
    if (found == series_.end()) {
      if (series_.size() >= kSeriesMax) {
        truncated_ = true;
        continue;
      }
      found = series_.emplace(name, std::make_unique<Series>()).first;
      found->second->values.fill(kNone);
    }
    found->second->values[slot] = static_cast<float>(value);
    found->second->latest = taken_;
  }
  ++taken_;
}

bool History::is_wanted(const SeriesName& name, const GetMetricsHistory& wanted, const std::string& namespace_name) {
  if (!name.namespace_name.empty() && name.namespace_name != namespace_name) return false;
  if (wanted.queue && name.queue != wanted.queue->value) return false;
  return wanted.names.empty() ||
         std::any_of(wanted.names.begin(), wanted.names.end(), [&](const auto& one) { return one.value == name.name; });
}

MetricsHistory History::read(const GetMetricsHistory& wanted, const std::string& namespace_name,
                             base::Timestamp now) const {
  MetricsHistory out;
  const std::lock_guard lock(mutex_);
  out.truncated = truncated_;
  const std::uint64_t kept = std::min<std::uint64_t>(taken_, kSamplesMax);
  std::vector<std::vector<std::size_t>> steps;  // the slots of each
  std::int64_t step_begin = 0;
  for (std::uint64_t i = taken_ - kept; i < taken_; ++i) {
    const std::size_t slot = i % kSamplesMax;
    if (times_[slot] < now.ms - wanted.since_ms.value) continue;
    if (steps.empty() || !wanted.step_ms || times_[slot] - step_begin >= wanted.step_ms->value) {
      steps.emplace_back();
      step_begin = times_[slot];
      out.times.push_back({step_begin});
    }
    steps.back().push_back(slot);
  }
  for (const auto& [name, series] : series_) {
    if (!is_wanted(name, wanted, namespace_name)) continue;
    SeriesView view{name.name, name.queue.empty() ? std::nullopt : std::optional(name.queue), {}};
    view.values.reserve(steps.size());
    for (const auto& slots : steps) {
      double sum = 0;
      int count = 0;
      for (const std::size_t slot : slots) {
        if (std::isnan(series->values[slot])) continue;
        sum += series->values[slot];
        ++count;
      }
      view.values.push_back(count == 0 ? std::nullopt : std::optional(sum / count));
    }
    out.series.push_back(std::move(view));
  }
  return out;
}

}  // namespace arbiter::api
