#include "worker/workspace.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <utility>

#include "worker/removal.h"

namespace arbiter::worker {
namespace {

namespace fs = std::filesystem;

base::Error cannot(const std::string& what, const std::string& path, const std::string& why) {
  return {base::ErrorCode::kInvalidRequest,
          "The work directory `" + path + "` " + what + " (" + why + "); name another with --work-root."};
}

std::string default_root() {
  const char* tmp = std::getenv("TMPDIR");
  return std::string(tmp && *tmp ? tmp : "/tmp") + "/arbiter-work-" + std::to_string(::getuid());
}

// The lock, or -1 while another process lives that holds it.
int lock(const std::string& place) {
  constexpr int kFlags = O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW;
  int fd = ::open((place + "/lock").c_str(), kFlags, 0600);
  // A program may have closed the place of its worker.
  if (fd < 0 && errno == EACCES && ::fchmodat(AT_FDCWD, place.c_str(), S_IRWXU, AT_SYMLINK_NOFOLLOW) == 0) {
    fd = ::open((place + "/lock").c_str(), kFlags, 0600);
  }
  if (fd < 0) return -1;
  if (::flock(fd, LOCK_EX | LOCK_NB) == 0) return fd;
  ::close(fd);
  return -1;
}

class RootLock {
 public:
  explicit RootLock(const std::string& root)
      : fd_(::open((root + "/lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    while (fd_ >= 0 && ::flock(fd_, LOCK_EX) != 0 && errno == EINTR) {
    }
  }
  ~RootLock() { ::close(fd_); }
  RootLock(const RootLock&) = delete;
  RootLock& operator=(const RootLock&) = delete;

 private:
  int fd_;
};

// What could not be removed.
std::vector<std::string> remove_stale(const std::string& root) {
  std::vector<std::string> remarks;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(root, ignored)) {
    const bool is_place = fs::is_directory(entry.symlink_status(ignored));
    if (!is_place || !entry.path().filename().string().starts_with('w')) continue;
    const int fd = lock(entry.path().string());
    if (fd < 0) continue;
    if (auto removed = remove_tree(entry.path().string()); !removed) {
      remarks.push_back("a dead worker left this: " + removed.error().message);
    }
    ::close(fd);
  }
  return remarks;
}

// Somebody else's directory in a shared /tmp is not a place for our tasks.
Result<void> check_owner(const std::string& root) {
  struct stat status {};
  if (::lstat(root.c_str(), &status) != 0) return base::fail(cannot("cannot be read", root, std::strerror(errno)));
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::getuid() || (status.st_mode & 0022) != 0) {
    return base::fail(cannot("is not safe to use", root, "it must be a directory that only you can write to"));
  }
  return {};
}

}  // namespace

Result<std::string> open_work_root(std::string root) {
  if (root.empty()) root = default_root();
  std::error_code code;
  if (fs::create_directories(root, code)) fs::permissions(root, fs::perms::owner_all, code);
  if (code) return base::fail(cannot("cannot be made", root, code.message()));
  root = fs::absolute(root).string();
  if (auto safe = check_owner(root); !safe) return base::fail(safe.error());
  return root;
}

Result<std::unique_ptr<Workspace>> Workspace::open(std::string given) {
  auto opened = open_work_root(std::move(given));
  if (!opened) return base::fail(opened.error());
  const std::string& root = *opened;
  // Held until the new place is locked: another worker's clean-up must not take it for a stale one.
  const RootLock root_lock(root);
  auto remarks = remove_stale(root);
  std::string place = root + "/w" + std::to_string(::getpid()) + "-XXXXXX";
  if (!::mkdtemp(place.data())) return base::fail(cannot("cannot be used", root, std::strerror(errno)));
  const int fd = lock(place);
  if (fd < 0) return base::fail(cannot("cannot be locked", place, std::strerror(errno)));
  return std::unique_ptr<Workspace>(new Workspace(std::move(place), fd, std::move(remarks)));
}

Workspace::~Workspace() { (void)close(); }

Result<void> Workspace::close() {
  if (lock_fd_ < 0) return {};
  auto removed = remove_tree(path_);
  ::close(std::exchange(lock_fd_, -1));
  return removed;
}

Result<std::string> Workspace::make_directory(const std::string& name) {
  std::string path = path_ + "/" + name;
  std::error_code code;
  if (!fs::create_directory(path, code)) {
    return base::fail(
        {base::ErrorCode::kInternal, "No directory can be made at `" + path + "`: " + code.message() + "."});
  }
  return path;
}

}  // namespace arbiter::worker
