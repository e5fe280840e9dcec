// Counts of values by upper bounds, as metrics show them. The bounds are part of the type, so that two histograms of
// one type can be added up.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

namespace arbiter::base {

// For one thread at a time.
template <const auto& kBounds>
struct Histogram {
  std::array<std::uint64_t, std::size(kBounds) + 1> counts{};  // the last one takes what is above every bound
  std::int64_t sum = 0;

  static std::size_t bucket_of(std::int64_t value) {
    return static_cast<std::size_t>(std::lower_bound(kBounds.begin(), kBounds.end(), value) - kBounds.begin());
  }
  void add(std::int64_t value) {
    value = std::max<std::int64_t>(0, value);
    ++counts[bucket_of(value)];
    sum += value;
  }
  void add(const Histogram& other) {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
    sum += other.sum;
  }
  [[nodiscard]] std::uint64_t count() const {
    std::uint64_t all = 0;
    for (const auto one : counts) all += one;
    return all;
  }
};

// For any thread at any time. What is read while others add may miss the latest of them.
template <const auto& kBounds>
class SharedHistogram {
 public:
  void add(std::int64_t value) {
    value = std::max<std::int64_t>(0, value);
    counts_[Histogram<kBounds>::bucket_of(value)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(value, std::memory_order_relaxed);
  }
  [[nodiscard]] Histogram<kBounds> read() const {
    Histogram<kBounds> out;
    for (std::size_t i = 0; i < counts_.size(); ++i) out.counts[i] = counts_[i].load(std::memory_order_relaxed);
    out.sum = sum_.load(std::memory_order_relaxed);
    return out;
  }

 private:
  std::array<std::atomic<std::uint64_t>, std::size(kBounds) + 1> counts_{};
  std::atomic<std::int64_t> sum_{0};
};

// Microseconds: what a device and a strand take.
inline constexpr std::array<std::int64_t, 14> kLatencyBounds{
    50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 25'000, 50'000, 100'000, 250'000, 1'000'000, 5'000'000};
using Latencies = Histogram<kLatencyBounds>;
using SharedLatencies = SharedHistogram<kLatencyBounds>;

}  // namespace arbiter::base
