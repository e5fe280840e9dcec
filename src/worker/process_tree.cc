#include "worker/process_tree.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace arbiter::worker {
namespace {

namespace fs = std::filesystem;

constexpr int kKilledMs = 5'000;  // A process that was killed is gone in so long, unless it hangs in the kernel.

using Children = std::map<pid_t, std::vector<pid_t>>;

bool kernel_lists_children() {
  static const bool listed = [] {
    std::error_code code;
    const auto self = std::to_string(::getpid());
    return fs::exists("/proc/" + self + "/task/" + self + "/children", code);
  }();
  return listed;
}

void append_listed(pid_t pid, std::vector<pid_t>& out) {
  std::error_code code;
  for (const auto& thread : fs::directory_iterator("/proc/" + std::to_string(pid) + "/task", code)) {
    std::ifstream file(thread.path() / "children");
    for (pid_t child = 0; file >> child;) out.push_back(child);
  }
}

// For kernels without /proc/PID/task/TID/children: who is whose child, from every process's stat line.
Children scan_all() {
  Children children;
  std::error_code code;
  for (const auto& entry : fs::directory_iterator("/proc", code)) {
    const auto name = entry.path().filename().string();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr != name.data() + name.size()) continue;
    std::ifstream file(entry.path() / "stat");
    std::string line;
    std::getline(file, line);
    const auto close = line.rfind(')');  // the command's name may hold anything, brackets included
    if (close == std::string::npos || close + 4 > line.size()) continue;
    children[static_cast<pid_t>(std::atoi(line.c_str() + close + 4))].push_back(pid);
  }
  return children;
}

// `all`: null where the kernel lists children itself.
void append_children(pid_t pid, const Children* all, std::vector<pid_t>& out) {
  if (!all) return append_listed(pid, out);
  if (const auto it = all->find(pid); it != all->end()) out.insert(out.end(), it->second.begin(), it->second.end());
}

std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> out;
  if (kernel_lists_children()) {
    append_listed(pid, out);
  } else {
    const Children all = scan_all();
    append_children(pid, &all, out);
  }
  return out;
}

// Waits until a child that was killed has ended, and collects it. False: it hangs in the kernel.
bool collect(pid_t child) {
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  pollfd one{fd, POLLIN, 0};
  const bool ended = fd >= 0 && ::poll(&one, 1, kKilledMs) > 0;
  if (fd >= 0) ::close(fd);
  return ::waitpid(child, nullptr, WNOHANG) == child || ended;
}

}  // namespace

std::vector<pid_t> descendants(pid_t root) {
  const bool listed = kernel_lists_children();
  const Children all = listed ? Children{} : scan_all();
  std::vector<pid_t> found;
  std::size_t next = 0;
  for (pid_t at = root;; at = found[next++]) {
    append_children(at, listed ? nullptr : &all, found);
    if (next == found.size()) return found;
  }
}

void signal_descendants(int signal) {
  for (pid_t pid : descendants(::getpid())) ::kill(pid, signal);
}

void adopt_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }

void kill_children_except(const std::set<pid_t>& spared) {
  std::set<pid_t> hanging = spared;
  for (;;) {
    std::vector<pid_t> strays;
    for (pid_t child : children_of(::getpid())) {
      if (!hanging.contains(child)) strays.push_back(child);
    }
    if (strays.empty()) return;
    for (pid_t stray : strays) {
      for (pid_t pid : descendants(stray)) ::kill(pid, SIGKILL);
      ::kill(stray, SIGKILL);
    }
    // What they leave behind is ours then, and the next look finds it.
    for (pid_t stray : strays) {
      if (!collect(stray)) hanging.insert(stray);
    }
  }
}

void kill_descendants() {
  for (;;) {
    const pid_t ended = ::waitpid(-1, nullptr, WNOHANG);
    if (ended > 0) continue;
    if (ended < 0 && errno == ECHILD) return;
    signal_descendants(SIGKILL);
    // One of them ends; what it leaves behind is ours then, and the next look finds it.
    if (::waitpid(-1, nullptr, 0) < 0 && errno == ECHILD) return;
  }
}

}  // namespace arbiter::worker
