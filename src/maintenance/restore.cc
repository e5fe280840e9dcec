#include "maintenance/restore.h"

#include <fcntl.h>
#include <stdio.h>

#include <cerrno>
#include <cstring>

#include "maintenance/backup.h"
#include "maintenance/unattended.h"
#include "store/sqlite/files.h"
#include "store/sqlite/sqlite_store.h"

namespace arbiter::maintenance {
namespace {

using base::ErrorCode;
using base::fail;
using std::filesystem::path;

base::Result<void> copy_files(const path& backup, const path& to, const Manifest& manifest) {
  for (const auto& entry : manifest.namespaces) {
    const path name = path("namespaces") / (entry.name + ".db");
    std::error_code failed;
    std::filesystem::copy_file(backup / name, to / name, failed);
    if (failed) {
      const bool is_full = failed == std::errc::no_space_on_device;
      return fail({is_full ? ErrorCode::kNoSpace : ErrorCode::kIoError,
                   "Could not copy " + (backup / name).string() + ": " + failed.message()});
    }
    std::filesystem::permissions(to / name, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write,
                                 failed);
    auto hash = hash_of(to / name);
    if (!hash) return fail(std::move(hash.error()));
    if (*hash != entry.sha256) return fail({ErrorCode::kIoError, "The copy of " + name.string() + " came out wrong."});
  }
  return {};
}

base::Result<RestoredNamespace> restore_one(store::Store& store, const BackupEntry& entry, const Manifest& manifest,
                                            const base::Clock& clock) {
  auto journal = store.open(entry.name, 1);
  if (!journal) return fail(std::move(journal.error()));
  auto begun = begin_anew(**journal, "from the backup of " + base::to_rfc3339(manifest.began_at), clock);
  if (!begun) return fail(std::move(begun.error()));
  return RestoredNamespace{entry.name, begun->last_position, begun->position, begun->leases_returned};
}

bool has_namespaces(const path& data) {
  std::error_code none;
  const std::filesystem::directory_iterator at(data / "namespaces", none);
  return !none && at != std::filesystem::directory_iterator{};
}

base::Error failed_to(const std::string& what) {
  return {ErrorCode::kInvalidState, "Could not " + what + ": " + std::strerror(errno)};
}

// The moment at which the restored data are the data. Both directories exist.
base::Result<void> exchange(const path& restored, const path& present) {
  auto& files = store::system_files();
  if (::renameat2(AT_FDCWD, restored.c_str(), AT_FDCWD, present.c_str(), RENAME_EXCHANGE) != 0) {
    return fail(failed_to("put " + restored.string() + " in the place of " + present.string()));
  }
  for (const path& one : {restored.parent_path(), present.parent_path()}) {
    if (auto synced = files.sync_directory(one); !synced) return synced;
  }
  return {};
}

}  // namespace

base::Result<Restored> restore(const path& backup, const path& data, bool replace, const base::Clock& clock) {
  auto manifest = verify_backup(backup);
  if (!manifest) return fail(std::move(manifest.error()));
  auto present = store::open_sqlite_store(data);  // Locks it.
  if (!present) return fail(std::move(present.error()));
  const bool replaces = has_namespaces(data);
  if (replaces && !replace) {
    return fail({ErrorCode::kInvalidState, data.string() +
                                               " holds data already. Name another directory, or give --replace: then "
                                               "they are kept beside the restored ones."});
  }
  Restored result{backup.string(), data.string(), {}, {}};
  const path scratch = data / "restoring";
  std::error_code ignored;
  std::filesystem::remove_all(scratch, ignored);
  {
    auto store = store::open_sqlite_store(scratch);
    if (!store) return fail(std::move(store.error()));
    if (auto copied = copy_files(backup, scratch, *manifest); !copied) return fail(std::move(copied.error()));
    for (const auto& entry : manifest->namespaces) {
      auto restored = restore_one(**store, entry, *manifest, clock);
      if (!restored) return fail(std::move(restored.error()));
      result.namespaces.push_back(std::move(*restored));
    }
  }
  auto& files = store::system_files();
  for (const auto& entry : manifest->namespaces) {
    if (auto synced = files.sync_file(scratch / "namespaces" / (entry.name + ".db")); !synced) {
      return fail(std::move(synced.error()));
    }
  }
  if (auto synced = files.sync_directory(scratch / "namespaces"); !synced) return fail(std::move(synced.error()));
  for (const char* ending : {"", "-wal", "-shm"}) {
    if (auto gone = files.remove(data / (std::string("deadlines.db") + ending)); !gone) {
      return fail(std::move(gone.error()));
    }
  }
  if (auto synced = files.sync_directory(data); !synced) return fail(std::move(synced.error()));
  if (auto done = exchange(scratch / "namespaces", data / "namespaces"); !done) return fail(std::move(done.error()));
  if (replaces) {
    result.replaced = (data / ("namespaces.replaced-" + std::to_string(clock.wall().ms))).string();
    if (auto kept = files.rename(scratch / "namespaces", result.replaced); !kept) return fail(std::move(kept.error()));
  }
  std::filesystem::remove_all(scratch, ignored);
  if (auto synced = files.sync_directory(data); !synced) return fail(std::move(synced.error()));
  return result;
}

}  // namespace arbiter::maintenance
