#include "store/sqlite/resting_list.h"

namespace arbiter::store::sqlite {

using base::ErrorCode;
using base::fail;

base::Result<void> RestingList::open() {
  auto made = options_.files->create(file_);
  if (!made) return fail(std::move(made.error()));
  if (*made) {
    if (auto synced = options_.files->sync_directory(file_.parent_path()); !synced) return synced;
  }
  // Nothing may build on a log that an earlier process wrote and could not sync.
  if (auto log = options_.files->write_again(file_.string() + "-wal"); !log) return log;
  auto connection = Connection::open(file_, Use::kCommit, options_);
  if (!connection) return fail(std::move(connection.error()));
  connection_ = std::move(*connection);
  connection_->execute("BEGIN IMMEDIATE");
  connection_->execute("CREATE TABLE IF NOT EXISTS deadlines(namespace TEXT PRIMARY KEY, due_ms INTEGER NOT NULL)");
  rows_.clear();
  {
    Statement rows(*connection_, "SELECT namespace, due_ms FROM deadlines");
    while (rows.next()) rows_[std::string(rows.text(0))] = {rows.integer(1)};
  }
  return connection_->finish("read the deadlines of closed namespaces");
}

// What it holds can be learnt again, so a damaged file is no reason to stand still.
base::Result<void> RestingList::start_anew() {
  connection_.reset();
  rows_.clear();
  for (const char* ending : {"-wal", "-shm", ""}) {
    if (auto removed = options_.files->remove(file_.string() + ending); !removed) return removed;
  }
  if (auto synced = options_.files->sync_directory(file_.parent_path()); !synced) return synced;
  return open();
}

base::Result<void> RestingList::load() {
  if (doubtful_) {
    if (auto anew = start_anew(); !anew) return anew;
    doubtful_ = false;
  }
  if (loaded_) return {};
  if (!std::filesystem::exists(file_)) return {};
  auto opened = open();
  if (!opened && opened.error().code == ErrorCode::kIoError) opened = start_anew();
  if (!opened) return opened;
  loaded_ = true;
  return {};
}

base::Result<void> RestingList::end(std::string_view doing) {
  auto outcome = connection_->finish(doing);
  if (outcome) {
    if (connection_->wal_frames() >= options_.checkpoint_pages) {
      (void)connection_->checkpoint(Connection::Checkpoint::kRestart);  // Else the next change tries again.
    }
    return outcome;
  }
  // What is in the file is not known any more, and after a failed sync it would not tell.
  doubtful_ = outcome.error().code != ErrorCode::kNoSpace;
  return outcome;
}

base::Result<void> RestingList::put(const std::string& name, base::Timestamp due) {
  const std::lock_guard lock(mutex_);
  if (auto ready = load(); !ready) return ready;
  if (!connection_) {
    if (auto opened = open(); !opened) return opened;
    loaded_ = true;
  }
  connection_->execute("BEGIN IMMEDIATE");
  {
    Statement put(*connection_, "INSERT OR REPLACE INTO deadlines VALUES (?, ?)");
    put.bind(name, due.ms).run();
  }
  auto written = end("keep the deadline of a closed namespace");
  if (written) rows_[name] = due;
  return written;
}

base::Result<void> RestingList::forget(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (auto ready = load(); !ready) return ready;
  if (!rows_.contains(name)) return {};
  connection_->execute("BEGIN IMMEDIATE");
  {
    Statement forget(*connection_, "DELETE FROM deadlines WHERE namespace = ?");
    forget.bind(name).run();
  }
  auto written = end("open a closed namespace");
  if (written) rows_.erase(name);
  return written;
}

base::Result<std::vector<Resting>> RestingList::all() {
  const std::lock_guard lock(mutex_);
  if (auto ready = load(); !ready) return fail(std::move(ready.error()));
  std::vector<Resting> out;
  out.reserve(rows_.size());
  for (const auto& [name, due] : rows_) out.push_back({name, due});
  return out;
}

}  // namespace arbiter::store::sqlite
