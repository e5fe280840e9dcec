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
  // Syncs the file and drops what the page cache has of it, so that reading it next asks the device.
  [[nodiscard]] virtual base::Result<void> sync_file(const std::filesystem::path& file) = 0;
  // Writes what the file holds once more and syncs it; fine when there is none. After a failed sync of another process
  // the page cache shows what the disk does not have, and takes it for written.
  [[nodiscard]] virtual base::Result<void> write_again(const std::filesystem::path& file) = 0;
  [[nodiscard]] virtual base::Result<void> rename(const std::filesystem::path& file,
                                                  const std::filesystem::path& to) = 0;
  // Fine when there is none.
  [[nodiscard]] virtual base::Result<void> remove(const std::filesystem::path& file) = 0;
  [[nodiscard]] virtual base::Result<void> sync_directory(const std::filesystem::path& directory) = 0;
};

// The operating system's.
[[nodiscard]] Files& system_files();

}  // namespace arbiter::store
