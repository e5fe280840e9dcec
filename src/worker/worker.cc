#include "worker/worker.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "base/check.h"
#include "base/clock.h"
#include "worker/executor.h"
#include "worker/feed.h"
#include "worker/outbox.h"
#include "worker/runner.h"
#include "worker/workspace.h"

namespace arbiter::worker {
namespace {

constexpr int kFlushMs = 5'000;
constexpr std::int64_t kNever = INT64_MAX;

std::int64_t now_ms() { return base::SystemClock{}.monotonic_ms(); }

int open_signals() {
  sigset_t handled;
  ::sigemptyset(&handled);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&handled, signal);
  CHECK(::pthread_sigmask(SIG_BLOCK, &handled, nullptr) == 0);
  ::signal(SIGPIPE, SIG_IGN);
  return ::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
}

class Worker {
 public:
  Worker(const WorkerOptions& options, std::unique_ptr<Workspace> workspace, std::optional<Worktrees> worktrees,
         int signal_fd)
      : options_(options),
        workspace_(std::move(workspace)),
        worktrees_(std::move(worktrees)),
        signal_fd_(signal_fd),
        http_(options.endpoint),
        session_(options.registration, inbox_),
        runner_([this](const auto& task, const auto& lease,
                       auto lines) { outbox_->add_lines(task, lease, std::move(lines)); },
                [this](const Ended& ended) { ended_one(ended); }) {
    executor_.endpoint = options.endpoint;
    executor_.worker = options.registration.name;
    if (!options.command.empty()) executor_.argv = {"/bin/sh", "-c", options.command};
    executor_.directory = options.directory;
    executor_.fresh = options.fresh;
    executor_.workspace = workspace_.get();
    executor_.worktrees = worktrees_ ? &*worktrees_ : nullptr;
  }
  ~Worker() { ::close(signal_fd_); }

  Result<void> open() {
    const std::int64_t until = now_ms() + options_.connect_ms;
    for (;;) {
      auto opened = session_.open(http_, std::nullopt);
      if (opened || !is_passing(opened.error()) || now_ms() >= until) return opened;
      pollfd signal{signal_fd_, POLLIN, 0};
      if (::poll(&signal, 1, 200) > 0) return opened;
    }
  }

  int run() {
    say("ready: " + std::to_string(options_.registration.max_concurrent) + " at a time, from " +
        options_.endpoint.url());
    for (const auto& remark : workspace_->remarks()) say(remark);
    const auto prepare = [this](std::vector<Leased> tasks) { put_leased(std::move(tasks)); };
    outbox_ = std::make_unique<Outbox>(options_.endpoint, session_, inbox_, prepare);
    pulse_ = std::make_unique<Pulse>(options_.endpoint, session_);
    feed_ = std::make_unique<Feed>(options_.endpoint, session_, prepare);
    while (!done()) {
      std::vector<pollfd> others = {{inbox_.fd(), POLLIN, 0}, {signal_fd_, POLLIN, 0}};
      runner_.turn(others, left_ms());
      if (others[1].revents) read_signals();
      if (others[0].revents) read_inbox();
      if (left_ms() == 0) hand_back();
    }
    return close();
  }

 private:
  [[nodiscard]] bool done() const { return draining_ && runner_.running() == 0; }

  // How long to sleep at most: until the running programs are to be handed back.
  [[nodiscard]] int left_ms() const {
    if (hand_back_at_ms_ == kNever) return -1;
    return static_cast<int>(std::max<std::int64_t>(0, hand_back_at_ms_ - now_ms()));
  }

  void hand_back() {
    hand_back_at_ms_ = kNever;
    runner_.stop_all(Stop::kShutdown);
  }

  void say(const std::string& text) const {
    if (!options_.quiet) std::fprintf(stderr, "worker %s: %s\n", options_.registration.name.c_str(), text.c_str());
  }

  // On a thread that talks to the server: gets what the tasks need before the programs' thread sees them.
  void put_leased(std::vector<Leased> tasks) {
    client::Http http(options_.endpoint);
    for (auto& leased : tasks) {
      if (executor_.argv.empty()) {
        for (int tries = 0; tries < 3; ++tries) {
          leased.needs.clear();
          auto fetched = fetch_needs(http, leased);
          if (fetched || !is_passing(fetched.error())) break;
          session_.pause(500);
        }
      }
      inbox_.put({Notice::Kind::kLeased, std::move(leased), {}, {}});
    }
  }

  void read_signals() {
    signalfd_siginfo signal{};
    while (::read(signal_fd_, &signal, sizeof signal) > 0) {
      if (draining_ && signalled_) {
        say("ending now");
        hand_back();
        runner_.kill_all();
        continue;
      }
      signalled_ = true;
      drain("stopping", options_.drain_ms);
    }
  }

  // Takes no more work; what runs is handed back after `wait_ms` (-1: never).
  void drain(const std::string& why, int wait_ms) {
    if (!draining_) {
      say(why + (runner_.running() > 0 ? "; waiting for " + std::to_string(runner_.running()) + " running" : ""));
      feed_->stop();
    }
    draining_ = true;
    hand_back_at_ms_ = wait_ms < 0 ? kNever : now_ms() + wait_ms;
  }

