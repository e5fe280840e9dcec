// The one source of chance in a simulation: the same seed gives the same run.
#pragma once

#include "base/ids.h"

namespace arbiter::sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(base::mix(seed)) {}

  std::uint64_t next() { return base::mix(state_ += 0x9e3779b97f4a7c15ULL); }
  // In [0, count).
  std::size_t below(std::size_t count) { return count == 0 ? 0 : static_cast<std::size_t>(next() % count); }
  // In [low, high].
  std::int64_t range(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool percent(std::int64_t p) { return range(0, 99) < p; }
  bool one_in(std::int64_t n) { return n > 0 && range(1, n) == 1; }
  template <typename List>
  const auto& pick(const List& list) {
    return list[below(list.size())];
  }

 private:
  std::uint64_t state_;
};

}  // namespace arbiter::sim
