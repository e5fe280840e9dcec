#include "worker/process_tree.h"

#include <signal.h>
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

using Children = std::map<pid_t, std::vector<pid_t>>;

bool kernel_lists_children() {
  static const bool listed = [] {
    std::error_code code;
    const auto self = std::to_string(::getpid());
    return fs::exists("/proc/" + self + "/task/" + self + "/children", code);
  }();
  return listed;
}

void append_children(pid_t pid, std::vector<pid_t>& out) {
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

}  // namespace

std::vector<pid_t> descendants(pid_t root) {
  const bool listed = kernel_lists_children();
  const Children all = listed ? Children{} : scan_all();
  std::vector<pid_t> found;
  std::size_t next = 0;
  for (pid_t at = root;; at = found[next++]) {
    if (listed) {
      append_children(at, found);
    } else if (const auto it = all.find(at); it != all.end()) {
      found.insert(found.end(), it->second.begin(), it->second.end());
    }
    if (next == found.size()) return found;
  }
}

void signal_descendants(int signal) {
  for (pid_t pid : descendants(::getpid())) ::kill(pid, signal);
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
