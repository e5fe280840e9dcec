// What schedules are due when, worked out without the core: the few forms that the simulation uses come at a fixed
// pace, whatever the zone.
#pragma once

#include <array>
#include <optional>

#include "core/schedule.h"
#include "random.h"

namespace arbiter::sim {

// A cron expression and what it means in seconds: it comes when the time modulo `pace` is `phase`.
struct CronForm {
  const char* cron;
  std::int64_t pace, phase;
};
inline constexpr std::array<CronForm, 6> kCronForms{{{"*/10 * * * * *", 10, 0},
                                                     {"5 * * * * *", 60, 5},
                                                     {"* * * * *", 60, 0},
                                                     {"*/2 * * * *", 120, 0},
                                                     {"30 */15 * * * *", 900, 30},
                                                     {"@hourly", 3'600, 0}}};

// The first due time after `after`.
[[nodiscard]] std::optional<std::int64_t> next_due(const core::ScheduleSpec& spec, std::int64_t anchor,
                                                   std::int64_t after);
// How many there are from `first` to `last`, both of them due; at most `most`.
[[nodiscard]] std::int64_t count_due(const core::ScheduleSpec& spec, std::int64_t anchor, std::int64_t first,
                                     std::int64_t last, std::int64_t most);

[[nodiscard]] core::ScheduleSpec make_schedule(Random& random, std::int64_t wall_ms);
// Makes a good one bad.
void spoil(core::ScheduleSpec& spec, Random& random);

}  // namespace arbiter::sim
