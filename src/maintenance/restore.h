// A backup becomes the data of a stopped server, and nothing that was given out before is accepted any more.
#pragma once

#include <filesystem>

#include "base/clock.h"
#include "maintenance/manifest.h"

namespace arbiter::maintenance {

struct RestoredNamespace {
  std::string name;
  std::int64_t backup_position = 0;  // what it has of the time before ends here
  std::int64_t position = 0;         // its events go on after this
  std::int64_t leases_returned = 0;  // tasks that were with a worker when the backup was made
};
BOOST_DESCRIBE_STRUCT(RestoredNamespace, (), (name, backup_position, position, leases_returned))
struct Restored {
  std::string backup;
  std::string data;
  std::string replaced;  // where the data that were there before are kept; empty: there were none
  std::vector<RestoredNamespace> namespaces;
};
BOOST_DESCRIBE_STRUCT(Restored, (), (backup, data, replaced, namespaces))

// Reads all of the backup first; copies it beside the data; in each namespace goes on at positions that were never
// given out, records SERVER.RESTORED there, and takes back the leases that stand in it; loads it; and only then puts
// all in place at once. Until then the data directory serves as before, whatever happens. kInvalidState: a server runs
// on `data`, or there are data and `replace` is not set, or the backup is of no use.
[[nodiscard]] base::Result<Restored> restore(const std::filesystem::path& backup, const std::filesystem::path& data,
                                             bool replace, const base::Clock& clock);

}  // namespace arbiter::maintenance
