// arbiter metrics history
#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>

#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/table.h"

namespace arbiter::cli {
namespace {

using base::fail;

constexpr std::size_t kSparksMax = 40;

struct Options {
  std::vector<std::string> names;
  std::string queue, since = "1h", step;
};

std::string short_number(double value) {
  char out[32];
  const double size = std::abs(value);
  const char* unit = size >= 1e9 ? "G" : size >= 1e6 ? "M" : size >= 1e4 ? "k" : "";
  const double scaled = size >= 1e9 ? value / 1e9 : size >= 1e6 ? value / 1e6 : size >= 1e4 ? value / 1e3 : value;
  const bool whole = scaled == static_cast<double>(static_cast<std::int64_t>(scaled));
  std::snprintf(out, sizeof out, whole ? "%.0f%s" : "%.2f%s", scaled, unit);
  return out;
}

struct Summary {
  double least = 0, most = 0, sum = 0, latest = 0;
  int count = 0;
};

Summary summary_of(const json::array& values) {
  Summary s;
  for (const auto& value : values) {
    if (!value.is_number()) continue;
    const auto v = value.to_number<double>();
    s.least = s.count == 0 ? v : std::min(s.least, v);
    s.most = s.count == 0 ? v : std::max(s.most, v);
    s.sum += v;
    s.latest = v;
    ++s.count;
  }
  return s;
}

// The course of the values from 0, in as many characters as there is room for; the highest of those that share one
// counts. A space where there was none.
std::string sparks(const json::array& values, double most) {
  static constexpr std::array<const char*, 8> kBars{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const std::size_t width = std::min(values.size(), kSparksMax);
  std::string out;
  for (std::size_t i = 0; i < width; ++i) {
    std::optional<double> highest;
    for (std::size_t j = i * values.size() / width; j < (i + 1) * values.size() / width; ++j) {
      if (!values[j].is_number()) continue;
      const auto v = values[j].to_number<double>();
      highest = highest ? std::max(*highest, v) : v;
    }
    if (!highest) {
      out += ' ';
      continue;
    }
    const double share = most > 0 ? std::clamp(*highest / most, 0.0, 1.0) : 0;
    out += kBars[static_cast<std::size_t>(std::lround(share * static_cast<double>(kBars.size() - 1)))];
  }
  return out;
}

std::string as_text(const json::value& history, bool colours) {
  const auto& times = items(history, "times");
  if (times.empty()) {
    return "No sample yet: one is taken every " + human_duration(number(history, "intervalMs")) +
           ", and the history begins with the server's start.";
  }
  Table table({"SERIES", "QUEUE", ">NOW", ">LEAST", ">MEAN", ">MOST", "COURSE"});
  for (const auto& series : items(history, "series")) {
    const auto& values = items(series, "values");
    const Summary s = summary_of(values);
    if (s.count == 0) continue;
    const bool is_now = values.back().is_number();
    table.add({text(series, "name"), text(series, "queue"), is_now ? short_number(s.latest) : "", short_number(s.least),
               short_number(s.sum / s.count), short_number(s.most), sparks(values, s.most)});
  }
  std::string out = table.text(colours) + std::to_string(times.size()) + " samples from " + text(times.front()) +
                    " to " + text(times.back()) + ".";
  const auto& truncated = at(history, "truncated");
  if (truncated.is_bool() && truncated.get_bool()) out += " There are more series than are kept.";
  return out;
}

Result<int> show_history(Context& context, const Options& options) {
  const auto since = duration_argument(options.since, "--since");
  if (!since) return fail(since.error());
  std::string step;
  if (!options.step.empty()) {
    const auto ms = duration_argument(options.step, "--step");
    if (!ms) return fail(ms.error());
    step = std::to_string(*ms);
  }
  std::string names;
  for (const auto& name : options.names) names += (names.empty() ? "" : ",") + name;
  auto history = context.get(
      "/api/v1/metrics/history" +
      client::query(
          {{"names", names}, {"queue", options.queue}, {"sinceMs", std::to_string(*since)}, {"stepMs", step}}));
  if (!history) return fail(history.error());
  context.show(*history, [&](const json::value& value) { return as_text(value, context.colours()); });
  return 0;
}

}  // namespace

void add_metrics_commands(Commands& commands) {
  Context& context = commands.context();
  auto* noun = commands.noun("metrics", "Numbers over time: tasks, workers, commits, memory");
  auto options = std::make_shared<Options>();
  auto* history = commands.add(noun, "history",
                               {"The last hours of the server, a namespace and its queues; kept in the server's memory",
                                "  arbiter metrics history\n"
                                "  arbiter metrics history queued completedPerSecond --queue default --since 4h\n"
                                "  arbiter metrics history -o json --step 1m"},
                               [&context, options] { return show_history(context, *options); });
  history->add_option("names", options->names, "Series to show; else all");
  history->add_option("--queue", options->queue, "Only the series of this queue");
  history->add_option("--since", options->since, "How far back [1h]");
  history->add_option("--step", options->step, "Gather the samples into steps of this length; each shows their mean");
}

}  // namespace arbiter::cli
