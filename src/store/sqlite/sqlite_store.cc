#include "store/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include "store/sqlite/sqlite_journal.h"

namespace arbiter::store {
namespace {

using base::ErrorCode;
using base::fail;
using std::filesystem::path;

class File {
 public:
  explicit File(int fd) : fd_(fd) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  File& operator=(File&&) = delete;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

auto system_failure(const std::string& doing, const path& file) {
  const int why = errno;
  const ErrorCode code = why == ENOSPC || why == EDQUOT ? ErrorCode::kNoSpace
                         : why == EIO                   ? ErrorCode::kIoError
                                                        : ErrorCode::kInvalidState;
  return fail({code, "Could not " + doing + " " + file.string() + ": " + std::strerror(why)});
}

// Makes names created or removed in `directory` survive a power cut.
base::Result<void> sync_directory(const path& directory) {
  const File opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.fd() < 0 || ::fsync(opened.fd()) != 0) return system_failure("sync", directory);
  return {};
}

base::Result<void> make_directory(const path& directory) {
  const path full = std::filesystem::absolute(directory).lexically_normal();
  path made;
  for (const auto& part : full) {
    made /= part;
    if (::mkdir(made.c_str(), 0700) == 0) {
      if (auto synced = sync_directory(made.parent_path()); !synced) return synced;
    } else if (errno != EEXIST && errno != EISDIR) {
      return system_failure("create", made);
    }
  }
  return {};
}

std::string holder_of(int fd) {
  std::array<char, 32> text{};
  const auto size = ::pread(fd, text.data(), text.size() - 1, 0);
  std::string holder(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder.empty() ? "unknown" : holder;
}

// Holds the lock as long as the file is open.
base::Result<File> lock_directory(const path& directory) {
  const path file = directory / "arbiter.lock";
  File lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (lock.fd() < 0) return system_failure("open", file);
  if (::flock(lock.fd(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_failure("lock", file);
    return fail({ErrorCode::kInvalidState, "The data directory " + directory.string() +
                                               " is in use by the process with pid " + holder_of(lock.fd()) +
                                               ". Stop it, or choose another directory."});
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock.fd(), 0) != 0 || ::pwrite(lock.fd(), pid.data(), pid.size(), 0) < 0) {
    return system_failure("write", file);
  }
  return lock;
}

// An existing database is left alone: closing it here would drop the locks that SQLite holds on it in this process.
base::Result<void> create_database(const path& file) {
  const File created(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (created.fd() >= 0) return sync_directory(file.parent_path());
  if (errno != EEXIST) return system_failure("create", file);
  return {};
}

class SqliteStore final : public Store {
 public:
  SqliteStore(path namespaces, File lock) : namespaces_(std::move(namespaces)), lock_(std::move(lock)) {}

  [[nodiscard]] base::Result<std::unique_ptr<Journal>> open(const std::string& name, std::uint64_t seed) override {
    if (!base::is_name(name)) return fail({ErrorCode::kInvalidRequest, "This is no name of a namespace: " + name});
    const path file = namespaces_ / (name + ".db");
    if (auto created = create_database(file); !created) return fail(std::move(created.error()));
    return sqlite::SqliteJournal::open(file, seed);
  }

 private:
  path namespaces_;
  File lock_;
};

}  // namespace

base::Result<std::unique_ptr<Store>> open_sqlite_store(const path& directory) {
  const path namespaces = directory / "namespaces";
  if (auto made = make_directory(directory); !made) return fail(std::move(made.error()));
  auto lock = lock_directory(directory);
  if (!lock) return fail(std::move(lock.error()));
  if (auto made = make_directory(namespaces); !made) return fail(std::move(made.error()));
  return std::make_unique<SqliteStore>(namespaces, std::move(*lock));
}

}  // namespace arbiter::store
