#include "store/sqlite/checkpointer.h"

#include <utility>

namespace arbiter::store::sqlite {
namespace {

constexpr int kRestFramesMax = 128;  // So many pages are copied while commits wait: about 1 ms.
constexpr int kRoundsMax = 8;
constexpr int kReadersTimeoutMs = 3;  // How long commits wait for a reader of the log's end.

}  // namespace

Checkpointer::~Checkpointer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

std::unique_lock<std::mutex> Checkpointer::hold_commits() {
  if (options_.checkpoints == Checkpoints::kBetweenCommits && std::exchange(requested_, false)) copy_log();
  std::unique_lock lock(commits_);
  commits_opened_.wait(lock, [this] { return !commits_closed_; });
  return lock;
}

void Checkpointer::request() {
  if (options_.checkpoints == Checkpoints::kBetweenCommits) {
    requested_ = true;
    return;
  }
  if (busy_.exchange(true)) return;
  {
    const std::lock_guard lock(mutex_);
    requested_ = true;
  }
  if (!thread_.joinable()) thread_ = std::thread([this] { run(); });
  wake_.notify_one();
}

void Checkpointer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return requested_ || stopping_; });
    if (stopping_) return;
    requested_ = false;
    lock.unlock();
    copy_log();
    busy_ = false;
    lock.lock();
  }
}

void Checkpointer::copy_log() {
  if (device_->failed) return;
  const auto note = [this](const base::Error& error) {
    if (error.code == base::ErrorCode::kIoError) device_->failed = true;
  };
  if (!connection_) {
    auto opened = Connection::open(file_, Use::kCheckpoint, options_);
    if (!opened) return note(opened.error());
    connection_ = std::move(*opened);
    connection_->set_busy_timeout(kReadersTimeoutMs);
  }
  for (int round = 0; round < kRoundsMax; ++round) {
    auto wal = connection_->checkpoint(Connection::Checkpoint::kPassive);
    if (!wal) return note(wal.error());
    if (wal->frames - wal->copied <= kRestFramesMax) break;
  }
  // A plain mutex would let the committer win every time; the flag makes it wait for its turn.
  commits_closed_ = true;
  {
    const std::lock_guard lock(commits_);
    auto wal = connection_->checkpoint(Connection::Checkpoint::kRestart);
    if (!wal) note(wal.error());
    commits_closed_ = false;
  }
  commits_opened_.notify_all();
}

}  // namespace arbiter::store::sqlite
