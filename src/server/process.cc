#include "server/process.h"

#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>

namespace arbiter::server {
namespace {

constexpr int kForcedExit = 1;
constexpr int kWakeSignal = SIGUSR1;  // ends the watch when the server ends by itself

sigset_t stop_signals(bool with_hangup) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, kWakeSignal);
  if (with_hangup) sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

void prepare_process(bool exit_with_parent) {
  ::signal(SIGPIPE, SIG_IGN);
  if (exit_with_parent) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() == 1) std::_Exit(kForcedExit);  // It had ended before we asked.
  }
  // An idle server should be small: few arenas, and freed memory goes back.
  ::mallopt(M_ARENA_MAX, 2);
  ::mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
  }
}

StopSignal::StopSignal(bool with_hangup) : with_hangup_(with_hangup) {
  const sigset_t set = stop_signals(with_hangup_);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  thread_ = std::thread([this] { watch(); });
}

StopSignal::~StopSignal() {
  {
    const std::lock_guard lock(mutex_);
    leaving_ = true;
  }
  ::pthread_kill(thread_.native_handle(), kWakeSignal);
  thread_.join();
}

void StopSignal::on_hangup(std::function<void()> action) {
  const std::lock_guard lock(mutex_);
  hangup_ = std::move(action);
}

void StopSignal::watch() {
  const sigset_t set = stop_signals(with_hangup_);
  for (;;) {
    int signal = 0;
    if (::sigwait(&set, &signal) != 0) continue;
    const std::lock_guard lock(mutex_);
    if (leaving_) return;
    if (signal == kWakeSignal) continue;
    if (signal == SIGHUP) {
      if (hangup_) hangup_();
      continue;
    }
    if (signal_ != 0) std::_Exit(kForcedExit);
    signal_ = signal;
    changed_.notify_all();
  }
}

const char* StopSignal::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return signal_ != 0; });
  return signal_ == SIGTERM ? "SIGTERM" : "SIGINT";
}

}  // namespace arbiter::server
