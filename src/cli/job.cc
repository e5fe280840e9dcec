#include "cli/job.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace arbiter::cli {
namespace {

// How many letters must change, go, come or swap places with their neighbour to make one word the other (the optimal
// string alignment distance).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before, last);
    std::swap(last, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({row[j - 1] + 1, last[j] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

enum class Mark { kNew, kOpen, kDone };

struct Sorter {
  const std::map<std::string, Step*>& by_name;
  std::map<std::string, Mark> marks{};
  std::vector<std::string> path{};
  std::vector<std::string> order{};

  // False: `path` ends in a cycle.
  bool visit(const std::string& name) {
    path.push_back(name);
    Mark& mark = marks[name];
    if (mark == Mark::kOpen) return false;
    if (mark == Mark::kNew) {
      mark = Mark::kOpen;
      for (const auto& need : by_name.at(name)->needs) {
        if (by_name.contains(need) && !visit(need)) return false;
      }
      marks[name] = Mark::kDone;
      order.push_back(name);
    }
    path.pop_back();
    return true;
  }
};

}  // namespace

bool is_step_name(std::string_view name) {
  const auto plain = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; };
  return !name.empty() && name.size() <= 48 && plain(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return plain(c) || c == '-' || c == '_'; });
}

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = 1 + word.size() / 3;
  for (const auto& candidate : candidates) {
    if (const auto d = distance(word, candidate); d <= best_distance) {
      best_distance = d - (d > 0 ? 1 : 0);
      best = candidate;
    }
  }
  return best;
}

Result<std::vector<Step>> in_order(std::vector<Step> steps) {
  std::map<std::string, Step*> by_name;
  for (auto& step : steps) by_name[step.name] = &step;
  Sorter sorter{by_name};
  for (const auto& step : steps) {
    if (sorter.visit(step.name)) continue;
    std::string cycle;
    const auto begin = std::find(sorter.path.begin(), sorter.path.end(), sorter.path.back());
    for (auto it = begin; it != sorter.path.end(); ++it) cycle += (cycle.empty() ? "" : " -> ") + *it;
    return base::fail({base::ErrorCode::kDependencyCycle, "Steps wait for each other: " + cycle + "."});
  }
  std::vector<Step> ordered;
  ordered.reserve(sorter.order.size());
  for (const auto& name : sorter.order) ordered.push_back(std::move(*by_name[name]));
  return ordered;
}

}  // namespace arbiter::cli
