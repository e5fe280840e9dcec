// What a notifier is told: one JSON object, the same for webhooks and commands.
#pragma once

#include <optional>
#include <string>

#include "core/effect.h"
#include "store/journal.h"

namespace arbiter::effects {

inline constexpr std::size_t kEventBytesMax = std::size_t{64} * 1024;  // a longer event is left out

// One attempt of an effect, with all that is needed for it.
struct Delivery {
  std::string namespace_name;
  core::EffectOrder order;
  std::string body;  // message() of it
};

// `event` is what it tells of, as the log has it; empty for a test, or when it is too long.
[[nodiscard]] std::string message(const std::string& namespace_name, const core::EffectOrder& order,
                                  const std::optional<store::EventRow>& event);

}  // namespace arbiter::effects
