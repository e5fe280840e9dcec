// Described struct <-> JSON, and the JSON Schema of a described struct.
//
// A struct described with BOOST_DESCRIBE_STRUCT becomes a JSON object: member `max_concurrent` is field
// `maxConcurrent`. The decoder collects every bad field with its dotted path, refuses unknown fields by name and
// leaves members that are absent at their default. Optional static members of a struct steer it:
//   static constexpr std::array kRequired{"type"};  // fields (JSON names) that must be present
//   static constexpr bool kSparse = true;            // encode leaves out members that are empty or at their default
// Members of type std::optional, RawJson and empty lists and maps of optional things are left out when empty.
// Other types plug in by specialising JsonCodec<T>.
#pragma once

#include <array>
#include <boost/describe.hpp>
#include <boost/json.hpp>
#include <boost/mp11/algorithm.hpp>
#include <cmath>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"
#include "base/values.h"

namespace arbiter::base {

namespace json = boost::json;

inline constexpr std::size_t kFieldErrorsMax = 100;
inline constexpr std::size_t kJsonDepthMax = 64;

// Parses one JSON text of at most kJsonDepthMax levels. kInvalidRequest names the line and column of a mistake.
[[nodiscard]] Result<json::value> parse_json(std::string_view text);

// Where in a document the decoder is; a chain of stack objects that costs nothing until it is printed.
struct Path {
  const Path* parent = nullptr;
  std::string_view field{};
  std::size_t index = 0;
  bool is_index = false;
  [[nodiscard]] Path of(std::string_view name) const { return {this, name, 0, false}; }
  [[nodiscard]] Path at(std::size_t i) const { return {this, {}, i, true}; }
  [[nodiscard]] std::string text() const;  // `tasks[3].retry.maxAttempts`
};

// The bad fields found so far; at most kFieldErrorsMax are kept.
class FieldErrors {
 public:
  void add(const Path& path, std::string message);
  void add(std::string field, std::string message);
  [[nodiscard]] bool empty() const { return errors_.empty(); }
  [[nodiscard]] std::vector<FieldError> take() { return std::move(errors_); }

