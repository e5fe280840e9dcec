// Who may talk to this server: the check of Host and Origin that comes before routing, on every method.
//
// Pages of configured origins may call and, by CORS, read (net/cors.h); `*` stands for every origin.
//
// It keeps other web pages away from a server on localhost: a page's requests carry its Origin, and a name that was
// made to point at 127.0.0.1 (DNS rebinding) shows in Host.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace arbiter::net {

class Gate {
 public:
  Gate() = default;
  // `hosts` are names with or without a port; without one they also match with ours. `origins` are whole origins.
  // Our own pages' origin is the host behind `scheme` (`http` or `https`).
  Gate(std::string_view scheme, std::uint16_t port, const std::vector<std::string>& hosts,
       std::vector<std::string> origins);

  // kForeignHost or kForeignOrigin when the request must be refused. An absent header is not asked about.
  [[nodiscard]] std::optional<base::Error> check(std::optional<std::string_view> host,
                                                 std::optional<std::string_view> origin) const;

  // Whether the configuration allows pages of this origin, which is not ours.
  [[nodiscard]] bool is_allowed_page(std::string_view origin) const;
  [[nodiscard]] bool allows_pages() const { return !origins_.empty(); }

 private:
  [[nodiscard]] bool is_our_host(std::string_view host) const;
  [[nodiscard]] bool is_our_origin(std::string_view origin) const;

  std::string scheme_ = "http://";
  std::vector<std::string> hosts_;
  std::vector<std::string> origins_;
};

}  // namespace arbiter::net
