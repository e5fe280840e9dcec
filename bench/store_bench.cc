// What the SQLite store takes per row, per commit and per load. Set TMPDIR to measure another device.
#include <benchmark/benchmark.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/ids.h"
#include "store/sqlite/sqlite_store.h"

namespace arbiter::store {
namespace {

std::filesystem::path fresh_directory() {
  std::string name = (std::filesystem::temp_directory_path() / "arbiter-bench-XXXXXX").string();
  CHECK(::mkdtemp(name.data()) != nullptr);
  return name;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_THREAD, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// A namespace, and tasks as the core would write them: texts of the usual sizes.
class Namespace {
 public:
  Namespace() : store_(std::move(*open_sqlite_store(directory_))) { open(); }
  ~Namespace() {
    journal_.reset();
    store_.reset();
    std::filesystem::remove_all(directory_);
  }
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  void open() {
    journal_.reset();
    journal_ = std::move(*store_->open("bench", 1));
    head_ = journal_->state().head;
  }
  Journal& journal() { return *journal_; }

  Batch batch() { return {.epoch = journal_->state().epoch}; }
  void submit(Batch& batch, const std::string& id) {
    const Position position = event(batch, "TASK.SUBMITTED.SUCCESS", id);
    batch.puts.push_back(put(id, position));
    batch.documents.push_back({position, spec_, payload_});
  }
  void assign(Batch& batch, const std::string& id) {
    event(batch, "TASK.ASSIGNED.SUCCESS", id);
    batch.puts.push_back(put(id, 1));
  }
  void complete(Batch& batch, const std::string& id) {
    const Position position = event(batch, "TASK.COMPLETED.SUCCESS", id);
    batch.puts.push_back(put(id, 1));
    batch.puts.back().ended = EndedInfo{position, {1}, "completed", "default", "build"};
    batch.documents.push_back({position, "", payload_});
  }
  std::string next_id() {
    ++ids_;
    return base::type_id("task", {static_cast<std::int64_t>(1'767'225'600'000 + ids_ / 100)}, base::mix(ids_),
                         base::mix(ids_ + 7));
  }
  void commit(const Batch& batch) {
    const auto outcome = journal_->commit(batch);
    if (!outcome) std::fprintf(stderr, "%s\n", outcome.error().message.c_str());
    CHECK(outcome.has_value());
  }

 private:
  Position event(Batch& batch, const char* type, const std::string& id) {
    EventRow& event = batch.events.emplace_back();
    event.position = ++head_;
    event.time = {static_cast<std::int64_t>(1'767'225'600'000 + head_)};
    event.type = type;
    event.entity = "task:" + id;
    event.data = data_;
    event.metadata = metadata_;
    return head_;
  }
  EntityPut put(const std::string& id, Position document) const {
    EntityPut put;
    put.kind = "task";
    put.id = id;
    put.body = body_;
    put.document = document;
    return put;
  }

  std::filesystem::path directory_ = fresh_directory();
  std::unique_ptr<Store> store_;
  std::unique_ptr<Journal> journal_;
  Position head_ = 0;
  std::uint64_t ids_ = 0;
  std::string data_ = std::string(120, 'd');
  std::string metadata_ = std::string(60, 'm');
  std::string body_ = std::string(250, 'b');
  std::string spec_ = std::string(150, 's');
  std::string payload_ = std::string(200, 'p');
};

void report(benchmark::State& state, std::vector<double>& milliseconds, double cpu, double items) {
  std::sort(milliseconds.begin(), milliseconds.end());
  const auto at = [&](double part) {
    return milliseconds[static_cast<std::size_t>(part * double(milliseconds.size() - 1))];
  };
  state.counters["p50_ms"] = at(0.5);
  state.counters["p99_ms"] = at(0.99);
  state.counters["max_ms"] = milliseconds.back();
  state.counters["cpu_us_per_item"] = cpu / items * 1e6;
  state.counters["items_per_second"] = benchmark::Counter(items, benchmark::Counter::kIsRate);
}

// Times `commit` alone, not the making of its batch.
template <typename Make>
void run_commits(benchmark::State& state, Namespace& space, double items_per_batch, Make make) {
  std::vector<double> milliseconds;
  double cpu = 0;
  for ([[maybe_unused]] auto _ : state) {
    const Batch batch = make();
    const double cpu_before = cpu_seconds();
    const auto start = std::chrono::steady_clock::now();
    space.commit(batch);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    cpu += cpu_seconds() - cpu_before;
    milliseconds.push_back(took.count() * 1e3);
    state.SetIterationTime(took.count());
  }
  report(state, milliseconds, cpu, static_cast<double>(state.iterations()) * items_per_batch);
}

void submit_in_batches(benchmark::State& state) {
  Namespace space;
  const auto size = state.range(0);
  run_commits(state, space, static_cast<double>(size), [&] {
    Batch batch = space.batch();
    for (int i = 0; i < size; ++i) space.submit(batch, space.next_id());
    return batch;
  });
}
BENCHMARK(submit_in_batches)->Arg(1000)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(500);

// Each batch submits, assigns and completes a third of its size; a task's three changes lie in three batches.
void whole_lives(benchmark::State& state) {
  Namespace space;
  const auto lives = state.range(0) / 3;
  std::vector<std::string> submitted;
  std::vector<std::string> assigned;
  run_commits(state, space, static_cast<double>(lives), [&] {
    Batch batch = space.batch();
    for (const auto& id : assigned) space.complete(batch, id);
    for (const auto& id : submitted) space.assign(batch, id);
    assigned = std::move(submitted);
    submitted.clear();
    for (int i = 0; i < lives; ++i) {
      submitted.push_back(space.next_id());
      space.submit(batch, submitted.back());
    }
    return batch;
  });
}
BENCHMARK(whole_lives)->Arg(1000)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(800);

void single_submit(benchmark::State& state) {
  Namespace space;
  run_commits(state, space, 1, [&] {
    Batch batch = space.batch();
    space.submit(batch, space.next_id());
    return batch;
  });
}
BENCHMARK(single_submit)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(4'000);

void load_live(benchmark::State& state) {
  Namespace space;
  for (int i = 0; i < state.range(0); i += 1'000) {
    Batch batch = space.batch();
    for (int j = 0; j < 1'000; ++j) space.submit(batch, space.next_id());
    space.commit(batch);
  }
  for ([[maybe_unused]] auto _ : state) {
    space.open();
    std::size_t rows = 0;
    CHECK(space.journal().load([&](const LoadedEntity& e) { rows += e.document_body.empty() ? 0 : 1; }).has_value());
    CHECK(rows == static_cast<std::size_t>(state.range(0)));
  }
}
BENCHMARK(load_live)->Arg(1'000'000)->Unit(benchmark::kMillisecond)->Iterations(2);

}  // namespace
}  // namespace arbiter::store

BENCHMARK_MAIN();
