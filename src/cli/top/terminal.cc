#include "cli/top/terminal.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <string_view>

namespace arbiter::cli::top {
namespace {

constexpr int kWriteMs = 5'000;  // a terminal that takes nothing for so long is gone
// Another screen, no cursor, no line breaks at the edge; and back.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
constexpr std::string_view kLeave = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr int kCrashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

// For the handler of crashes, which may use nothing else.
std::atomic<bool> is_ours{false};
termios before{};

void give_back() {
  if (!is_ours.exchange(false)) return;
  (void)!::write(STDOUT_FILENO, kLeave.data(), kLeave.size());
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
}

void on_crash(int number) {
  give_back();
  ::signal(number, SIG_DFL);
  ::raise(number);
}

bool write_all(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno != EAGAIN) return false;
    pollfd one{STDOUT_FILENO, POLLOUT, 0};
    if (::poll(&one, 1, kWriteMs) <= 0) return false;
  }
  return true;
}

}  // namespace

Terminal::Terminal() {
  for (const int number : kCrashes) ::signal(number, on_crash);
  enter();
}

Terminal::~Terminal() {
  leave();
  for (const int number : kCrashes) ::signal(number, SIG_DFL);
}

void Terminal::enter() {
  ::tcgetattr(STDIN_FILENO, &before);
  termios raw = before;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);
  raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL);
  raw.c_cc[VMIN] = 0;
  raw.c_cc[VTIME] = 0;
  is_ours = true;
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  (void)write_all(kEnter);
  forget();
}

void Terminal::leave() { give_back(); }

Size Terminal::size() const {
  winsize found{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &found) != 0 || found.ws_col == 0 || found.ws_row == 0) return {};
  return {found.ws_col, found.ws_row};
}

bool Terminal::draw(const std::vector<std::string>& lines) {
  std::string out;
  if (drawn_.size() != lines.size()) {
    out += "\x1b[2J";
    drawn_.assign(lines.size(), std::string("\0", 1));  // like no line
  }
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (lines[i] == drawn_[i]) continue;
    out += "\x1b[" + std::to_string(i + 1) + ";1H\x1b[2K" + lines[i] + "\x1b[0m";
  }
  drawn_ = lines;
  return write_all(out);
}

}  // namespace arbiter::cli::top
