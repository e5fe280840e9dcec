#include "store/sqlite/sync_times.h"

#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <mutex>

#include "base/check.h"

namespace arbiter::store {
namespace {

struct Counts {
  base::SharedLatencies log;
  base::SharedLatencies database;
};
Counts& counts() {
  static Counts all;
  return all;
}

// An opened file has the system's methods with one exchanged: a copy of them for the log and one for databases, since
// the methods are all that a sync knows of its file. SQLite opens all files of one kind with the same methods (it
// chooses them by the file system's locks), so that the copies are made once.
struct TimedMethods {
  sqlite3_io_methods methods{};
  std::atomic<const sqlite3_io_methods*> system{nullptr};
};
TimedMethods log_methods;
TimedMethods database_methods;

template <TimedMethods& kMethods, base::SharedLatencies Counts::*kTimes>
int timed_sync(sqlite3_file* file, int flags) {
  const auto begin = std::chrono::steady_clock::now();
  const int code = kMethods.system.load(std::memory_order_acquire)->xSync(file, flags);
  const auto took = std::chrono::steady_clock::now() - begin;
  (counts().*kTimes).add(std::chrono::duration_cast<std::chrono::microseconds>(took).count());
  return code;
}

sqlite3_vfs* system_vfs = nullptr;

int open_timed(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out_flags) {
  const int code = system_vfs->xOpen(system_vfs, name, file, flags, out_flags);
  if (code != SQLITE_OK || file->pMethods == nullptr) return code;
  TimedMethods* timed = nullptr;
  if ((flags & SQLITE_OPEN_WAL) != 0) timed = &log_methods;
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) timed = &database_methods;
  if (timed == nullptr) return code;
  static std::mutex once;
  const std::lock_guard lock(once);
  if (timed->system.load(std::memory_order_relaxed) == nullptr) {
    timed->methods = *file->pMethods;
    timed->methods.xSync = timed == &log_methods ? &timed_sync<log_methods, &Counts::log>
                                                 : &timed_sync<database_methods, &Counts::database>;
    timed->system.store(file->pMethods, std::memory_order_release);
  }
  // A file with other methods (another file system) is left as it is, and not timed.
  if (timed->system.load(std::memory_order_relaxed) == file->pMethods) file->pMethods = &timed->methods;
  return code;
}

}  // namespace

SyncTimes sync_times() { return {counts().log.read(), counts().database.read()}; }

const char* timed_vfs() {
  static sqlite3_vfs vfs = [] {
    system_vfs = sqlite3_vfs_find(nullptr);
    CHECK(system_vfs != nullptr);
    sqlite3_vfs copy = *system_vfs;
    copy.pNext = nullptr;
    copy.zName = "arbiter";
    copy.xOpen = &open_timed;
    return copy;
  }();
  static const int registered = sqlite3_vfs_register(&vfs, /*makeDflt=*/0);
  CHECK(registered == SQLITE_OK);
  return vfs.zName;
}

}  // namespace arbiter::store
