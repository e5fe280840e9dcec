// What only the SQLite store promises: files, locks, full disks, readers beside commits.
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <thread>

#include "contract.h"
#include "store/sqlite/sqlite_store.h"

namespace arbiter::store {
namespace {

using base::ErrorCode;
using testing::ElementsAre;
using testing::HasSubstr;

std::unique_ptr<Store> open_at(const std::filesystem::path& directory) {
  auto store = open_sqlite_store(directory);
  EXPECT_TRUE(store) << store.error().message;
  return std::move(*store);
}

// Runs SQL in the file as the sqlite3 shell would; the first column of the last row.
std::string sql(const std::filesystem::path& file, const std::string& text) {
  sqlite3* db = nullptr;
  EXPECT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
  std::string last;
  const auto keep = [](void* out, int, char** values, char**) {
    *static_cast<std::string*>(out) = values[0] != nullptr ? values[0] : "";
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(db, text.c_str(), keep, &last, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
  return last;
}

unsigned mode_of(const std::filesystem::path& file) {
  struct stat info {};
  EXPECT_EQ(::stat(file.c_str(), &info), 0) << file;
  return info.st_mode & 0777;
}

TEST(SqliteStore, WhatWasCommittedOutlivesTheStore) {
  const TemporaryDirectory directory;
  {
    auto store = open_at(directory.path());
    Bench bench(*store);
    ASSERT_TRUE(bench.submit("a"));
  }
  auto store = open_at(directory.path());
  Bench bench(*store);
  EXPECT_EQ(bench.journal().state().epoch, 2u);
  EXPECT_THAT(bench.live_ids(), ElementsAre("a"));
}

TEST(SqliteStore, DeadlinesOfClosedNamespacesOutliveTheStoreAndADamagedListIsBegunAnew) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(open_at(directory.path())->rest("a", {5'000}));
  {
    auto store = open_at(directory.path());
    EXPECT_THAT(*store->resting(), ElementsAre(Resting{"a", {5'000}}));
    // Not closed in order after this.
    ASSERT_TRUE(store->open("a", 1));
  }
  EXPECT_THAT(*open_at(directory.path())->resting(), testing::IsEmpty());
  ASSERT_TRUE(open_at(directory.path())->rest("a", {5'000}));
  std::ofstream(directory.path() / "deadlines.db") << std::string(8'192, 'x');
  auto store = open_at(directory.path());
  EXPECT_THAT(*store->resting(), testing::IsEmpty());
  ASSERT_TRUE(store->rest("b", {6'000}));
  EXPECT_THAT(*store->resting(), ElementsAre(Resting{"b", {6'000}}));
}

TEST(SqliteStore, ADataDirectoryHasOneServer) {
  const TemporaryDirectory directory;
  auto first = open_at(directory.path());
  const auto second = open_sqlite_store(directory.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kInvalidState);
  EXPECT_THAT(second.error().message, HasSubstr("pid " + std::to_string(::getpid())));
  first.reset();
  EXPECT_TRUE(open_sqlite_store(directory.path()));
}

TEST(SqliteStore, FilesAreForTheirOwnerOnly) {
  const TemporaryDirectory directory;
  const auto data = directory.path() / "new" / "data";
  auto store = open_at(data);
  Bench bench(*store);
  ASSERT_TRUE(bench.submit("a"));
  EXPECT_EQ(mode_of(data), 0700u);
  EXPECT_EQ(mode_of(data / "arbiter.lock"), 0600u);
  EXPECT_EQ(mode_of(data / "namespaces"), 0700u);
  EXPECT_EQ(mode_of(data / "namespaces" / "default.db"), 0600u);
  EXPECT_EQ(mode_of(data / "namespaces" / "default.db-wal"), 0600u);
}

TEST(SqliteStore, ADatabaseOfANewerArbiterIsRefusedAndLeftAlone) {
  const TemporaryDirectory directory;
  auto store = open_at(directory.path());
  const auto file = directory.path() / "namespaces" / "default.db";
  { const Bench bench(*store); }
  sql(file, "PRAGMA user_version = 99");
  const auto opened = store->open("default", 1);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalidState);
  EXPECT_THAT(opened.error().message, HasSubstr("99"));
  EXPECT_EQ(sql(file, "SELECT value FROM meta WHERE key = 'epoch'"), "1");
}

TEST(SqliteStore, AFileThatIsNoDatabaseIsNamed) {
  const TemporaryDirectory directory;
  auto store = open_at(directory.path());
  const auto file = directory.path() / "namespaces" / "default.db";
  FILE* out = std::fopen(file.c_str(), "w");
  std::fputs(std::string(5'000, 'x').c_str(), out);
  std::fclose(out);
  const auto opened = store->open("default", 1);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kIoError);
  EXPECT_THAT(opened.error().message, HasSubstr("default.db"));
}

TEST(SqliteStore, DataIsReadableWithPlainSql) {
  const TemporaryDirectory directory;
  auto store = open_at(directory.path());
  Bench bench(*store);
  ASSERT_TRUE(bench.submit("a", R"({"n":7})"));
  const auto file = directory.path() / "namespaces" / "default.db";
  EXPECT_EQ(sql(file, "SELECT body ->> 'n' FROM documents"), "7");
  EXPECT_EQ(sql(file, "SELECT entity FROM events"), "task:a");
  EXPECT_EQ(sql(file, "PRAGMA integrity_check"), "ok");
}

// With `data` on a device that has about a megabyte: fills it, frees it, goes on.
void fill_and_resume(const std::filesystem::path& data, const std::function<void()>& make_room) {
  auto store = open_at(data);
  Bench bench(*store);
  const std::string payload(50'000, '1');
  int written = 0;
  base::Result<void> outcome;
  while (written < 1'000 && (outcome = bench.submit("t" + std::to_string(1'000 + written), payload))) ++written;
  ASSERT_EQ(code_of(outcome), ErrorCode::kNoSpace) << outcome.error().message;
  EXPECT_EQ(code_of(bench.journal().probe()), ErrorCode::kNoSpace);
  EXPECT_EQ(bench.live_ids().size(), static_cast<std::size_t>(written));
  make_room();
  const auto probed = bench.journal().probe();
  EXPECT_TRUE(probed) << probed.error().message;
  EXPECT_TRUE(bench.submit("z", payload));
  EXPECT_EQ(bench.live_ids().size(), static_cast<std::size_t>(written) + 1);
  EXPECT_EQ(sql(data / "namespaces" / "default.db", "PRAGMA integrity_check"), "ok");
}

TEST(SqliteStore, AFileSizeLimitIsLikeAFullDiskAndIsOvercome) {
  const TemporaryDirectory directory;
  rlimit old{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old), 0);
  auto* old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{900'000, old.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  fill_and_resume(directory.path() / "data", [&] { ::setrlimit(RLIMIT_FSIZE, &old); });
  ::setrlimit(RLIMIT_FSIZE, &old);
  std::signal(SIGXFSZ, old_handler);
}

TEST(SqliteStore, AFullDiskIsOvercomeWhenSpaceIsBack) {
  const TemporaryDirectory directory;
  const auto disk = directory.path() / "disk";
  std::filesystem::create_directory(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=4m") != 0) GTEST_SKIP() << "Mounting needs root.";
  const auto ballast = disk / "ballast";
  FILE* out = std::fopen(ballast.c_str(), "w");
  std::fputs(std::string(2'500'000, 'x').c_str(), out);
  std::fclose(out);
  fill_and_resume(disk / "data", [&] { std::filesystem::remove(ballast); });
  ::umount2(disk.c_str(), MNT_DETACH);
}

// Counts what a reader sees that no commit wrote.
int wrong_answers(Reader& reader, const std::atomic<bool>& done) {
  int wrong = 0;
  Position last = 0;
  while (!done) {
    const auto found = reader.lookup({{"task", "a"}, {"task", "b"}});
    const auto page = reader.events({.tags = {"task:a"}, .limit = kPageRowsMax});
    if (!found || !page || found->found.size() != 2) return wrong + 1;
    // Both entities are put in each commit with the number of its event.
    const std::string number = std::to_string(found->head);
    if (found->found[0].body != number || found->found[1].body != number) ++wrong;
    if (found->head < last) ++wrong;
    last = found->head;
    for (std::size_t i = 0; i < page->events.size(); ++i) wrong += page->events[i].position == i + 1 ? 0 : 1;
  }
  return wrong;
}

TEST(SqliteStore, ReadersBesideCommitsSeeWholeCommitsOnly) {
  const TemporaryDirectory directory;
  auto store = open_at(directory.path());
  Bench bench(*store);
  const auto commit_one = [&] {
    Batch batch = bench.batch();
    const Position position = bench.event(batch, "A.B.C", "task:a").position;
    for (const char* id : {"a", "b"}) batch.puts.push_back(live_task(id, std::to_string(position)));
    return bench.commit(batch);
  };
  ASSERT_TRUE(commit_one());
  std::atomic<bool> done = false;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] { wrong += wrong_answers(bench.reader(), done); });
  }
  for (int i = 0; i < 300; ++i) EXPECT_TRUE(commit_one());
  done = true;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0);
}

TEST(SqliteStore, TheWriteAheadLogIsCopiedBesideCommitsAndStaysSmall) {
  const TemporaryDirectory directory;
  auto store = open_at(directory.path());
  Bench bench(*store);
  const std::string payload(1'000'000, '1');
  for (int i = 0; i < 150; ++i) ASSERT_TRUE(bench.submit(std::to_string(i), payload));
  EXPECT_LT(std::filesystem::file_size(directory.path() / "namespaces" / "default.db-wal"), 100'000'000u);
  EXPECT_EQ(bench.load().size(), 150u);
}

}  // namespace
}  // namespace arbiter::store
