#include "maintenance/doctor.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>

#include "maintenance/backup.h"
#include "store/sqlite/database_file.h"

namespace arbiter::maintenance {
namespace {

using std::filesystem::path;

constexpr std::int64_t kMiB = std::int64_t{1024} * 1024;
constexpr std::int64_t kClockSlackMs = 1'000;

std::string mebibytes(std::int64_t bytes) { return std::to_string(bytes / kMiB) + " MiB"; }

void check_disk(const path& data, Diagnosis& out) {
  std::error_code failed;
  const auto space = std::filesystem::space(data, failed);
  if (failed) return add(out, {"disk", Verdict::kFailed, failed.message(), "See whether the disk is mounted."});
  const auto free = static_cast<std::int64_t>(space.available);
  const std::string detail = mebibytes(free) + " of " + mebibytes(static_cast<std::int64_t>(space.capacity)) + " free";
  if (free >= kFreeBytesMin) return add(out, {"disk", Verdict::kOk, detail, {}});
  add(out, {"disk", Verdict::kWarning, detail, "Make room, or lower retentionDays: a full disk stops all changes."});
}

// File systems on which locks and syncs may not mean what they say.
void check_file_system(const path& data, Diagnosis& out) {
  static const std::map<unsigned long, std::string> kDoubtful{
      {0x6969, "NFS"}, {0xff534d42, "CIFS"}, {0xfe534d42, "SMB"}, {0x65735546, "FUSE"}, {0x01021997, "9p"}};
  struct statfs info {};
  if (::statfs(data.c_str(), &info) != 0) return;
  const auto found = kDoubtful.find(static_cast<unsigned long>(info.f_type) & 0xffffffffUL);
  if (found == kDoubtful.end()) return add(out, {"fileSystem", Verdict::kOk, "a local one", {}});
  add(out, {"fileSystem", Verdict::kWarning, "it is " + found->second,
            "Put the data directory on a local disk: what was acknowledged may not survive a power cut here."});
}

void check_clock(const base::Clock& clock, base::Timestamp newest, Diagnosis& out) {
  const base::Timestamp now = clock.wall();
  if (newest.ms > now.ms + kClockSlackMs) {
    return add(out, {"clock", Verdict::kWarning,
                     "it says " + base::to_rfc3339(now) + ", but the newest event is of " + base::to_rfc3339(newest),
                     "Set the clock: schedules and runAt follow it. Leases do not."});
  }
  timex info{};
  if (::adjtimex(&info) == TIME_ERROR) {
    return add(out, {"clock", Verdict::kWarning, base::to_rfc3339(now) + ", and nothing synchronises it",
                     "Run an NTP client, so that schedules fire when you expect it."});
  }
  add(out, {"clock", Verdict::kOk, base::to_rfc3339(now) + ", synchronised", {}});
}

void check_open_files(std::int64_t wanted, Diagnosis& out) {
  rlimit limit{};
  if (wanted == 0 || ::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const auto most = limit.rlim_max == RLIM_INFINITY ? INT64_MAX : static_cast<std::int64_t>(limit.rlim_max);
  const std::string detail = std::to_string(most) + " may be open, " + std::to_string(wanted) + " are needed at most";
  if (most >= wanted) return add(out, {"openFiles", Verdict::kOk, detail, {}});
  add(out, {"openFiles", Verdict::kWarning, detail,
            "Raise LimitNOFILE, or lower limits.openNamespacesMax or limits.http.connectionsMax."});
}

void check_permissions(const path& data, Diagnosis& out) {
  std::string wrong;
  for (const path& one : {data, data / "namespaces", data / "admin.token"}) {
    struct stat info {};
    if (::stat(one.c_str(), &info) != 0) continue;
    if ((info.st_mode & 0077U) != 0) wrong += one.string() + " can be read by others; ";
    if (info.st_uid != ::geteuid()) wrong += one.string() + " belongs to another user; ";
  }
  if (::access(data.c_str(), R_OK | W_OK | X_OK) != 0) wrong += data.string() + ": " + std::strerror(errno) + "; ";
  if (wrong.empty()) return add(out, {"permissions", Verdict::kOk, "for the owner only", {}});
  wrong.resize(wrong.size() - 2);
  add(out, {"permissions", Verdict::kWarning, wrong, "chown -R the directory to the server's user; chmod -R go= it."});
}

std::vector<path> databases_in(const path& data) {
  std::vector<path> files;
  std::error_code failed;
  for (std::filesystem::directory_iterator at(data / "namespaces", failed), end; !failed && at != end;
       at.increment(failed)) {
    if (at->path().extension() == ".db") files.push_back(at->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

// Gives the time of its newest event.
base::Timestamp verify(const path& file, Diagnosis& out) {
  const std::string name = "namespace:" + file.stem().string();
  auto found = store::sqlite::check_database(file);
  auto readable = check_records(file);
  if (found && readable) {
    add(out, {name, Verdict::kOk, std::to_string(found->events) + " events up to " + std::to_string(found->head), {}});
    return found->last_time;
  }
  std::string detail = readable ? "" : readable.error().message;
  if (!found) detail = found.error().message + (readable ? "" : "; " + detail);
  add(out, {name, Verdict::kFailed, detail,
            "Stop the server, keep a copy of the data directory, and restore the last backup."});
  return {};
}

}  // namespace

void add(Diagnosis& diagnosis, Finding finding) {
  diagnosis.verdict = std::max(diagnosis.verdict, finding.verdict);
  diagnosis.findings.push_back(std::move(finding));
}

Diagnosis examine(const DoctorOptions& options, const base::Clock& clock) {
  Diagnosis out;
  std::error_code failed;
  if (!std::filesystem::is_directory(options.data, failed)) {
    add(out, {"data", Verdict::kFailed, options.data.string() + " is no directory",
              "Name the data directory with --data; the first `arbiter serve` makes it."});
    return out;
  }
  check_disk(options.data, out);
  check_file_system(options.data, out);
  check_permissions(options.data, out);
  check_open_files(options.open_files, out);
  const auto files = databases_in(options.data);
  base::Timestamp newest;
  if (options.verify) {
    for (const auto& file : files) newest = std::max(newest, verify(file, out));
  } else {
    add(out, {"store", files.empty() ? Verdict::kWarning : Verdict::kOk,
              std::to_string(files.size()) + " databases, not read", "With --verify each is read wholly."});
  }
  check_clock(clock, newest, out);
  return out;
}

}  // namespace arbiter::maintenance
