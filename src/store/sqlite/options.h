// What of the SQLite store is chosen by whoever builds it. The server takes the defaults.
#pragma once

#include <string>

#include "store/sqlite/files.h"

namespace arbiter::store {

enum class Synchronous {
  kFull,
  kOff,  // A power cut loses commits: only for tests that show that they would notice.
};
enum class Checkpoints {
  kBesideCommits,  // On a thread of their own.
  kBetweenCommits  // Before the commit that follows: the same work at a time that repeats from run to run.
};

struct SqliteOptions {
  std::string vfs{};  // The registered name of SQLite's VFS. Empty: the system's.
  Files* files = &system_files();
  Synchronous synchronous = Synchronous::kFull;
  Checkpoints checkpoints = Checkpoints::kBesideCommits;
  // From so many pages on the write-ahead log is copied. A larger log makes longer syncs of the database file, behind
  // which commits wait: with batches of 1,000, 4 MiB gives a p99 of 10 ms, 16 MiB one of 22 ms, at the same throughput.
  int checkpoint_pages = 1'024;
};

}  // namespace arbiter::store
