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

}  // namespace
}  // namespace arbiter::core
