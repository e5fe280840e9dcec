#include "worker/exec_task.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdio>

#include "worker/executor.h"
#include "worker/feed.h"
#include "worker/outbox.h"

namespace arbiter::worker {
namespace {

using base::ErrorCode;
using base::fail;

constexpr int kFlushMs = 30'000;

std::string text_at(const json::value& value, std::string_view key) {
  const auto* object = value.if_object();
  const auto* field = object ? object->if_contains(key) : nullptr;
  return field && field->is_string() ? std::string(field->get_string()) : "";
}

// The task as it stands, begun if it was not.
Result<json::value> take_up(client::Http& http, const ExecOptions& options) {
  const auto path = "/api/v1/tasks/" + client::escape(options.task_id);
  auto task = http.get(path);
  if (!task) return task;
  if (text_at(*task, "workerId").empty()) {
    return fail({ErrorCode::kInvalidState, "Task " + options.task_id + " is " + text_at(*task, "state") +
                                               ", so nobody holds it; lease it first with `arbiter task lease`."});
  }
  const auto verb = text_at(*task, "state") == "assigned" ? "/start" : "/extend";
  auto held = http.post(path + verb, {{"lease", options.lease}}, {.repeatable = true});
  if (!held) return fail(held.error());
  return task;
}

Leased read_task(const json::value& task, const ExecOptions& options) {
  Leased leased = read_leased({{"task", task}, {"lease", options.lease}});
  if (const auto* attempt = task.get_object().if_contains("attempt"); attempt && attempt->is_int64()) {
    leased.attempt = attempt->get_int64();
  }
  return leased;
}

int open_signals() {
  sigset_t handled;
  ::sigemptyset(&handled);
  for (int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&handled, signal);
  ::pthread_sigmask(SIG_BLOCK, &handled, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return ::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
}

void read_notices(Inbox& inbox, Runner& runner, bool& lost) {
  for (const auto& notice : inbox.take()) {
    if (notice.kind == Notice::Kind::kSuspended) runner.suspend(notice.lease);
    if (notice.kind == Notice::Kind::kResumed) runner.resume(notice.lease);
    if (notice.kind == Notice::Kind::kCancelled) runner.stop(notice.lease, Stop::kCancelled);
    if (notice.kind == Notice::Kind::kLost && runner.running() > 0) {
      lost = true;
      runner.stop(notice.lease, Stop::kLost);
    }
    if (notice.kind == Notice::Kind::kRemark) std::fprintf(stderr, "arbiter: %s\n", notice.text.c_str());
  }
}

}  // namespace

Result<int> exec_task(const ExecOptions& options) {
  const int signal_fd = open_signals();
  client::Http http(options.endpoint);
  auto task = take_up(http, options);
  if (!task) return fail(task.error());
  std::unique_ptr<Workspace> workspace;
  if (options.fresh) {
    auto opened = Workspace::open(options.work_root);
    if (!opened) return fail(opened.error());
    workspace = std::move(*opened);
    for (const auto& remark : workspace->remarks()) std::fprintf(stderr, "arbiter: %s\n", remark.c_str());
  }
  Executor executor{options.endpoint, text_at(*task, "workerId"), options.argv, "", options.fresh, workspace.get()};
  auto job = make_job(executor, read_task(*task, options));
  if (!job) return fail(job.error());

  Inbox inbox;
  Registration registration;
  registration.name = executor.worker;
  registration.max_concurrent = 0;
  Session session(registration, inbox);
  session.hold(options.lease);
  Outbox outbox(options.endpoint, session, inbox, [](const auto&) {});
  Pulse pulse(options.endpoint, session);
  std::optional<Ended> end;
  Runner runner(
      [&](const auto& id, const auto& lease, auto lines) {
        for (const auto& line : lines) std::fprintf(stderr, "%s\n", line.c_str());
        outbox.add_lines(id, lease, std::move(lines));
      },
      [&](Ended ended) { end = std::move(ended); },
      [](std::string_view bytes) {
        std::fwrite(bytes.data(), 1, bytes.size(), stdout);
        std::fflush(stdout);
      });
  if (auto started = runner.start(std::move(*job)); !started) return fail(started.error());
  bool lost = false;
  while (!end) {
    std::vector<pollfd> others = {{inbox.fd(), POLLIN, 0}, {signal_fd, POLLIN, 0}};
    runner.turn(others, -1);
    if (others[1].revents) {
      signalfd_siginfo signal{};
      while (::read(signal_fd, &signal, sizeof signal) > 0) runner.stop_all(Stop::kShutdown);
    }
    read_notices(inbox, runner, lost);
  }
  ::close(signal_fd);
  if (std::ferror(stdout)) std::fprintf(stderr, "arbiter: stdout did not take all that the program wrote.\n");
  if (!end->left_behind.empty()) std::fprintf(stderr, "arbiter: %s\n", end->left_behind.c_str());
  if (auto report = make_report(*end)) outbox.add_report(std::move(*report));
  const bool sent = outbox.close(kFlushMs);
  pulse.stop();
  if (lost)
    return fail({ErrorCode::kStaleLease, "The lease of " + options.task_id + " was lost; the program was ended."});
  if (!sent) return fail({ErrorCode::kConnection, "The outcome of " + options.task_id + " could not be sent."});
  if (end->exit_code == 0 && end->output_cut > 0) return fail(output_too_large());
  return end->exit_code;
}

}  // namespace arbiter::worker
