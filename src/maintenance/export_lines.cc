#include "maintenance/export_lines.h"

#include <algorithm>

namespace arbiter::maintenance {
namespace {

using base::ErrorCode;
using base::fail;
namespace json = boost::json;

base::Error bad_line(const std::string& why) { return {ErrorCode::kIoError, why}; }

// Fields whose values are kept as the text that they have.
constexpr std::array<std::string_view, 4> kTextFields{"data", "metadata", "body", "spec"};

struct Member {
  std::string_view name;
  std::string_view value;
};

// Takes a line apart into its members, with the texts of their values as they stand there. Only what stands between
// the values is looked at here: each value is parsed by itself.
class MemberScanner {
 public:
  explicit MemberScanner(std::string_view line) : line_(line) {}

  [[nodiscard]] base::Result<std::vector<Member>> members() {
    std::vector<Member> out;
    if (!take('{')) return fail(bad_line("it is no JSON object"));
    if (take('}')) return at_end(std::move(out));
    do {
      const auto name = string();
      if (name.empty() || !take(':')) return fail(bad_line("it is not valid JSON"));
      const auto value = this->value();
      if (value.empty()) return fail(bad_line("it is not valid JSON"));
      out.push_back({name.substr(1, name.size() - 2), value});
    } while (take(','));
    if (!take('}')) return fail(bad_line("it is not valid JSON"));
    return at_end(std::move(out));
  }

 private:
  base::Result<std::vector<Member>> at_end(std::vector<Member> out) const {
    if (at_ != line_.size()) return fail(bad_line("something stands behind its JSON object"));
    return out;
  }
  bool take(char wanted) {
    if (at_ == line_.size() || line_[at_] != wanted) return false;
    ++at_;
    return true;
  }
  // With its quotes; empty when there is none.
  std::string_view string() {
    const std::size_t begin = at_;
    if (!take('"')) return {};
    for (; at_ < line_.size(); ++at_) {
      if (line_[at_] == '\\') {
        ++at_;
      } else if (line_[at_] == '"') {
        ++at_;
        return line_.substr(begin, at_ - begin);
      }
    }
    at_ = line_.size();
    return {};
  }
  // Up to the comma or bracket that ends it.
  std::string_view value() {
    const std::size_t begin = at_;
    for (std::size_t depth = 0; at_ < line_.size();) {
      const char c = line_[at_];
      if (c == '"') {
        if (string().empty()) return {};
        continue;
      }
      if (depth == 0 && (c == ',' || c == '}')) break;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && depth-- == 0) return {};
      ++at_;
    }
    return line_.substr(begin, at_ - begin);
  }

  std::string_view line_;
  std::size_t at_ = 0;
};

base::Result<json::object> object_of(std::string_view line) {
  auto members = MemberScanner(line).members();
  if (!members) return fail(std::move(members.error()));
  json::object object;
  for (const auto& [name, text] : *members) {
    if (object.contains(name)) return fail(bad_line("it has the field " + std::string(name) + " twice"));
    auto value = base::parse_json(text);
    if (!value) return fail(bad_line("its field " + std::string(name) + " is not valid JSON"));
    const bool is_text = std::count(kTextFields.begin(), kTextFields.end(), name) > 0;
    object.emplace(name, is_text ? json::value(text) : std::move(*value));
  }
  return object;
}

template <typename T>
base::Result<T> decode(const json::value& in) {
  auto out = base::from_json<T>(in);
  if (out) return out;
  std::string why;
  for (const auto& field : out.error().fields) why += (why.empty() ? "" : ", ") + field.field + " " + field.message;
  return fail(bad_line(why));
}

template <typename... Lines>
base::Result<ExportLine> decode_one_of(const std::variant<Lines...>&, std::string_view record, const json::value& in) {
  base::Result<ExportLine> out = fail(bad_line("it is a record of an unknown kind, " + std::string(record)));
  const auto attempt = [&]<typename Line>(Line&& empty) {
    if (empty.record != record) return;
    auto line = decode<std::remove_cvref_t<Line>>(in);
    out = line ? base::Result<ExportLine>(std::move(*line)) : fail(std::move(line.error()));
  };
  (attempt(Lines{}), ...);
  return out;
}

struct Counter {
  ExportCounts& counts;
  void operator()(const EventLine&) const { ++counts.event; }
  void operator()(const LiveLine&) const { ++counts.live; }
  void operator()(const EndedLine&) const { ++counts.ended; }
  void operator()(const DocumentLine&) const { ++counts.document; }
  void operator()(const LogLineLine&) const { ++counts.log; }
  void operator()(const LogFullLine&) const { ++counts.log_full; }
  void operator()(const EndLine&) const {}
};

}  // namespace

void count(const ExportLine& line, ExportCounts& counts) { std::visit(Counter{counts}, line); }

base::Result<ExportHeader> read_header(std::string_view line) {
  const auto something_else = [] { return fail({ErrorCode::kInvalidState, "it is no export of Arbiter"}); };
  auto object = object_of(line);
  if (!object) return something_else();
  const auto* format = object->if_contains("format");
  if (!format || !format->is_string() || format->get_string() != kExportFormat) return something_else();
  const auto* version = object->if_contains("version");
  if (!version || !version->is_int64() || version->get_int64() != kExportVersion) {
    return fail({ErrorCode::kInvalidState, "it has another format version than " + std::to_string(kExportVersion) +
                                               ", the one that this Arbiter knows"});
  }
  return decode<ExportHeader>(*object);
}

base::Result<ExportLine> read_line(std::string_view line) {
  auto object = object_of(line);
  if (!object) return fail(std::move(object.error()));
  const auto* record = object->if_contains("record");
  if (!record || !record->is_string()) return fail(bad_line("it does not say of what kind its record is"));
  const std::string kind(record->get_string());
  return decode_one_of(ExportLine{}, kind, *object);
}

}  // namespace arbiter::maintenance
