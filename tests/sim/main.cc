// sim [--seed N [--trace]] [--seeds A..B] [--commands N] [--threads N]
// Runs simulations, one per seed, and counts what happened in them. Exit status 1 when a rule was broken, or when
// something never happened.
#include <CLI/CLI.hpp>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <mutex>
#include <thread>

#include "simulation.h"

namespace {

thread_local std::uint64_t t_seed = 0;

// So many are enough to look at.
constexpr std::uint64_t kFailuresMax = 10;

// A broken CHECK, or a bad access, ends the program: it still names its seed.
extern "C" void say_seed(int signal) {
  std::fprintf(stderr, "violated: the program was ended by signal %d\n  sim --seed %llu\n", signal,
               static_cast<unsigned long long>(t_seed));
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

struct Options {
  std::uint64_t first = 1, last = 2'000;
  std::uint64_t commands = 500;
  unsigned threads = std::max(1U, std::thread::hardware_concurrency());
  bool trace = false;
};

struct Sum {
  std::mutex mutex;
  arbiter::sim::Counts counts;
  std::uint64_t failures = 0;
};

void run_seeds(const Options& options, std::atomic<std::uint64_t>& next, Sum& sum) {
  arbiter::sim::Counts mine;
  for (std::uint64_t seed = next++; seed <= options.last; seed = next++) {
    t_seed = seed;
    const auto outcome = arbiter::sim::simulate(seed, options.commands, options.trace);
    mine.merge(outcome.counts);
    if (outcome.broken.empty()) continue;
    const std::lock_guard lock(sum.mutex);
    if (++sum.failures > kFailuresMax) break;
    std::printf("%s\n  sim --seed %llu --commands %llu\n", outcome.broken.c_str(),
                static_cast<unsigned long long>(seed), static_cast<unsigned long long>(options.commands));
    std::fflush(stdout);
  }
  const std::lock_guard lock(sum.mutex);
  sum.counts.merge(mine);
}

bool parse_range(const std::string& text, Options& options) {
  const auto dots = text.find("..");
  if (dots == std::string::npos) return false;
  const auto number = [](std::string_view part, std::uint64_t& out) {
    const auto parsed = std::from_chars(part.data(), part.data() + part.size(), out);
    return parsed.ec == std::errc{} && parsed.ptr == part.data() + part.size();
  };
  return number(std::string_view(text).substr(0, dots), options.first) &&
         number(std::string_view(text).substr(dots + 2), options.last);
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  std::uint64_t seed = 0;
  std::string range;
  CLI::App app("Simulates the core and the engine under injected faults; one seed decides all.", "sim");
  app.add_option("--seed", seed, "Run this one seed");
  app.add_option("--seeds", range, "Run the seeds A..B");
  app.add_option("--commands", options.commands, "Commands per seed");
  app.add_option("--threads", options.threads, "Seeds run at the same time");
  app.add_flag("--trace", options.trace, "Print requests and events as they come");
  CLI11_PARSE(app, argc, argv);
  if (!range.empty() && !parse_range(range, options)) {
    std::fprintf(stderr, "--seeds: write A..B\n");
    return 2;
  }
  if (seed) options.first = options.last = seed;
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE}) std::signal(signal, say_seed);

  std::atomic<std::uint64_t> next{options.first};
  Sum sum;
  std::vector<std::thread> threads;
  for (unsigned i = 1; i < options.threads && options.first != options.last; ++i) {
    threads.emplace_back([&] { run_seeds(options, next, sum); });
  }
  run_seeds(options, next, sum);
  for (auto& thread : threads) thread.join();

  const bool one = options.first == options.last;
  if (!one) sum.counts.expect_all();
  if (!options.trace) sum.counts.print();
  const std::string missing = one ? "" : sum.counts.missing();
  if (!missing.empty()) std::printf("never happened:\n%s", missing.c_str());
  std::printf("%llu seeds of %llu commands, %llu failed\n",
              static_cast<unsigned long long>(options.last - options.first + 1),
              static_cast<unsigned long long>(options.commands), static_cast<unsigned long long>(sum.failures));
  return sum.failures > 0 || !missing.empty() ? 1 : 0;
}
