// Backups and what becomes of them: made beside a store at work, refused when they are not whole, restored behind all
// that was ever given out.
#include "maintenance/backup.h"

#include <gmock/gmock.h>
#include <sqlite3.h>

#include "maintenance/restore.h"
#include "store/sqlite/database_file.h"
#include "tests/support/data_stage.h"

namespace arbiter::maintenance {
namespace {

using base::ErrorCode;
using std::filesystem::path;
using ::testing::HasSubstr;

void sql(const path& file, const std::string& text) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &db), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
  sqlite3_close(db);
}

class Backups : public arbiter::testing::DataStage {
 protected:
  path backup() const { return directory_ / "backup"; }

  void expect_unusable(ErrorCode code, const std::string& why) {
    const auto verified = verify_backup(backup());
    ASSERT_FALSE(verified);
    EXPECT_EQ(verified.error().code, code) << verified.error().message;
    EXPECT_THAT(verified.error().message, HasSubstr(why));
    const auto restored = restore(backup(), directory_ / "elsewhere", false, clock_);
    ASSERT_FALSE(restored);
    EXPECT_FALSE(std::filesystem::exists(directory_ / "elsewhere")) << "nothing was begun";
  }
};

TEST_F(Backups, HoldEverythingCommittedBeforeAndAreWholeWhileCommitsGoOn) {
  const auto made = back_up(data(), backup(), clock_);
  ASSERT_TRUE(made) << made.error().message;
  run("default", spec("t2"));
  const auto verified = verify_backup(backup());
  ASSERT_TRUE(verified) << verified.error().message;
  ASSERT_EQ(verified->namespaces.size(), 2u);
  EXPECT_EQ(verified->namespaces[0].name, "system");
  EXPECT_EQ(verified->namespaces[1].position, 1);
  EXPECT_FALSE(std::filesystem::exists(backup().string() + ".partial"));
  EXPECT_EQ(back_up(data(), backup(), clock_).error().code, ErrorCode::kInvalidState) << "never over another one";
  EXPECT_EQ(back_up(directory_, directory_ / "b2", clock_).error().code, ErrorCode::kNotFound);
}

TEST_F(Backups, ThatAreNotWholeAreRefused) {
  ASSERT_TRUE(back_up(data(), backup(), clock_));
  const path file = backup() / "namespaces" / "default.db";
  const std::string whole = read(file);
  const std::string manifest = read(backup() / "manifest.json");

  write(file, whole.substr(0, whole.size() - 4096));
  expect_unusable(ErrorCode::kIoError, "bytes instead of");
  std::string flipped = whole;
  flipped[whole.size() / 2] ^= 1;
  write(file, flipped);
  expect_unusable(ErrorCode::kIoError, "SHA-256");
  std::filesystem::remove(file);
  expect_unusable(ErrorCode::kIoError, "missing");
  write(file, whole);

  std::string other = manifest;
  other.replace(other.find(R"("version":1)"), 11, R"("version":2)");
  write(backup() / "manifest.json", other);
  expect_unusable(ErrorCode::kInvalidState, "another format version");
  write(backup() / "manifest.json", manifest.substr(0, manifest.size() / 2));
  expect_unusable(ErrorCode::kInvalidState, "not whole");
  write(backup() / "manifest.json", "{}");
  expect_unusable(ErrorCode::kInvalidState, "something else");
  std::filesystem::remove(backup() / "manifest.json");
  expect_unusable(ErrorCode::kInvalidState, "not complete");
  write(backup() / "manifest.json", manifest);
  EXPECT_TRUE(verify_backup(backup()));
}

TEST_F(Backups, OfDamagedDataAreNotMade) {
  journals_.clear();
  sql(data() / "namespaces" / "default.db", "UPDATE live SET body = '{' WHERE kind = 'task'");
  const auto record = back_up(data(), backup(), clock_);
  ASSERT_FALSE(record);
  EXPECT_THAT(record.error().message, HasSubstr("its entities are not those that were committed"));
  sql(data() / "namespaces" / "default.db",
      "DELETE FROM live; DELETE FROM events WHERE position = 1;"
      "INSERT INTO events SELECT 1, 1, 'A', 'a', '[]', '{}', '{}', NULL UNION SELECT 3, 1, 'A', 'a', '[]', '{}', '{}', "
      "NULL");
  const auto gap = back_up(data(), backup(), clock_);
  ASSERT_FALSE(gap);
  EXPECT_THAT(gap.error().message, HasSubstr("2 events at the positions 1 to 3"));
  EXPECT_FALSE(std::filesystem::exists(backup()));
  EXPECT_FALSE(std::filesystem::exists(backup().string() + ".partial"));
}

