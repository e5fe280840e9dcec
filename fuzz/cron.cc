// Cron expressions, and when they come next. The first line is a zone, the second a time in seconds, the third the
// expression.
#include "core/cron.h"

#include <charconv>

#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace arbiter;
  auto rest = fuzz::text_of(data, size);
  const std::string zone_name(fuzz::take_line(rest));
  const auto number = fuzz::take_line(rest);
  const auto cron = core::Cron::parse(rest);
  if (!cron) {
    REQUIRE(!cron.error().message.empty());
    return 0;
  }
  // From 1970 to 2200.
  core::Seconds after = 0;
  (void)std::from_chars(number.data(), number.data() + number.size(), after);
  constexpr core::Seconds kEnd = 7'258'118'400;
  after = after < 0 || after > kEnd ? 1'700'000'000 : after;
  auto zone = core::TimeZone::named(zone_name);
  if (!zone) zone = core::TimeZone::named("Europe/Berlin");
  if (!zone) zone = core::TimeZone::named("UTC");
  REQUIRE(zone.has_value());
  for (int i = 0; i < 5; ++i) {
    const auto next = cron->next(after, *zone);
    if (!next) return 0;
    REQUIRE(*next > after);
    after = *next;
  }
  return 0;
}
