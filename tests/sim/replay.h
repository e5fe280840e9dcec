// A second namespace that is fed with the log only. Promise 2: it comes to the same state as the one that lives.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "core/core.h"
#include "store/journal.h"
#include "verdict.h"

namespace arbiter::sim {

// The event of a stored row, with its document.
[[nodiscard]] base::Result<core::Event> event_of(const store::EventRow& row, store::Reader& reader);

class Replay {
 public:
  Replay(const core::CoreLimits& limits, std::uint64_t seed) : core_(limits, seed) {}

  void apply(const core::Event& event);

  // Compares with the living state, and with what the store would load. Both must be at rest, and written.
  void compare(core::State& living, store::Journal& store, Verdict& verdict);
  // Compares every ended task with what the store keeps of it.
  void compare_ended(store::Reader& reader, Verdict& verdict);

 private:
  core::Core core_;
  std::map<std::string, core::EntityChange> ended_;  // tasks, as they were last written
};

}  // namespace arbiter::sim
