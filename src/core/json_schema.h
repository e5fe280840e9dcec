// A JSON Schema that a client gave, compiled: what a payload or a result must look like.
//
// The dialect is draft 7 (with $defs), checked by valijson. What could hurt a server is kept out when the schema is
// compiled: references lead to #, #/definitions/NAME or #/$defs/NAME only and never back to themselves without going
// into the value; patterns are RE2's, which take linear time; `format` is a remark; unknown words are refused. A check
// takes at most kSchemaStepsMax steps. Pure; used by one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "base/json.h"

namespace arbiter::core {

inline constexpr std::size_t kSchemaDepthMax = 32;
inline constexpr std::size_t kSubschemasMax = 1'000;
inline constexpr std::size_t kSchemaPatternBytesMax = 512;
inline constexpr std::int64_t kUniqueItemsMax = 1'000;  // of a list whose items must differ: each is held against each
inline constexpr std::int64_t kSchemaStepsMax = 300'000;  // subschemas looked at, each times its depth in the value
inline constexpr std::size_t kSchemaErrorsMax = 50;       // that one check tells

class JsonSchema {
 public:
  // Null when something is wrong with it: every mistake is in `errors` then, with its path below `path`.
  [[nodiscard]] static std::unique_ptr<JsonSchema> compile(const base::json::value& schema, const std::string& path,
                                                           base::FieldErrors& errors);
  ~JsonSchema();
  JsonSchema(const JsonSchema&) = delete;
  JsonSchema& operator=(const JsonSchema&) = delete;

  // Adds all that `value` breaks to `errors`, with its path below `path`; true when that is nothing.
  [[nodiscard]] bool check(const base::json::value& value, const std::string& path, base::FieldErrors& errors) const;

 private:
  struct Compiled;
  explicit JsonSchema(std::unique_ptr<Compiled> compiled);
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace arbiter::core
