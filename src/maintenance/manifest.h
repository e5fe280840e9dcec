// What a backup says of itself: DIRECTORY/manifest.json, written last, so that a backup without one is not complete.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace arbiter::maintenance {

inline constexpr std::string_view kFormat = "arbiter-backup";
inline constexpr std::int64_t kVersion = 1;

struct BackupEntry {
  std::string name;  // of the namespace; its file is namespaces/NAME.db
  std::int64_t bytes = 0;
  std::string sha256;         // of that file
  std::int64_t position = 0;  // of the last event in it
};
BOOST_DESCRIBE_STRUCT(BackupEntry, (), (name, bytes, sha256, position))
struct Manifest {
  std::string format{kFormat};
  std::int64_t version = kVersion;
  std::string arbiter_version;
  base::Timestamp began_at;  // what was acknowledged before is in it
  base::Timestamp ended_at;
  std::vector<BackupEntry> namespaces;
};
BOOST_DESCRIBE_STRUCT(Manifest, (), (format, version, arbiter_version, began_at, ended_at, namespaces))

[[nodiscard]] base::Result<void> write_manifest(const std::filesystem::path& directory, const Manifest& manifest);
// kInvalidState: there is none, it cannot be read, or it is of another format or version.
[[nodiscard]] base::Result<Manifest> read_manifest(const std::filesystem::path& directory);

// SHA-256 of a file's bytes, in hexadecimal.
[[nodiscard]] base::Result<std::string> hash_of(const std::filesystem::path& file);

}  // namespace arbiter::maintenance
