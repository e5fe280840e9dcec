// SQLite's own VFS with every change recorded, and with faults where the recording wants them. The files are real, so
// that whoever runs on it sees what a running program sees. That SQLite syncs a directory is not assumed but observed:
// its call for that is watched.
#pragma once

#include <sqlite3.h>

#include <string>

#include "recording.h"
#include "store/sqlite/files.h"

namespace arbiter::power {

// Registered as `name()` as long as it lives; connections that use it must be closed before.
class RecordingVfs {
 public:
  explicit RecordingVfs(Recording& recording);
  ~RecordingVfs();
  RecordingVfs(const RecordingVfs&) = delete;
  RecordingVfs& operator=(const RecordingVfs&) = delete;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
  sqlite3_vfs vfs_{};
};

// The same for what the store does without SQLite.
class RecordingFiles final : public store::Files {
 public:
  explicit RecordingFiles(Recording& recording) : recording_(recording) {}
  [[nodiscard]] base::Result<bool> make_directory(const std::filesystem::path& directory) override;
  [[nodiscard]] base::Result<bool> create(const std::filesystem::path& file) override;
  [[nodiscard]] base::Result<void> sync_file(const std::filesystem::path& file) override;
  [[nodiscard]] base::Result<void> write_again(const std::filesystem::path& file) override;
  [[nodiscard]] base::Result<void> rename(const std::filesystem::path& file, const std::filesystem::path& to) override;
  [[nodiscard]] base::Result<void> remove(const std::filesystem::path& file) override;
  [[nodiscard]] base::Result<void> sync_directory(const std::filesystem::path& directory) override;

 private:
  Recording& recording_;
};

}  // namespace arbiter::power
