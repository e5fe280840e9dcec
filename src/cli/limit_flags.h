// The flags of limits and pauses, which queues and keys share.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "cli/fields.h"

namespace arbiter::cli {

// --PREFIXconcurrency, --PREFIXrate, --PREFIXburst, --PREFIXweight: what was given becomes members of `body`.
class LimitFlags {
 public:
  // Keeps no reference: the values live as long as any copy of the returned pointer.
  static std::shared_ptr<LimitFlags> add(CLI::App* command, const std::string& prefix, const std::string& of,
                                         bool with_weight);
  [[nodiscard]] Result<void> put(json::object& body) const;

 private:
  std::string prefix_, rate_;
  std::int64_t concurrency_ = -1, burst_ = 0, weight_ = 0;  // as they are: not given
};

// --for, --until, --reason of a pause.
class PauseFlags {
 public:
  static std::shared_ptr<PauseFlags> add(CLI::App* command);
  [[nodiscard]] Result<json::object> body() const;

 private:
  std::string for_, until_, reason_;
};

// `10/1s` as {"count": 10, "perMs": 1000}; `none` as no limit.
[[nodiscard]] Result<json::object> rate_argument(const std::string& argument, std::string_view what);
// The same the other way, for tables; "" for none.
[[nodiscard]] std::string rate_text(const json::value& rate);

}  // namespace arbiter::cli
