#include "effects/command.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "base/json.h"

namespace arbiter::effects {
namespace {

using base::ErrorCode;
using base::fail;
using std::chrono::steady_clock;

constexpr int kPollMs = 50;                 // how soon a stop is seen
constexpr std::size_t kErrorTextMax = 400;  // bytes of its standard error that are kept, the last ones
constexpr int kLastReadsMax = 16;           // of what it wrote before it exited

base::Error failed(std::string why) { return {ErrorCode::kUnknown, std::move(why)}; }

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    close();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

struct Pipe {
  Descriptor read, write;
};

base::Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(failed(std::string("No pipe: ") + std::strerror(errno) + "."));
  return Pipe{Descriptor(ends[0]), Descriptor(ends[1])};
}

// A text for the log: valid UTF-8 in one line.
std::string readable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  while (!text.empty() && text.back() == ' ') text.pop_back();
  if (base::parse_json(base::to_json(text))) return text;
  for (char& c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) c = '?';
  }
  return text;
}

// One program that runs.
class Run {
 public:
  Run() = default;
  ~Run() { end(); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  [[nodiscard]] base::Result<void> start(const std::vector<std::string>& argv, const std::vector<std::string>& env);
  // Feeds it until it has exited; false: its time was over, or `stopping`.
  [[nodiscard]] bool wait(std::string_view input, steady_clock::time_point end, const std::atomic<bool>& stopping);
  // How it ended, after wait(): empty for exit status 0.
  [[nodiscard]] std::string mistake() const;

 private:
  void write_some(std::string_view& input);
  void read_some();
  void end();

  pid_t pid_ = -1;
  siginfo_t exited_{};
  Descriptor exit_;  // readable once it has exited
  Descriptor input_, error_;
  std::string error_text_;
};

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): posix_spawn() takes them so and does not change them
  for (const auto& text : texts) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

base::Result<void> Run::start(const std::vector<std::string>& argv, const std::vector<std::string>& env) {
  auto input = make_pipe();
  if (!input) return fail(input.error());
  auto error = make_pipe();
  if (!error) return fail(error.error());
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_adddup2(&actions, input->read.get(), STDIN_FILENO);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, error->write.get(), STDERR_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  ::posix_spawn_file_actions_addchdir_np(&actions, "/");
  sigset_t none, all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  const auto arguments = pointers(argv);
  const auto environment = pointers(env);
  const int problem =
      ::posix_spawnp(&pid_, arguments.front(), &actions, &attributes, arguments.data(), environment.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (problem != 0) {
    pid_ = -1;
    return fail(failed(argv.front() + " cannot be run: " + std::strerror(problem) + "."));
  }
  exit_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  input_ = std::move(input->write);
  error_ = std::move(error->read);
  (void)::fcntl(input_.get(), F_SETFL, O_NONBLOCK);
  (void)::fcntl(error_.get(), F_SETFL, O_NONBLOCK);
  return {};
}

void Run::write_some(std::string_view& input) {
  const ssize_t written = ::write(input_.get(), input.data(), input.size());
  if (written > 0) input.remove_prefix(static_cast<std::size_t>(written));
  const bool is_over = written < 0 && errno != EAGAIN && errno != EINTR;  // It reads no more, which is its business.
  if (input.empty() || is_over) input_.close();
}

void Run::read_some() {
  std::array<char, 4'096> buffer{};
  const ssize_t read = ::read(error_.get(), buffer.data(), buffer.size());
  if (read > 0) {
    error_text_.append(buffer.data(), static_cast<std::size_t>(read));
    if (error_text_.size() > kErrorTextMax) error_text_.erase(0, error_text_.size() - kErrorTextMax);
  } else if (read == 0 || (errno != EAGAIN && errno != EINTR)) {
    error_.close();
  }
}

bool Run::wait(std::string_view input, steady_clock::time_point end, const std::atomic<bool>& stopping) {
  if (!exit_.is_open()) return false;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - steady_clock::now()).count();
    if (left <= 0 || stopping) return false;
    std::array<pollfd, 3> watched{pollfd{exit_.get(), POLLIN, 0}, pollfd{input_.get(), POLLOUT, 0},
                                  pollfd{error_.get(), POLLIN, 0}};  // a negative one is passed over
    if (::poll(watched.data(), watched.size(), static_cast<int>(std::min<std::int64_t>(left, kPollMs))) <= 0) continue;
    if (watched[2].revents != 0) read_some();
    if (watched[1].revents != 0) write_some(input);
    if (watched[0].revents != 0) break;
  }
  for (int i = 0; i < kLastReadsMax && error_.is_open(); ++i) read_some();
  // It stays a zombie, so that its group's number is nobody else's before end() has killed that.
  return ::waitid(P_PID, static_cast<id_t>(pid_), &exited_, WEXITED | WNOWAIT) == 0;
}

std::string Run::mistake() const {
  std::string how;
  if (exited_.si_code == CLD_EXITED) {
    if (exited_.si_status == 0) return {};
    how = "The command exited with status " + std::to_string(exited_.si_status);
  } else {
    how = "The command was ended by signal " + std::to_string(exited_.si_status);
  }
  const std::string text = readable(error_text_);
  return how + (text.empty() ? "." : ": " + text);
}

// Whatever of its group is left goes with it.
void Run::end() {
  if (pid_ <= 0) return;
  ::kill(-pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
}

class Command final : public Channel {
 public:
  explicit Command(CommandConfig config) : config_(std::move(config)) {}

  [[nodiscard]] base::Result<void> deliver(const Delivery& delivery, const std::atomic<bool>& stopping) override {
    const auto end = steady_clock::now() + std::chrono::milliseconds(config_.timeout_ms);
    Run run;
    if (auto started = run.start(config_.argv, environment_of(delivery)); !started) return started;
    if (!run.wait(delivery.body, end, stopping)) {
      return fail(failed("The command took longer than " + std::to_string(config_.timeout_ms) + " ms."));
    }
    const std::string mistake = run.mistake();
    if (mistake.empty()) return {};
    return fail(failed(mistake));
  }

 private:
  [[nodiscard]] static std::vector<std::string> environment_of(const Delivery& delivery);

  const CommandConfig config_;
};

std::vector<std::string> Command::environment_of(const Delivery& delivery) {
  std::vector<std::string> env;
  for (const char* name : {"PATH", "HOME", "LANG"}) {
    const char* value = std::getenv(name);
    if (value) env.push_back(std::string(name) + "=" + value);
  }
  const core::EffectOrder& order = delivery.order;
  const auto add = [&](const char* name, const std::string& value) {
    env.push_back(std::string("ARBITER_").append(name).append("=").append(value));
  };
  add("NAMESPACE", delivery.namespace_name);
  add("EFFECT_ID", order.id);
  add("EFFECT_ATTEMPT", std::to_string(order.attempt));
  add("NOTIFIER", order.notifier);
  add("EVENT_TYPE", order.type);
  add("SEVERITY", base::to_text(order.severity));
  add("CAUSE", order.cause);
  add("TITLE", order.title);
  return env;
}

}  // namespace

std::unique_ptr<Channel> make_command(CommandConfig config) { return std::make_unique<Command>(std::move(config)); }

}  // namespace arbiter::effects
