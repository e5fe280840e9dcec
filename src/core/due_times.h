// When a schedule is due: the timing half of its definition, made ready to compute with. Milliseconds of the wall
// clock.
#pragma once

#include <optional>

#include "core/cron.h"
#include "core/schedule_commands.h"

namespace arbiter::core {

class DueTimes {
 public:
  // `anchor` is where an interval is counted from. `errors` takes every field that is wrong, under its name.
  [[nodiscard]] static std::optional<DueTimes> of(const ScheduleSpec& spec, std::int64_t anchor,
                                                  base::FieldErrors& errors);

  // The first due time after `after`; none when the schedule has ended by then.
  [[nodiscard]] std::optional<std::int64_t> next(std::int64_t after) const;
  // The last due time up to `until`, for a `first` that is one.
  [[nodiscard]] std::int64_t latest(std::int64_t first, std::int64_t until) const;
  // How many there are from `first` up to `until`; `most` stands for that many or more.
  [[nodiscard]] std::int64_t count(std::int64_t first, std::int64_t until, std::int64_t most) const;
  // The earliest of the `most` newest due times from `first` up to `until`.
  [[nodiscard]] std::int64_t first_of_newest(std::int64_t first, std::int64_t until, std::int64_t most) const;

 private:
  explicit DueTimes(TimeZone zone) : zone_(zone) {}
  std::optional<Cron> cron_;
  TimeZone zone_;
  std::int64_t every_ = 0;
  std::int64_t anchor_ = 0;
  std::optional<std::int64_t> start_, end_;
};

}  // namespace arbiter::core
