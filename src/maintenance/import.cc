#include "maintenance/import.h"

#include <array>
#include <random>

#include "maintenance/data_directory.h"
#include "maintenance/export_reader.h"
#include "maintenance/import_writer.h"
#include "maintenance/unattended.h"
#include "store/sqlite/database_file.h"
#include "store/sqlite/sqlite_store.h"

namespace arbiter::maintenance {
namespace {

using base::ErrorCode;
using base::fail;
using std::filesystem::path;

// What a database leaves beside itself, and what its recovery does: a log without its database would be taken for the
// log of the new one.
constexpr std::array kFilesOfDatabase{"", "-wal", "-shm", "-journal", ".recovered"};

base::Error is_there(const path& data, const std::string& name) {
  return {ErrorCode::kInvalidState, "There is a namespace " + name + " in " + data.string() +
                                        " already. Import under another name: data are never mixed."};
}

base::Result<void> check_place(const path& data, const std::string& name) {
  if (!base::is_name(name)) {
    return fail({ErrorCode::kInvalidRequest, "This is no name of a namespace: " + name + "."});
  }
  if (name == kSystem) return fail({ErrorCode::kInvalidRequest, "The name system is reserved."});
  if (auto names = namespaces_in(data); !names) return fail(std::move(names.error()));
  for (const char* ending : kFilesOfDatabase) {
    if (std::filesystem::exists(file_of(data, name).string() + ending)) return fail(is_there(data, name));
  }
  return {};
}

std::uint64_t random_seed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32U) | device();
}

// Its lock is the only one: one import at a time. What a killed one left goes.
base::Result<std::unique_ptr<store::Store>> open_scratch(const path& scratch) {
  // A power cut may take what is here: it is synced when it is copied.
  auto store = store::open_sqlite_store(scratch, {.synchronous = store::Synchronous::kOff});
  if (!store) return fail({store.error().code, "Another import may be running. " + store.error().message});
  std::error_code failed;
  for (const auto& left : std::filesystem::directory_iterator(scratch / "namespaces", failed)) {
    if (!failed) std::filesystem::remove(left, failed);
  }
  std::filesystem::remove(scratch / "finished.db", failed);
  return store;
}

// All of the export in a journal of its own, begun anew.
base::Result<Imported> fill(store::Journal& journal, const path& file, const base::Clock& clock,
                            const Progress& progress) {
  ImportWriter writer(journal);
  auto read = read_export(
      file, [&](ExportLine&& line) { return writer.take(std::move(line)); }, progress);
  if (!read) return fail(std::move(read.error()));
  if (auto finished = writer.finish(); !finished) return fail(std::move(finished.error()));
  auto begun = begin_anew(
      journal,
      "from the export of namespace " + read->header.name + " of " + base::to_rfc3339(read->header.exported_at), clock);
  if (!begun) return fail({begun.error().code, file.string() + " cannot be loaded: " + begun.error().message});
  Imported imported;
  imported.exported_namespace = std::move(read->header.name);
  imported.exported_at = read->header.exported_at;
  imported.exported_position = begun->last_position;
  imported.position = begun->position;
  imported.leases_returned = begun->leases_returned;
  imported.counts = read->counts;
  return imported;
}

// False when the data directory has an owner. Opening forgets what the store may still keep of an earlier namespace of
// that name.
base::Result<bool> tell_catalogue(const path& data, const std::string& name, const base::Clock& clock) {
  auto store = store::open_sqlite_store(data);
  if (!store) return false;
  if (auto opened = (*store)->open(name, 1); !opened) return fail(std::move(opened.error()));
  auto system = (*store)->open(std::string(kSystem), 1);
  if (!system) return fail(std::move(system.error()));
  if (auto added = add_to_catalogue(**system, name, clock); !added) return fail(std::move(added.error()));
  return true;
}

}  // namespace

base::Result<CheckedExport> check_export(const path& file, const Progress& progress) {
  auto read = read_export(
      file, [](ExportLine&&) { return base::Result<void>(); }, progress);
  if (!read) return fail(std::move(read.error()));
  return CheckedExport{file.string(), std::move(read->header), read->counts};
}

base::Result<Imported> import_namespace(const path& file, const path& data, const std::string& name,
                                        const base::Clock& clock, const Progress& progress) {
  if (auto free = check_place(data, name); !free) return fail(std::move(free.error()));
  auto store = open_scratch(data / "importing");
  if (!store) return fail(std::move(store.error()));
  const ScratchDirectory scratch(data / "importing");  // Ours from here on, and gone before the lock is.
  base::Result<Imported> imported;
  {
    auto journal = (*store)->open(name, random_seed());
    if (!journal) return fail(std::move(journal.error()));
    imported = fill(**journal, file, clock, progress);
    if (!imported) return imported;
  }
  const path finished = scratch.path() / "finished.db";
  if (auto copied = store::sqlite::copy_database(file_of(scratch.path(), name), finished); !copied) {
    return fail(std::move(copied.error()));
  }
  // Somebody may have made the namespace meanwhile: then this is refused, and nothing has changed.
  if (auto free = check_place(data, name); !free) return fail(std::move(free.error()));
  if (auto placed = put_in_place(finished, file_of(data, name)); !placed) return fail(std::move(placed.error()));
  auto told = tell_catalogue(data, name, clock);
  if (!told) return fail(std::move(told.error()));
  imported->name = name;
  imported->data = data.string();
  imported->in_catalogue = *told;
  return imported;
}

}  // namespace arbiter::maintenance
