#include "net/gate.h"

#include <algorithm>

#include "net/text.h"

namespace arbiter::net {
namespace {

bool has_port(std::string_view host) {
  const auto colon = host.rfind(':');
  return colon != std::string_view::npos && host.find(']', colon) == std::string_view::npos;
}

}  // namespace

Gate::Gate(std::string_view scheme, std::uint16_t port, const std::vector<std::string>& hosts,
           std::vector<std::string> origins)
    : scheme_(std::string(scheme) + "://"), origins_(std::move(origins)) {
  const std::string suffix = std::string(":").append(std::to_string(port));
  const auto allow = [&](const std::string& host) {
    hosts_.push_back(host);
    if (!has_port(host)) hosts_.emplace_back(host).append(suffix);
  };
  for (const char* host : {"127.0.0.1", "localhost", "[::1]"}) allow(host);
  for (const auto& host : hosts) allow(host);
}

bool Gate::is_our_host(std::string_view host) const {
  return std::any_of(hosts_.begin(), hosts_.end(), [&](const std::string& ours) { return same_text(ours, host); });
}

bool Gate::is_our_origin(std::string_view origin) const {
  if (same_text(origin.substr(0, scheme_.size()), scheme_) && is_our_host(origin.substr(scheme_.size()))) return true;
  return is_allowed_page(origin);
}

bool Gate::is_allowed_page(std::string_view origin) const {
  return std::any_of(origins_.begin(), origins_.end(),
                     [&](const std::string& allowed) { return allowed == "*" || same_text(allowed, origin); });
}

std::optional<base::Error> Gate::check(std::optional<std::string_view> host,
                                       std::optional<std::string_view> origin) const {
  using enum base::ErrorCode;
  // The refused value is not repeated in the message: it may be any bytes.
  if (host && !is_our_host(*host)) {
    return base::Error{kForeignHost, "Host must be localhost, 127.0.0.1 or [::1] with this server's port, or a host " +
                                         std::string("that its configuration allows.")};
  }
  if (origin && !is_our_origin(*origin)) {
    return base::Error{kForeignOrigin, "Pages of this origin may not use this server; its configuration can allow it."};
  }
  return std::nullopt;
}

}  // namespace arbiter::net
