// One connection to a database file and its prepared statements.
//
// Errors are sticky: the first failure of a connection is kept, later statements do nothing, and whoever owns the
// transaction asks `ok()` at its end. So code that runs many statements reads straight down. Used by one thread at a
// time.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/sqlite/options.h"

struct sqlite3;
struct sqlite3_stmt;

namespace arbiter::store::sqlite {

enum class Use { kCommit, kCheckpoint, kRead };

// To bind bytes as a BLOB.
struct Bytes {
  std::string_view bytes;
};

class Connection {
 public:
  // The file must exist. kCommit also switches a new file to write-ahead logging.
  [[nodiscard]] static base::Result<std::unique_ptr<Connection>> open(const std::filesystem::path& file, Use use,
                                                                      const SqliteOptions& options);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void execute(const char* sql);

  // Ends the open transaction: commits when all went well, else rolls back and says what was wrong (the connection
  // then works again). `doing` completes "Could not ...".
  [[nodiscard]] base::Result<void> finish(std::string_view doing);
  // Rolls back and gives `error` for a refusal that is no failure of SQLite's.
  [[nodiscard]] base::Error refuse(base::Error error);

  [[nodiscard]] bool ok() const { return failure_ == 0; }
  void record_failure(int code);
  // Takes the sticky failure away. Only when !ok().
  [[nodiscard]] base::Error take_error(std::string_view doing);

  struct Wal {
    int frames = 0;  // In the write-ahead log.
    int copied = 0;  // Of these, already in the database file.
  };
  enum class Checkpoint { kPassive, kRestart };
  [[nodiscard]] base::Result<Wal> checkpoint(Checkpoint mode);
  // Frames in the write-ahead log after this connection's last commit.
  [[nodiscard]] int wal_frames() const { return wal_frames_; }

  // Closing this connection will leave the write-ahead log as it is, also as the last one.
  void keep_log();

  static constexpr int kBusyTimeoutMs = 10'000;  // As opened.
  void set_busy_timeout(int ms);
  [[nodiscard]] sqlite3* handle() { return db_; }

 private:
  Connection(sqlite3* db, std::filesystem::path file) : db_(db), file_(std::move(file)) {}
  static int note_wal_frames(void* self, sqlite3* db, const char* name, int frames);
  void configure(Use use, Synchronous synchronous);
  void rollback();

  sqlite3* db_;
  std::filesystem::path file_;
  int failure_ = 0;       // SQLite's extended code.
  int system_errno_ = 0;  // At the time of the failure.
  std::string message_;
  int wal_frames_ = 0;
};

// Prepared once, kept as long as its connection. Bound texts must live until the statement has run.
class Statement {
 public:
  Statement(Connection& connection, std::string_view sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  template <typename... Values>
  Statement& bind(const Values&... values) {
    int index = 0;
    (bind_at(++index, values), ...);
    return *this;
  }
  // The next row; false at the end or after a failure (the statement is then ready to run again).
  [[nodiscard]] bool next();
  // Stops before the end of the rows.
  void reset();
  // Runs a statement that gives no rows.
  void run();
  // Rows changed by the last run().
  [[nodiscard]] std::size_t changes() const;

  // Of the current row; valid until the next call of next(), reset() or run().
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::uint64_t position(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  [[nodiscard]] bool is_null(int column) const;

 private:
  void bind_at(int index, std::string_view text);
  void bind_at(int index, Bytes bytes);
  void bind_at(int index, std::int64_t value);
  void bind_at(int index, int value) { bind_at(index, std::int64_t{value}); }
  void bind_at(int index, std::uint64_t value) { bind_at(index, static_cast<std::int64_t>(value)); }

  Connection& connection_;
  sqlite3_stmt* statement_ = nullptr;
};

}  // namespace arbiter::store::sqlite
