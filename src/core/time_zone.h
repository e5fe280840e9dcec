// Time zones by their IANA name, as the operating system's tzdata has them. The one place that knows the library
// behind.
//
// What is read of a zone stays as it was read for as long as the process lives: replaying events never comes here, for
// every time that was computed stands in its event.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace date {  // NOLINT(readability-identifier-naming): the library's
class time_zone;
}

namespace arbiter::core {

// Seconds since 1970-01-01T00:00:00: of UTC, or as the clocks on the wall count them (local).
using Seconds = std::int64_t;

// A stretch of UTC in which a zone's clocks go evenly: [begin, end).
struct ZonePeriod {
  Seconds begin = 0;
  Seconds end = 0;
  Seconds offset = 0;  // local = UTC + offset
};

class TimeZone {
 public:
  // kInvalidRequest: there is no zone of that name, or this machine has no tzdata.
  [[nodiscard]] static base::Result<TimeZone> named(const std::string& name);

  [[nodiscard]] ZonePeriod period_at(Seconds utc) const;
  // When the clocks first show `local`. One that they skip comes when they jump over it.
  [[nodiscard]] Seconds first_showing(Seconds local) const;

 private:
  explicit TimeZone(const date::time_zone* zone) : zone_(zone) {}
  const date::time_zone* zone_;  // null: UTC, which needs no tzdata
};

}  // namespace arbiter::core
