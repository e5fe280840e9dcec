#include "api/history.h"

#include <gmock/gmock.h>

namespace arbiter::api {
namespace {

using ::testing::ElementsAre;
using ::testing::Optional;

Sample one(const std::string& name, double value, const std::string& queue = {}) {
  return {{{name, "default", queue}, value}};
}
std::vector<std::string> names_of(const MetricsHistory& history) {
  std::vector<std::string> names;
  for (const auto& series : history.series) names.push_back(series.name);
  return names;
}

GetMetricsHistory all(std::int64_t since_ms) {
  GetMetricsHistory wanted;
  wanted.since_ms = since_ms;
  return wanted;
}

TEST(History, KeepsTheLatestSamplesAndForgetsSeriesThatEnded) {
  History history;
  history.add({0}, one("old", 1));
  for (std::size_t i = 1; i <= kSamplesMax; ++i) history.add({static_cast<std::int64_t>(i)}, one("liveTasks", 2));
  const auto kept = history.read(all(86'400'000), "default", {static_cast<std::int64_t>(kSamplesMax)});
  EXPECT_EQ(kept.times.size(), kSamplesMax);
  EXPECT_EQ(kept.times.front().ms, 1);
  EXPECT_THAT(names_of(kept), ElementsAre("liveTasks"));
}

TEST(History, AValueThatWasNotThereIsNull) {
  History history;
  history.add({10}, one("waitMs", 5, "q"));
  history.add({20}, {});
  history.add({30}, one("waitMs", 7, "q"));
  const auto kept = history.read(all(1'000), "default", {30});
  ASSERT_EQ(kept.series.size(), 1U);
  EXPECT_THAT(kept.series[0].values, ElementsAre(Optional(5.0), std::nullopt, Optional(7.0)));
  EXPECT_EQ(kept.series[0].queue, "q");
}

TEST(History, StepsShowTheMeanOfTheirSamples) {
  History history;
  for (int i = 0; i < 6; ++i) history.add({i * 10}, one("liveTasks", i));
  auto wanted = all(1'000);
  wanted.step_ms = base::Int<1, 86'400'000>(30);
  const auto kept = history.read(wanted, "default", {60});
  EXPECT_THAT(kept.times, ElementsAre(base::Timestamp{0}, base::Timestamp{30}));
  EXPECT_THAT(kept.series[0].values, ElementsAre(Optional(1.0), Optional(4.0)));
}

TEST(History, IsOfOneNamespaceAndOfTheServer) {
  History history;
  history.add({1}, {{{"residentBytes", "", ""}, 1}, {{"liveTasks", "default", ""}, 2}, {{"liveTasks", "team", ""}, 3}});
  const auto kept = history.read(all(1'000), "team", {1});
  EXPECT_THAT(names_of(kept), ElementsAre("liveTasks", "residentBytes"));
  EXPECT_THAT(kept.series[0].values, ElementsAre(Optional(3.0)));
}

TEST(History, HasNoMoreSeriesThanItsLimitAndSaysSo) {
  History history;
  Sample many;
  for (std::size_t i = 0; i <= kSeriesMax; ++i) many[{"queued", "default", "q" + std::to_string(i)}] = 1;
  history.add({1}, many);
  const auto kept = history.read(all(1'000), "default", {1});
  EXPECT_EQ(kept.series.size(), kSeriesMax);
  EXPECT_TRUE(kept.truncated);
}

Observation seen(std::uint64_t submitted, std::int64_t queued, std::vector<std::int64_t> waits = {}) {
  Observation observation;
  auto& queue = observation.queues[{"default", "q"}];
  queue.totals.submitted = submitted;
  queue.depth[static_cast<std::size_t>(core::TaskState::kQueued)] = queued;
  for (const auto wait : waits) queue.totals.wait.add(wait);
  return observation;
}

TEST(Sampler, CountersBecomeRatesAndHistogramsMeans) {
  Sampler sampler;
  EXPECT_TRUE(sampler.take(seen(10, 1), 0, 0, 1'000).empty());
  const Sample sample = sampler.take(seen(30, 5, {10, 20}), 40, 4, 11'000);
  EXPECT_DOUBLE_EQ(sample.at({"submittedPerSecond", "default", "q"}), 2);
  EXPECT_DOUBLE_EQ(sample.at({"queued", "default", "q"}), 5);
  EXPECT_DOUBLE_EQ(sample.at({"waitMs", "default", "q"}), 15);
  EXPECT_DOUBLE_EQ(sample.at({"requestsPerSecond", "", ""}), 4);
  EXPECT_FALSE(sample.contains({"runMs", "default", "q"}));
}

TEST(Sampler, ACounterThatWasResetCountsFromZero) {
  Sampler sampler;
  (void)sampler.take(seen(1'000, 0, {5, 5, 5}), 0, 0, 0);
  const Sample sample = sampler.take(seen(20, 0, {7}), 0, 0, 10'000);
  EXPECT_DOUBLE_EQ(sample.at({"submittedPerSecond", "default", "q"}), 2);
  EXPECT_DOUBLE_EQ(sample.at({"waitMs", "default", "q"}), 7);
}

TEST(Sampler, EverySeriesIsListed) {
  Observation observation = seen(1, 1, {1});
  observation.queues[{"default", "q"}].totals.run.add(1);
  auto& status = observation.namespaces["default"];
  status.commit_time.add(1);
  status.strand_lag.add(1);
  observation.reports["default"] = {};
  observation.store.bytes["default"] = 1;
  observation.store.free_bytes = 1;
  observation.store.log_syncs.add(1);
  Sampler sampler;
  (void)sampler.take({}, 0, 0, 0);
  std::set<std::string_view> taken;
  const Sample sample = sampler.take(observation, 0, 0, 1'000);
  for (const auto& [name, value] : sample) taken.insert(name.name);
  EXPECT_EQ(taken, std::set<std::string_view>(series_names().begin(), series_names().end()));
}

}  // namespace
}  // namespace arbiter::api
