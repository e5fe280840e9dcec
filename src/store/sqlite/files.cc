#include "store/sqlite/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <vector>

#include "store/sqlite/descriptor.h"

namespace arbiter::store {
namespace {

using std::filesystem::path;

constexpr std::size_t kChunkBytes = std::size_t{1024} * 1024;

class SystemFiles final : public Files {
 public:
  [[nodiscard]] base::Result<bool> make_directory(const path& directory) override {
    if (::mkdir(directory.c_str(), 0700) == 0) return true;
    if (errno == EEXIST || errno == EISDIR) return false;
    return base::fail(system_failure("create", directory));
  }

  [[nodiscard]] base::Result<bool> create(const path& file) override {
    const Descriptor created(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (created) return true;
    if (errno == EEXIST) return false;
    return base::fail(system_failure("create", file));
  }

  [[nodiscard]] base::Result<void> sync_file(const path& file) override {
    const Descriptor opened(::open(file.c_str(), O_RDWR | O_CLOEXEC));
    if (!opened || ::fsync(opened.get()) != 0) return base::fail(system_failure("sync", file));
    (void)::posix_fadvise(opened.get(), 0, 0, POSIX_FADV_DONTNEED);
    return {};
  }

  [[nodiscard]] base::Result<void> write_again(const path& file) override {
    const Descriptor opened(::open(file.c_str(), O_RDWR | O_CLOEXEC));
    if (!opened && errno == ENOENT) return {};
    if (!opened) return base::fail(system_failure("open", file));
    std::vector<char> bytes(kChunkBytes);
    for (off_t at = 0;;) {
      const auto size = ::pread(opened.get(), bytes.data(), bytes.size(), at);
      if (size < 0) return base::fail(system_failure("read", file));
      if (size == 0) break;
      if (::pwrite(opened.get(), bytes.data(), static_cast<std::size_t>(size), at) != size) {
        return base::fail(system_failure("write", file));
      }
      at += size;
    }
    if (::fsync(opened.get()) != 0) return base::fail(system_failure("sync", file));
    return {};
  }

  [[nodiscard]] base::Result<void> rename(const path& file, const path& to) override {
    if (::rename(file.c_str(), to.c_str()) != 0) return base::fail(system_failure("rename", file));
    return {};
  }

  [[nodiscard]] base::Result<void> remove(const path& file) override {
    if (::unlink(file.c_str()) != 0 && errno != ENOENT) return base::fail(system_failure("remove", file));
    return {};
  }

  [[nodiscard]] base::Result<void> sync_directory(const path& directory) override {
    const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!opened || ::fsync(opened.get()) != 0) return base::fail(system_failure("sync", directory));
    return {};
  }
};

}  // namespace

base::Error system_failure(const std::string& doing, const path& file) {
  using base::ErrorCode;
  const int why = errno;
  const ErrorCode code = why == ENOSPC || why == EDQUOT ? ErrorCode::kNoSpace
                         : why == EIO                   ? ErrorCode::kIoError
                                                        : ErrorCode::kInvalidState;
  return {code, "Could not " + doing + " " + file.string() + ": " + std::strerror(why)};
}

Files& system_files() {
  static SystemFiles files;
  return files;
}

}  // namespace arbiter::store
