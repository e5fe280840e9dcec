#include "net/access_log.h"

#include <spdlog/spdlog.h>

#include <string>

#include "base/clock.h"
#include "base/json.h"

namespace arbiter::net {

void log_access(spdlog::logger& logger, const AccessEntry& entry) {
  if (!logger.should_log(spdlog::level::info)) return;
  thread_local std::string line;
  line = R"({"time":")";
  line += base::to_rfc3339(base::SystemClock().wall());
  line += R"(","id":)";
  base::write_string(entry.id, line);
  line += R"(,"method":)";
  base::write_string(entry.method, line);
  line += R"(,"path":)";
  base::write_string(entry.target.substr(0, entry.target.find('?')), line);
  line += R"(,"status":)";
  base::write_int(entry.status, line);
  line += R"(,"bytes":)";
  base::write_int(static_cast<std::int64_t>(entry.bytes), line);
  line += R"(,"ms":)";
  base::write_double(static_cast<double>(entry.us) / 1000.0, line);
  line += R"(,"remote":)";
  base::write_string(entry.remote, line);
  line += '}';
  logger.log(spdlog::level::info, line);
}

}  // namespace arbiter::net
