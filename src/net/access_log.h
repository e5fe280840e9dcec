// One JSON line per answered request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spdlog {
class logger;
}

namespace arbiter::net {

struct AccessEntry {
  std::string_view id;
  std::string_view method;
  std::string_view target;  // The query is left out of the line: it may carry secrets.
  std::string_view remote;
  int status = 0;
  std::size_t bytes = 0;  // of the body
  std::int64_t us = 0;    // from the complete head to the answer
};

void log_access(spdlog::logger& logger, const AccessEntry& entry);

}  // namespace arbiter::net
