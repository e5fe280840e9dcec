// What is done to a namespace while no server has it open: its core runs commands, and what they change is committed.
#pragma once

#include <string>

#include "base/clock.h"
#include "store/journal.h"

namespace arbiter::maintenance {

struct Beginning {
  std::int64_t last_position = 0;    // what it has of the time before ends here
  std::int64_t position = 0;         // its events go on after this
  std::int64_t leases_returned = 0;  // tasks that were with a worker
};

// A namespace that comes from an earlier copy goes on at positions that were never given out, with an epoch that none
// of its owners had; records SERVER.RESTORED with `origin`, takes back the leases that stand in it, and is loaded as
// its server will.
[[nodiscard]] base::Result<Beginning> begin_anew(store::Journal& journal, const std::string& origin,
                                                 const base::Clock& clock);

// So that the next start knows the namespace. Fine when it is there already.
[[nodiscard]] base::Result<void> add_to_catalogue(store::Journal& system, const std::string& name,
                                                  const base::Clock& clock);

}  // namespace arbiter::maintenance
