#include "vfs.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/check.h"

namespace arbiter::power {
namespace {

// The shim's file; the system's follows it in memory.
struct ShimFile {
  sqlite3_file base;
  Recording* recording;
  File file;
  const char* path;  // SQLite keeps it as long as the file is open.
  int last_errno;
};

ShimFile& shim(sqlite3_file* file) { return *reinterpret_cast<ShimFile*>(file); }
sqlite3_file* real(sqlite3_file* file) { return reinterpret_cast<sqlite3_file*>(&shim(file) + 1); }
sqlite3_vfs& system_vfs() { return *sqlite3_vfs_find("unix"); }
Recording& recording_of(sqlite3_vfs* vfs) { return *static_cast<Recording*>(vfs->pAppData); }

// SQLite's call that opens a directory, which it does for no other reason than to sync it.
thread_local Recording* watching = nullptr;
using OpenDirectory = int (*)(const char*, int*);
OpenDirectory system_open_directory = nullptr;

std::string directory_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

int open_directory(const char* path, int* fd) {
  if (watching != nullptr) watching->directory_synced(directory_of(path));
  return system_open_directory(path, fd);
}

void watch_directories() {
  sqlite3_vfs& vfs = system_vfs();
  if (system_open_directory != nullptr) return;
  system_open_directory = reinterpret_cast<OpenDirectory>(vfs.xGetSystemCall(&vfs, "openDirectory"));
  CHECK(vfs.xSetSystemCall(&vfs, "openDirectory", reinterpret_cast<sqlite3_syscall_ptr>(&open_directory)) == SQLITE_OK);
}

bool is_recorded(const ShimFile& file) { return file.file != kDirectory; }

int close_file(sqlite3_file* file) { return real(file)->pMethods->xClose(real(file)); }

int read_file(sqlite3_file* file, void* into, int size, sqlite3_int64 offset) {
  if (is_recorded(shim(file)) && shim(file).recording->fails(Act::kRead, shim(file).path)) return SQLITE_IOERR_READ;
  return real(file)->pMethods->xRead(real(file), into, size, offset);
}

int injected(ShimFile& file, int code) {
  file.last_errno = EIO;
  return code;
}

int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  ShimFile& self = shim(file);
  if (is_recorded(self) && self.recording->fails(Act::kWrite, self.path)) return injected(self, SQLITE_IOERR_WRITE);
  const int code = real(file)->pMethods->xWrite(real(file), from, size, offset);
  if (code == SQLITE_OK && is_recorded(self)) {
    std::string bytes(static_cast<const char*>(from), static_cast<std::size_t>(size));
    self.recording->add({.act = Act::kWrite, .file = self.file, .offset = offset, .bytes = std::move(bytes)});
  }
  return code;
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  const int code = real(file)->pMethods->xTruncate(real(file), size);
  if (code == SQLITE_OK && is_recorded(shim(file))) {
    shim(file).recording->add({.act = Act::kTruncate, .file = shim(file).file, .offset = size});
  }
  return code;
}

int sync_file(sqlite3_file* file, int flags) {
  ShimFile& self = shim(file);
  if (!is_recorded(self)) return real(file)->pMethods->xSync(real(file), flags);
  if (self.recording->fails(Act::kSync, self.path)) {
    self.recording->add({.act = Act::kSyncFailed, .file = self.file});
    return injected(self, SQLITE_IOERR_FSYNC);
  }
  self.recording->add({.act = Act::kSync, .file = self.file});
  watching = self.recording;
  const int code = real(file)->pMethods->xSync(real(file), flags);
  watching = nullptr;
  return code;
}

int control_file(sqlite3_file* file, int operation, void* argument) {
  if (operation == SQLITE_FCNTL_LAST_ERRNO && shim(file).last_errno != 0) {
    *static_cast<int*>(argument) = shim(file).last_errno;
    return SQLITE_OK;
  }
  return real(file)->pMethods->xFileControl(real(file), operation, argument);
}

const sqlite3_io_methods kMethods{
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); },
    .xLock = [](sqlite3_file* f, int lock) { return real(f)->pMethods->xLock(real(f), lock); },
    .xUnlock = [](sqlite3_file* f, int lock) { return real(f)->pMethods->xUnlock(real(f), lock); },
    .xCheckReservedLock = [](sqlite3_file* f, int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); },
    .xFileControl = control_file,
    .xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); },
    .xDeviceCharacteristics = [](sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); },
    .xShmMap = [](sqlite3_file* f, int page, int size, int extend,
                  void volatile** out) { return real(f)->pMethods->xShmMap(real(f), page, size, extend, out); },
    .xShmLock = [](sqlite3_file* f, int offset, int n,
                   int flags) { return real(f)->pMethods->xShmLock(real(f), offset, n, flags); },
    .xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); },
    .xShmUnmap = [](sqlite3_file* f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); },
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  ShimFile& self = shim(file);
  self.base.pMethods = nullptr;
  self.recording = &recording_of(vfs);
  self.file = kDirectory;
  self.path = path;
  self.last_errno = 0;
  const int code = system_vfs().xOpen(&system_vfs(), path, real(file), flags, out_flags);
  if (code != SQLITE_OK) return code;
  self.base.pMethods = &kMethods;
  if (path != nullptr) self.file = self.recording->opened(path).value_or(kDirectory);
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* path, int sync_directory) {
  Recording& recording = recording_of(vfs);
  const bool known = recording.knows(path);
  recording.removed(path);
  watching = &recording;
  const int code = system_vfs().xDelete(&system_vfs(), path, sync_directory);
  watching = nullptr;
  CHECK(code == SQLITE_OK || !known);
  return code;
}

}  // namespace

