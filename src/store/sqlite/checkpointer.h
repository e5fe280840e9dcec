// Copies a write-ahead log into its database file, off the commit path.
//
// A log can only be written from its start again once all of it has been copied and nothing was appended meanwhile.
// So the thread copies beside running commits until little is left, then holds the commits back for that rest.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

#include "store/sqlite/connection.h"
#include "store/sqlite/device.h"

namespace arbiter::store::sqlite {

class Checkpointer {
 public:
  Checkpointer(std::filesystem::path file, SqliteOptions options, SharedDevice device)
      : file_(std::move(file)), options_(std::move(options)), device_(std::move(device)) {}
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // Held by whoever commits; waits while the rest of a log is being copied.
  [[nodiscard]] std::unique_lock<std::mutex> hold_commits();
  // Asks for a checkpoint; returns at once. The thread starts with the first request. With kBetweenCommits there is
  // none: the next hold_commits() does the work.
  void request();

 private:
  void run();
  void copy_log();

  std::filesystem::path file_;
  SqliteOptions options_;
  SharedDevice device_;
  std::unique_ptr<Connection> connection_;  // Of the thread.

  std::mutex commits_;
  std::atomic<bool> commits_closed_ = false;
  std::condition_variable commits_opened_;

  std::mutex mutex_;        // Guards the two below.
  bool requested_ = false;  // Of the committer alone with kBetweenCommits.
  bool stopping_ = false;
  std::condition_variable wake_;
  std::atomic<bool> busy_ = false;
  std::thread thread_;
};

}  // namespace arbiter::store::sqlite
