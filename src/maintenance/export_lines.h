// The lines of an export: a header, one line for each record of the namespace, a trailer. The format is on
// docs/formats.md; whatever changes it raises kExportVersion.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/json.h"

namespace arbiter::maintenance {

inline constexpr std::string_view kExportFormat = "arbiter-export";
inline constexpr std::int64_t kExportVersion = 1;
inline constexpr std::int64_t kExportPositionMax = std::int64_t{1} << 53U;  // What JavaScript can hold.

// A JSON value as the text that the store has, written into its line and read back byte for byte.
struct JsonText {
  std::string text{};
};

struct ExportHeader {
  static constexpr std::array kRequired{"format", "version", "name", "position", "exportedAt"};
  std::string format{kExportFormat};
  std::int64_t version = kExportVersion;
  std::string arbiter_version{};
  std::string name{};
  base::Int<0, kExportPositionMax> position{};  // of the last event
  base::Timestamp exported_at{};
};
BOOST_DESCRIBE_STRUCT(ExportHeader, (), (format, version, arbiter_version, name, position, exported_at))

struct EventLine {
  static constexpr std::array kRequired{"position", "time", "type", "entity", "tags", "data", "metadata"};
  std::string record = "event";
  std::uint64_t position = 0;
  base::Timestamp time{};
  std::string type{};
  std::string entity{};
  std::vector<std::string> tags{};
  JsonText data{};
  JsonText metadata{};
};
BOOST_DESCRIBE_STRUCT(EventLine, (), (record, position, time, type, entity, tags, data, metadata))

struct LiveLine {
  static constexpr std::array kRequired{"kind", "id", "document", "body"};
  std::string record = "live";
  std::string kind{};
  std::string id{};
  std::uint64_t document = 0;
  JsonText body{};
};
BOOST_DESCRIBE_STRUCT(LiveLine, (), (record, kind, id, document, body))

struct EndedLine {
  static constexpr std::array kRequired{"kind",  "id",   "endedPosition", "endedAt", "state",
                                        "queue", "type", "document",      "body"};
  std::string record = "ended";
  std::string kind{};
  std::string id{};
  std::uint64_t ended_position = 0;
  base::Timestamp ended_at{};
  std::string state{};
  std::string queue{};
  std::string type{};
  std::uint64_t document = 0;
  JsonText body{};
};
BOOST_DESCRIBE_STRUCT(EndedLine, (), (record, kind, id, ended_position, ended_at, state, queue, type, document, body))

struct DocumentLine {
  static constexpr std::array kRequired{"position"};
  std::string record = "document";
  std::uint64_t position = 0;
  std::optional<JsonText> spec{};
  std::optional<JsonText> body{};
};
BOOST_DESCRIBE_STRUCT(DocumentLine, (), (record, position, spec, body))

struct LogLineLine {
  static constexpr std::array kRequired{"task", "sequence", "time", "attempt", "text"};
  std::string record = "log";
  std::string task{};
  std::uint64_t sequence = 0;
  base::Timestamp time{};
  std::int64_t attempt = 0;
  std::string text{};
};
BOOST_DESCRIBE_STRUCT(LogLineLine, (), (record, task, sequence, time, attempt, text))

// The log of the task reached its cap: later lines were dropped, and will be.
struct LogFullLine {
  static constexpr std::array kRequired{"task"};
  std::string record = "logFull";
  std::string task{};
};
BOOST_DESCRIBE_STRUCT(LogFullLine, (), (record, task))

// How many lines of each kind.
struct ExportCounts {
  std::int64_t event = 0;
  std::int64_t live = 0;
  std::int64_t ended = 0;
  std::int64_t document = 0;
  std::int64_t log = 0;
  std::int64_t log_full = 0;
  friend bool operator==(const ExportCounts&, const ExportCounts&) = default;
};
BOOST_DESCRIBE_STRUCT(ExportCounts, (), (event, live, ended, document, log, log_full))

struct EndLine {
  static constexpr std::array kRequired{"counts", "sha256"};
  std::string record = "end";
  ExportCounts counts{};
  std::string sha256{};  // of all lines before this one, with their ends
};
BOOST_DESCRIBE_STRUCT(EndLine, (), (record, counts, sha256))

using ExportLine = std::variant<EventLine, LiveLine, EndedLine, DocumentLine, LogLineLine, LogFullLine, EndLine>;

void count(const ExportLine& line, ExportCounts& counts);

// kInvalidState: it is something else, or of another version.
[[nodiscard]] base::Result<ExportHeader> read_header(std::string_view line);
// kIoError says what is wrong with the line.
[[nodiscard]] base::Result<ExportLine> read_line(std::string_view line);

}  // namespace arbiter::maintenance

template <>
struct arbiter::base::JsonCodec<arbiter::maintenance::JsonText> {
  // The decoder's input has it as a string: see read_line().
  static void decode(const json::value& in, maintenance::JsonText& out, const Path& path, FieldErrors& errors) {
    decode_text(in, out.text, 0, SIZE_MAX, path, errors);
  }
  static void encode(const maintenance::JsonText& in, std::string& out) { out += in.text; }
  static json::object schema(Schemas&) { return {}; }
};
