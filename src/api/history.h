// A ring of samples of what the server knows of itself: the last hours, for a dashboard that begins to look now. Kept
// in memory only, so that it begins anew with the process; every bound of it is fixed.
#pragma once

#include <array>
#include <compare>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "api/observation.h"
#include "base/json.h"

namespace arbiter::api {

inline constexpr std::size_t kSamplesMax = 1'440;  // four hours of one every ten seconds
inline constexpr std::size_t kSeriesMax = 2'000;   // at 4 bytes a sample: 11.5 MB when all are in use

// A series is of a queue, of a namespace (no queue) or of the server (neither).
struct SeriesName {
  std::string name;
  std::string namespace_name;
  std::string queue;
  friend auto operator<=>(const SeriesName&, const SeriesName&) = default;
};
using Sample = std::map<SeriesName, double>;

struct GetMetricsHistory {
  base::List<base::Name, 0, 100> names;  // none: all
  std::optional<base::Name> queue;       // only the series of this queue
  base::Int<1, 86'400'000> since_ms{3'600'000};
  std::optional<base::Int<1, 86'400'000>> step_ms;  // samples are gathered into steps; a step shows their mean
};
BOOST_DESCRIBE_STRUCT(GetMetricsHistory, (), (names, queue, since_ms, step_ms))
struct SeriesView {
  std::string name;
  std::optional<std::string> queue;
  std::vector<std::optional<double>> values;  // one for each time; null: there was none
};
BOOST_DESCRIBE_STRUCT(SeriesView, (), (name, queue, values))
struct MetricsHistory {
  std::int64_t interval_ms = 0;        // between two samples
  std::vector<base::Timestamp> times;  // oldest first
  std::vector<SeriesView> series;      // of the server, of the request's namespace, of its queues
  bool truncated = false;              // there are more series than kSeriesMax; the newest ones are not kept
};
BOOST_DESCRIBE_STRUCT(MetricsHistory, (), (interval_ms, times, series, truncated))

// The names that series have, as the documentation lists them.
[[nodiscard]] const std::vector<std::string_view>& series_names();

// Any thread.
class History {
 public:
  void add(base::Timestamp at, const Sample& sample);
  [[nodiscard]] MetricsHistory read(const GetMetricsHistory& wanted, const std::string& namespace_name,
                                    base::Timestamp now) const;

 private:
  struct Series {
    std::array<float, kSamplesMax> values;  // NaN: none
    std::uint64_t latest = 0;               // number of the latest sample that has a value
  };
  [[nodiscard]] static bool is_wanted(const SeriesName& name, const GetMetricsHistory& wanted,
                                      const std::string& namespace_name);

  mutable std::mutex mutex_;
  std::uint64_t taken_ = 0;  // samples so far; the next one goes to this number, modulo kSamplesMax
  std::array<std::int64_t, kSamplesMax> times_{};
  std::map<SeriesName, std::unique_ptr<Series>> series_;
  bool truncated_ = false;
};

// Turns what was seen into a sample: gauges as they are, counters as rates since the sample before.
class Sampler {
 public:
  [[nodiscard]] Sample take(Observation seen, std::uint64_t requests, std::uint64_t failed_requests,
                            std::int64_t monotonic_ms);

 private:
  std::optional<Observation> before_;
  std::uint64_t requests_ = 0;
  std::uint64_t failed_requests_ = 0;
  std::int64_t at_ms_ = 0;
};

}  // namespace arbiter::api
