// arbiter init: the files to begin with.
#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/cli.h"
#include "cli/init_files.h"

namespace arbiter::cli {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::fail;

struct Options {
  std::string directory = ".";
  bool force = false;
};

base::Error cannot_write(const fs::path& path, const std::string& why) {
  return {ErrorCode::kIoError, "`" + path.string() + "` cannot be written: " + why + "."};
}

// Names all of them, so that nothing is written when one is there.
Result<void> check_absent(const fs::path& directory) {
  std::string there;
  for (const auto& file : kInitFiles) {
    std::error_code code;
    const auto path = directory / file.name;
    if (fs::symlink_status(path, code).type() == fs::file_type::not_found) continue;
    there += (there.empty() ? "`" : " and `") + path.lexically_normal().string() + "`";
  }
  if (there.empty()) return {};
  return fail(
      {ErrorCode::kInvalidState, there + " is there already, and nothing was written; --force writes it anew."});
}

// Whole or not at all, so that an interrupted --force leaves the old file.
Result<void> write_file(const fs::path& path, std::string_view text) {
  const fs::path fresh = path.string() + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return fail(cannot_write(path, std::strerror(errno)));
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool closed = ::close(fd) == 0;
  if (written && closed && ::rename(fresh.c_str(), path.c_str()) == 0) return {};
  const int reason = errno;
  (void)::unlink(fresh.c_str());
  return fail(cannot_write(path, std::strerror(reason)));
}

std::string next_commands(const fs::path& directory) {
  std::string out = "Next:\n";
  if (directory != ".") out += "  cd " + directory.string() + "\n";
  return out +
         "  arbiter serve --config arbiter.yaml 2> server.log &    a server that stays; its log is in server.log\n"
         "  arbiter page                                           the link to its dashboard (or: arbiter top)\n"
         "  arbiter run job.yaml                                   the first job; it will ask you something\n";
}

Result<int> init(Context& context, const Options& options) {
  const auto directory = fs::path(options.directory).lexically_normal();
  std::error_code code;
  fs::create_directories(directory, code);
  if (code) return fail(cannot_write(directory, code.message()));
  if (!options.force) {
    if (auto absent = check_absent(directory); !absent) return fail(absent.error());
  }
  json::array files;
  std::string said;
  for (const auto& file : kInitFiles) {
    const auto path = (directory / file.name).lexically_normal();
    if (auto written = write_file(path, file.text); !written) return fail(written.error());
    files.emplace_back(path.string());
    said += "Wrote " + path.string() + "\n";
  }
  context.show({{"directory", directory.string()}, {"files", std::move(files)}},
               [&](const json::value&) { return said + next_commands(directory); });
  return 0;
}

}  // namespace

void add_init_command(Commands& commands) {
  Context& context = commands.context();
  auto o = std::make_shared<Options>();
  auto* command = commands.add("init",
                               {"Begin here: a commented arbiter.yaml and a first job, and the next commands",
                                "  arbiter init\n  arbiter init fleet && cd fleet && arbiter run job.yaml"},
                               [&context, o] { return init(context, *o); });
  command->add_option("directory", o->directory, "Where; it is made when it is not there")->capture_default_str();
  command->add_flag("--force", o->force, "Write anew what is there");
}

}  // namespace arbiter::cli
