#include "worker/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "base/clock.h"
#include "worker/process_tree.h"
#include "worker/removal.h"

namespace arbiter::worker {
namespace {

constexpr int kCannotStart = 127;

[[noreturn]] void become(char** program, const sigset_t& signals) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // should someone kill the supervisor itself
  ::sigprocmask(SIG_SETMASK, &signals, nullptr);
  ::execvp(program[0], program);
  std::fprintf(stderr, "cannot start %s: %s\n", program[0], std::strerror(errno));
  ::_exit(kCannotStart);
}

int exit_code(int status) { return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status); }

// The supervisor keeps no end of the program's pipes, so that their readers see the end with the program's.
void let_go_of_pipes() {
  const int null_fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd : {0, 1, 2}) ::dup2(null_fd, fd);
  ::close(null_fd);
}

class Supervisor {
 public:
  Supervisor(pid_t program, int signal_fd) : program_(program), signal_fd_(signal_fd) {}

  // Until the program has ended or must; whatever it started may still run.
  int watch() {
    while (!ended_ && !kill_now_) {
      pollfd both[2] = {{signal_fd_, POLLIN, 0}, {kControlFd, POLLIN, 0}};
      const int ready = ::poll(both, 2, left_ms());
      if (ready == 0) kill_now_ = true;
      if (both[0].revents) reap();
      if (both[1].revents) obey();
    }
    return exit_code_;
  }

 private:
  [[nodiscard]] int left_ms() const {
    if (kill_at_ms_ == 0) return -1;
    return static_cast<int>(std::max<std::int64_t>(0, kill_at_ms_ - base::SystemClock{}.monotonic_ms()));
  }
  void reap() {
    signalfd_siginfo signal{};
    while (::read(signal_fd_, &signal, sizeof signal) > 0) {
      if (signal.ssi_signo != SIGCHLD) terminate();
    }
    int status = 0;
    for (pid_t pid = ::waitpid(-1, &status, WNOHANG); pid > 0; pid = ::waitpid(-1, &status, WNOHANG)) {
      if (pid != program_) continue;
      ended_ = true;
      exit_code_ = exit_code(status);
    }
  }
  void obey() {
    char order = kKill;
    if (::read(kControlFd, &order, 1) != 1) order = kKill;  // the worker is gone
    switch (order) {
      case kTerminate:
        return terminate();
      case kSuspend:
        // Twice: what was started while the first round went on stands still after the second.
        signal_descendants(SIGSTOP);
        return signal_descendants(SIGSTOP);
      case kResume:
        return signal_descendants(SIGCONT);
      default:
        kill_now_ = true;
    }
  }
  void terminate() {
    if (kill_at_ms_ != 0) return;
    kill_at_ms_ = base::SystemClock{}.monotonic_ms() + kTerminationGraceMs;
    signal_descendants(SIGTERM);
    signal_descendants(SIGCONT);  // what stands still takes no signal
  }

  pid_t program_;
  int signal_fd_;
  bool ended_ = false;
  bool kill_now_ = false;
  int exit_code_ = 128 + SIGKILL;
  std::int64_t kill_at_ms_ = 0;
};

}  // namespace

int run_supervisor(int argc, char** argv) {
  if (argc < 4) return kCannotStart;
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::prctl(PR_SET_NAME, kSupervisorCommand.data());
  ::fcntl(kControlFd, F_SETFD, FD_CLOEXEC);
  sigset_t handled;
  sigset_t before;
  ::sigemptyset(&handled);
  for (int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&handled, signal);
  ::sigprocmask(SIG_BLOCK, &handled, &before);
  const int signal_fd = ::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
  const pid_t program = ::fork();
  if (program == 0) become(argv + 3, before);
  if (program < 0) std::fprintf(stderr, "cannot start a process: %s\n", std::strerror(errno));
  let_go_of_pipes();
  const int code = program < 0 ? kCannotStart : Supervisor(program, signal_fd).watch();
  kill_descendants();
  // What cannot be removed, the worker tries once more and reports: nobody hears the supervisor any more.
  if (*argv[2] != '\0') (void)remove_tree(argv[2]);
  return code;
}

}  // namespace arbiter::worker
