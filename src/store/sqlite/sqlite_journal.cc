#include "store/sqlite/sqlite_journal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <vector>

#include "base/check.h"
#include "store/sqlite/database_file.h"
#include "store/sqlite/retention.h"
#include "store/sqlite/schema.h"

namespace arbiter::store::sqlite {
namespace {

using base::ErrorCode;
using base::fail;

constexpr int kPageBytes = 4096;
// From here on a commit copies it itself.
constexpr int kLogFramesMax = 512 * 1024 * 1024 / kPageBytes;
constexpr int kReadersTimeoutMs = 50;  // How long that commit waits for readers of the log.
constexpr std::size_t kProbeBytes = std::size_t{1024} * 1024;

void read_head(Connection& connection, JournalState& state) {
  Statement newest(connection, "SELECT position, time_ms FROM events ORDER BY position DESC LIMIT 1");
  state.head = 0;
  state.last_time = {};
  if (newest.next()) {
    state.head = newest.position(0);
    state.last_time.ms = newest.integer(1);
    newest.reset();
  }
  // A gap that no event follows yet.
  Statement gap(connection, "SELECT coalesce(max(value), 0) FROM meta WHERE key LIKE 'gap:%'");
  if (gap.next()) state.head = std::max(state.head, gap.position(0));
  gap.reset();
}

// Makes us the owner, creating or migrating the tables first.
base::Result<JournalState> take_ownership(Connection& connection, std::uint64_t seed) {
  connection.execute("BEGIN IMMEDIATE");
  if (auto migrated = migrate(connection); !migrated) return fail(connection.refuse(std::move(migrated.error())));
  JournalState state;
  {
    Statement put_seed(connection, "INSERT OR IGNORE INTO meta(key, value) VALUES ('seed', ?)");
    put_seed.bind(seed).run();
    Statement next_epoch(connection, "UPDATE meta SET value = value + 1 WHERE key = 'epoch'");
    next_epoch.run();
    Statement read(connection, "SELECT key, value FROM meta WHERE key IN ('epoch', 'seed')");
    while (read.next()) (read.text(0) == "seed" ? state.seed : state.epoch) = read.position(1);
    read_head(connection, state);
  }
  if (auto done = connection.finish("take the namespace over"); !done) return fail(std::move(done.error()));
  return state;
}

bool is_dense(const Batch& batch, Position head) {
  for (const auto& event : batch.events) {
    if (event.position != ++head) return false;
  }
  return true;
}

}  // namespace

base::Result<std::unique_ptr<Journal>> SqliteJournal::open(const std::filesystem::path& file, std::uint64_t seed,
                                                           const SqliteOptions& options, SharedDevice device) {
  auto rows = std::make_unique<BatchRows>();
  auto connection = Connection::open(file, Use::kCommit, options);
  if (!connection) return fail(std::move(connection.error()));
  auto state = take_ownership(**connection, seed);
  if (!state) {
    if (state.error().code == ErrorCode::kIoError) (*connection)->keep_log();
    return fail(std::move(state.error()));
  }
  rows->register_with(**connection);
  auto journal = std::make_unique<SqliteJournal>(file, options, std::move(device), std::move(rows),
                                                 std::move(*connection), *state);
  if (!journal->connection_->ok()) return fail(journal->connection_->take_error("prepare the database"));
  return journal;
}

SqliteJournal::SqliteJournal(std::filesystem::path file, const SqliteOptions& options, SharedDevice device,
                             std::unique_ptr<BatchRows> rows, std::unique_ptr<Connection> connection,
                             const JournalState& state)
    : file_(std::move(file)),
      device_(std::move(device)),
      rows_(std::move(rows)),
      connection_(std::move(connection)),
      hash_(*connection_),
      writer_(*connection_, *rows_, hash_),
      epoch_(*connection_, "SELECT value FROM meta WHERE key = 'epoch'"),
      state_(state),
      checkpoint_frames_(options.checkpoint_pages),
      hard_cap_frames_(kLogFramesMax),
      checkpointer_(file_, options, device_),
      reader_(file_, options) {}

SqliteJournal::~SqliteJournal() {
  // To close the last connection copies the log into the file otherwise.
  if (device_->failed) connection_->keep_log();
}

base::Result<void> SqliteJournal::check_device() const {
  if (!device_->failed) return {};
  return fail({ErrorCode::kIoError, "The device failed under " + file_.string() + ": nothing is written to it again."});
}

base::Result<void> SqliteJournal::begin(Epoch epoch) {
  connection_->execute("BEGIN IMMEDIATE");
  Epoch owner = 0;
  if (epoch_.next()) owner = epoch_.position(0);
  epoch_.reset();
  hash_.begin();
  if (!connection_->ok() || owner == epoch) return {};  // end() reports a failure.
  return fail(connection_->refuse(
      {ErrorCode::kFenced, "A newer owner, of epoch " + std::to_string(owner) + ", has taken this namespace over."}));
}

base::Result<void> SqliteJournal::end(std::string_view doing) {
  hash_.write();
  auto outcome = connection_->finish(doing);
  if (outcome) hash_.committed();
  if (!outcome && outcome.error().code == ErrorCode::kIoError) device_->failed = true;
  return outcome;
}

base::Result<void> SqliteJournal::check_health() const {
  if (health_ != Health::kInDoubt) return check_device();
  return fail({ErrorCode::kUnknown, "The outcome of an earlier commit is unknown: load again first."});
}

base::Result<void> SqliteJournal::append(const BlobChunk& chunk) {
  const auto hold = checkpointer_.hold_commits();
  if (auto healthy = check_health(); !healthy) return healthy;
  if (auto begun = begin(state_.epoch); !begun) return begun;
  if (auto fits = writer_.blobs().append(chunk); !fits) return fail(connection_->refuse(std::move(fits.error())));
  if (auto written = end("write a blob"); !written) return written;
  watch_log();
  return {};
}

base::Result<void> SqliteJournal::commit(const Batch& batch) {
  const auto hold = checkpointer_.hold_commits();  // A checkpoint that fails is known before anything is written.
  if (auto healthy = check_health(); !healthy) return healthy;
  if (batch.empty()) return {};
  CHECK(is_dense(batch, state_.head));

  if (auto begun = begin(batch.epoch); !begun) return begun;
  if (auto complete = writer_.write(batch); !complete) {
    return fail(connection_->refuse(std::move(complete.error())));
  }
  if (auto written = end("commit"); !written) {
    if (written.error().code == ErrorCode::kUnknown) health_ = Health::kInDoubt;
    return written;
  }
  if (!batch.events.empty()) {
    state_.head = batch.events.back().position;
    state_.last_time = batch.events.back().time;
  }
  watch_log();
  return {};
}

void SqliteJournal::watch_log() {
  const int frames = connection_->wal_frames();
  if (frames < checkpoint_frames_) {
    hard_cap_frames_ = kLogFramesMax;
    return;
  }
  checkpointer_.request();
  if (frames < hard_cap_frames_) return;
  // The thread cannot keep up, or a reader has been holding the log for long. The commit itself stands.
  connection_->set_busy_timeout(kReadersTimeoutMs);
  const auto copied = connection_->checkpoint(Connection::Checkpoint::kRestart);
  connection_->set_busy_timeout(Connection::kBusyTimeoutMs);
  if (!copied && copied.error().code == ErrorCode::kIoError) device_->failed = true;
  hard_cap_frames_ = frames + kLogFramesMax / 8;
}

base::Result<void> SqliteJournal::load(const std::function<void(const LoadedEntity&)>& visit) {
  if (auto device = check_device(); !device) return device;
  connection_->execute("BEGIN");
  JournalState state = state_;
  read_head(*connection_, state);
  visit_live(*connection_, visit);
  hash_.reload();
  if (auto read = end("load"); !read) return read;
  state_ = state;
  health_ = Health::kGood;
  return {};
}

base::Result<void> SqliteJournal::load_idempotency(const std::function<void(const IdempotencyRecord&)>& visit) {
  if (auto device = check_device(); !device) return device;
  connection_->execute("BEGIN");
  {
    Statement rows(*connection_, "SELECT key, fingerprint, status, reply, expires_at_ms FROM idempotency ORDER BY key");
    while (rows.next()) {
      visit({.key = std::string(rows.text(0)),
             .fingerprint = std::string(rows.text(1)),
             .status = static_cast<int>(rows.integer(2)),
             .reply = std::string(rows.text(3)),
             .expires_at = {rows.integer(4)}});
    }
  }
  return end("load idempotency records");
}

base::Result<void> SqliteJournal::skip_to(Position head, Epoch epoch) {
  CHECK(head > state_.head);
  CHECK(epoch > state_.epoch);
  const auto hold = checkpointer_.hold_commits();
  if (auto device = check_device(); !device) return device;
  if (auto begun = begin(state_.epoch); !begun) return begun;
  {
    const std::string key = "gap:" + std::to_string(state_.head);
    Statement gap(*connection_, "INSERT INTO meta(key, value) VALUES (?, ?)");
    gap.bind(key, head).run();
    Statement raise(*connection_, "UPDATE meta SET value = ? WHERE key = 'epoch'");
    raise.bind(epoch).run();
  }
  if (auto written = end("pass over positions"); !written) return written;
  state_.head = head;
  state_.epoch = epoch;
  return {};
}

// The write-ahead log may have room inside its file while the device has none, so a file of its own is written too.
base::Result<void> SqliteJournal::write_elsewhere() const {
  const std::string path = file_.string() + ".probe";
  const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0600);
  bool written = fd >= 0;
  if (written) {
    const std::vector<char> bytes(kProbeBytes);
    errno = ENOSPC;  // For a short write, which sets none.
    written = ::write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && ::fdatasync(fd) == 0;
  }
  const int why = errno;
  if (fd >= 0) ::close(fd);
  ::unlink(path.c_str());
  if (written) return {};
  const ErrorCode code = why == ENOSPC || why == EDQUOT || why == EFBIG ? ErrorCode::kNoSpace
                         : why == EIO                                   ? ErrorCode::kIoError
                                                                        : ErrorCode::kUnknown;
  return fail({code, "Could not write " + path + ": " + std::strerror(why)});
}

base::Result<void> SqliteJournal::probe() {
  if (auto room = write_elsewhere(); !room) return room;
  const auto hold = checkpointer_.hold_commits();
  if (auto device = check_device(); !device) return device;
  if (auto begun = begin(state_.epoch); !begun) return begun;
  connection_->execute("UPDATE meta SET value = value + 1 WHERE key = 'probe'");
  return end("write a probe");
}

base::Result<bool> SqliteJournal::retain(const RetentionLimits& limits) {
  const auto hold = checkpointer_.hold_commits();
  if (auto device = check_device(); !device) return fail(std::move(device.error()));
  if (auto begun = begin(state_.epoch); !begun) return fail(std::move(begun.error()));
  const EntityHash::Watch watch(hash_);
  const bool more = Retention(*connection_, writer_.blobs(), limits).step();
  if (auto written = end("delete old rows"); !written) return fail(std::move(written.error()));
  watch_log();
  return more;
}

}  // namespace arbiter::store::sqlite
