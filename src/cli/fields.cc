#include "cli/fields.h"

#include <fstream>
#include <iostream>
#include <iterator>

#include "base/clock.h"
#include "base/json.h"
#include "cli/table.h"

namespace arbiter::cli {
namespace {

using base::ErrorCode;
using base::fail;

base::Error bad(std::string_view what, const std::string& why) {
  return {ErrorCode::kInvalidRequest, std::string(what) + " " + why};
}

}  // namespace

const json::value& at(const json::value& object, std::string_view key) {
  static const json::value null;
  const auto* fields = object.if_object();
  const auto* found = fields ? fields->if_contains(key) : nullptr;
  return found ? *found : null;
}

std::string text(const json::value& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return std::string(value.get_string());
  if (value.is_array()) {
    std::string out;
    for (const auto& entry : value.get_array()) out += (out.empty() ? "" : ",") + text(entry);
    return out;
  }
  return json::serialize(value);
}

std::string text(const json::value& object, std::string_view key) { return text(at(object, key)); }

std::int64_t number(const json::value& object, std::string_view key) {
  const auto& value = at(object, key);
  if (value.is_int64()) return value.get_int64();
  return value.is_number() ? static_cast<std::int64_t>(value.to_number<double>()) : 0;
}

const json::array& items(const json::value& object, std::string_view key) {
  static const json::array none;
  const auto& value = at(object, key);
  return value.is_array() ? value.get_array() : none;
}

base::Timestamp wall_now() { return base::SystemClock{}.wall(); }

std::string age(const json::value& object, std::string_view key) { return human_age(text(object, key), wall_now()); }

std::string span(const json::value& object, std::string_view from, std::string_view to) {
  base::Timestamp begin;
  base::Timestamp end = wall_now();
  if (!base::from_rfc3339(text(object, from), begin)) return "";
  (void)base::from_rfc3339(text(object, to), end);
  return human_duration(std::max<std::int64_t>(0, end.ms - begin.ms));
}

Result<std::string> read_file(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail({ErrorCode::kInvalidRequest, "`" + path + "` cannot be read."});
  return std::string(std::istreambuf_iterator<char>(file), {});
}

Result<json::value> read_json_argument(const std::string& argument, std::string_view what) {
  std::string content = argument;
  if (argument == "-" || argument.starts_with('@')) {
    auto read = read_file(argument == "-" ? argument : argument.substr(1));
    if (!read) return fail(read.error());
    content = *read;
  }
  auto value = base::parse_json(content);
  if (!value) {
    return fail(bad(what, "is not JSON: " + value.error().message +
                              " A string needs quotes of its own: '\"text\"'; a file is given as @FILE, stdin as -."));
  }
  return value;
}

Result<std::int64_t> duration_argument(const std::string& argument, std::string_view what) {
  const auto ms = parse_duration(argument);
  if (ms < 0) return fail(bad(what, "`" + argument + "` is not a duration; write it like 500ms, 10s, 5m, 2h or 1d."));
  return ms;
}

Result<json::object> pairs_argument(const std::vector<std::string>& pairs, std::string_view what) {
  json::object out;
  for (const auto& pair : pairs) {
    const auto equals = pair.find('=');
    if (equals == std::string::npos || equals == 0) {
      return fail(bad(what, "`" + pair + "` is not of the form key=value."));
    }
    out[pair.substr(0, equals)] = pair.substr(equals + 1);
  }
  return out;
}

}  // namespace arbiter::cli