  void read_inbox() {
    for (auto& notice : inbox_.take()) {
      switch (notice.kind) {
        case Notice::Kind::kLeased:
          begin(notice.leased);
          break;
        case Notice::Kind::kInherited:
          settle_inherited(notice.leased);
          break;
        case Notice::Kind::kCancelled:
          runner_.stop(notice.lease, Stop::kCancelled);
          break;
        case Notice::Kind::kSuspended:
          say("lease " + notice.lease + ": suspended");
          runner_.suspend(notice.lease);
          break;
        case Notice::Kind::kResumed:
          say("lease " + notice.lease + ": resumed");
          runner_.resume(notice.lease);
          break;
        case Notice::Kind::kLost:
          runner_.stop(notice.lease, Stop::kLost);
          break;
        case Notice::Kind::kDrain:
          if (!draining_) drain("the server drains this worker", -1);
          break;
        case Notice::Kind::kReplaced:
          replaced(notice.text);
          break;
        case Notice::Kind::kRemark:
          say(notice.text);
          break;
      }
    }
  }

  void begin(const Leased& leased) {
    if (draining_) {
      outbox_->add_report(make_release(leased.task_id, leased.lease));
      return;
    }
    auto job = make_job(executor_, leased);
    const auto started = job ? runner_.start(std::move(*job)) : Result<void>(base::fail(job.error()));
    if (started) return;
    const bool for_good = started.error().code == base::ErrorCode::kInvalidRequest;
    say(leased.task_id + ": " + started.error().message);
    outbox_->add_report(make_failure(leased.task_id, leased.lease, started.error().message,
                                     for_good ? "bad_payload" : "cannot_start", !for_good));
  }

  void settle_inherited(const Leased& leased) {
    say(leased.task_id + ": was being done by a worker of this name that is gone");
    outbox_->add_report(options_.release_inherited ? make_release(leased.task_id, leased.lease)
                                                   : make_failure(leased.task_id, leased.lease,
                                                                  "The worker was restarted during this attempt.",
                                                                  "worker_lost", /*retryable=*/true));
  }

  void ended_one(const Ended& ended) {
    if (!ended.left_behind.empty()) say(ended.task_id + ": " + ended.left_behind);
    auto report = make_report(ended);
    if (report) {
      say(ended.task_id + ": " + std::string(report->body.at("outcome").as_string()) + " after " +
          std::to_string(ended.duration_ms) + " ms");
      outbox_->add_report(std::move(*report));
    } else {
      say(ended.task_id + ": the lease is lost; the program was ended");
      session_.released(ended.lease);
    }
  }

  void replaced(const std::string& why) {
    if (exit_code_ != 0) return;
    exit_code_ = base::info(base::ErrorCode::kSessionReplaced).exit_code;
    say("another worker took this name; ending (" + why + ")");
    runner_.stop_all(Stop::kLost);
    drain("stopping", 0);
  }

  int close() {
    read_inbox();  // what came too late to begin goes back
    const bool sent = outbox_->close(kFlushMs);
    pulse_->stop();
    feed_->stop();
    if (!sent) say("some outcomes could not be sent; the server will run those tasks again");
    if (auto closed = workspace_->close(); !closed) say(closed.error().message);
    if (exit_code_ == 0) {
      const auto path = "/api/v1/workers/" + client::escape(options_.registration.name);
      (void)http_.call("DELETE", path, {}, {.timeout_ms = 2'000});
    }
    return exit_code_;
  }

  const WorkerOptions& options_;
  std::unique_ptr<Workspace> workspace_;
  const std::optional<Worktrees> worktrees_;
  const int signal_fd_;
  client::Http http_;
  Inbox inbox_;
  Session session_;
  Executor executor_;
  Runner runner_;
  std::unique_ptr<Outbox> outbox_;
  std::unique_ptr<Pulse> pulse_;
  std::unique_ptr<Feed> feed_;
  bool draining_ = false;
  bool signalled_ = false;
  std::int64_t hand_back_at_ms_ = kNever;
  int exit_code_ = 0;
};

}  // namespace

Result<int> run_worker(const WorkerOptions& options) {
  if (!options.directory.empty() && !std::filesystem::is_directory(options.directory)) {
    return base::fail({base::ErrorCode::kInvalidRequest, "`" + options.directory + "` is not a directory."});
  }
  auto workspace = Workspace::open(options.work_root);
  if (!workspace) return base::fail(workspace.error());
  std::optional<Worktrees> worktrees;
  if (!options.worktree.repository.empty()) {
    auto root = open_work_root(options.work_root);
    if (!root) return base::fail(root.error());
    auto opened = Worktrees::open(options.worktree, *root);
    if (!opened) return base::fail(opened.error());
    worktrees = std::move(*opened);
  }
  Worker worker(options, std::move(*workspace), std::move(worktrees), open_signals());
  if (auto opened = worker.open(); !opened) return base::fail(opened.error());
  return worker.run();
}

}  // namespace arbiter::worker
