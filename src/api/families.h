// Making prometheus-cpp's families out of our numbers.
#pragma once

#include <prometheus/metric_family.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/histogram.h"

namespace arbiter::api {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

inline void add_value(MetricFamily& family, Labels labels, double value) {
  auto& metric = family.metric.emplace_back();
  metric.label = std::move(labels);
  (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
}

// `scale` turns the histogram's unit into the metric's: 1e-3 for milliseconds.
template <const auto& kBounds>
void add_histogram(MetricFamily& family, Labels labels, const base::Histogram<kBounds>& histogram, double scale) {
  auto& metric = family.metric.emplace_back();
  metric.label = std::move(labels);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
    sum += histogram.counts[i];
    const double bound = i < std::size(kBounds) ? static_cast<double>(kBounds[i]) * scale : HUGE_VAL;
    metric.histogram.bucket.push_back({sum, bound});
  }
  metric.histogram.sample_count = sum;
  metric.histogram.sample_sum = static_cast<double>(histogram.sum) * scale;
}

// A list of families that is being written.
class Families {
 public:
  MetricFamily& make(std::string name, std::string help, MetricType type) {
    return all_.emplace_back(MetricFamily{std::move(name), std::move(help), type, {}});
  }
  void gauge(std::string name, std::string help, double value) {
    add_value(make(std::move(name), std::move(help), MetricType::Gauge), {}, value);
  }
  void counter(std::string name, std::string help, double value) {
    add_value(make(std::move(name), std::move(help), MetricType::Counter), {}, value);
  }
  [[nodiscard]] std::vector<MetricFamily> take() { return std::move(all_); }

 private:
  std::vector<MetricFamily> all_;
};

}  // namespace arbiter::api
