#include "api/input.h"

#include <algorithm>
#include <charconv>

namespace arbiter::api {
namespace {

namespace json = base::json;
using base::ErrorCode;
using base::fail;

template <typename Number>
bool read_whole(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

// JSON's own rules for text are the rules for parameters: valid UTF-8.
bool is_utf8(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; })) return true;
  std::string quoted;
  base::write_string(text, quoted);
  return base::parse_json(quoted).has_value();
}

json::value to_value(std::string_view text, InputField::Shape shape) {
  switch (shape) {
    case InputField::Shape::kBool:
      if (text == "true") return true;
      if (text == "false") return false;
      break;
    case InputField::Shape::kNumber: {
      std::int64_t whole = 0;
      if (read_whole(text, whole)) return whole;
      double number = 0;
      if (read_whole(text, number)) return number;
      break;
    }
    case InputField::Shape::kText:
    case InputField::Shape::kOther:
      break;
  }
  return json::string(text);
}

void add_list(std::string_view text, InputField::Shape shape, json::array& list) {
  for (;;) {
    const auto comma = text.find(',');
    list.push_back(to_value(text.substr(0, comma), shape));
    if (comma == std::string_view::npos) return;
    text.remove_prefix(comma + 1);
  }
}

const InputField* field_named(const Operation& operation, std::string_view name) {
  for (const auto& field : operation.fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

void add_query(const Operation& operation, const std::vector<QueryValue>& query, json::object& input,
               base::FieldErrors& errors) {
  for (const auto& [name, value] : query) {
    if (name == "namespace") continue;
    const InputField* field = operation.has_body() ? nullptr : field_named(operation, name);
    if (!field || field->in_path) {
      errors.add(name, operation.has_body() ? "belongs into the body" : "is not a known parameter");
    } else if (!is_utf8(value)) {
      errors.add(name, "is not valid UTF-8");
    } else if (field->is_list) {
      auto& list = input[name];
      if (!list.is_array()) list.emplace_array();
      add_list(value, field->shape, list.get_array());
    } else if (input.contains(name)) {
      errors.add(name, "is given more than once");
    } else {
      input[name] = to_value(value, field->shape);
    }
  }
}

void add_path(const PathValues& path, json::object& input, base::FieldErrors& errors) {
  for (const auto& [name, value] : path) {
    if (!is_utf8(value)) {
      errors.add(std::string(name), "is not valid UTF-8");
      continue;
    }
    const auto given = input.if_contains(name);
    if (given && *given != json::value(json::string(value))) {
      errors.add(std::string(name), "is not the one in the path");
    } else {
      input[name] = json::string(value);
    }
  }
}

}  // namespace

std::pair<std::string_view, std::string_view> split_target(std::string_view target) {
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return {target, {}};
  return {target.substr(0, mark), target.substr(mark + 1)};
}

base::Result<std::vector<QueryValue>> parse_query(std::string_view query) {
  std::vector<QueryValue> values;
  base::FieldErrors errors;
  while (!query.empty()) {
    const auto end = query.find('&');
    const std::string_view part = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    if (part.empty()) continue;
    const auto equals = part.find('=');
    QueryValue value;
    const bool name_fits = percent_decode(part.substr(0, equals), /*plus_is_space=*/true, value.name);
    const bool value_fits = equals == std::string_view::npos ||
                            percent_decode(part.substr(equals + 1), /*plus_is_space=*/true, value.value);
    if (!name_fits || !is_utf8(value.name)) {
      errors.add("query", "has a parameter whose name is not valid");
    } else if (!value_fits) {
      errors.add(value.name, "has a broken % escape");
    } else {
      values.push_back(std::move(value));
    }
  }
  if (!errors.empty()) return fail({ErrorCode::kInvalidRequest, "Some fields are not valid.", errors.take()});
  return values;
}

base::Result<json::value> gather_input(const Operation& operation, std::string_view body, const PathValues& path,
                                       const std::vector<QueryValue>& query, base::FieldErrors& errors) {
  json::value input;
  if (operation.has_body() && !body.empty()) {
    auto parsed = base::parse_json(body);
    if (!parsed) return fail(parsed.error());
    input = std::move(*parsed);
    // The decoder says what it expected instead.
    if (!input.is_object()) return input;
  } else {
    input.emplace_object();
  }
  add_path(path, input.get_object(), errors);
  add_query(operation, query, input.get_object(), errors);
  return input;
}

}  // namespace arbiter::api
