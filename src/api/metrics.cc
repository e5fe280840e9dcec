#include "api/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>

namespace arbiter::api {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

Metrics::Metrics(const std::vector<Operation>& operations) : operations_(operations), rows_(operations.size() + 1) {}
Metrics::~Metrics() = default;

void Metrics::observe(std::size_t operation, int status, std::chrono::steady_clock::duration took) {
  Row& row = rows_[operation];
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  const auto bound = std::lower_bound(kBounds.begin(), kBounds.end(), micros);
  const auto code = std::find(kStatuses.begin(), kStatuses.end() - 1, status);
  constexpr auto relaxed = std::memory_order_relaxed;
  row.buckets[static_cast<std::size_t>(bound - kBounds.begin())].fetch_add(1, relaxed);
  row.statuses[static_cast<std::size_t>(code - kStatuses.begin())].fetch_add(1, relaxed);
  row.micros.fetch_add(static_cast<std::uint64_t>(std::max<std::int64_t>(0, micros)), relaxed);
}

std::uint64_t Metrics::sum_of(int least_status) const {
  std::uint64_t sum = 0;
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < kStatuses.size(); ++i) {
      if (kStatuses[i] >= least_status) sum += row.statuses[i].load(std::memory_order_relaxed);
    }
  }
  return sum;
}

void Metrics::add_requests(MetricFamily& family, std::size_t index) const {
  const bool known = index < operations_.size();
  for (std::size_t i = 0; i < kStatuses.size(); ++i) {
    const std::uint64_t count = rows_[index].statuses[i].load(std::memory_order_relaxed);
    if (count == 0) continue;
    ClientMetric metric;
    metric.label = {{"operation", known ? std::string(operations_[index].name) : "none"},
                    {"method", known ? std::string(operations_[index].method) : "any"},
                    {"code", kStatuses[i] ? std::to_string(kStatuses[i]) : "other"}};
    metric.counter.value = static_cast<double>(count);
    family.metric.push_back(std::move(metric));
  }
}

void Metrics::add_durations(MetricFamily& family, std::size_t index) const {
  const Row& row = rows_[index];
  ClientMetric metric;
  metric.label = {{"operation", index < operations_.size() ? std::string(operations_[index].name) : "none"}};
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < row.buckets.size(); ++i) {
    sum += row.buckets[i].load(std::memory_order_relaxed);
    const double bound = i < kBounds.size() ? static_cast<double>(kBounds[i]) / 1e6 : HUGE_VAL;
    metric.histogram.bucket.push_back({sum, bound});
  }
  if (sum == 0) return;
  metric.histogram.sample_count = sum;
  metric.histogram.sample_sum = static_cast<double>(row.micros.load(std::memory_order_relaxed)) / 1e6;
  family.metric.push_back(std::move(metric));
}

std::string Metrics::text(std::vector<MetricFamily> more) const {
  MetricFamily requests{"arbiter_requests_total", "Answered requests", MetricType::Counter, {}};
  MetricFamily durations{"arbiter_request_duration_seconds",
                         "From the complete request to its answer, waits included",
                         MetricType::Histogram,
                         {}};
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    add_requests(requests, i);
    add_durations(durations, i);
  }
  more.push_back(std::move(requests));
  more.push_back(std::move(durations));
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, more);
  return std::move(out).str();
}

}  // namespace arbiter::api
