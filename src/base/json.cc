#include "base/json.h"

#include <algorithm>
#include <bit>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <set>

#include "base/ids.h"

namespace arbiter::base {

namespace {

// Names that an object gives twice. The parser keeps the last one; what the client meant cannot be known.
class DuplicateFinder {
 public:
  static constexpr std::size_t max_object_size = SIZE_MAX;
  static constexpr std::size_t max_array_size = SIZE_MAX;
  static constexpr std::size_t max_key_size = SIZE_MAX;
  static constexpr std::size_t max_string_size = SIZE_MAX;

  bool on_document_begin(json::error_code&) { return true; }
  bool on_document_end(json::error_code&) { return true; }
  bool on_object_begin(json::error_code&) {
    enter();
    levels_.push_back({});
    return true;
  }
  bool on_object_end(std::size_t, json::error_code&) {
    levels_.pop_back();
    return true;
  }
  bool on_array_begin(json::error_code&) {
    enter();
    levels_.push_back({.is_array = true});
    return true;
  }
  bool on_array_end(std::size_t, json::error_code&) {
    levels_.pop_back();
    return true;
  }
  bool on_key_part(std::string_view part, std::size_t, json::error_code&) {
    levels_.back().key_part += part;
    return true;
  }
  bool on_key(std::string_view part, std::size_t, json::error_code&) {
    Level& level = levels_.back();
    level.key = std::exchange(level.key_part, {}).append(part);
    if (!level.keys.insert(level.key).second) found.add(path(), "is given twice");
    return true;
  }
  bool on_string_part(std::string_view, std::size_t, json::error_code&) { return true; }
  bool on_string(std::string_view, std::size_t, json::error_code&) { return scalar(); }
  bool on_number_part(std::string_view, json::error_code&) { return true; }
  bool on_int64(std::int64_t, std::string_view, json::error_code&) { return scalar(); }
  bool on_uint64(std::uint64_t, std::string_view, json::error_code&) { return scalar(); }
  bool on_double(double, std::string_view, json::error_code&) { return scalar(); }
  bool on_bool(bool, json::error_code&) { return scalar(); }
  bool on_null(json::error_code&) { return scalar(); }
  bool on_comment_part(std::string_view, json::error_code&) { return true; }
  bool on_comment(std::string_view, json::error_code&) { return true; }

  FieldErrors found;

 private:
  struct Level {
    bool is_array = false;
    std::size_t index = 0;
    std::string key{};
    std::string key_part{};
    std::set<std::string> keys{};
  };
  void enter() {
    if (!levels_.empty() && levels_.back().is_array) ++levels_.back().index;
  }
  bool scalar() {
    enter();
    return true;
  }
  [[nodiscard]] std::string path() const {
    std::string out;
    for (const Level& level : levels_) {
      if (level.is_array) {
        out += '[' + std::to_string(level.index - 1) + ']';
      } else {
        out += (out.empty() ? "" : ".") + level.key;
      }
    }
    return out;
  }
  std::vector<Level> levels_;
};

std::size_t count_members(const json::value& value) {
  std::size_t count = 0;
  if (value.is_object()) {
    for (const auto& [key, member] : value.get_object()) count += 1 + count_members(member);
  } else if (value.is_array()) {
    for (const auto& element : value.get_array()) count += count_members(element);
  }
  return count;
}

// Colons outside of strings: one for each member that the text of a valid document has.
std::size_t count_colons(std::string_view text) {
  std::size_t count = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ':') {
      ++count;
    }
  }
  return count;
}

// Of a number that no double holds the parser makes infinity, which JSON cannot say.
bool has_infinity(const json::value& value) {
  if (value.is_double()) return !std::isfinite(value.get_double());
  if (const auto* array = value.if_array()) return std::any_of(array->begin(), array->end(), has_infinity);
  const auto* object = value.if_object();
  return object && std::any_of(object->begin(), object->end(), [](const auto& m) { return has_infinity(m.value()); });
}

