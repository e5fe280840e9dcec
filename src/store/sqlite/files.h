// The file operations that the store does itself, beside SQLite's: names in directories and whole files. An interface,
// so that tests can cut the power and make the device fail between any two of them.
#pragma once

#include <filesystem>

#include "base/result.h"

namespace arbiter::store {

// Names made, renamed or removed survive a power cut once their directory is synced. kNoSpace, kIoError or, for
// everything else, kInvalidState; the message names the path.
class Files {
 public:
  virtual ~Files() = default;
  // Whether it made the directory; false when it is there already.
  [[nodiscard]] virtual base::Result<bool> make_directory(const std::filesystem::path& directory) = 0;
  // Makes an empty file, for its owner only; false when there is one already, which is left alone: closing it here
  // would drop the locks that SQLite holds on it in this process.
  [[nodiscard]] virtual base::Result<bool> create(const std::filesystem::path& file) = 0;
  [[nodiscard]] virtual base::Result<void> sync_directory(const std::filesystem::path& directory) = 0;
};

// The operating system's.
[[nodiscard]] Files& system_files();

}  // namespace arbiter::store
