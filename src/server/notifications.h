// The configuration key `notifications`: who is told of what needs a human, and how. In the file only, for it is a list
// of things with keys of their own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/notifier.h"
#include "effects/dispatcher.h"

namespace YAML {  // NOLINT(readability-identifier-naming): the library's
class Node;
}

namespace arbiter::server {

// Either a webhook or a command.
struct Notification {
  core::Notifier notifier;
  std::string webhook;      // its URL, of which only the origin is ever shown
  std::string secret_file;  // of the webhook's signature: the secret is in this file
  std::string secret_env;   // or in this variable
  std::string ca_file;      // of the webhook's certificate; empty: the system's
  std::vector<std::string> command;
};

// Takes the value of the key. `mistake` is told of each with its line, counted from 0.
using Mistake = std::function<void(int line, const std::string& reason)>;
void read_notifications(const YAML::Node& list, std::vector<Notification>& into, const Mistake& mistake);

// As the file has it, without secrets: of a URL the origin, of a command the program.
[[nodiscard]] std::string notifications_json(const std::vector<Notification>& notifications);
// The lines of the example file.
[[nodiscard]] std::string notifications_yaml(const std::vector<Notification>& notifications);

// For the core.
[[nodiscard]] std::vector<core::Notifier> notifiers_of(const std::vector<Notification>& notifications);
// For the dispatcher; reads the secrets. kInvalidRequest names the one that cannot be read.
[[nodiscard]] base::Result<std::vector<effects::Target>> make_targets(const std::vector<Notification>& notifications,
                                                                      const std::vector<std::string>& networks,
                                                                      const std::string& version);

}  // namespace arbiter::server
