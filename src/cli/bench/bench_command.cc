// `arbiter bench`: brings up a server of its own at its defaults and measures it from outside, fsync included.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "cli/bench/followers.h"
#include "cli/bench/scenarios.h"
#include "cli/cli.h"
#include "cli/local_fleet.h"
#include "cli/table.h"

namespace arbiter::cli {
namespace {

struct Figure {
  std::string name;
  std::string unit;
  std::vector<double> values;
  [[nodiscard]] double median() const {
    auto sorted = values;
    std::sort(sorted.begin(), sorted.end());
    return sorted.empty() ? 0 : sorted[sorted.size() / 2];
  }
};

struct Options {
  int runs = 5;
  std::string directory = ".";
  std::vector<std::string> only;
  std::int64_t scale = 100;  // per cent of the usual number of tasks
};

double resident_mb(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stod(line.substr(6)) / 1024.0;
  }
  return 0;
}

double cpu_seconds(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string word;
  double ticks = 0;
  for (int i = 1; i <= 15 && file >> word; ++i) {
    if (i >= 14) ticks += std::stod(word);
  }
  return ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

constexpr std::size_t kSubscribers = 500;

class Bench {
 public:
  explicit Bench(Options options) : options_(std::move(options)) {}

  Result<std::vector<Figure>> run() {
    for (int i = 0; i < options_.runs; ++i) {
      std::fprintf(stderr, "run %d of %d\n", i + 1, options_.runs);
      if (auto ok = one_run(); !ok) return base::fail(ok.error());
    }
    if (wanted("million")) {
      if (auto ok = million(); !ok) return base::fail(ok.error());
    }
    return std::move(figures_);
  }

 private:
  bool wanted(const std::string& name) const {
    return options_.only.empty() || std::find(options_.only.begin(), options_.only.end(), name) != options_.only.end();
  }
  void add(const std::string& name, const std::string& unit, double value) {
    auto it = std::find_if(figures_.begin(), figures_.end(), [&](const Figure& f) { return f.name == name; });
    if (it == figures_.end()) it = figures_.insert(figures_.end(), Figure{name, unit, {}});
    it->values.push_back(value);
    std::fprintf(stderr, "  %-44s %10.2f %s\n", name.c_str(), value, unit.c_str());
  }
  void add(const std::string& name, const Latency& latency) {
    add(name + ", p50", "ms", latency.p50_ms);
    add(name + ", p99", "ms", latency.p99_ms);
  }
  std::int64_t scaled(std::int64_t tasks) const { return std::max<std::int64_t>(1'000, tasks * options_.scale / 100); }

  // A fresh server on a fresh directory, on the same disk as the directory given.
  Result<void> start() {
    data_ = options_.directory + "/arbiter-bench-" + std::to_string(getpid());
    std::filesystem::remove_all(data_);
    std::filesystem::create_directories(data_);
    return server_.start(data_, data_ + "/server.log");
  }
  void stop() {
    server_.stop();
    std::filesystem::remove_all(data_);
  }

  Result<void> one_run() {
    const std::vector<std::pair<std::string, std::function<void()>>> parts = {
        {"disk", [&] { add("the disk: fdatasync after 4 KiB", sync_latency(data_, 500)); }},
        {"idle", [&] { idle(); }},
        {"bulk",
         [&] {
           add("bulk submit, batches of 1,000", "tasks/s", bulk_submit(endpoint(), scaled(300'000), 1'000, 0, 4));
         }},
        {"life",
         [&] { add("full life, batched by 500", "lives/s", full_life_batched(endpoint(), scaled(150'000), 500, 4)); }},
        {"single", [&] { single(); }},
        {"pickup", [&] { add("submit to worker's hands, idle queue", pick_up(endpoint(), scaled(1'500), false)); }},
        {"stream", [&] { add("the same while batches of 1,000 stream in", pick_up(endpoint(), scaled(1'000), true)); }},
        {"subscribers", [&] { subscribers(); }},
    };
    for (const auto& [name, part] : parts) {
      if (!wanted(name)) continue;
      if (auto ok = start(); !ok) return ok;
      part();
      stop();
    }
    return {};
  }
  const client::Endpoint& endpoint() const { return server_.endpoint(); }

  void idle() {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    const double before = cpu_seconds(server_.pid());
    std::this_thread::sleep_for(std::chrono::seconds(3));
    add("idle server, CPU over 3 s", "s", cpu_seconds(server_.pid()) - before);
    add("idle server, resident", "MB", resident_mb(server_.pid()));
  }

  void single() {
    const double rate = full_life_single(endpoint(), scaled(40'000), 64);
    add("full life, one task per request, 64 connections", "lives/s", rate);
    // One life is three requests: half the peak of requests, all of them submits.
    add("submit, open loop at half that rate", submit_open_loop(endpoint(), rate * 1.5, scaled(20'000), 64));
  }

  // Commits with and without readers of the event stream, one after the other on the same server.
  void subscribers() {
    const auto measure = [&](const std::string& who) {
      add("single lives, " + who, "lives/s", full_life_single(endpoint(), scaled(10'000), 64));
      add("batched lives, " + who, "lives/s", full_life_batched(endpoint(), scaled(50'000), 500, 4));
      add("submits at 1,000/s, " + who, submit_open_loop(endpoint(), 1'000, scaled(3'000), 64));
    };
    measure("no subscribers");
    {
      const Followers own(endpoint(), kSubscribers,
                          [](std::size_t i) { return "?task=followed-" + std::to_string(i); });
      measure("500 of one task each");
    }
    {
      const Followers all(endpoint(), kSubscribers, [](std::size_t) { return std::string(); });
      measure("500 of everything");
      add("read by them meanwhile", "MB", static_cast<double>(all.bytes()) / 1e6);
    }
    measure("none any more");
  }

  Result<void> million() {
    if (auto ok = start(); !ok) return ok;
    (void)bulk_submit(endpoint(), 1'000, 1'000, 200, 1);
    add("lease and complete, 1,000 queued", "lives/s", drain(endpoint(), 1'000, 100));
    const std::int64_t tasks = scaled(1'000'000);
    (void)bulk_submit(endpoint(), tasks, 1'000, 200, 4);
    add("1,000,000 queued tasks of 200 bytes, resident", "MB", resident_mb(server_.pid()));
    server_.stop();
    const auto start_time = std::chrono::steady_clock::now();
    if (auto ok = server_.start(data_, data_ + "/server.log"); !ok) return ok;
    add("the same, ready after a restart", "s",
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start_time).count());
    add("the same, resident after the restart", "MB", resident_mb(server_.pid()));
    add("lease and complete, 1,000,000 queued", "lives/s", drain(endpoint(), 20'000, 100));
    stop();
    return {};
  }

  Options options_;
  std::string data_;
  LocalServer server_;
  std::vector<Figure> figures_;
};

std::string as_table(const std::vector<Figure>& figures) {
  Table table({"figure", ">median", ">min", ">max", "unit"});
  const auto text = [](double v) {
    char out[32];
    std::snprintf(out, sizeof out, v >= 100 ? "%.0f" : "%.2f", v);
    return std::string(out);
  };
  for (const auto& f : figures) {
    const auto [low, high] = std::minmax_element(f.values.begin(), f.values.end());
    table.add({f.name, text(f.median()), text(*low), text(*high), f.unit});
  }
  return table.text(/*colours=*/false);
}

json::value as_json(const std::vector<Figure>& figures) {
  json::array items;
  for (const auto& f : figures) {
    items.push_back(
        {{"figure", f.name}, {"median", f.median()}, {"unit", f.unit}, {"values", json::value_from(f.values)}});
  }
  return {{"items", std::move(items)}};
}

}  // namespace

void add_bench_command(Commands& commands) {
  auto options = std::make_shared<Options>();
  CLI::App* bench = commands.add(
      "bench",
      {"Measures a server of its own: throughput, latency, memory. Every acknowledged change is on disk first.",
       "arbiter bench --runs 5\narbiter bench --only bulk --only pickup --runs 1"},
      [options, &commands]() -> Result<int> {
        auto figures = Bench(*options).run();
        if (!figures) return base::fail(figures.error());
        commands.context().show(as_json(*figures), [&](const json::value&) { return as_table(*figures); });
        return 0;
      });
  bench->add_option("--runs", options->runs, "How often each figure is measured; the median counts")
      ->capture_default_str();
  bench->add_option("--directory", options->directory, "Where the data go: the disk that is measured")
      ->capture_default_str();
  bench->add_option("--only", options->only, "disk, idle, bulk, life, single, pickup, stream, subscribers, million")
      ->check(CLI::IsMember(std::set<std::string>{"disk", "idle", "bulk", "life", "single", "pickup", "stream",
                                                  "subscribers", "million"}));
  bench->add_option("--scale", options->scale, "Per cent of the usual number of tasks")->capture_default_str();
}

}  // namespace arbiter::cli
