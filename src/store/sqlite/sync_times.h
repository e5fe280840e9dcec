// How long the system's fsync takes for SQLite's files. A VFS of our own, `arbiter`, is the system's with a clock
// around its syncs; nothing else of it changes.
#pragma once

#include "base/histogram.h"

namespace arbiter::store {

// Of the whole process: a device is shared by its files.
struct SyncTimes {
  base::Latencies log;       // a commit syncs the write-ahead log once
  base::Latencies database;  // a checkpoint syncs the database
};
[[nodiscard]] SyncTimes sync_times();

// Registers the VFS, once, and gives its name. Called before the first database is opened; any thread.
[[nodiscard]] const char* timed_vfs();

}  // namespace arbiter::store
