// The id of an event for whoever is shown one. It is not stored: position and time give it.
#pragma once

#include <string>

#include "base/ids.h"
#include "store/journal.h"

namespace arbiter::engine {

[[nodiscard]] inline std::string event_id(const store::EventRow& row) {
  return base::type_id("event", row.time, base::random_at(0, row.position, 0), base::random_at(0, row.position, 1));
}

}  // namespace arbiter::engine
