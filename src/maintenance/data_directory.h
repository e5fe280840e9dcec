// Where things are in a data directory, and how they are put there.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace arbiter::maintenance {

inline constexpr std::string_view kSystem = "system";

// Also of a backup.
[[nodiscard]] std::filesystem::path file_of(const std::filesystem::path& directory, const std::string& name);

// The namespaces that have a file; `system` first, so that whatever its catalogue names was there before the rest was
// looked for. kNotFound: this is no data directory.
[[nodiscard]] base::Result<std::vector<std::string>> namespaces_in(const std::filesystem::path& data);

// Gives a finished and synced file or directory its name, durably, unless something has that name: kInvalidState then.
[[nodiscard]] base::Result<void> put_in_place(const std::filesystem::path& finished,
                                              const std::filesystem::path& place);

// A directory that goes, with what is in it, when the object does.
class ScratchDirectory {
 public:
  explicit ScratchDirectory(std::filesystem::path directory) : path_(std::move(directory)) {}
  ~ScratchDirectory();
  ScratchDirectory(const ScratchDirectory&) = delete;
  ScratchDirectory& operator=(const ScratchDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace arbiter::maintenance
