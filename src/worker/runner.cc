#include "worker/runner.h"

#include <unistd.h>

#include <set>

#include "base/clock.h"
#include "worker/process_tree.h"
#include "worker/removal.h"

namespace arbiter::worker {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{64} * 1024;
// One program's chatter must not keep the others waiting: at most this many chunks of it per turn.
constexpr int kChunksPerTurn = 16;

std::int64_t now_ms() { return base::SystemClock{}.monotonic_ms(); }

}  // namespace

struct Runner::Running {
  Job job;
  Child child;
  std::size_t written = 0;
  bool output_open = true;
  bool errors_open = true;
  LineCutter cutter{};
  Ended ended{};
  std::int64_t started_ms = now_ms();
  std::int64_t suspended_ms = 0;  // since when it stands still; 0: it runs
};

Runner::Runner(OnLines on_lines, OnEnd on_end, OnOutput on_output)
    : on_lines_(std::move(on_lines)), on_end_(std::move(on_end)), on_output_(std::move(on_output)) {
  adopt_orphans();
}

Runner::~Runner() = default;

Result<void> Runner::start(Job job) {
  auto child = Child::start(job.spec);
  if (!child) return base::fail(child.error());
  auto running = std::unique_ptr<Running>(new Running{std::move(job), std::move(*child)});
  running->ended.task_id = running->job.task_id;
  running->ended.lease = running->job.lease;
  running->ended.retry_failure = running->job.retry_failure;
  feed_input(*running);
  const std::string lease = running->job.lease;
  jobs_[lease] = std::move(running);
  return {};
}

void Runner::stop(const std::string& lease, Stop reason) {
  const auto it = jobs_.find(lease);
  if (it == jobs_.end() || it->second->ended.stop != Stop::kNone) return;
  it->second->ended.stop = reason;
  it->second->child.terminate();
}

void Runner::stop_all(Stop reason) {
  for (const auto& [lease, running] : jobs_) stop(lease, reason);
}

void Runner::suspend(const std::string& lease) {
  const auto it = jobs_.find(lease);
  if (it == jobs_.end() || it->second->suspended_ms || it->second->ended.stop != Stop::kNone) return;
  it->second->suspended_ms = now_ms();
  it->second->child.suspend();
}

void Runner::resume(const std::string& lease) {
  const auto it = jobs_.find(lease);
  if (it == jobs_.end() || !it->second->suspended_ms) return;
  it->second->started_ms += now_ms() - std::exchange(it->second->suspended_ms, 0);
  it->second->child.resume();
}

void Runner::kill_all() {
  for (const auto& [lease, running] : jobs_) {
    if (running->ended.stop == Stop::kNone) running->ended.stop = Stop::kShutdown;
    running->child.kill();
  }
}

void Runner::feed_input(Running& running) {
  const std::string& input = running.job.input;
  while (running.written < input.size()) {
    const ssize_t n = ::write(running.child.input(), input.data() + running.written, input.size() - running.written);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) break;  // the program does not read its input, which is its right
    running.written += static_cast<std::size_t>(n);
  }
  running.child.close_input();
}

