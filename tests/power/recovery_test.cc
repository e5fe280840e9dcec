// A device that fails under the SQLite store: nothing is written to the failed file again, and the recovery gives a
// sound one with everything that was acknowledged.
#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include "../store_contract/contract.h"
#include "power_cuts.h"
#include "store/sqlite/recovery.h"
#include "vfs.h"
#include "workload.h"

namespace arbiter::power {
namespace {

using base::ErrorCode;
using store::Bench;
using store::code_of;
using testing::ElementsAre;
using testing::HasSubstr;

// A store whose device can be made to fail.
class FailingDevice : public testing::Test {
 protected:
  store::SqliteOptions options() {
    store::SqliteOptions options;
    options.vfs = vfs_.name();
    options.files = &files_;
    options.checkpoints = store::Checkpoints::kBetweenCommits;
    options.checkpoint_pages = 10;
    return options;
  }
  std::unique_ptr<store::Store> open() {
    auto opened = store::open_sqlite_store(data_, options());
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  std::filesystem::path database(const std::string& ending = "") const {
    return data_ / "namespaces" / ("default.db" + ending);
  }
  // How often the files of the namespace were changed so far.
  std::size_t changes() const {
    std::size_t n = 0;
    for (const auto& step : recording_.steps()) n += step.act == Act::kWrite || step.act == Act::kTruncate ? 1 : 0;
    return n;
  }

  store::TemporaryDirectory directory_{quick_directory()};
  std::filesystem::path data_ = std::filesystem::canonical(directory_.path()) / "data";
  Recording recording_{std::filesystem::canonical(directory_.path())};
  RecordingVfs vfs_{recording_};
  RecordingFiles files_{recording_};
};

struct Failure {
  std::string name;
  Act act;
  std::string file;
};

class AnyFailure : public FailingDevice, public testing::WithParamInterface<Failure> {};

INSTANTIATE_TEST_SUITE_P(Device, AnyFailure,
                         testing::Values(Failure{"WriteToTheLog", Act::kWrite, ".db-wal"},
                                         Failure{"SyncOfTheLog", Act::kSync, ".db-wal"},
                                         Failure{"WriteToTheDatabase", Act::kWrite, ".db"},
                                         Failure{"SyncOfTheDatabase", Act::kSync, ".db"}),
                         [](const auto& test) { return test.param.name; });

TEST_P(AnyFailure, ClosesTheFileAndTheRecoveryGoesOnWithAllThatWasAcknowledged) {
  auto store = open();
  Bench bench(*store);
  ASSERT_TRUE(bench.submit("first"));
  recording_.fail(GetParam().act, GetParam().file);
  // A failure of a checkpoint shows with the commit after it.
  std::vector<std::string> acknowledged{"first"};
  base::Result<void> outcome;
  for (int i = 0; i < 50 && outcome; ++i) {
    const std::string id = "t" + std::to_string(i);
    outcome = bench.submit(id, '"' + std::string(9'000, 'x') + '"');
    if (outcome) acknowledged.push_back(id);
  }
  ASSERT_EQ(code_of(outcome), ErrorCode::kIoError) << "It never failed.";

  // The device is well again, and still nothing is written to that file: not by a commit, not by closing it.
  recording_.heal();
  const std::size_t before = changes();
  EXPECT_EQ(code_of(bench.submit("late")), ErrorCode::kIoError);
  EXPECT_EQ(code_of(bench.journal().probe()), ErrorCode::kIoError);
  EXPECT_FALSE(bench.journal().retain({}));
  const store::JournalState last = bench.journal().state();
  bench.close();
  const auto opened = store->open("default", 1);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kIoError);
  EXPECT_EQ(changes(), before);

  const auto kept = store->recover("default", last);
  ASSERT_TRUE(kept) << kept.error().message;
  EXPECT_EQ(*kept, database(".failed-1").string());
  EXPECT_TRUE(std::filesystem::exists(database(".failed-1")));
  EXPECT_FALSE(std::filesystem::exists(database(".recovered")));
  bench.reopen();
  EXPECT_GT(bench.journal().state().epoch, last.epoch);
  const auto live = bench.live_ids();
  for (const auto& id : acknowledged) EXPECT_THAT(live, testing::Contains(id));
  EXPECT_LE(live.size(), acknowledged.size() + 1);  // The commit that failed may be there.
  EXPECT_TRUE(bench.submit("after"));
}

TEST_F(FailingDevice, ThatStillFailsKeepsTheNamespaceClosedAndItsDataAsTheyAre) {
  auto store = open();
  Bench bench(*store);
  ASSERT_TRUE(bench.submit("a"));
  recording_.fail(Act::kSync, ".db-wal", 0, 1);
  ASSERT_EQ(code_of(bench.submit("b")), ErrorCode::kIoError);
  const store::JournalState last = bench.journal().state();
  bench.close();
  const std::vector<Failure> failures{{"read", Act::kRead, ".db"},
                                      {"write", Act::kWrite, ".copy"},
                                      {"sync", Act::kSync, ".copy"},
                                      {"read back", Act::kRead, ".copy"}};
  for (const auto& failure : failures) {
    recording_.fail(failure.act, failure.file);
    const auto recovered = store->recover("default", last);
    ASSERT_FALSE(recovered) << failure.name;
    EXPECT_EQ(recovered.error().code, ErrorCode::kIoError) << failure.name;
    EXPECT_FALSE(store->open("default", 1)) << failure.name;
    EXPECT_FALSE(std::filesystem::exists(database(".recovered"))) << failure.name;
    recording_.heal();
  }
  ASSERT_TRUE(store->recover("default", last));
  bench.reopen();
  EXPECT_THAT(bench.live_ids(), testing::Contains("a"));
}

TEST_F(FailingDevice, KeepsTheNewestFailedFilesOnly) {
  auto store = open();
  Bench bench(*store);
  for (int i = 0; i < 5; ++i) {
    recording_.fail(Act::kSync, ".db-wal", 0, 1);
    ASSERT_EQ(code_of(bench.submit("t" + std::to_string(i))), ErrorCode::kIoError);
    const store::JournalState last = bench.journal().state();
    bench.close();
    ASSERT_TRUE(store->recover("default", last));
    bench.reopen();
  }
  std::vector<std::string> kept;
  for (int i = 1; i <= 5; ++i) {
    const std::string ending = ".failed-" + std::to_string(i);
    if (std::filesystem::exists(database(ending))) kept.push_back(ending);
  }
  EXPECT_THAT(kept, ElementsAre(".failed-3", ".failed-4", ".failed-5"));
  EXPECT_FALSE(std::filesystem::exists(database(".failed-1-wal")));
}

TEST_F(FailingDevice, WhoseDataAreDamagedIsNotTrusted) {
  auto store = open();
  Bench bench(*store);
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(bench.submit("t" + std::to_string(i), std::string(3'000, '1')));
  const store::JournalState last = bench.journal().state();
  bench.close();
  // A page in the middle of the file holds something else.
  const int fd = ::open(database().c_str(), O_WRONLY | O_CLOEXEC);
  const std::string noise(4'096, '\x7f');
  ASSERT_EQ(::pwrite(fd, noise.data(), noise.size(), off_t{12} * 4'096), 4'096);
  ::close(fd);
  const auto recovered = store->recover("default", last);
  ASSERT_FALSE(recovered);
  EXPECT_EQ(recovered.error().code, ErrorCode::kIoError);
  EXPECT_THAT(recovered.error().message, HasSubstr("default.db"));
  EXPECT_FALSE(std::filesystem::exists(database(".failed-1")));
}

TEST_F(FailingDevice, WithAHoleInItsLogOfEventsIsNotTrusted) {
  auto store = open();
  Bench bench(*store);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(bench.submit("t" + std::to_string(i)));
  const store::JournalState last = bench.journal().state();
  bench.close();
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(database().c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db, "DELETE FROM events WHERE position = 3", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(db);
  const auto recovered = store->recover("default", last);
  ASSERT_FALSE(recovered);
  EXPECT_THAT(recovered.error().message, HasSubstr("4 events at the positions 1 to 5"));
}

// Three times the device fails while the store is at work; then the power fails at each moment of it.
void break_and_cut(std::uint64_t seed, Workload::Afterwards afterwards) {
  const store::TemporaryDirectory directory(quick_directory());
  const auto root = std::filesystem::canonical(directory.path());
  Recording recording(root);
  RecordingVfs vfs(recording);
  RecordingFiles files(recording);
  store::SqliteOptions options;
  options.vfs = vfs.name();
  options.files = &files;
  options.checkpoints = store::Checkpoints::kBetweenCommits;
  options.checkpoint_pages = 40;
  Workload workload(seed, root / "data", options, recording);
  for (int i = 0; i < 3; ++i) {
    workload.run(8);
    workload.break_device(afterwards);
  }
  workload.run(4);
  EXPECT_GE(recording.failures(), 3);
  sim::Random random(seed);
  const CutCounts counts = cut_everywhere(recording, workload.ledger(), random, 2, 1);
  EXPECT_EQ(counts.lost_or_broken, 0) << "seed " << seed << ": " << counts.first_broken;
}

TEST(Recovery, MayLoseItsPowerAnywhere) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) break_and_cut(seed, Workload::Afterwards::kRecover);
}

// The page cache shows the next process what a failed sync never brought to the disk.
TEST(Recovery, AnotherProcessDoesNotBuildOnWhatIsNotOnTheDisk) {
  for (std::uint64_t seed = 1; seed <= 2; ++seed) break_and_cut(seed, Workload::Afterwards::kRestart);
}

TEST_F(FailingDevice, LeavesALogThatIsNotTakenForTheNewFiles) {
  auto store = open();
  Bench bench(*store);
  // What retention deleted makes the copy smaller: its pages are others than those that the old log has.
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(bench.submit("t" + std::to_string(i), std::string(3'000, '1')));
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(bench.end("t" + std::to_string(i)));
  const store::RetentionLimits limits{.ended_before = {bench.now.ms + 1}, .now = bench.now, .rows_max = 10'000};
  ASSERT_TRUE(bench.journal().retain(limits));
  ASSERT_TRUE(bench.submit("last", std::string(3'000, '2')));
  const auto before = bench.load();
  recording_.fail(Act::kSync, ".db-wal", 0, 1);
  ASSERT_EQ(code_of(bench.submit("failed")), ErrorCode::kIoError);
  const store::JournalState last = bench.journal().state();
  bench.close();
  const auto old_size = std::filesystem::file_size(database());
  ASSERT_TRUE(store->recover("default", last));
  EXPECT_LT(std::filesystem::file_size(database()), old_size);
  bench.reopen();
  EXPECT_GE(bench.load().size(), before.size());
  EXPECT_TRUE(bench.find("last"));
  ASSERT_TRUE(bench.submit("after"));
  const store::JournalState now = bench.journal().state();
  bench.close();
  EXPECT_TRUE(store->recover("default", now));  // It checks the whole file.
}

}  // namespace
}  // namespace arbiter::power
