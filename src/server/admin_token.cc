#include "server/admin_token.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "api/tokens.h"

namespace arbiter::server {
namespace {

using base::ErrorCode;
using base::fail;

base::Error cannot(const std::string& what, const std::filesystem::path& path) {
  return {ErrorCode::kIoError, "Cannot " + what + " " + path.string() + ": " + std::strerror(errno) + "."};
}

base::Result<void> sync_directory(const std::filesystem::path& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return fail(cannot("open", directory));
  const int synced = ::fsync(fd);
  ::close(fd);
  if (synced != 0) return fail(cannot("sync", directory));
  return {};
}

// Under another name first, so that a crash leaves no half-written token.
base::Result<void> write_token(const std::filesystem::path& file, const std::string& token) {
  const std::filesystem::path fresh = file.string() + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return fail(cannot("write", fresh));
  const std::string line = token + '\n';
  const bool written = ::fchmod(fd, S_IRUSR | S_IWUSR) == 0 &&
                       ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size()) && ::fsync(fd) == 0;
  if (!written) {
    const base::Error error = cannot("write", fresh);
    ::close(fd);
    return fail(error);
  }
  ::close(fd);
  if (::rename(fresh.c_str(), file.c_str()) != 0) return fail(cannot("write", file));
  return sync_directory(file.parent_path());
}

}  // namespace

base::Result<std::string> ensure_admin_token(const std::filesystem::path& directory) {
  const std::filesystem::path file = directory / "admin.token";
  std::error_code ignored;
  if (std::filesystem::exists(file, ignored)) {
    std::ifstream in(file);
    std::string token;
    if (!std::getline(in, token) || token.empty()) {
      return fail({ErrorCode::kIoError, file.string() + " is empty or cannot be read. Remove it to get a new token."});
    }
    return token;
  }
  auto token = api::make_token();
  if (!token) return token;
  if (auto written = write_token(file, *token); !written) return fail(written.error());
  return token;
}

}  // namespace arbiter::server
