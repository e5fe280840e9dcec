// One run: a seed, a number of commands, a verdict.
#pragma once

#include <string>

#include "counts.h"

namespace arbiter::sim {

struct Outcome {
  std::string broken;  // empty: every rule held
  Counts counts;
};

// `trace` prints every event and request as it comes.
[[nodiscard]] Outcome simulate(std::uint64_t seed, std::uint64_t commands, bool trace);

}  // namespace arbiter::sim
