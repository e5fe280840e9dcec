// Posts to a URL, signed. Follows no redirects, uses no proxy, and connects to allowed addresses only.
#pragma once

#include <memory>
#include <string>

#include "effects/channel.h"
#include "effects/networks.h"

namespace arbiter::effects {

struct WebhookConfig {
  std::string url;
  std::string secret;   // of the signature
  std::string ca_file;  // PEM; empty: those of the system
  std::int64_t timeout_ms = 10'000;
  std::string user_agent = "arbiter";
};

// https or http, with a host, and without a user, a password or a fragment. Says what is wrong; empty: nothing.
[[nodiscard]] std::string url_mistake(const std::string& url);
// Scheme, host and port of it: the rest of such a URL often is a secret.
[[nodiscard]] std::string url_origin(const std::string& url);

[[nodiscard]] std::unique_ptr<Channel> make_webhook(WebhookConfig config, Networks networks);

}  // namespace arbiter::effects
