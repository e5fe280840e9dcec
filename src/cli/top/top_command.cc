// arbiter top: the fleet on a terminal.
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "base/clock.h"
#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/top/keys.h"
#include "cli/top/terminal.h"
#include "cli/top/watcher.h"

namespace arbiter::cli {
namespace {

using base::fail;

constexpr int kTickMs = 500;  // so often ages move
constexpr int kIntervalMsMin = 200;
constexpr int kExitBySignal = 128;
constexpr std::size_t kColumnsOnce = 100;  // without a terminal that says how wide it is

struct Options {
  std::string interval = "1s";
  std::string view = "all";
  std::string filter;
  bool once = false;
};

const std::map<std::string, top::View> kViewNames{{"all", top::View::kAll},         {"inbox", top::View::kInbox},
                                                  {"workers", top::View::kWorkers}, {"tasks", top::View::kTasks},
                                                  {"queues", top::View::kQueues},   {"events", top::View::kEvents}};

std::size_t columns_once() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const char* said = std::getenv("COLUMNS");
  const int columns = said ? std::atoi(said) : 0;
  return columns > 0 ? static_cast<std::size_t>(columns) : kColumnsOnce;
}

// Before any thread starts, so that no other thread takes them.
int open_signals() {
  sigset_t handled;
  ::sigemptyset(&handled);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP}) ::sigaddset(&handled, signal);
  ::sigprocmask(SIG_BLOCK, &handled, nullptr);
  return ::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
}

// The loop between keyboard, signals, news and screen.
class Top {
 public:
  Top(Context& context, top::Watcher& watcher, int signals, top::Choice choice)
      : context_(context), watcher_(watcher), choice_(std::move(choice)), signals_(signals) {}

  int go() {
    news_ = watcher_.latest();
    shown_ = news_;
    while (!choice_.quit && exit_code_ == 0) {
      if (!draw()) return 1;
      pollfd waits[] = {{STDIN_FILENO, POLLIN, 0}, {signals_, POLLIN, 0}, {watcher_.fd(), POLLIN, 0}};
      (void)::poll(waits, 3, kTickMs);
      if (waits[2].revents != 0) take_news();
      if (waits[1].revents != 0) take_signals();
      if (waits[0].revents != 0) take_keys();
    }
    return exit_code_;
  }

 private:
  bool draw() {
    const auto size = terminal_.size();
    const auto passed = base::SystemClock{}.monotonic_ms() - shown_.taken_ms;
    const base::Timestamp now{shown_.picture->at.ms + (choice_.paused ? 0 : passed)};
    top::keep_in_range(*shown_.picture, choice_, size, now);
    return terminal_.draw(top::frame(*shown_.picture, shown_.link, choice_, size, now, context_.colours()));
  }

  void take_news() {
    news_ = watcher_.latest();
    if (!choice_.paused) shown_ = news_;
  }

  void take_signals() {
    signalfd_siginfo signal{};
    while (::read(signals_, &signal, sizeof signal) > 0) {
      if (signal.ssi_signo == SIGWINCH) {
        terminal_.forget();
      } else if (signal.ssi_signo == SIGTSTP) {
        terminal_.leave();
        ::raise(SIGSTOP);  // until somebody lets it go on
        terminal_.enter();
      } else if (signal.ssi_signo == SIGINT) {
        choice_.quit = true;
      } else {
        exit_code_ = kExitBySignal + static_cast<int>(signal.ssi_signo);
      }
    }
  }

  void take_keys() {
    char bytes[256];
    const auto count = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (count <= 0) {  // The terminal is gone.
      exit_code_ = 1;
      return;
    }
    for (const auto& key : top::read_keys({bytes, static_cast<std::size_t>(count)})) {
      top::press(key, top::page_of(terminal_.size()), choice_);
    }
    if (!choice_.paused) shown_ = news_;
  }

  Context& context_;
  top::Watcher& watcher_;
  top::Choice choice_;
  const int signals_;
  top::Watcher::News news_;   // the latest
  top::Watcher::News shown_;  // of when it was paused
  int exit_code_ = 0;
  top::Terminal terminal_;
};

Result<int> run(Context& context, const Options& options) {
  auto interval = duration_argument(options.interval, "--interval");
  if (!interval) return fail(interval.error());
  if (*interval < kIntervalMsMin || *interval > INT_MAX) {
    return fail(
        {base::ErrorCode::kInvalidRequest, "--interval must be at least " + std::to_string(kIntervalMsMin) + "ms."});
  }
  const bool json = context.format == Format::kJson;
  if (!options.once && !json && (!context.interactive() || ::isatty(STDIN_FILENO) != 1)) {
    return fail({base::ErrorCode::kInvalidRequest,
                 "`arbiter top` draws on a terminal, and this is none; --once prints what it would show, once."});
  }
  auto http = context.server();
  if (!http) return fail(http.error());
  top::Picture picture;
  if (auto seen = top::refresh(**http, picture); !seen) return fail(seen.error());
  top::Choice choice;
  choice.view = kViewNames.at(options.view);
  choice.filter = options.filter;
  if (json || options.once) {
    context.show(top::as_json(picture), [&](const json::value&) {
      std::string out;
      const top::Size size{columns_once(), 0};
      for (const auto& line : top::frame(picture, {}, choice, size, picture.at, context.colours())) out += line + "\n";
      return out;
    });
    return 0;
  }
  const int signals = open_signals();
  top::Watcher watcher((*http)->endpoint(), std::move(picture), static_cast<int>(*interval));
  const int exit_code = Top(context, watcher, signals, std::move(choice)).go();
  ::close(signals);
  return exit_code;
}

}  // namespace

void add_top_command(Commands& commands) {
  Context& context = commands.context();
  auto o = std::make_shared<Options>();
  auto* command =
      commands.add("top", {"What the fleet does now, on the terminal: workers, tasks, queues, what needs you"},
                   [&context, o] { return run(context, *o); });
  command->footer(
      "Keys: q quits; Tab or 1 to 6 choose the view; / filters (Enter keeps, Esc takes away); p or Space pauses; "
      "arrows,\n"
      "PgUp, PgDn, Home and End scroll. The server may go and come back: the first line says since when it is away.\n"
      "Examples:\n"
      "  arbiter top\n"
      "  arbiter top --view workers --filter build\n"
      "  arbiter top --once                 for a script, or a page of a log\n"
      "  arbiter top -o json | jq '.inbox.open'");
  command->add_option("--view", o->view, "What to begin with")
      ->check(CLI::IsMember({"all", "inbox", "workers", "tasks", "queues", "events"}))
      ->capture_default_str();
  command->add_option("--filter", o->filter, "Only rows that contain this");
  command->add_option("--interval", o->interval, "How often to ask the server")->capture_default_str();
  command->add_flag("--once", o->once, "Print it once, and end; needs no terminal");
}

}  // namespace arbiter::cli
