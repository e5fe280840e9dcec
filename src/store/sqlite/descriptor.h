// A file descriptor that closes itself, and what the system's last error means for the store.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>
#include <utility>

#include "base/result.h"

namespace arbiter::store {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// `errno` as a failure; "Could not `doing` `file`: ...".
[[nodiscard]] base::Error system_failure(const std::string& doing, const std::filesystem::path& file);

}  // namespace arbiter::store
