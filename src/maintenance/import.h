// An export becomes a namespace: a new one, of any name, in a data directory whose server may run.
#pragma once

#include <filesystem>

#include "maintenance/export.h"

namespace arbiter::maintenance {

struct CheckedExport {
  std::string file;
  ExportHeader header;
  ExportCounts counts;
};
BOOST_DESCRIBE_STRUCT(CheckedExport, (), (file, header, counts))

// Reads all of an export, `-` from stdin, and writes nothing: each line, their counts, their order and their hash.
// kInvalidState: it is truncated, something else, or of another version. kIoError: it is damaged; the message says
// where.
[[nodiscard]] base::Result<CheckedExport> check_export(const std::filesystem::path& file, const Progress& progress);

struct Imported {
  std::string name;
  std::string data;
  std::string exported_namespace;  // its name where it comes from
  base::Timestamp exported_at;
  std::int64_t exported_position = 0;  // what it has of the time before ends here
  std::int64_t position = 0;           // its events go on after this
  std::int64_t leases_returned = 0;    // tasks that were with a worker
  ExportCounts counts;
  bool in_catalogue = false;  // false: the data directory has an owner, which has to be told
};
BOOST_DESCRIBE_STRUCT(Imported, (),
                      (name, data, exported_namespace, exported_at, exported_position, position, leases_returned,
                       counts, in_catalogue))

// Makes a database of the export beside the data, begins it anew as a restore does, copies and checks it, and then
// gives it its name at once: nothing is there before, and what is there then is whole and synced. A server opens it
// when the namespace is used first. When none runs, the namespace is put into its catalogue; a running one has to be
// asked to. kInvalidState: there is such a namespace, or an import into `data` runs already. Others as check_export().
[[nodiscard]] base::Result<Imported> import_namespace(const std::filesystem::path& file,
                                                      const std::filesystem::path& data, const std::string& name,
                                                      const base::Clock& clock, const Progress& progress);

}  // namespace arbiter::maintenance
