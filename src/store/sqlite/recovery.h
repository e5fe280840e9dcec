// A sound file for a namespace whose device failed. The damaged one is read once more, never written.
//
//   NAME.db.copy        being written; worthless
//   NAME.db.recovered   complete, verified and synced: what the namespace holds, whatever else lies there
//   NAME.db.failed-N    the file that failed, with its -wal, kept aside; the newest kFailedFilesMax of them
//
// The renaming of the copy to NAME.db.recovered decides. What follows may be cut anywhere: finish_recovery() completes
// it before the namespace is opened.
#pragma once

#include <filesystem>

#include "store/journal.h"
#include "store/sqlite/options.h"

namespace arbiter::store::sqlite {

inline constexpr std::size_t kFailedFilesMax = 3;

// Every connection to the file has been closed. kIoError: it cannot be read, or does not hold what `last` says it must.
// kFenced: a newer owner has it. kNoSpace. Nothing was changed then, and it may be tried again. Gives the path under
// which the failed file is kept.
[[nodiscard]] base::Result<std::string> recover_database(const std::filesystem::path& file, const JournalState& last,
                                                         const SqliteOptions& options);

// Puts a complete copy that an earlier recovery left into its place; gives the path of the failed file, or nothing when
// there was nothing to do.
[[nodiscard]] base::Result<std::string> finish_recovery(const std::filesystem::path& file, Files& files);

}  // namespace arbiter::store::sqlite
