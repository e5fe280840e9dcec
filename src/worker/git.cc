#include "worker/git.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>

namespace arbiter::worker {
namespace {

constexpr int kCannotStart = 127;

std::vector<std::string> environment_for_git() {
  std::vector<std::string> out;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    const auto name = text.substr(0, text.find('='));
    const auto& leading = git_location_variables();
    if (std::find(leading.begin(), leading.end(), name) == leading.end()) out.emplace_back(text);
  }
  out.emplace_back("GIT_TERMINAL_PROMPT=0");
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::string read_all(int fd) {
  std::string out;
  std::array<char, 4'096> chunk;
  for (;;) {
    const ssize_t n = ::read(fd, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    const auto room = kGitOutputBytesMax - out.size();
    out.append(chunk.data(), std::min(room, static_cast<std::size_t>(n)));
  }
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace

const std::vector<std::string>& git_location_variables() {
  static const std::vector<std::string> names{"GIT_DIR",
                                              "GIT_WORK_TREE",
                                              "GIT_INDEX_FILE",
                                              "GIT_COMMON_DIR",
                                              "GIT_OBJECT_DIRECTORY",
                                              "GIT_NAMESPACE",
                                              "GIT_PREFIX",
                                              "GIT_ALTERNATE_OBJECT_DIRECTORIES"};
  return names;
}

GitEnd run_git(const std::string& directory, const std::vector<std::string>& arguments, bool quiet) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {kCannotStart, {}};
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&files, ends[1], 1);
  if (quiet) ::posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::vector<std::string> argv{"git", "-C", directory};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment = environment_for_git();
  pid_t pid = -1;
  const int failed =
      ::posix_spawnp(&pid, "git", &files, &attributes, pointers(argv).data(), pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  ::close(ends[1]);
  GitEnd end{kCannotStart, {}};
  if (!failed) {
    end.output = read_all(ends[0]);
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    end.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  ::close(ends[0]);
  return end;
}

}  // namespace arbiter::worker
