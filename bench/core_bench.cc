// The core alone: full lives of tasks without I/O.
#include <benchmark/benchmark.h>

#include "core/core.h"

namespace arbiter::core {
namespace {

// One life: submitted, leased, completed. Batches as a busy server sees them; entity records are encoded as they would
// be for each commit, so that the number covers everything that happens on the strand but the hand-over of bytes.
void full_life(benchmark::State& run) {
  const bool with_records = run.range(0) != 0;
  const std::int64_t batch = run.range(1);
  Core core({}, 1);
  const Actor actor{"bench", ""};
  base::Now now{{1'000'000}, {1'000'000}};
  RegisterWorker worker;
  worker.name = Name("w");
  worker.capabilities.emplace_back("*");
  worker.max_concurrent = 10'000;
  (void)core.handle(worker, actor, 0, now);
  std::int64_t lives = 0;
  SubmitBatch submit;
  for (std::int64_t i = 0; i < batch; ++i) {
    TaskSpec spec;
    spec.type = Name("t");
    spec.payload = RawJson(R"({"n":1})");
    submit.tasks.push_back(spec);
  }
  const auto commit = [&] {
    benchmark::DoNotOptimize(core.take_events());
    if (with_records) {
      benchmark::DoNotOptimize(core.state().take_changes());
    } else {
      core.state().forget_changes();
    }
    core.state().evict(core.state().position, now.now.ms);
  };
  for (auto _ : run) {
    now.now.ms += 1;
    (void)core.handle(submit, actor, 0, now);
    LeaseTasks lease;
    lease.worker_id = Name("w");
    lease.max = batch;
    auto leased = core.handle(lease, actor, 0, now);
    ReportTasks report;
    report.worker_id = Name("w");
    for (auto& l : std::get<LeaseReply>(**leased).leases) {
      report.reports.push_back({l.task.id, l.lease, Outcome::kCompleted, RawJson("1", 1), {}, true, {}, {}});
    }
    (void)core.handle(report, actor, 0, now);
    lives += batch;
    commit();
  }
  run.SetItemsProcessed(lives);
}
BENCHMARK(full_life)->ArgNames({"records", "batch"})->Args({0, 1})->Args({0, 500})->Args({1, 1})->Args({1, 500});

// The same life in batches of 500, of tasks of 10,000 customers. 0: their keys are not named; 1: they are; 2: and every
// limit is set, so high that it holds nothing back: what is measured is the cost of counting.
void full_life_of_keys(benchmark::State& run) {
  constexpr int kKeys = 10'000;
  constexpr int kBatch = 500;
  Core core({}, 1);
  const Actor actor{"bench", ""};
  base::Now now{{1'000'000}, {1'000'000}};
  RegisterWorker worker;
  worker.name = Name("w");
  worker.capabilities.emplace_back("*");
  worker.max_concurrent = 10'000;
  (void)core.handle(worker, actor, 0, now);
  if (run.range(0) == 2) {
    const RateLimit rate{1'000'000, 1, 1'000'000};
    (void)core.handle(ConfigureQueue{Name("default"), {}, 1'000'000, rate, KeyLimits{1'000, rate, 1}}, actor, 0, now);
  }
  int next = 0;
  std::int64_t lives = 0;
  for (auto _ : run) {
    now.now.ms += 1;
    SubmitBatch submit;
    for (int i = 0; i < kBatch; ++i) {
      TaskSpec spec;
      spec.type = Name("t");
      spec.payload = RawJson(R"({"n":1})");
      if (run.range(0) > 0) {
        spec.concurrency_key = Name("customer-" + std::to_string(next++ % kKeys));
        spec.rate_key = spec.concurrency_key;
      }
      submit.tasks.push_back(std::move(spec));
    }
    (void)core.handle(submit, actor, 0, now);
    LeaseTasks lease;
    lease.worker_id = Name("w");
    lease.max = kBatch;
    auto leased = core.handle(lease, actor, 0, now);
    ReportTasks report;
    report.worker_id = Name("w");
    for (auto& l : std::get<LeaseReply>(**leased).leases) {
      report.reports.push_back({l.task.id, l.lease, Outcome::kCompleted, RawJson("1", 1), {}, true, {}, {}});
    }
    lives += static_cast<std::int64_t>(report.reports.size());
    (void)core.handle(report, actor, 0, now);
    benchmark::DoNotOptimize(core.take_events());
    benchmark::DoNotOptimize(core.state().take_changes());
    core.state().evict(core.state().position, now.now.ms);
  }
  run.SetItemsProcessed(lives);
}
BENCHMARK(full_life_of_keys)->ArgName("keys")->Arg(0)->Arg(1)->Arg(2);

}  // namespace
}  // namespace arbiter::core