 private:
  std::vector<FieldError> errors_;
};

// The schemas of described structs met so far, by name: `#/components/schemas/<name>`.
struct Schemas {
  std::map<std::string, json::object> by_name;
};

template <typename T, typename = void>
struct JsonCodec;

template <typename T>
void decode(const json::value& in, T& out, const Path& path, FieldErrors& errors) {
  JsonCodec<T>::decode(in, out, path, errors);
}
template <typename T>
void encode(const T& in, std::string& out) {
  JsonCodec<T>::encode(in, out);
}
template <typename T>
[[nodiscard]] std::string to_json(const T& in) {
  std::string out;
  encode(in, out);
  return out;
}
template <typename T>
[[nodiscard]] json::object schema(Schemas& schemas) {
  return JsonCodec<T>::schema(schemas);
}

// Decodes a whole document; kInvalidRequest carries every bad field.
template <typename T>
[[nodiscard]] Result<T> from_json(const json::value& in) {
  FieldErrors errors;
  T out{};
  decode(in, out, Path{}, errors);
  if (!errors.empty()) return fail({ErrorCode::kInvalidRequest, "Some fields are not valid.", errors.take()});
  return out;
}
template <typename T>
[[nodiscard]] Result<T> from_json_text(std::string_view text) {
  auto value = parse_json(text);
  if (!value) return fail(value.error());
  return from_json<T>(*value);
}

void write_string(std::string_view text, std::string& out);  // quoted and escaped
void write_int(std::int64_t value, std::string& out);
void write_double(double value, std::string& out);
[[nodiscard]] std::string_view kind_name(const json::value& value);  // "a string", "an object", ...
void expected(const Path& path, FieldErrors& errors, std::string_view what, const json::value& got);

// A hash of the value that does not depend on the order of object members.
// Any value, numbers as people write them: 1.1, not 1.1E0. Fractions keep 17 digits, whole numbers 64 bits.
void write_value(const json::value& value, std::string& out);
[[nodiscard]] std::uint64_t hash_content(const json::value& value);

// `max_concurrent` -> `maxConcurrent`;  `kStaleLease` -> `stale_lease`.
[[nodiscard]] std::string camel_case(std::string_view snake);
[[nodiscard]] std::string enumerator_name(std::string_view enumerator);

template <typename T>
struct is_optional : std::false_type {};
template <typename T>
struct is_optional<std::optional<T>> : std::true_type {};

template <typename T>
concept DescribedStruct = boost::describe::has_describe_members<T>::value && !std::is_enum_v<T>;
template <typename T>
concept DescribedEnum = boost::describe::has_describe_enumerators<T>::value;

// ---- numbers, booleans, strings -------------------------------------------------------------------------------

template <>
struct JsonCodec<bool> {
  static void decode(const json::value& in, bool& out, const Path& path, FieldErrors& errors) {
    if (!in.is_bool()) return expected(path, errors, "true or false", in);
    out = in.get_bool();
  }
  static void encode(bool in, std::string& out) { out += in ? "true" : "false"; }
  static json::object schema(Schemas&) { return {{"type", "boolean"}}; }
};

// Reads an integer in [low, high]; a fraction, a string or anything outside is an error that names the range.
void decode_int(const json::value& in, std::int64_t& out, std::int64_t low, std::int64_t high, const Path& path,
                FieldErrors& errors);
void decode_number(const json::value& in, double& out, double low, double high, const Path& path, FieldErrors& errors);
void decode_text(const json::value& in, std::string& out, std::size_t min, std::size_t max, const Path& path,
                 FieldErrors& errors);

template <typename T>
struct JsonCodec<T, std::enable_if_t<std::is_integral_v<T> && !std::is_same_v<T, bool>>> {
  static constexpr std::int64_t kLow = std::is_unsigned_v<T> ? 0 : -(std::int64_t{1} << (8 * sizeof(T) - 2)) * 2;
  static constexpr std::int64_t kHigh =
      sizeof(T) >= 8 ? INT64_MAX : (std::int64_t{1} << (8 * sizeof(T) - (std::is_signed_v<T> ? 1 : 0))) - 1;
  static void decode(const json::value& in, T& out, const Path& path, FieldErrors& errors) {
    std::int64_t value = 0;
    decode_int(in, value, kLow, kHigh, path, errors);
    out = static_cast<T>(value);
  }
  static void encode(T in, std::string& out) { write_int(static_cast<std::int64_t>(in), out); }
  static json::object schema(Schemas&) {
    json::object o{{"type", "integer"}};
    if (std::is_unsigned_v<T>) o["minimum"] = 0;
    return o;
  }
};

template <std::int64_t Low, std::int64_t High>
struct JsonCodec<Int<Low, High>> {
  static void decode(const json::value& in, Int<Low, High>& out, const Path& path, FieldErrors& errors) {
    decode_int(in, out.value, Low, High, path, errors);
  }
  static void encode(Int<Low, High> in, std::string& out) { write_int(in.value, out); }
  static json::object schema(Schemas&) { return {{"type", "integer"}, {"minimum", Low}, {"maximum", High}}; }
};

template <>
struct JsonCodec<double> {
  static void decode(const json::value& in, double& out, const Path& path, FieldErrors& errors) {
    decode_number(in, out, -1e308, 1e308, path, errors);
  }
  static void encode(double in, std::string& out) { write_double(in, out); }
  static json::object schema(Schemas&) { return {{"type", "number"}}; }
};

template <Bound Low, Bound High>
struct JsonCodec<Number<Low, High>> {
  static void decode(const json::value& in, Number<Low, High>& out, const Path& path, FieldErrors& errors) {
    decode_number(in, out.value, Low, High, path, errors);
  }
  static void encode(Number<Low, High> in, std::string& out) { write_double(in.value, out); }
  static json::object schema(Schemas&) { return {{"type", "number"}, {"minimum", Low}, {"maximum", High}}; }
};

template <>
struct JsonCodec<std::string> {
  static void decode(const json::value& in, std::string& out, const Path& path, FieldErrors& errors) {
    decode_text(in, out, 0, SIZE_MAX, path, errors);
  }
  static void encode(const std::string& in, std::string& out) { write_string(in, out); }
  static json::object schema(Schemas&) { return {{"type", "string"}}; }
};

template <std::size_t Min, std::size_t Max>
struct JsonCodec<Text<Min, Max>> {
  static void decode(const json::value& in, Text<Min, Max>& out, const Path& path, FieldErrors& errors) {
    decode_text(in, out.value, Min, Max, path, errors);
  }
  static void encode(const Text<Min, Max>& in, std::string& out) { write_string(in.value, out); }
  static json::object schema(Schemas&) { return {{"type", "string"}, {"minLength", Min}, {"maxLength", Max}}; }
};

template <>
struct JsonCodec<Name> {
  static void decode(const json::value& in, Name& out, const Path& path, FieldErrors& errors);
  static void encode(const Name& in, std::string& out) { write_string(in.value, out); }
  static json::object schema(Schemas&) { return {{"type", "string"}, {"pattern", kNamePattern}}; }
};

template <>
struct JsonCodec<Timestamp> {
  static void decode(const json::value& in, Timestamp& out, const Path& path, FieldErrors& errors);
  static void encode(Timestamp in, std::string& out);
  static json::object schema(Schemas&) { return {{"type", "string"}, {"format", "date-time"}}; }
};

template <>
struct JsonCodec<RawJson> {
  static void decode(const json::value& in, RawJson& out, const Path&, FieldErrors&) {
    std::string text;
    write_value(in, text);
    out = RawJson(text, hash_content(in));
  }
  static void encode(const RawJson& in, std::string& out) { out += in.empty() ? std::string_view("null") : in.text(); }
  static json::object schema(Schemas&) { return {}; }
};

template <DescribedEnum E>
struct JsonCodec<E> {
  static const std::vector<std::pair<std::string, E>>& names() {
    static const auto table = [] {
      std::vector<std::pair<std::string, E>> rows;
      boost::mp11::mp_for_each<boost::describe::describe_enumerators<E>>(
          [&](auto d) { rows.emplace_back(enumerator_name(d.name), d.value); });
      return rows;
    }();
    return table;
  }
  static const std::string& name(E value) {
    static const std::string none = "unknown";
    for (const auto& [text, v] : names()) {
      if (v == value) return text;
    }
    return none;
  }
  static void decode(const json::value& in, E& out, const Path& path, FieldErrors& errors) {
    std::string choices;
    for (const auto& [text, value] : names()) {
      if (in.is_string() && std::string_view(in.get_string()) == text) {
        out = value;
        return;
      }
      choices += (choices.empty() ? "" : ", ") + text;
    }
    errors.add(path, "must be one of: " + choices);
  }
  static void encode(E in, std::string& out) { write_string(name(in), out); }
  static json::object schema(Schemas&) {
    json::array values;
    for (const auto& [text, value] : names()) values.emplace_back(text);
    return {{"type", "string"}, {"enum", std::move(values)}};
  }
};

// The wire name of an enumerator.
template <DescribedEnum E>
[[nodiscard]] const std::string& to_text(E value) {
  return JsonCodec<E>::name(value);
}

// ---- optional, lists, maps ------------------------------------------------------------------------------------

template <typename T>
struct JsonCodec<std::optional<T>> {
  static void decode(const json::value& in, std::optional<T>& out, const Path& path, FieldErrors& errors) {
    base::decode(in, out.emplace(), path, errors);
  }
  static void encode(const std::optional<T>& in, std::string& out) {
    if (in) {
      base::encode(*in, out);
    } else {
      out += "null";
    }
  }
  static json::object schema(Schemas& s) { return base::schema<T>(s); }
};

template <typename V>
void decode_list(const json::value& in, V& out, std::size_t min, std::size_t max, const Path& path,
                 FieldErrors& errors) {
  if (!in.is_array()) return expected(path, errors, "a list", in);
  const auto& items = in.get_array();
  if (items.size() < min || items.size() > max) {
    return errors.add(path, "must have " + std::to_string(min) + " to " + std::to_string(max) + " elements, has " +
                                std::to_string(items.size()));
  }
  out.resize(items.size());
  for (std::size_t i = 0; i < items.size(); ++i) base::decode(items[i], out[i], path.at(i), errors);
}
template <typename V>
void encode_list(const V& in, std::string& out) {
  out += '[';
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (i) out += ',';
    base::encode(in[i], out);
  }
  out += ']';
}

