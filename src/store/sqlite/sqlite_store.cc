#include "store/sqlite/sqlite_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <string>

#include "base/check.h"
#include "store/sqlite/descriptor.h"
#include "store/sqlite/recovery.h"
#include "store/sqlite/resting_list.h"
#include "store/sqlite/sqlite_journal.h"
#include "store/sqlite/sync_times.h"

namespace arbiter::store {
namespace {

using base::ErrorCode;
using base::fail;
using std::filesystem::path;

base::Result<void> make_directory(Files& files, const path& directory) {
  const path full = std::filesystem::absolute(directory).lexically_normal();
  path made;
  for (const auto& part : full) {
    made /= part;
    auto is_new = files.make_directory(made);
    if (!is_new) return fail(std::move(is_new.error()));
    if (!*is_new) continue;
    if (auto synced = files.sync_directory(made.parent_path()); !synced) return synced;
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
base::Result<Descriptor> lock_directory(const path& directory) {
  const path file = directory / "arbiter.lock";
  Descriptor lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock) return fail(system_failure("open", file));
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return fail(system_failure("lock", file));
    return fail({ErrorCode::kInvalidState, "The data directory " + directory.string() +
                                               " is in use by the process with pid " + holder_of(lock.get()) +
                                               ". Stop it, or choose another directory."});
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(lock.get(), 0) != 0 || ::pwrite(lock.get(), pid.data(), pid.size(), 0) < 0) {
    return fail(system_failure("write", file));
  }
  return lock;
}

base::Result<void> create_database(Files& files, const path& file) {
  auto is_new = files.create(file);
  if (!is_new) return fail(std::move(is_new.error()));
  return *is_new ? files.sync_directory(file.parent_path()) : base::Result<void>{};
}

class SqliteStore final : public Store {
 public:
  SqliteStore(const path& directory, path namespaces, Descriptor lock, SqliteOptions options)
      : namespaces_(std::move(namespaces)),
        lock_(std::move(lock)),
        options_(std::move(options)),
        resting_(directory / "deadlines.db", options_) {}

  [[nodiscard]] base::Result<std::unique_ptr<Journal>> open(const std::string& name, std::uint64_t seed) override {
    if (!base::is_name(name)) return fail({ErrorCode::kInvalidRequest, "This is no name of a namespace: " + name});
    if (auto forgotten = resting_.forget(name); !forgotten) return fail(std::move(forgotten.error()));
    const path file = namespaces_ / (name + ".db");
    const sqlite::SharedDevice device = device_of(name);
    if (device->failed) {
      return fail(
          {ErrorCode::kIoError, "The device failed under " + file.string() + ": it has to be recovered first."});
    }
    if (auto finished = sqlite::finish_recovery(file, *options_.files); !finished) {
      return fail(std::move(finished.error()));
    }
    if (auto created = create_database(*options_.files, file); !created) return fail(std::move(created.error()));
    if (!device->known) {
      // Nothing may build on a log that an earlier process wrote and could not sync.
      if (auto log = options_.files->write_again(file.string() + "-wal"); !log) return fail(std::move(log.error()));
      device->known = true;
    }
    return sqlite::SqliteJournal::open(file, seed, options_, device);
  }

  [[nodiscard]] base::Result<std::string> recover(const std::string& name, const JournalState& last) override {
    CHECK(base::is_name(name));
    auto kept = sqlite::recover_database(namespaces_ / (name + ".db"), last, options_);
    if (kept) device_of(name)->failed = false;
    return kept;
  }

  [[nodiscard]] StoreFigures figures(const std::vector<std::string>& namespaces) override {
    StoreFigures figures;
    const SyncTimes times = sync_times();
    figures.log_syncs = times.log;
    figures.database_syncs = times.database;
    for (const auto& name : namespaces) {
      std::int64_t& bytes = figures.bytes[name];
      for (const char* suffix : {".db", ".db-wal", ".db-shm"}) {
        std::error_code none;
        const auto size = std::filesystem::file_size(namespaces_ / (name + suffix), none);
        if (!none) bytes += static_cast<std::int64_t>(size);
      }
    }
    std::error_code failed;
    const auto space = std::filesystem::space(namespaces_, failed);
    if (!failed) figures.free_bytes = static_cast<std::int64_t>(space.available);
    return figures;
  }

  [[nodiscard]] base::Result<void> rest(const std::string& name, base::Timestamp due) override {
    CHECK(base::is_name(name));
    return resting_.put(name, due);
  }

  [[nodiscard]] base::Result<std::vector<Resting>> resting() override { return resting_.all(); }

 private:
  sqlite::SharedDevice device_of(const std::string& name) {
    const std::lock_guard lock(mutex_);
    auto& device = devices_[name];
    if (!device) device = std::make_shared<sqlite::Device>();
    return device;
  }

  path namespaces_;
  Descriptor lock_;
  SqliteOptions options_;
  sqlite::RestingList resting_;
  std::mutex mutex_;
  std::map<std::string, sqlite::SharedDevice> devices_;
};

}  // namespace

base::Result<std::unique_ptr<Store>> open_sqlite_store(const path& directory, const SqliteOptions& options) {
  const path namespaces = directory / "namespaces";
  if (auto made = make_directory(*options.files, directory); !made) return fail(std::move(made.error()));
  auto lock = lock_directory(directory);
  if (!lock) return fail(std::move(lock.error()));
  if (auto made = make_directory(*options.files, namespaces); !made) return fail(std::move(made.error()));
  return std::make_unique<SqliteStore>(directory, namespaces, std::move(*lock), options);
}

}  // namespace arbiter::store