Result<void> check_duplicates(std::string_view text, const json::value& value) {
  if (count_colons(text) == count_members(value)) return {};
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  json::basic_parser<DuplicateFinder> parser(options);
  json::error_code code;
  parser.write_some(/*more=*/false, text.data(), text.size(), code);
  return fail({ErrorCode::kInvalidRequest, "Some fields are given twice.", parser.handler().found.take()});
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  json::parse_options options;
  options.max_depth = kJsonDepthMax;
  json::stream_parser parser({}, options);
  json::error_code code;
  const std::size_t read = parser.write_some(text.data(), text.size(), code);
  if (!code) {
    if (read < text.size() && text.find_first_not_of(" \t\r\n", read) != std::string_view::npos) {
      code = json::error::extra_data;
    } else {
      parser.finish(code);
    }
  }
  if (!code) {
    json::value value = parser.release();
    if (auto unique = check_duplicates(text, value); !unique) return fail(unique.error());
    if (has_infinity(value)) {
      return fail({ErrorCode::kInvalidRequest,
                   "A number in the body is too large: numbers go up to 1.7e308.",
                   {{"", "has a number that is too large"}}});
    }
    return value;
  }
  const std::string_view before = text.substr(0, read);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto column = read - (before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1) + 1;
  return fail({ErrorCode::kInvalidRequest,
               "The body is not valid JSON at line " + std::to_string(line) + ", column " + std::to_string(column) +
                   ": " + code.message() + ".",
               {{"", "is not valid JSON: " + code.message()}}});
}

std::string Path::text() const {
  std::string out = parent ? parent->text() : "";
  if (is_index) {
    out += '[' + std::to_string(index) + ']';
  } else if (!field.empty()) {
    if (!out.empty()) out += '.';
    out += field;
  }
  return out;
}

void FieldErrors::add(const Path& path, std::string message) { add(path.text(), std::move(message)); }

void FieldErrors::add(std::string field, std::string message) {
  if (errors_.size() < kFieldErrorsMax) errors_.push_back({std::move(field), std::move(message)});
}

void write_string(std::string_view text, std::string& out) {
  static constexpr char hex[] = "0123456789abcdef";
  out += '"';
  std::size_t plain = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out.append(text.data() + plain, i - plain);
    plain = i + 1;
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += "\\u00";
        out += hex[c >> 4];
        out += hex[c & 15];
    }
  }
  out.append(text.data() + plain, text.size() - plain);
  out += '"';
}

void write_int(std::int64_t value, std::string& out) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

void write_double(double value, std::string& out) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

void write_value(const json::value& value, std::string& out) {
  if (const auto* object = value.if_object()) {
    out += '{';
    for (const auto& [key, member] : *object) {
      if (&member != &object->begin()->value()) out += ',';
      write_string(key, out);
      out += ':';
      write_value(member, out);
    }
    out += '}';
  } else if (const auto* array = value.if_array()) {
    out += '[';
    for (const auto& element : *array) {
      if (&element != array->data()) out += ',';
      write_value(element, out);
    }
    out += ']';
  } else if (const auto* string = value.if_string()) {
    write_string(*string, out);
  } else if (value.is_double()) {
    write_double(value.get_double(), out);
  } else {
    out += json::serialize(value);
  }
}

std::string_view kind_name(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return "null";
    case json::kind::bool_:
      return "a boolean";
    case json::kind::int64:
    case json::kind::uint64:
    case json::kind::double_:
      return "a number";
    case json::kind::string:
      return "a string";
    case json::kind::array:
      return "a list";
    case json::kind::object:
      return "an object";
  }
  return "something else";
}

void expected(const Path& path, FieldErrors& errors, std::string_view what, const json::value& got) {
  errors.add(path, "must be " + std::string(what) + ", is " + std::string(kind_name(got)));
}

