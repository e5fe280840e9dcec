// What a JSON Schema may say here. Used by json_schema.cc only.
#pragma once

#include <string>

#include "base/json.h"

namespace arbiter::core {

// Words of ours in a schema that was let in: each counts its steps, and patterns are RE2's.
inline constexpr const char* kStepWord = "arbiterStep";
inline constexpr const char* kPatternWord = "arbiterPattern";

// Checks `schema` and rewrites it for the validator: remarks go, `pattern` becomes kPatternWord, every subschema gets
// kStepWord. Mistakes are added to `errors` with their path below `path`.
void check_schema(base::json::value& schema, const std::string& path, base::FieldErrors& errors);

}  // namespace arbiter::core