template <typename T>
struct JsonCodec<std::vector<T>> {
  static void decode(const json::value& in, std::vector<T>& out, const Path& path, FieldErrors& errors) {
    decode_list(in, out, 0, SIZE_MAX, path, errors);
  }
  static void encode(const std::vector<T>& in, std::string& out) { encode_list(in, out); }
  static json::object schema(Schemas& s) { return {{"type", "array"}, {"items", base::schema<T>(s)}}; }
};

template <typename T>
struct JsonCodec<Defaulted<T>> {
  static void decode(const json::value& in, Defaulted<T>& out, const Path& path, FieldErrors& errors) {
    out.given = true;
    base::decode(in, static_cast<T&>(out), path, errors);
  }
  static void encode(const Defaulted<T>& in, std::string& out) { base::encode(static_cast<const T&>(in), out); }
  static json::object schema(Schemas& s) { return base::schema<T>(s); }
};

template <typename T, std::size_t Min, std::size_t Max>
struct JsonCodec<List<T, Min, Max>> {
  static void decode(const json::value& in, List<T, Min, Max>& out, const Path& path, FieldErrors& errors) {
    decode_list(in, out, Min, Max, path, errors);
  }
  static void encode(const List<T, Min, Max>& in, std::string& out) { encode_list(in, out); }
  static json::object schema(Schemas& s) {
    return {{"type", "array"}, {"items", base::schema<T>(s)}, {"minItems", Min}, {"maxItems", Max}};
  }
};

template <typename T>
struct JsonCodec<std::map<std::string, T>> {
  static void decode(const json::value& in, std::map<std::string, T>& out, const Path& path, FieldErrors& errors) {
    if (!in.is_object()) return expected(path, errors, "an object", in);
    for (const auto& [key, value] : in.get_object()) base::decode(value, out[key], path.of(key), errors);
  }
  static void encode(const std::map<std::string, T>& in, std::string& out) {
    char separator = '{';
    for (const auto& [key, value] : in) {
      out += separator;
      write_string(key, out);
      out += ':';
      base::encode(value, out);
      separator = ',';
    }
    if (separator == '{') out += '{';
    out += '}';
  }
  static json::object schema(Schemas& s) { return {{"type", "object"}, {"additionalProperties", base::schema<T>(s)}}; }
};

}  // namespace arbiter::base

#include "base/json_struct.h"  // IWYU pragma: export
