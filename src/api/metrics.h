// What /metrics shows of the API: plain atomics while requests run, prometheus-cpp's text format when asked.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "api/operation.h"

namespace prometheus {
struct MetricFamily;
}

namespace arbiter::api {

class Metrics {
 public:
  // One more row than operations: requests that reached none.
  explicit Metrics(const std::vector<Operation>& operations);
  ~Metrics();

  void observe(std::size_t operation, int status, std::chrono::steady_clock::duration took);
  std::atomic<std::int64_t> in_flight{0};
  std::atomic<std::int64_t> streams_open{0};

  [[nodiscard]] std::uint64_t requests() const { return sum_of(0); }
  [[nodiscard]] std::uint64_t failed_requests() const { return sum_of(500); }  // with a status of 500 or more

  // The text of all families, `more` included.
  [[nodiscard]] std::string text(std::vector<prometheus::MetricFamily> more) const;

 private:
  // Upper bounds in microseconds; a last bucket takes the rest.
  static constexpr std::array<std::int64_t, 16> kBounds{
      500,     1'000,   2'500,     5'000,     10'000,    25'000,     50'000,     100'000,
      250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 30'000'000, 60'000'000};
  // What the API answers; anything else counts as the last.
  static constexpr std::array<int, 18> kStatuses{101, 200, 201, 202, 400, 401, 403, 404, 405,
                                                 409, 410, 413, 415, 421, 429, 500, 503, 0};
  struct Row {
    std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> buckets{};
    std::array<std::atomic<std::uint64_t>, kStatuses.size()> statuses{};
    std::atomic<std::uint64_t> micros{0};
  };
  void add_requests(prometheus::MetricFamily& family, std::size_t index) const;
  void add_durations(prometheus::MetricFamily& family, std::size_t index) const;

  [[nodiscard]] std::uint64_t sum_of(int least_status) const;

  const std::vector<Operation>& operations_;
  std::vector<Row> rows_;
};

}  // namespace arbiter::api
