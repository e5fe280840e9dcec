#include "schedules.h"

#include <algorithm>

#include "specs.h"

namespace arbiter::sim {
namespace {

std::int64_t first_at_pace(std::int64_t pace, std::int64_t phase, std::int64_t after) {
  std::int64_t steps = (after - phase) / pace - 1;
  while (phase + steps * pace <= after) ++steps;
  return phase + steps * pace;
}

}  // namespace

std::optional<std::int64_t> next_due(const core::ScheduleSpec& spec, std::int64_t anchor, std::int64_t after) {
  std::int64_t pace = spec.every_ms ? spec.every_ms->value : 0;
  std::int64_t phase = anchor;
  if (spec.cron) {
    const auto form =
        std::find_if(kCronForms.begin(), kCronForms.end(), [&](const auto& f) { return spec.cron->value == f.cron; });
    pace = form->pace * 1'000;
    phase = form->phase * 1'000;
  }
  std::int64_t due = first_at_pace(pace, phase, after);
  if (spec.start_at && due < spec.start_at->ms) due = first_at_pace(pace, phase, spec.start_at->ms - 1);
  if (spec.end_at && due > spec.end_at->ms) return std::nullopt;
  return due;
}

std::int64_t count_due(const core::ScheduleSpec& spec, std::int64_t anchor, std::int64_t first, std::int64_t last,
                       std::int64_t most) {
  std::int64_t n = 1;
  for (auto due = next_due(spec, anchor, first); due && *due <= last && n < most; due = next_due(spec, anchor, *due)) {
    ++n;
  }
  return n;
}

core::ScheduleSpec make_schedule(Random& random, std::int64_t wall_ms) {
  core::ScheduleSpec spec;
  if (random.percent(40)) {
    static const std::vector<std::int64_t> paces{2'000, 15'000, 60'000, 300'000};
    spec.every_ms = random.pick(paces);
  } else {
    spec.cron = core::Text<1, 256>(random.pick(kCronForms).cron);
    if (random.percent(50)) spec.time_zone = random.percent(50) ? "Europe/Berlin" : "Asia/Tokyo";
  }
  spec.overlap = static_cast<core::Overlap>(random.below(4));
  spec.misfire = static_cast<core::Misfire>(random.below(3));
  if (random.percent(60)) spec.misfire_after_ms = random.range(1'000, 120'000);
  if (random.percent(15)) spec.start_at = core::Timestamp{wall_ms + random.range(-60'000, 120'000)};
  if (random.percent(10)) spec.end_at = core::Timestamp{wall_ms + random.range(4'000'000, 8'000'000)};
  spec.task.type = random.pick(kTypes);
  spec.task.queue = random.pick(kQueues);
  if (random.percent(50)) spec.task.payload = json("{\"scheduled\":true}");
  if (random.percent(30)) spec.task.retry.max_attempts = random.range(1, 3);
  if (random.percent(20)) spec.task.tags.emplace_back("tag-1");
  return spec;
}

void spoil(core::ScheduleSpec& spec, Random& random) {
  switch (random.below(5)) {
    case 0:
      spec.cron = core::Text<1, 256>("0 0 30 2 *");
      spec.every_ms.reset();
      break;
    case 1:
      spec.cron = core::Text<1, 256>("* * * * *");
      spec.every_ms = 60'000;
      break;
    case 2:
      spec.time_zone = "Nowhere/Town";
      break;
    case 3:
      spec.task.id = core::Name("mine");
      break;
    default:
      spec.task.payload = json('"' + std::string(10'000, 'z') + '"');
      break;
  }
}

}  // namespace arbiter::sim
