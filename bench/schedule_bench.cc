// A million schedules in the core: what one costs in memory, what they cost while they wait, and what it takes when ten
// thousand of them are due in the same second.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "core/core.h"

namespace arbiter::core {
namespace {

constexpr std::int64_t kStart = 1'800'000'000'000;
const base::Now kNow{{kStart}, {kStart}};

double resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0;
  statm >> pages >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

// The first `due` come in a minute, the others once a year.
void set_schedules(Core& core, std::int64_t count, std::int64_t due) {
  SetSchedule c;
  c.task.type = Name("report");
  c.task.payload = RawJson(R"({"customer":12345,"format":"pdf"})");
  c.time_zone = Text<1, 64>("Europe/Berlin");
  for (std::int64_t i = 0; i < count; ++i) {
    c.name.value = "customer-" + std::to_string(i) + "-report";
    c.cron = Text<1, 256>(i < due ? "1 9 * * *" : "30 2 1 7 *");  // kStart is 09:00 in Berlin
    benchmark::DoNotOptimize(core.handle(c, {"bench", ""}, 0, kNow));
    if (i % 1'000 == 999) {
      core.state().forget_changes();
      benchmark::DoNotOptimize(core.take_events());
    }
  }
}

void set(benchmark::State& run) {
  for (auto _ : run) {
    const double before = resident_bytes();
    Core core({}, 1);
    set_schedules(core, run.range(0), 0);
    run.counters["bytes_each"] = (resident_bytes() - before) / static_cast<double>(run.range(0));
  }
  run.SetItemsProcessed(run.iterations() * run.range(0));
}

// What the engine does each second while nothing is due.
void wait(benchmark::State& run) {
  Core core({}, 1);
  set_schedules(core, run.range(0), 0);
  for (auto _ : run) {
    benchmark::DoNotOptimize(core.has_work(kNow));
    benchmark::DoNotOptimize(core.next_deadline(kNow));
  }
}

void due_at_once(benchmark::State& run) {
  using Clock = std::chrono::steady_clock;
  for (auto _ : run) {
    run.PauseTiming();
    Core core({}, 1);
    set_schedules(core, run.range(0), 10'000);
    const base::Now then{{kStart + 60'000}, {kStart + 60'000}};
    double longest = 0;
    double steps = 0;
    run.ResumeTiming();
    for (; core.has_work(then); ++steps) {
      const auto start = Clock::now();
      core.tick(then);
      longest = std::max(longest, std::chrono::duration<double, std::milli>(Clock::now() - start).count());
      benchmark::DoNotOptimize(core.take_events());
      core.state().forget_changes();
    }
    run.counters["steps"] = steps;
    run.counters["longest_step_ms"] = longest;
  }
}

void load(benchmark::State& run) {
  Core full({}, 1);
  set_schedules(full, run.range(0), 0);
  const auto stored = full.state().snapshot();
  for (auto _ : run) {
    Core core({}, 1);
    for (const auto& e : stored) {
      if (!core.state().load({e.kind, e.id, e.body, 0, {}, {}, 0})) return run.SkipWithError("a record cannot be read");
    }
    core.state().finish_load(kStart);
  }
  run.SetItemsProcessed(run.iterations() * run.range(0));
}

BENCHMARK(set)->Arg(1'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(wait)->Arg(1'000'000);
BENCHMARK(due_at_once)->Arg(1'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(load)->Arg(1'000'000)->Iterations(1)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace arbiter::core
