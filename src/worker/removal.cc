#include "worker/removal.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace arbiter::worker {
namespace {

class Removal {
 public:
  void remove(int parent, const std::string& name, const std::string& path, int depth) {
    if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return;
    const int reason = errno;
    const int fd = open_directory(parent, name);
    if (fd < 0) return note(path, reason == EISDIR || reason == EPERM ? errno : reason);
    if (depth < kRemovalDepthMax) {
      empty(fd, path, depth);
    } else {
      note(path, ELOOP);
    }
    ::close(fd);
    if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) != 0 && errno != ENOENT) note(path, errno);
  }

  [[nodiscard]] base::Result<void> outcome() const {
    if (first_.empty()) return {};
    return base::fail({base::ErrorCode::kIoError, first_});
  }

 private:
  // A directory whose owner may not use it is made usable first. Links are not followed by any of this.
  static int open_directory(int parent, const std::string& name) {
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = ::openat(parent, name.c_str(), kFlags);
    if (fd < 0 && errno == EACCES && ::fchmodat(parent, name.c_str(), S_IRWXU, AT_SYMLINK_NOFOLLOW) == 0) {
      fd = ::openat(parent, name.c_str(), kFlags);
    }
    struct stat status {};
    const bool closed = fd >= 0 && ::fstat(fd, &status) == 0 && (status.st_mode & S_IRWXU) != S_IRWXU;
    if (closed) (void)::fchmod(fd, S_IRWXU);  // If that fails, so does the removal, which is noted.
    return fd;
  }

  void empty(int fd, const std::string& path, int depth) {
    for (const auto& name : names_in(fd)) remove(fd, name, std::string(path).append("/").append(name), depth + 1);
  }

  // All at once: a directory that shrinks while it is read may leave entries out.
  static std::vector<std::string> names_in(int fd) {
    const int own = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(own < 0 ? nullptr : ::fdopendir(own), ::closedir);
    std::vector<std::string> names;
    if (!directory) {
      if (own >= 0) ::close(own);
      return names;
    }
    while (const dirent* entry = ::readdir(directory.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    return names;
  }

  void note(const std::string& path, int reason) {
    if (first_.empty()) first_ = "`" + path + "` cannot be removed: " + std::strerror(reason) + ".";
  }

  std::string first_;
};

}  // namespace

base::Result<void> remove_tree(const std::string& path) {
  Removal removal;
  removal.remove(AT_FDCWD, path, path, 0);
  return removal.outcome();
}

}  // namespace arbiter::worker