std::uint64_t hash_content(const json::value& value) {
  const auto text_hash = [](std::string_view text) { return mix(std::hash<std::string_view>{}(text)); };
  switch (value.kind()) {
    case json::kind::null:
      return mix(1);
    case json::kind::bool_:
      return mix(value.get_bool() ? 2 : 3);
    case json::kind::int64:
      return mix(static_cast<std::uint64_t>(value.get_int64()) ^ 0x51ed);
    case json::kind::uint64:
      return mix(value.get_uint64() ^ 0x51ed);
    case json::kind::double_:
      return mix(std::bit_cast<std::uint64_t>(value.get_double()) ^ 0xd0b1e);
    case json::kind::string:
      return text_hash(value.get_string());
    case json::kind::array: {
      std::uint64_t hash = 4;
      for (const auto& element : value.get_array()) hash = mix(hash ^ hash_content(element));
      return hash;
    }
    case json::kind::object: {
      std::uint64_t hash = 5;
      for (const auto& [key, member] : value.get_object()) hash += mix(text_hash(key) ^ hash_content(member));
      return mix(hash);
    }
  }
  return 0;
}

std::string camel_case(std::string_view snake) {
  std::string out;
  bool upper = false;
  for (char c : snake) {
    if (c == '_') {
      upper = true;
    } else {
      out += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
      upper = false;
    }
  }
  return out;
}

std::string enumerator_name(std::string_view enumerator) {
  if (enumerator.starts_with('k')) enumerator.remove_prefix(1);
  std::string out;
  for (char c : enumerator) {
    const auto u = static_cast<unsigned char>(c);
    if (std::isupper(u) && !out.empty()) out += '_';
    out += static_cast<char>(std::tolower(u));
  }
  return out;
}

void decode_int(const json::value& in, std::int64_t& out, std::int64_t low, std::int64_t high, const Path& path,
                FieldErrors& errors) {
  std::int64_t value = 0;
  if (in.is_int64()) {
    value = in.get_int64();
  } else if (in.is_double() && std::trunc(in.get_double()) == in.get_double() && std::abs(in.get_double()) < 9e15) {
    value = static_cast<std::int64_t>(in.get_double());
  } else if (!in.is_number()) {
    return expected(path, errors, "a whole number", in);
  } else {
    return errors.add(path, in.is_double() && std::abs(in.get_double()) < 9e15
                                ? "must be a whole number"
                                : "must be from " + std::to_string(low) + " to " + std::to_string(high));
  }
  if (value < low || value > high) {
    return errors.add(path, "must be from " + std::to_string(low) + " to " + std::to_string(high));
  }
  out = value;
}

void decode_number(const json::value& in, double& out, double low, double high, const Path& path, FieldErrors& errors) {
  if (!in.is_number()) return expected(path, errors, "a number", in);
  const double value = in.to_number<double>();
  if (!(value >= low && value <= high)) {
    std::string text = "must be from ";
    write_double(low, text);
    text += " to ";
    write_double(high, text);
    return errors.add(path, std::move(text));
  }
  out = value;
}

void decode_text(const json::value& in, std::string& out, std::size_t min, std::size_t max, const Path& path,
                 FieldErrors& errors) {
  if (!in.is_string()) return expected(path, errors, "a string", in);
  const auto& text = in.get_string();
  if (text.size() < min && text.empty()) return errors.add(path, "must not be empty");
  if (text.size() < min || text.size() > max) {
    return errors.add(path, "must be " + std::to_string(min) + " to " + std::to_string(max) + " bytes long");
  }
  out.assign(text.data(), text.size());
}

void JsonCodec<Name>::decode(const json::value& in, Name& out, const Path& path, FieldErrors& errors) {
  if (!in.is_string()) return expected(path, errors, "a string", in);
  const std::string_view text = in.get_string();
  if (!is_name(text)) {
    return errors.add(path, "must start with a letter or digit and have at most 128 letters, digits or . _ : -");
  }
  out.value = text;
}

void JsonCodec<Timestamp>::decode(const json::value& in, Timestamp& out, const Path& path, FieldErrors& errors) {
  if (!in.is_string()) return expected(path, errors, "a time such as 2026-01-31T12:00:00Z", in);
  if (!from_rfc3339(in.get_string(), out)) errors.add(path, "must be a time such as 2026-01-31T12:00:00Z");
}

void JsonCodec<Timestamp>::encode(Timestamp in, std::string& out) {
  out += '"';
  out += to_rfc3339(in);
  out += '"';
}

}  // namespace arbiter::base
