// arbiter page: the address of the dashboard, with a link that signs in.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/page_link.h"

namespace arbiter::cli {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::fail;

struct Options {
  bool open = false;
};

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// The program that shows a page on this machine; empty when there is none. xdg-open is of no use without a screen.
std::string browser() {
  const bool screen = !environment("DISPLAY").empty() || !environment("WAYLAND_DISPLAY").empty();
  std::vector<std::string> candidates;
  if (const auto named = environment("BROWSER"); !named.empty()) candidates.push_back(named);
  if (screen) candidates.insert(candidates.end(), {"xdg-open", "sensible-browser", "x-www-browser", "firefox"});
  for (const auto& candidate : candidates) {
    if (candidate.find('/') != std::string::npos) {
      if (::access(candidate.c_str(), X_OK) == 0) return candidate;
      continue;
    }
    const auto path = environment("PATH");
    for (std::size_t from = 0; from <= path.size();) {
      const auto to = std::min(path.find(':', from), path.size());
      auto whole = path.substr(from, to - from) + "/" + candidate;
      if (::access(whole.c_str(), X_OK) == 0) return whole;
      from = to + 1;
    }
  }
  return "";
}

// A file that only its owner can read and that leads to the link. The link itself never stands in the arguments of a
// program, where every user of the machine could read it.
Result<std::string> write_redirect(const std::string& link, const std::string& data) {
  std::error_code code;
  for (const auto& directory : {data, environment("XDG_RUNTIME_DIR"), fs::temp_directory_path(code).string()}) {
    if (directory.empty()) continue;
    const auto path = directory + "/arbiter-page-" + std::to_string(::getuid()) + ".html";
    const auto fresh = path + "." + std::to_string(::getpid());
    const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0) continue;
    const auto page = redirect_page(link);
    const bool written = ::write(fd, page.data(), page.size()) == static_cast<ssize_t>(page.size());
    const bool closed = ::close(fd) == 0;
    if (written && closed && ::rename(fresh.c_str(), path.c_str()) == 0) return fs::absolute(path, code).string();
    (void)::unlink(fresh.c_str());
  }
  return fail({ErrorCode::kIoError, "No file can be made that leads the browser to the page; open the link by hand."});
}

// Leaves the browser to itself: it may go on for as long as it likes.
Result<void> start(const std::string& program, const std::string& file) {
  const pid_t pid = ::fork();
  if (pid < 0) return fail({ErrorCode::kInternal, std::string("No process can be started: ") + std::strerror(errno)});
  if (pid == 0) {
    ::setsid();
    if (::fork() != 0) ::_exit(0);
    const int null_fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null_fd, fd);
    ::signal(SIGPIPE, SIG_DFL);
    ::execl(program.c_str(), program.c_str(), ("file://" + file).c_str(), nullptr);
    ::_exit(127);
  }
  ::waitpid(pid, nullptr, 0);
  return {};
}

Result<int> show_page(Context& context, const Options& options) {
  auto http = context.server();
  if (!http) return fail(http.error());
  // The link is given only when it works: the server is there and takes the token.
  if (auto version = (*http)->get("/api/v1/version", 5'000); !version) return fail(version.error());
  const auto& endpoint = (*http)->endpoint();
  const auto link = page_link(endpoint);
  context.show({{"url", link}}, [&](const json::value& shown) { return text(shown, "url"); });
  if (!endpoint.token.empty()) {
    std::fputs("This link holds your token. Whoever has it can do what you can: keep it to yourself.\n", stderr);
  }
  if (!options.open) return 0;
  const auto program = browser();
  if (program.empty()) {
    std::fputs("There is no browser on this machine (or no screen to show it on): open the link where you are.\n",
               stderr);
    return 0;
  }
  auto file = write_redirect(link, client::data_directory(context.settings));
  if (!file) return fail(file.error());
  if (auto started = start(program, *file); !started) return fail(started.error());
  std::fprintf(stderr, "Opening it with %s.\n", program.c_str());
  return 0;
}

}  // namespace

void add_page_command(Commands& commands) {
  Context& context = commands.context();
  auto o = std::make_shared<Options>();
  auto* command = commands.add("page", {"The address of the dashboard, as a link that signs you in"},
                               [&context, o] { return show_page(context, *o); });
  command->footer(
      "The link holds the token that this command itself uses (see arbiter --help): it is a secret. The page takes "
      "the\n"
      "token out of the address at once and keeps it in a cookie that scripts cannot read.\n"
      "A server on another machine listens on its loopback only, unless it has TLS. Reach it through ssh:\n"
      "  ssh -L 7420:127.0.0.1:7420 HOST      then, here:  arbiter --token-file TOKEN page\n"
      "Examples:\n"
      "  arbiter page\n"
      "  arbiter page --open\n"
      "  arbiter --url https://coordinator.example:7443 --token-file token page");
  command->add_flag("--open", o->open, "Open it in a browser, when there is one: $BROWSER, else that of the desktop");
}

}  // namespace arbiter::cli
