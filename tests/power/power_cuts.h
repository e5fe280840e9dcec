// Cuts the power at every sync point of a recording, and at random points between, and looks at what is left.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ledger.h"
#include "recording.h"
#include "sim/random.h"

namespace arbiter::power {

// For files whose syncs need not reach a device: this test decides what is durable.
[[nodiscard]] std::filesystem::path quick_directory();

struct CutCounts {
  int cuts = 0;
  int syncs = 0;             // Sync points among the steps, directories included.
  int lost_or_broken = 0;    // Cuts after which a promise did not hold.
  std::string first_broken;  // What, at the first of them.
};

// Opens what each cut left with the system's VFS and holds it against the ledger. `cuts_per_sync` images are made from
// each moment before a sync, one from the moment after. Stops after `broken_max` broken promises.
[[nodiscard]] CutCounts cut_everywhere(const Recording& recording, const Ledger& ledger, sim::Random& random,
                                       int cuts_per_sync, int broken_max);

}  // namespace arbiter::power