void Runner::read_output(Running& running) {
  std::vector<char> chunk(kChunkBytes);
  for (int i = 0; running.output_open && i < kChunksPerTurn; ++i) {
    const ssize_t n = ::read(running.child.output(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      running.output_open = false;
      return;
    }
    const auto size = static_cast<std::size_t>(n);
    const std::size_t kept = std::min(size, kOutputBytesMax - running.ended.output.size());
    running.ended.output.append(chunk.data(), kept);
    running.ended.output_cut += size - kept;
    if (on_output_) on_output_({chunk.data(), size});
  }
}

void Runner::read_errors(Running& running) {
  std::vector<char> chunk(kChunkBytes);
  for (int i = 0; running.errors_open && i < kChunksPerTurn; ++i) {
    const ssize_t n = ::read(running.child.errors(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    std::vector<std::string> lines;
    if (n <= 0) {
      running.errors_open = false;
      if (auto rest = running.cutter.rest(); !rest.empty()) lines.push_back(std::move(rest));
    } else {
      lines = running.cutter.add({chunk.data(), static_cast<std::size_t>(n)});
    }
    for (const auto& line : lines) {
      if (line.find_first_not_of(" \t") != std::string::npos) running.ended.last_line = line;
    }
    if (!lines.empty()) on_lines_(running.job.task_id, running.job.lease, std::move(lines));
  }
}

void Runner::end_strays() const {
  std::set<pid_t> supervisors;
  for (const auto& [lease, running] : jobs_) supervisors.insert(running->child.supervisor());
  kill_children_except(supervisors);
}

// The supervisor has ended, so all of the program has: what is in the pipes now is all there will be. (A descriptor
// handed to an unrelated process could keep a pipe open; nobody waits for that.)
void Runner::finish(Running& running) {
  const auto exit = running.child.collect();
  if (exit.killed) end_strays();
  const auto drain = [&](bool& open, auto read) {
    for (std::int64_t until = now_ms() + 1'000; open && now_ms() < until;) {
      pollfd one{&open == &running.output_open ? running.child.output() : running.child.errors(), POLLIN, 0};
      if (::poll(&one, 1, 0) <= 0) break;
      read();
    }
  };
  drain(running.output_open, [&] { read_output(running); });
  drain(running.errors_open, [&] { read_errors(running); });
  if (auto rest = running.cutter.rest(); !rest.empty()) {
    running.ended.last_line = rest;
    on_lines_(running.job.task_id, running.job.lease, {std::move(rest)});
  }
  running.ended.exit_code = exit.code;
  // The supervisor did this unless it was killed or could not; then its error is found here once more.
  const auto& directory = running.job.spec.remove_directory;
  if (!directory.empty()) {
    if (auto removed = remove_tree(directory); !removed) running.ended.left_behind = removed.error().message;
  }
  running.ended.duration_ms = now_ms() - running.started_ms;
}

void Runner::check_deadlines() {
  for (const auto& [lease, running] : jobs_) {
    const auto& job = running->job;
    if (running->suspended_ms) continue;
    if (job.timeout_ms > 0 && now_ms() >= running->started_ms + job.timeout_ms) stop(lease, Stop::kTimedOut);
  }
}

int Runner::wait_ms(int timeout_ms) const {
  std::int64_t wait = timeout_ms < 0 ? INT64_MAX : timeout_ms;
  for (const auto& [lease, running] : jobs_) {
    if (running->job.timeout_ms <= 0 || running->suspended_ms || running->ended.stop != Stop::kNone) continue;
    wait = std::min(wait, std::max<std::int64_t>(0, running->started_ms + running->job.timeout_ms - now_ms()));
  }
  return wait == INT64_MAX ? -1 : static_cast<int>(std::min<std::int64_t>(wait, 3'600'000));
}

void Runner::turn(std::vector<pollfd>& others, int timeout_ms) {
  std::vector<pollfd> set = others;
  std::vector<Running*> owners(others.size(), nullptr);
  const auto watch = [&](Running& running, int fd, short events) {
    set.push_back({fd, events, 0});
    owners.push_back(&running);
  };
  for (const auto& [lease, running] : jobs_) {
    watch(*running, running->child.end(), POLLIN);
    if (running->output_open) watch(*running, running->child.output(), POLLIN);
    if (running->errors_open) watch(*running, running->child.errors(), POLLIN);
    if (running->child.input() >= 0) watch(*running, running->child.input(), POLLOUT);
  }
  const int ready = ::poll(set.data(), set.size(), wait_ms(timeout_ms));
  for (std::size_t i = 0; i < others.size(); ++i) others[i].revents = ready > 0 ? set[i].revents : short{0};
  std::vector<std::string> over;
  for (std::size_t i = others.size(); ready > 0 && i < set.size(); ++i) {
    if (!set[i].revents) continue;
    Running& running = *owners[i];
    if (set[i].fd == running.child.output()) read_output(running);
    if (set[i].fd == running.child.errors()) read_errors(running);
    if (set[i].fd == running.child.input()) feed_input(running);
    if (set[i].fd == running.child.end()) over.push_back(running.job.lease);
  }
  for (const auto& lease : over) {
    finish(*jobs_[lease]);
    Ended ended = std::move(jobs_[lease]->ended);
    jobs_.erase(lease);
    on_end_(std::move(ended));
  }
  check_deadlines();
}

}  // namespace arbiter::worker
