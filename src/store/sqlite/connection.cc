#include "store/sqlite/connection.h"

#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <mutex>

#include "base/check.h"

namespace arbiter::store::sqlite {
namespace {

using base::ErrorCode;
using base::fail;

bool device_is_full(int code, int system_errno) {
  if (code == SQLITE_FULL) return true;
  // A failed sync is never taken for a full disk: what reached the disk is unknown then.
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) return false;
  const int primary = code & 0xff;
  if (primary != SQLITE_IOERR && primary != SQLITE_CANTOPEN) return false;
  return system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG;
}

ErrorCode error_code(int code, int system_errno) {
  if (device_is_full(code, system_errno)) return ErrorCode::kNoSpace;
  switch (code & 0xff) {
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::kIoError;
    default:  // SQLite's codes are open-ended.
      return ErrorCode::kUnknown;
  }
}

// What the system said to the operation that failed. SQLite passes it on except from a commit: then the file of the
// write-ahead log still knows it.
int failed_errno(sqlite3* db) {
  if (const int known = sqlite3_system_errno(db); known != 0) return known;
  sqlite3_file* log = nullptr;
  int last = 0;
  if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) != SQLITE_OK) return 0;
  if (log == nullptr || log->pMethods == nullptr) return 0;
  if (log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &last) != SQLITE_OK) return 0;
  return last;
}

}  // namespace

base::Result<std::unique_ptr<Connection>> Connection::open(const std::filesystem::path& file, Use use,
                                                           const SqliteOptions& options) {
  // Memory statistics would take a global lock in every allocation.
  static std::once_flag once;
  std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });

  const int flags = (use == Use::kRead ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) | SQLITE_OPEN_NOMUTEX;
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &db, flags, options.vfs.empty() ? nullptr : options.vfs.c_str());
  std::unique_ptr<Connection> connection(new Connection(db, file));
  if (code != SQLITE_OK) {
    connection->record_failure(code);
  } else {
    connection->configure(use, options.synchronous);
  }
  if (!connection->ok()) return fail(connection->take_error("open the database"));
  return connection;
}

void Connection::configure(Use use, Synchronous synchronous) {
  sqlite3_extended_result_codes(db_, 1);
  set_busy_timeout(kBusyTimeoutMs);
  if (use != Use::kRead) {
    execute(synchronous == Synchronous::kFull ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = OFF");
  }
  switch (use) {
    case Use::kCommit:
      execute(
          "PRAGMA journal_mode = WAL; PRAGMA secure_delete = OFF;"
          "PRAGMA temp_store = MEMORY; PRAGMA cache_size = -8192;"
          // What one huge batch adds to the log is given back; the rest is kept, since overwriting syncs faster.
          "PRAGMA journal_size_limit = 67108864;");
      // Also turns off SQLite's own checkpoints inside commits.
      sqlite3_wal_hook(db_, &Connection::note_wal_frames, this);
      break;
    case Use::kCheckpoint:
      execute("PRAGMA cache_size = -256;");
      keep_log();
      sqlite3_wal_autocheckpoint(db_, 0);
      break;
    case Use::kRead:
      execute("PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2048;");
      keep_log();
      break;
  }
}

Connection::~Connection() { sqlite3_close_v2(db_); }

int Connection::note_wal_frames(void* self, sqlite3*, const char*, int frames) {
  static_cast<Connection*>(self)->wal_frames_ = frames;
  return SQLITE_OK;
}

void Connection::keep_log() { sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr); }

void Connection::set_busy_timeout(int ms) { sqlite3_busy_timeout(db_, ms); }

void Connection::execute(const char* sql) {
  if (!ok()) return;
  const int code = sqlite3_exec(db_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) record_failure(code);
}

void Connection::record_failure(int code) {
  if (!ok()) return;
  const int extended = db_ != nullptr ? sqlite3_extended_errcode(db_) : code;
  failure_ = (extended & 0xff) == (code & 0xff) ? extended : code;
  system_errno_ = db_ != nullptr ? failed_errno(db_) : 0;
  message_ = db_ != nullptr ? sqlite3_errmsg(db_) : sqlite3_errstr(code);
}

base::Error Connection::take_error(std::string_view doing) {
  CHECK(!ok());
  std::string message = "Could not ";
  message += doing;
  message += " (" + file_.string() + "): " + message_;
  const bool errno_matters = (failure_ & 0xff) == SQLITE_IOERR || (failure_ & 0xff) == SQLITE_CANTOPEN;
  if (errno_matters && system_errno_ != 0) message += std::string(": ") + std::strerror(system_errno_);
  message += " [SQLite " + std::to_string(failure_) + "]";
  const ErrorCode code = error_code(failure_, system_errno_);
  failure_ = 0;
  return {code, std::move(message)};
}

void Connection::rollback() {
  // SQLite may have rolled back by itself; a rollback cannot make anything worse, so its own outcome is of no interest.
  if (sqlite3_get_autocommit(db_) == 0) sqlite3_exec(db_, "ROLLBACK", nullptr, nullptr, nullptr);
}

base::Result<void> Connection::finish(std::string_view doing) {
  execute("COMMIT");
  if (ok()) return {};
  rollback();
  return fail(take_error(doing));
}

base::Error Connection::refuse(base::Error error) {
  rollback();
  failure_ = 0;
  return error;
}

base::Result<Connection::Wal> Connection::checkpoint(Checkpoint mode) {
  Wal wal;
  const int how = mode == Checkpoint::kPassive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_RESTART;
  const int code = sqlite3_wal_checkpoint_v2(db_, nullptr, how, &wal.frames, &wal.copied);
  // Busy: readers or a commit are in the way. What could be copied has been.
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return wal;
  record_failure(code);
  return fail(take_error("checkpoint"));
}

Statement::Statement(Connection& connection, std::string_view sql) : connection_(connection) {
  if (!connection_.ok()) return;
  const int code = sqlite3_prepare_v3(connection_.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement_, nullptr);
  if (code != SQLITE_OK) connection_.record_failure(code);
}

Statement::~Statement() { sqlite3_finalize(statement_); }

void Statement::bind_at(int index, std::string_view text) {
  if (!connection_.ok()) return;
  const char* data = text.data() == nullptr ? "" : text.data();  // A null pointer would bind NULL.
  const int code = sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  if (code != SQLITE_OK) connection_.record_failure(code);
}

void Statement::bind_at(int index, Bytes bytes) {
  if (!connection_.ok()) return;
  const int code = sqlite3_bind_blob64(statement_, index, bytes.bytes.data(), bytes.bytes.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) connection_.record_failure(code);
}

void Statement::bind_at(int index, std::int64_t value) {
  if (!connection_.ok()) return;
  const int code = sqlite3_bind_int64(statement_, index, value);
  if (code != SQLITE_OK) connection_.record_failure(code);
}

bool Statement::next() {
  if (!connection_.ok()) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) connection_.record_failure(code);
  sqlite3_reset(statement_);
  return false;
}

void Statement::reset() {
  if (statement_ != nullptr) sqlite3_reset(statement_);
}

void Statement::run() {
  if (next()) reset();
}

std::size_t Statement::changes() const { return static_cast<std::size_t>(sqlite3_changes64(connection_.handle())); }

std::string_view Statement::text(int column) const {
  // As a blob, because asking for text would copy it to append a zero.
  const void* data = sqlite3_column_blob(statement_, column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::int64_t Statement::integer(int column) const { return sqlite3_column_int64(statement_, column); }

bool Statement::is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }

}  // namespace arbiter::store::sqlite
