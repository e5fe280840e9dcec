#include "maintenance/manifest.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

#include "maintenance/sha256.h"
#include "store/sqlite/files.h"

namespace arbiter::maintenance {
namespace {

using base::ErrorCode;
using base::fail;
using std::filesystem::path;

constexpr std::size_t kManifestBytesMax = std::size_t{64} * 1024 * 1024;

path manifest_in(const path& directory) { return directory / "manifest.json"; }

base::Error unusable(const path& directory, const std::string& why) {
  return {ErrorCode::kInvalidState, directory.string() + " is no backup that can be used: " + why};
}

}  // namespace

base::Result<void> write_manifest(const path& directory, const Manifest& manifest) {
  const path file = manifest_in(directory);
  {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << base::to_json(manifest) << '\n';
    out.flush();
    if (!out) return fail({ErrorCode::kNoSpace, "Could not write " + file.string() + ": " + std::strerror(errno)});
  }
  return store::system_files().sync_file(file);
}

base::Result<Manifest> read_manifest(const path& directory) {
  const path file = manifest_in(directory);
  std::error_code none;
  const auto bytes = std::filesystem::file_size(file, none);
  if (none) return fail(unusable(directory, "it has no manifest.json, so it is not complete."));
  if (bytes > kManifestBytesMax) return fail(unusable(directory, "its manifest.json is too large."));
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  const auto value = base::parse_json(text.str());
  if (!value || !value->is_object()) return fail(unusable(directory, "its manifest.json is not whole."));
  const auto* format = value->get_object().if_contains("format");
  if (!format || !format->is_string() || format->get_string() != kFormat) {
    return fail(unusable(directory, "its manifest.json is of something else."));
  }
  const auto* version = value->get_object().if_contains("version");
  if (!version || !version->is_int64() || version->get_int64() != kVersion) {
    return fail(unusable(directory, "it has another format version than " + std::to_string(kVersion) +
                                        ", the one that this Arbiter knows."));
  }
  auto manifest = base::from_json<Manifest>(*value);
  if (!manifest) return fail(unusable(directory, "its manifest.json has other fields than it should have."));
  return manifest;
}

base::Result<std::string> hash_of(const path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return fail({ErrorCode::kNotFound, "Could not open " + file.string() + ": " + std::strerror(errno)});
  Sha256 hash;
  std::vector<char> buffer(std::size_t{1} << 20U);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
    hash.add({buffer.data(), static_cast<std::size_t>(in.gcount())});
  }
  if (in.bad()) return fail({ErrorCode::kIoError, "Could not read " + file.string() + "."});
  return hash.end();
}

}  // namespace arbiter::maintenance
