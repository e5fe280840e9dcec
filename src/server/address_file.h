// Where the server of a data directory answers, for clients that know only the directory: DATA/server.url.
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"

namespace arbiter::server {

// Belongs to whoever holds the lock of the data directory. The file is there while the server answers; one that a
// killed server left shows by nobody answering there, and the next server removes it before it starts.
class AddressFile {
 public:
  explicit AddressFile(const std::filesystem::path& directory);
  ~AddressFile() { withdraw(); }
  AddressFile(const AddressFile&) = delete;
  AddressFile& operator=(const AddressFile&) = delete;

  // Replaces the file at once; only its owner can read it.
  [[nodiscard]] base::Result<void> publish(const std::string& url);
  void withdraw();

 private:
  const std::filesystem::path path_;
};

}  // namespace arbiter::server
