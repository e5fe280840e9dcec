// A namespace as a file of JSON lines, which can be read without Arbiter and imported under another name or elsewhere.
#pragma once

#include <filesystem>
#include <functional>

#include "base/clock.h"
#include "maintenance/export_lines.h"
#include "maintenance/line_file.h"
#include "store/journal.h"

namespace arbiter::maintenance {

// Told every kProgressLines lines how many there are so far.
using Progress = std::function<void(std::int64_t lines)>;
inline constexpr std::int64_t kProgressLines = 10'000;

struct Exported {
  std::string name;
  std::string file;  // empty: stdout
  std::int64_t position = 0;
  base::Timestamp exported_at;
  std::int64_t bytes = 0;
  ExportCounts counts;
};
BOOST_DESCRIBE_STRUCT(Exported, (), (name, file, position, exported_at, bytes, counts))

// Writes all that the journal holds, but for idempotency records: they are answers to clients of this place. Blobs are
// not among it either, since no entity refers to one. Streams:
// pages of rows and the ids of live tasks are in memory, not the namespace. `from` says what is exported and when.
[[nodiscard]] base::Result<ExportCounts> write_export(store::Journal& journal, const ExportHeader& from,
                                                      LineWriter& out, const Progress& progress);

// Exports a namespace of a data directory, as it is at one moment, also while its server works: from a copy, which lies
// beside `file` until the end. `file` does not exist yet and appears when all is in it and synced; empty: stdout.
// What was acknowledged before the call is in it.
[[nodiscard]] base::Result<Exported> export_namespace(const std::filesystem::path& data, const std::string& name,
                                                      const std::filesystem::path& file, const base::Clock& clock,
                                                      const Progress& progress);

}  // namespace arbiter::maintenance
