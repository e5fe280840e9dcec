// The server's log: one JSON object per line on stderr.
#pragma once

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "server/config.h"

namespace spdlog {
class logger;
}

namespace arbiter::server {

class Log {
 public:
  explicit Log(LogLevel level);
  ~Log();
  using Fields = std::initializer_list<std::pair<std::string_view, std::string>>;
  void info(std::string_view message, Fields fields = {});
  void warn(std::string_view message, Fields fields = {});
  void error(std::string_view message, Fields fields = {});

  // For the access log: lines are gathered and written by a thread of their own, several times a second.
  [[nodiscard]] std::shared_ptr<spdlog::logger> access_log();
  // Writes what is gathered.
  void flush();

 private:
  void write(int level, std::string_view message, Fields fields);
  class GatheringSink;
  std::shared_ptr<GatheringSink> sink_;
  std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace arbiter::server
