#include "worker/worktree.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "worker/git.h"
#include "worker/removal.h"

namespace arbiter::worker {
namespace {

namespace fs = std::filesystem;

constexpr int kBranchTriesMax = 1'000;  // branches of one task
constexpr std::string_view kLockSuffix = ".lock";

class FileLock {
 public:
  FileLock(const std::string& path, int how)
      : fd_(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600)) {
    int failed = fd_ < 0 ? -1 : 0;
    while (fd_ >= 0 && (failed = ::flock(fd_, how)) != 0 && errno == EINTR) {
    }
    if (failed != 0 && fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  ~FileLock() {
    if (fd_ >= 0) ::close(fd_);
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  [[nodiscard]] bool held() const { return fd_ >= 0; }
  // Its time says since when the worktree is not in use.
  void touch() const { (void)::futimens(fd_, nullptr); }

 private:
  int fd_;
};

// Of adding, removing and pruning: one at a time in a repository.
std::string place_lock(const std::string& place) { return place + "/lock"; }

// What a worktree's lock file says of it.
struct Note {
  std::string branch, base;
};

Note read_note(const std::string& path) {
  Note note;
  std::ifstream file(path + std::string(kLockSuffix));
  std::getline(file, note.branch);
  std::getline(file, note.base);
  return note;
}

bool write_note(const std::string& path, const Note& note) {
  std::ofstream file(path + std::string(kLockSuffix), std::ios::in | std::ios::out);
  file << note.branch << '\n' << note.base << '\n';
  return static_cast<bool>(file.flush());
}

// With the place locked. The branch goes too when nothing was committed on it.
void remove_worktree(const std::string& repository, const std::string& path) {
  const Note note = read_note(path);
  if (auto removed = remove_tree(path); !removed) std::fprintf(stderr, "%s\n", removed.error().message.c_str());
  (void)run_git(repository, {"worktree", "prune"}, /*quiet=*/true);
  const auto head = run_git(repository, {"rev-parse", "--verify", "--quiet", "refs/heads/" + note.branch}, true);
  if (!note.base.empty() && head.output == note.base) {
    (void)run_git(repository, {"branch", "--quiet", "-D", note.branch}, /*quiet=*/true);
  }
  ::unlink((path + std::string(kLockSuffix)).c_str());
}

std::int64_t left_at_ms(const std::string& path) {
  struct stat status {};
  if (::stat((path + std::string(kLockSuffix)).c_str(), &status) != 0) return 0;
  return std::int64_t{status.st_mtim.tv_sec} * 1'000 + status.st_mtim.tv_nsec / 1'000'000;
}

// With the place locked: those that nobody uses and that are old, or too many.
void sweep(const std::string& repository, const std::string& place, std::int64_t keep_ms) {
  std::vector<std::pair<std::int64_t, std::string>> kept;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(place, ignored)) {
    const std::string path = entry.path().string();
    if (!fs::is_directory(entry.symlink_status(ignored))) {
      if (path.ends_with(kLockSuffix) && !fs::exists(path.substr(0, path.size() - kLockSuffix.size()), ignored)) {
        ::unlink(path.c_str());
      }
      continue;
    }
    const std::int64_t left_at = left_at_ms(path);
    if (FileLock(path + std::string(kLockSuffix), LOCK_EX | LOCK_NB).held()) kept.emplace_back(left_at, path);
  }
  std::sort(kept.begin(), kept.end(), std::greater<>());
  const std::int64_t now = base::SystemClock{}.wall().ms;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    if (i >= kWorktreesKeptMax || now - kept[i].first >= keep_ms) remove_worktree(repository, kept[i].second);
  }
}

struct Arguments {
  std::string repository, ref, place;
  std::int64_t keep_ms = 0;
  std::string task_id;
  char** program;
};

// A new worktree on a new branch; empty when there is none, which git has explained.
std::string add_worktree(const Arguments& a, Note& note) {
  for (int again = 1; again <= kBranchTriesMax; ++again) {
    note.branch = branch_name(a.task_id, again);
    if (!run_git(a.repository, {"show-ref", "--verify", "--quiet", "refs/heads/" + note.branch}, true).ok()) break;
  }
  std::string path = a.place + "/" + note.branch.substr(note.branch.find('/') + 1) + "-XXXXXX";
  if (!::mkdtemp(path.data())) {
    std::fprintf(stderr, "No directory can be made in %s: %s\n", a.place.c_str(), std::strerror(errno));
    return "";
  }
  if (run_git(a.repository, {"worktree", "add", "--quiet", "-b", note.branch, path, a.ref}).ok()) {
    note.base = run_git(path, {"rev-parse", "HEAD"}).output;
    return path;
  }
  ::rmdir(path.c_str());
  return "";
}

int run_program(const Arguments& a, const std::string& path, const Note& note, const sigset_t& signals) {
  const pid_t program = ::fork();
  if (program == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::sigprocmask(SIG_SETMASK, &signals, nullptr);
    for (const auto& name : git_location_variables()) ::unsetenv(name.c_str());
    ::setenv("ARBITER_WORKTREE", path.c_str(), 1);
    ::setenv("ARBITER_BRANCH", note.branch.c_str(), 1);
    ::setenv("ARBITER_BASE_COMMIT", note.base.c_str(), 1);
    if (::chdir(path.c_str()) == 0) ::execvp(a.program[0], a.program);
    std::fprintf(stderr, "cannot start %s: %s\n", a.program[0], std::strerror(errno));
    ::_exit(127);
  }
  int status = 0;
  if (program < 0) return kNoWorktree;
  while (::waitpid(program, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

// Whether nothing is lost when the worktree goes: no changes, and no commits that no branch has.
bool is_clean(const std::string& path, const Note& note) {
  const bool on_branch = run_git(path, {"symbolic-ref", "--quiet", "HEAD"}, /*quiet=*/true).ok();
  if (!on_branch && run_git(path, {"rev-parse", "HEAD"}).output != note.base) return false;
  const auto status = run_git(path, {"status", "--porcelain", "--ignore-submodules=none"});
  return status.ok() && status.output.empty();
}

base::Error wrong(const std::string& what) { return {base::ErrorCode::kInvalidRequest, what}; }

}  // namespace

std::string branch_name(const std::string& task_id, int again) {
  std::string name;
  for (const char c : task_id) {
    const bool plain =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    // Refs may hold single dots within, but not `..`, nor end in `.` or `.lock`.
    name += plain || (c == '.' && !name.empty() && name.back() != '.') ? c : '_';
  }
  if (name.ends_with('.') || name.ends_with(".lock")) name += '_';
  if (name.empty()) name = "_";
  return "arbiter/" + name + (again > 1 ? "-" + std::to_string(again) : "");
}

Result<Worktrees> Worktrees::open(WorktreeOptions options, const std::string& root) {
  std::error_code failed;
  const auto repository = fs::canonical(options.repository, failed);
  if (failed)
    return base::fail(wrong("--worktree: " + options.repository + " cannot be read: " + failed.message() + "."));
  options.repository = repository.string();
  const auto common = run_git(options.repository, {"rev-parse", "--git-common-dir"}, /*quiet=*/true);
  if (common.code == 127) return base::fail(wrong("--worktree needs git, and there is none on the PATH."));
  if (!common.ok()) return base::fail(wrong("--worktree: " + options.repository + " is no git repository."));
  const std::string commit = options.ref + "^{commit}";
  if (options.ref.starts_with('-') ||
      !run_git(options.repository, {"rev-parse", "--verify", "--quiet", commit}, true).ok()) {
    return base::fail(wrong("--worktree-ref: " + options.ref + " is no commit of " + options.repository + "."));
  }
  const auto hash = std::hash<std::string>{}(options.repository);
  std::string place = root + "/trees/" + repository.filename().string() + "-" + std::to_string(hash % 1'000'000'000);
  fs::create_directories(place, failed);
  if (failed) return base::fail(wrong("--work-root: " + place + " cannot be made: " + failed.message() + "."));
  const FileLock lock(place_lock(place), LOCK_EX);
  if (!lock.held())
    return base::fail(wrong("--work-root: " + place + " cannot be locked: " + std::strerror(errno) + "."));
  (void)run_git(options.repository, {"worktree", "prune"}, /*quiet=*/true);
  sweep(options.repository, place, options.keep_ms);
  return Worktrees(std::move(options), std::move(place));
}

std::vector<std::string> Worktrees::wrap(const std::string& task_id, const std::vector<std::string>& argv) const {
  std::vector<std::string> out{"/proc/self/exe",
                               std::string(kWorktreeCommand),
                               options_.repository,
                               options_.ref,
                               place_,
                               std::to_string(options_.keep_ms),
                               task_id};
  out.insert(out.end(), argv.begin(), argv.end());
  return out;
}

int run_in_worktree(int argc, char** argv) {
  if (argc < 8) return kNoWorktree;
  Arguments a{argv[2], argv[3], argv[4], 0, argv[6], argv + 7};
  (void)std::from_chars(argv[5], argv[5] + std::strlen(argv[5]), a.keep_ms);
  // An order to end is the program's to follow; what stays is decided after it.
  sigset_t orders;
  sigset_t before;
  ::sigemptyset(&orders);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&orders, signal);
  ::sigprocmask(SIG_BLOCK, &orders, &before);
  Note note;
  std::string path;
  std::optional<FileLock> use;
  {
    const FileLock lock(place_lock(a.place), LOCK_EX);
    if (!lock.held()) {
      std::fprintf(stderr, "%s cannot be locked: %s\n", a.place.c_str(), std::strerror(errno));
      return kNoWorktree;
    }
    sweep(a.repository, a.place, a.keep_ms);
    path = add_worktree(a, note);
    if (path.empty()) return kNoWorktree;
    use.emplace(path + std::string(kLockSuffix), LOCK_EX | LOCK_NB);
    if (!use->held() || !write_note(path, note)) return kNoWorktree;
  }
  const int code = run_program(a, path, note, before);
  use->touch();
  if (code != 0) return code;
  if (!is_clean(path, note)) {
    std::fprintf(stderr, "%s has changes that are not committed; it stays for a while.\n", path.c_str());
    return code;
  }
  const FileLock lock(place_lock(a.place), LOCK_EX);
  remove_worktree(a.repository, path);
  return code;
}

}  // namespace arbiter::worker
