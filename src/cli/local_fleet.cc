#include "cli/local_fleet.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

#include "base/clock.h"
#include "worker/child.h"

namespace arbiter::cli {
namespace {

using base::ErrorCode;
using base::fail;

constexpr int kReadyMs = 60'000;
constexpr int kStopMs = 10'000;
constexpr int kStartsMax = 20;
// A server of our own is on loopback, whatever the environment says of others.
const std::vector<std::string> kWithoutTls = {"ARBITER_TLS_CERT=", "ARBITER_TLS_KEY="};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (auto& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

std::string last_lines(const std::string& path, std::size_t bytes_max) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return "";
  const auto size = static_cast<std::size_t>(file.tellg());
  std::string text(std::min(size, bytes_max), '\0');
  file.seekg(static_cast<std::streamoff>(size - text.size()));
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  return text;
}

// The first line on `fd`, or what came before its end or before the time was over.
std::string first_line(int fd) {
  const base::SystemClock clock;
  const std::int64_t until = clock.monotonic_ms() + kReadyMs;
  std::string line;
  for (;;) {
    pollfd one{fd, POLLIN, 0};
    const auto left = until - clock.monotonic_ms();
    if (left <= 0 || ::poll(&one, 1, static_cast<int>(left)) <= 0) return line;
    char c = 0;
    if (::read(fd, &c, 1) != 1 || c == '\n') return line;
    line += c;
  }
}

}  // namespace

Result<Process> Process::start(const Spec& spec) {
  auto environment = worker::environment_with(spec.environment);
  std::vector<std::string> arguments = {"arbiter"};
  arguments.insert(arguments.end(), spec.arguments.begin(), spec.arguments.end());
  const auto argv = pointers(arguments);
  const auto envp = pointers(environment);
  const int log = ::open(spec.log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const int null_fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) {
    ::setpgid(0, 0);  // a Ctrl-C at the terminal is for `arbiter run`, which then ends its children in order
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::dup2(null_fd, 0);
    ::dup2(spec.output_fd >= 0 ? spec.output_fd : log, 1);
    ::dup2(log, 2);
    ::execve("/proc/self/exe", argv.data(), envp.data());
    ::_exit(127);
  }
  const int reason = errno;
  ::close(log);
  ::close(null_fd);
  if (pid < 0)
    return fail({ErrorCode::kInternal, std::string("No process can be started: ") + std::strerror(reason) + "."});
  Process process;
  process.pid_ = pid;
  return process;
}

bool Process::alive() {
  if (pid_ <= 0) return false;
  if (::waitpid(pid_, nullptr, WNOHANG) == 0) return true;
  pid_ = -1;
  return false;
}

void Process::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);
}

void Process::stop() {
  if (!alive()) return;
  signal(SIGTERM);
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  pollfd one{fd, POLLIN, 0};
  if (fd < 0 || ::poll(&one, 1, kStopMs) <= 0) signal(SIGKILL);
  if (fd >= 0) ::close(fd);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

Result<void> LocalServer::start(const std::string& data_directory, const std::string& log_file) {
  data_directory_ = data_directory;
  log_file_ = log_file;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fail({ErrorCode::kInternal, "No pipe can be made."});
  const std::string listen = "127.0.0.1:" + std::to_string(endpoint_.port);
  auto process =
      Process::start({{"serve", "--data", data_directory, "--listen", listen}, kWithoutTls, log_file, ends[1]});
  ::close(ends[1]);
  const std::string line = process ? first_line(ends[0]) : "";
  ::close(ends[0]);
  if (!process) return fail(process.error());
  const auto at = line.find("http://");
  auto endpoint =
      client::parse_url(at == std::string::npos ? "" : line.substr(at, line.find_first_of(" \t\r", at) - at));
  if (!endpoint) {
    process->stop();
    return fail({ErrorCode::kInternal, "A server on `" + data_directory + "` did not come up. It said:\n" + line +
                                           last_lines(log_file, 2'000) +
                                           "\nIf another server has that directory, name it with --url."});
  }
  process_ = std::move(*process);
  endpoint_ = *endpoint;
  if (auto token = client::read_token(data_directory + "/admin.token")) endpoint_.token = *token;
  return {};
}

Result<bool> LocalServer::revive() {
  if (!running() || process_.alive()) return false;
  if (++starts_ > kStartsMax)
    return fail({ErrorCode::kInternal, "The server ends again and again; see " + log_file_ + "."});
  const auto namespace_name = endpoint_.namespace_name;
  if (auto started = start(data_directory_, log_file_); !started) return fail(started.error());
  endpoint_.namespace_name = namespace_name;
  return true;
}

std::vector<std::string> WorkerFleet::names() const {
  std::vector<std::string> out;
  for (int i = 1; i <= options_.count; ++i) out.push_back(options_.run + ".w" + std::to_string(i));
  return out;
}

Result<Process> WorkerFleet::start_one(int index) const {
  const auto name = names()[static_cast<std::size_t>(index)];
  std::vector<std::string> arguments = {"worker",
                                        "run",
                                        "--shell",
                                        "--name",
                                        name,
                                        "--capability",
                                        "shell",
                                        "--label",
                                        "run=" + options_.run,
                                        "--directory",
                                        options_.directory,
                                        "--drain",
                                        "0s",
                                        "--connect",
                                        "60s",
                                        "--release-inherited",
                                        "--url",
                                        options_.endpoint.url()};
  for (const auto& queue : options_.queues) arguments.insert(arguments.end(), {"--queue", queue});
  std::vector<std::string> environment = {"ARBITER_TOKEN=" + options_.endpoint.token,
                                          "ARBITER_TOKEN_FILE=", "ARBITER_CA_FILE=" + options_.endpoint.ca_file};
  environment.insert(environment.end(), options_.environment.begin(), options_.environment.end());
  if (!options_.endpoint.namespace_name.empty()) {
    arguments.insert(arguments.end(), {"--namespace", options_.endpoint.namespace_name});
  }
  return Process::start({arguments, environment, options_.log_file, -1});
}

Result<void> WorkerFleet::start() {
  for (int i = 0; i < options_.count; ++i) {
    auto started = start_one(i);
    if (!started) return fail(started.error());
    workers_.push_back(std::move(*started));
  }
  return {};
}

int WorkerFleet::revive() {
  int revived = 0;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if (workers_[i].alive()) continue;
    auto started = start_one(static_cast<int>(i));
    if (!started) continue;
    workers_[i] = std::move(*started);
    ++revived;
  }
  return revived;
}

void WorkerFleet::stop() {
  for (const auto& worker : workers_) worker.signal(SIGTERM);
  workers_.clear();
}

}  // namespace arbiter::cli