RecordingVfs::RecordingVfs(Recording& recording) {
  static std::atomic<int> count = 0;
  name_ = "recording-" + std::to_string(++count);
  watch_directories();
  vfs_ = system_vfs();
  vfs_.pNext = nullptr;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = &recording;
  vfs_.szOsFile += static_cast<int>(sizeof(ShimFile));
  vfs_.xOpen = open_file;
  vfs_.xDelete = delete_file;
  // The rest of the system's functions use nothing of the VFS that they are called with.
  CHECK(sqlite3_vfs_register(&vfs_, /*makeDflt=*/0) == SQLITE_OK);
}

RecordingVfs::~RecordingVfs() { sqlite3_vfs_unregister(&vfs_); }

base::Result<bool> RecordingFiles::make_directory(const std::filesystem::path& directory) {
  auto made = store::system_files().make_directory(directory);
  if (made && *made) recording_.created(directory, kDirectory);
  return made;
}

base::Result<bool> RecordingFiles::create(const std::filesystem::path& file) {
  auto made = store::system_files().create(file);
  if (made && *made) recording_.created(file, recording_.new_file());
  return made;
}

base::Result<void> RecordingFiles::sync_file(const std::filesystem::path& file) {
  const auto recorded = recording_.opened(file);
  CHECK(recorded.has_value());
  if (recording_.fails(Act::kSync, file)) {
    recording_.add({.act = Act::kSyncFailed, .file = *recorded});
    return base::fail({base::ErrorCode::kIoError, "Could not sync " + file.string() + ": Input/output error"});
  }
  recording_.add({.act = Act::kSync, .file = *recorded});
  return store::system_files().sync_file(file);
}

base::Result<void> RecordingFiles::write_again(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) return {};
  std::ifstream in(file, std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(in), {});
  const auto recorded = recording_.opened(file);
  CHECK(recorded.has_value());
  recording_.add({.act = Act::kWrite, .file = *recorded, .bytes = std::move(bytes)});
  recording_.add({.act = Act::kSync, .file = *recorded});
  return store::system_files().write_again(file);
}

base::Result<void> RecordingFiles::rename(const std::filesystem::path& file, const std::filesystem::path& to) {
  recording_.renamed(file, to);
  return store::system_files().rename(file, to);
}

base::Result<void> RecordingFiles::remove(const std::filesystem::path& file) {
  recording_.removed(file);
  return store::system_files().remove(file);
}

base::Result<void> RecordingFiles::sync_directory(const std::filesystem::path& directory) {
  recording_.directory_synced(directory);
  return store::system_files().sync_directory(directory);
}

}  // namespace arbiter::power
