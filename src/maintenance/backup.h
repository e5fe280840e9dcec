// Copies of a data directory, made while its server works, and checked.
#pragma once

#include <filesystem>

#include "base/clock.h"
#include "maintenance/manifest.h"

namespace arbiter::maintenance {

// Copies every namespace of the data directory, each as it is at one moment, to `target`, which does not exist yet.
// What was acknowledged before the call is in it. Each copy is synced, checked and loaded; `target` appears when all is
// there.
[[nodiscard]] base::Result<Manifest> back_up(const std::filesystem::path& data, const std::filesystem::path& target,
                                             const base::Clock& clock);

// Reads all of a backup: sizes, hashes, SQLite's integrity, positions, every live record.
// kInvalidState: it is incomplete or of another version. kIoError: it is damaged; the message says what.
[[nodiscard]] base::Result<Manifest> verify_backup(const std::filesystem::path& backup);

// Whether every live record of a namespace's file can be read into a state.
[[nodiscard]] base::Result<void> check_records(const std::filesystem::path& file);

}  // namespace arbiter::maintenance
