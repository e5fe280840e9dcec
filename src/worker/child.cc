#include "worker/child.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <map>

#include "worker/supervisor.h"

namespace arbiter::worker {
namespace {

constexpr int kFirstFreeFd = 10;  // above every number that the supervisor gets

struct Pipe {
  int read_end = -1;
  int write_end = -1;
};

// Both ends close on exec and stand above the numbers that the supervisor gets.
bool open_pipe(Pipe& pipe) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return false;
  pipe.read_end = ::fcntl(ends[0], F_DUPFD_CLOEXEC, kFirstFreeFd);
  pipe.write_end = ::fcntl(ends[1], F_DUPFD_CLOEXEC, kFirstFreeFd);
  ::close(ends[0]);
  ::close(ends[1]);
  return pipe.read_end >= 0 && pipe.write_end >= 0;
}

void close_if_open(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

int spawn(const ChildSpec& spec, const Pipe& in, const Pipe& out, const Pipe& err, const Pipe& control, pid_t& pid) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&files, in.read_end, 0);
  ::posix_spawn_file_actions_adddup2(&files, out.write_end, 1);
  ::posix_spawn_file_actions_adddup2(&files, err.write_end, 2);
  ::posix_spawn_file_actions_adddup2(&files, control.read_end, kControlFd);
  if (!spec.directory.empty()) ::posix_spawn_file_actions_addchdir_np(&files, spec.directory.c_str());
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> argv = {"arbiter-task", std::string(kSupervisorCommand), spec.remove_directory};
  argv.insert(argv.end(), spec.argv.begin(), spec.argv.end());
  std::vector<std::string> environment = spec.environment;
  const int code =
      ::posix_spawn(&pid, "/proc/self/exe", &files, &attributes, pointers(argv).data(), pointers(environment).data());
  ::posix_spawn_file_actions_destroy(&files);
  ::posix_spawnattr_destroy(&attributes);
  return code;
}

}  // namespace

std::vector<std::string> environment_with(const std::vector<std::string>& changes) {
  std::map<std::string, std::string> by_name;
  const auto put = [&](const std::string& entry) { by_name[entry.substr(0, entry.find('='))] = entry; };
  for (char** entry = environ; *entry; ++entry) put(*entry);
  for (const auto& change : changes) put(change);
  std::vector<std::string> out;
  out.reserve(by_name.size());
  for (auto& [name, entry] : by_name) out.push_back(std::move(entry));
  return out;
}

Result<Child> Child::start(const ChildSpec& spec) {
  Pipe in;
  Pipe out;
  Pipe err;
  Pipe control;
  Child child;
  const bool piped = open_pipe(in) && open_pipe(out) && open_pipe(err) && open_pipe(control);
  const int code = piped ? spawn(spec, in, out, err, control, child.pid_) : errno;
  for (int* theirs : {&in.read_end, &out.write_end, &err.write_end, &control.read_end}) close_if_open(*theirs);
  child.input_ = in.write_end;
  child.output_ = out.read_end;
  child.errors_ = err.read_end;
  child.control_ = control.write_end;
  if (code != 0) {
    std::string where = spec.directory.empty() ? "" : " in " + spec.directory;
    return base::fail(
        {base::ErrorCode::kInternal, "A process cannot be started" + where + ": " + std::strerror(code) + "."});
  }
  child.pid_fd_ = static_cast<int>(::syscall(SYS_pidfd_open, child.pid_, 0));
  if (child.pid_fd_ < 0) {
    return base::fail({base::ErrorCode::kInternal, "This kernel has no pidfd_open; Linux 5.3 or later is needed."});
  }
  for (int fd : {child.input_, child.output_, child.errors_}) ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  return child;
}

Child::Child(Child&& other) noexcept
    : input_(std::exchange(other.input_, -1)),
      output_(std::exchange(other.output_, -1)),
      errors_(std::exchange(other.errors_, -1)),
      control_(std::exchange(other.control_, -1)),
      pid_fd_(std::exchange(other.pid_fd_, -1)),
      pid_(std::exchange(other.pid_, -1)) {}

Child::~Child() {
  for (int* fd : {&input_, &output_, &errors_, &control_, &pid_fd_}) close_if_open(*fd);
  if (pid_ > 0) ::waitpid(pid_, nullptr, 0);
}

void Child::close_input() { close_if_open(input_); }

void Child::terminate() const { [[maybe_unused]] const auto n = ::write(control_, &kTerminate, 1); }

void Child::kill() const { [[maybe_unused]] const auto n = ::write(control_, &kKill, 1); }

void Child::suspend() const { [[maybe_unused]] const auto n = ::write(control_, &kSuspend, 1); }

void Child::resume() const { [[maybe_unused]] const auto n = ::write(control_, &kResume, 1); }

Child::Exit Child::collect() {
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = -1;
  if (WIFSIGNALED(status)) return {128 + WTERMSIG(status), /*killed=*/true};
  return {WEXITSTATUS(status), /*killed=*/false};
}

}  // namespace arbiter::worker
