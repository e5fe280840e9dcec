// A request's fields, wherever they came from, as one JSON document for the decoder of its struct.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/operation.h"
#include "api/router.h"

namespace arbiter::api {

struct QueryValue {
  std::string name;
  std::string value;
};

// `?a=1&b=2`, decoded, in order. kInvalidRequest names a parameter with a broken escape.
[[nodiscard]] base::Result<std::vector<QueryValue>> parse_query(std::string_view query);

// The part of `target` before and after its first question mark.
[[nodiscard]] std::pair<std::string_view, std::string_view> split_target(std::string_view target);

// Puts body, path values and query parameters together. Query parameters are fields of operations without a body; text
// becomes what the field's type asks for, lists are given by commas or by repetition. `namespace` is allowed everywhere
// and is not a field. What does not fit a type is left as text, for the decoder to name; `errors` takes what is wrong
// before decoding. Fails when the body is not JSON.
[[nodiscard]] base::Result<base::json::value> gather_input(const Operation& operation, std::string_view body,
                                                           const PathValues& path, const std::vector<QueryValue>& query,
                                                           base::FieldErrors& errors);

}  // namespace arbiter::api
