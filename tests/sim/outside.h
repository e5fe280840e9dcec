// What the clients and the machine know, beside the log: signs of life that were answered, and reloads.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "model.h"

namespace arbiter::sim {

// A request that succeeded: it was handled at some time between asking and answering.
struct Sign {
  std::int64_t asked = 0, answered = 0;
  std::int64_t lease_ms = 0;  // of an extension that named it
  bool renews_all = true;     // every lease of its worker; else only those that it named
};

struct Outside {
  std::map<std::string, std::vector<Sign>> by_worker;
  std::map<std::int64_t, std::vector<Sign>> by_lease;  // progress, log lines, extensions
  std::map<std::int64_t, std::vector<Sign>> renewed;   // heartbeats that named it
  // Heartbeats that named leases, by worker: when they were sent, and what they named. A lease that one leaves out is
  // not renewed by its worker's other requests until the worker names it again.
  std::map<std::string, std::vector<std::pair<std::int64_t, std::set<std::int64_t>>>> named;
  std::map<std::string, std::int64_t> last_possible;  // the latest time a request of the worker may have been seen
  std::map<std::int64_t, std::int64_t> extended_to;   // the latest deadline that an extension may have given
  struct Load {
    std::int64_t now = 0;
    Position head = 0;
    std::int64_t opened = 0;  // when it served again
  };
  std::vector<Load> loads;
};

}  // namespace arbiter::sim