TEST_F(Backups, RestoredNothingThatWasGivenOutBeforeIsGivenAgain) {
  const std::string held = lease();
  ASSERT_TRUE(back_up(data(), backup(), clock_));
  run("default", spec("lost"));
  const auto lost = journals_.at("default")->state();
  close();

  std::int64_t last = 0;
  for (const char* where : {"first", "second"}) {
    clock_.advance(1);
    const auto restored = restore(backup(), directory_ / where, false, clock_);
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_EQ(restored->namespaces[1].leases_returned, 1);
    EXPECT_EQ(restored->replaced, "");
    EXPECT_GT(restored->namespaces[1].position, static_cast<std::int64_t>(lost.head) + 1'000'000);
    EXPECT_GT(restored->namespaces[1].position, last) << "not even when the same backup is restored again";
    last = restored->namespaces[1].position;

    store_ = std::move(*store::open_sqlite_store(directory_ / where));
    journals_["default"] = std::move(*store_->open("default", 9));
    EXPECT_GT(journals_["default"]->state().epoch, lost.epoch + 1'000);
    auto& reader = journals_["default"]->reader();
    EXPECT_EQ(reader.events({.after = lost.head})->lost_after, lost.head - 1);
    const auto page = reader.events({.types = {"SERVER.RESTORED.SUCCESS"}});
    ASSERT_EQ(page->events.size(), 1u);
    EXPECT_THAT(page->events[0].data, HasSubstr("are lost"));
    const std::string again = lease();
    EXPECT_GT(std::stoll(again), std::stoll(held) + 1'000'000);
    const base::Now now{clock_.wall(), clock_.wall()};
    auto loaded = engine::load(*journals_["default"], core::CoreLimits{}, now);
    const auto late = base::from_json_text<core::CompleteTask>(R"({"id":"t1","lease":")" + held + R"("})");
    ASSERT_TRUE(late) << late.error().message;
    EXPECT_EQ(loaded->core->handle(*late, {"test", ""}, 1, now)->error().code, ErrorCode::kStaleLease);
    close();
    EXPECT_TRUE(store::sqlite::check_database(directory_ / where / "namespaces" / "default.db"));
    // What was restored can be backed up in turn.
    EXPECT_TRUE(back_up(directory_ / where, directory_ / (std::string(where) + "-backup"), clock_));
  }
}

TEST_F(Backups, OfWhatWasJustRestoredAreRestoredAtPositionsOfTheirOwn) {
  ASSERT_TRUE(back_up(data(), backup(), clock_));
  close();
  const auto first = restore(backup(), directory_ / "first", false, clock_);
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(back_up(directory_ / "first", directory_ / "soon", clock_));
  std::int64_t last = first->namespaces[1].position;
  for (const char* where : {"second", "third"}) {
    clock_.advance(1'000);
    const auto restored = restore(directory_ / "soon", directory_ / where, false, clock_);
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_GT(restored->namespaces[1].position, last);
    last = restored->namespaces[1].position;
  }
}

TEST_F(Backups, AreRestoredOverPresentDataOnlyWhenAskedTo) {
  ASSERT_TRUE(back_up(data(), backup(), clock_));
  run("default", spec("later"));
  const auto running = restore(backup(), data(), true, clock_);
  ASSERT_FALSE(running);
  EXPECT_THAT(running.error().message, HasSubstr("in use"));
  close();
  const auto refused = restore(backup(), data(), false, clock_);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("--replace"));
  const auto restored = restore(backup(), data(), true, clock_);
  ASSERT_TRUE(restored) << restored.error().message;
  EXPECT_FALSE(std::filesystem::exists(data() / "restoring"));
  EXPECT_TRUE(std::filesystem::exists(path(restored->replaced) / "default.db"));
  store_ = std::move(*store::open_sqlite_store(data()));
  journals_["default"] = std::move(*store_->open("default", 9));
  const auto found = journals_["default"]->reader().lookup({{"task", "t1"}, {"task", "later"}});
  ASSERT_EQ(found->found.size(), 1u);
  EXPECT_EQ(found->found[0].key.id, "t1");
}

}  // namespace
}  // namespace arbiter::maintenance
