#include "maintenance/data_directory.h"

#include <fcntl.h>
#include <stdio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/values.h"
#include "store/sqlite/files.h"

namespace arbiter::maintenance {

using base::ErrorCode;
using base::fail;
using std::filesystem::path;

path file_of(const path& directory, const std::string& name) { return directory / "namespaces" / (name + ".db"); }

base::Result<std::vector<std::string>> namespaces_in(const path& data) {
  std::vector<std::string> names;
  std::error_code failed;
  for (std::filesystem::directory_iterator at(data / "namespaces", failed), end; !failed && at != end;
       at.increment(failed)) {
    if (at->path().extension() == ".db" && base::is_name(at->path().stem().string())) {
      names.push_back(at->path().stem().string());
    }
  }
  if (failed) {
    return fail({ErrorCode::kNotFound, data.string() + " is no data directory of Arbiter: " + failed.message()});
  }
  std::sort(names.begin(), names.end(),
            [](const auto& a, const auto& b) { return std::pair(a != kSystem, a) < std::pair(b != kSystem, b); });
  if (names.empty() || names.front() != kSystem) {
    return fail({ErrorCode::kNotFound, data.string() + " is no data directory of Arbiter: it has no namespaces."});
  }
  return names;
}

base::Result<void> put_in_place(const path& finished, const path& place) {
  if (::renameat2(AT_FDCWD, finished.c_str(), AT_FDCWD, place.c_str(), RENAME_NOREPLACE) != 0) {
    const std::string why = errno == EEXIST ? "it is there already" : std::strerror(errno);
    return fail({ErrorCode::kInvalidState, "Could not put " + place.string() + " in place: " + why + "."});
  }
  return store::system_files().sync_directory(std::filesystem::absolute(place).parent_path());
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace arbiter::maintenance
