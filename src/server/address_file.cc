#include "server/address_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace arbiter::server {
namespace {

base::Result<void> cannot_write(const std::filesystem::path& path) {
  return base::fail({base::ErrorCode::kIoError, "Cannot write " + path.string() + ": " + std::strerror(errno) + "."});
}

}  // namespace

AddressFile::AddressFile(const std::filesystem::path& directory) : path_(directory / "server.url") { withdraw(); }

// It need not survive a power cut: the server does not either.
base::Result<void> AddressFile::publish(const std::string& url) {
  const std::filesystem::path fresh = path_.string() + ".new";
  const int fd = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0) return cannot_write(fresh);
  const std::string line = url + '\n';
  const bool written = ::fchmod(fd, S_IRUSR | S_IWUSR) == 0 &&
                       ::write(fd, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  const bool closed = ::close(fd) == 0;
  if (!written || !closed || ::rename(fresh.c_str(), path_.c_str()) != 0) return cannot_write(fresh);
  return {};
}

void AddressFile::withdraw() { (void)::unlink(path_.c_str()); }

}  // namespace arbiter::server
