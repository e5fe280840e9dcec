// When the closed namespaces next have something to do: DIRECTORY/deadlines.db, so that a start need not open them all.
// It can be deleted while no server runs: then each namespace is opened once to learn it again.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "store/journal.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/options.h"

namespace arbiter::store::sqlite {

// Any thread may call.
class RestingList {
 public:
  RestingList(std::filesystem::path file, const SqliteOptions& options) : file_(std::move(file)), options_(options) {}

  // Durable when it returns.
  [[nodiscard]] base::Result<void> put(const std::string& name, base::Timestamp due);
  [[nodiscard]] base::Result<void> forget(const std::string& name);
  [[nodiscard]] base::Result<std::vector<Resting>> all();

 private:
  [[nodiscard]] base::Result<void> load();
  [[nodiscard]] base::Result<void> open();
  [[nodiscard]] base::Result<void> start_anew();
  [[nodiscard]] base::Result<void> end(std::string_view doing);

  const std::filesystem::path file_;
  const SqliteOptions options_;
  std::mutex mutex_;  // Guards the rest.
  bool loaded_ = false;
  bool doubtful_ = false;                        // A change failed.
  std::map<std::string, base::Timestamp> rows_;  // As in the file.
  std::unique_ptr<Connection> connection_;       // Opened when there is something to write.
};

}  // namespace arbiter::store::sqlite
