// Reading the fields of the server's answers for tables, and the values of flags for requests.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/values.h"

namespace arbiter::cli {

namespace json = boost::json;
using base::Result;

// The value at `key`; null when there is none or `object` is not an object.
[[nodiscard]] const json::value& at(const json::value& object, std::string_view key);
// As text for people: strings as they are, lists joined by commas, absent and null as "".
[[nodiscard]] std::string text(const json::value& value);
[[nodiscard]] std::string text(const json::value& object, std::string_view key);
[[nodiscard]] std::int64_t number(const json::value& object, std::string_view key);
[[nodiscard]] const json::array& items(const json::value& object, std::string_view key = "items");
[[nodiscard]] base::Timestamp wall_now();
[[nodiscard]] std::string age(const json::value& object, std::string_view key);
// From one time to another, or until now when it has not ended; "" before the first.
[[nodiscard]] std::string span(const json::value& object, std::string_view from, std::string_view to);

// A flag's value: JSON text, `@FILE`, or `-` for stdin. `what` names the flag in the error.
[[nodiscard]] Result<json::value> read_json_argument(const std::string& argument, std::string_view what);
// The whole of a file, or of stdin for `-`.
[[nodiscard]] Result<std::string> read_file(const std::string& path);
[[nodiscard]] Result<std::int64_t> duration_argument(const std::string& argument, std::string_view what);
// `key=value` pairs as an object.
[[nodiscard]] Result<json::object> pairs_argument(const std::vector<std::string>& pairs, std::string_view what);

}  // namespace arbiter::cli
