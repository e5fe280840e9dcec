// One way to tell somebody: a webhook or a command. A channel makes one attempt at a time and thread, and blocks for as
// long as that takes.
#pragma once

#include <atomic>

#include "base/result.h"
#include "effects/message.h"

namespace arbiter::effects {

class Channel {
 public:
  virtual ~Channel() = default;
  // Success: whoever is told has it. Any failure says why in a text for people, without secrets; it may have arrived
  // all the same. Gives up soon after `stopping` is set. Called from several threads.
  [[nodiscard]] virtual base::Result<void> deliver(const Delivery& delivery, const std::atomic<bool>& stopping) = 0;
};

}  // namespace arbiter::effects
