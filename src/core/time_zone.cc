#include "core/time_zone.h"

#include <date/tz.h>

#include <limits>
#include <stdexcept>

namespace arbiter::core {
namespace {

constexpr Seconds kEver = std::numeric_limits<Seconds>::max() / 4;

bool is_utc(const std::string& name) { return name == "UTC" || name == "Etc/UTC"; }

}  // namespace

base::Result<TimeZone> TimeZone::named(const std::string& name) {
  if (is_utc(name)) return TimeZone(nullptr);
  try {
    return TimeZone(date::locate_zone(name));
  } catch (const std::exception&) {  // The library's only way to say no.
    return base::fail(
        {base::ErrorCode::kInvalidRequest,
         "'" + name + "' is no time zone that this machine's tzdata knows, such as Europe/Berlin or UTC"});
  }
}

ZonePeriod TimeZone::period_at(Seconds utc) const {
  if (!zone_) return {-kEver, kEver, 0};
  const auto info = zone_->get_info(date::sys_seconds(std::chrono::seconds(utc)));
  return {info.begin.time_since_epoch().count(), info.end.time_since_epoch().count(), info.offset.count()};
}

Seconds TimeZone::first_showing(Seconds local) const {
  if (!zone_) return local;
  const auto info = zone_->get_info(date::local_seconds(std::chrono::seconds(local)));
  if (info.result == date::local_info::nonexistent) return info.first.end.time_since_epoch().count();
  return local - info.first.offset.count();
}

}  // namespace arbiter::core
