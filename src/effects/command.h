// Runs a program that the configuration declares: its argument vector as it is, without a shell, in a process group of
// its own, with the message on its standard input. Exit status 0 is success.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "effects/channel.h"

namespace arbiter::effects {

struct CommandConfig {
  std::vector<std::string> argv;  // the first with its path, or found in PATH
  std::int64_t timeout_ms = 10'000;
};

// The program gets PATH, HOME and LANG of this process, and ARBITER_NAMESPACE, ARBITER_EFFECT_ID,
// ARBITER_EFFECT_ATTEMPT, ARBITER_NOTIFIER, ARBITER_EVENT_TYPE, ARBITER_SEVERITY, ARBITER_CAUSE and ARBITER_TITLE. It
// runs in `/`; what it writes goes nowhere, but for the end of its standard error when it fails. When its time is over
// its whole group is killed, and so is what it leaves behind. Its caller does not take SIGPIPE.
[[nodiscard]] std::unique_ptr<Channel> make_command(CommandConfig config);

}  // namespace arbiter::effects
