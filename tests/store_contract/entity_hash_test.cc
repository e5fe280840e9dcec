// Every change of an entity beside Arbiter is noticed, and none of Arbiter's own.
#include <sqlite3.h>

#include "contract.h"
#include "store/sqlite/database_file.h"
#include "store/sqlite/sqlite_store.h"

namespace arbiter::store {
namespace {

using testing::HasSubstr;

class EntityHashTest : public testing::Test {
 protected:
  EntityHashTest() {
    Bench bench(*store_);
    for (const char* id : {"a", "b", "c", "d"}) EXPECT_TRUE(bench.submit(id));
    EXPECT_TRUE(bench.end("c"));
  }

  // As the sqlite3 shell would, while nobody has the file open.
  void sql(const std::string& text) {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(file_.c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
  }
  // Empty: nothing is wrong.
  [[nodiscard]] std::string wrong() const {
    const auto found = sqlite::check_database(file_);
    return found ? std::string() : found.error().message;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_ = std::move(*open_sqlite_store(directory_.path()));
  std::filesystem::path file_ = directory_.path() / "namespaces" / "default.db";
};

TEST_F(EntityHashTest, FollowsPutsEndsRevivalsDeletesAndRetention) {
  EXPECT_EQ(wrong(), "");
  Bench bench(*store_);
  Batch batch = bench.batch();
  bench.event(batch, "TASK.REDRIVEN.SUCCESS", "task:c");
  EntityPut revived = live_task("c", R"({"state":"queued"})", 3);
  revived.revived = true;
  batch.puts.push_back(revived);
  batch.puts.push_back(live_task("a", R"({"state":"running"})", 1));
  batch.deletes.push_back({"task", "b"});
  ASSERT_TRUE(bench.commit(batch));
  EXPECT_EQ(wrong(), "");
  ASSERT_TRUE(bench.end("a"));
  ASSERT_TRUE(bench.end("c"));
  EXPECT_EQ(wrong(), "");
  ASSERT_TRUE(bench.journal().retain({.ended_before = {bench.now.ms + 1}, .now = {0}}));
  EXPECT_EQ(wrong(), "");
  EXPECT_EQ(bench.live_ids(), std::vector<std::string>{"d"});
}

TEST_F(EntityHashTest, FollowsAnEndedEntityThatEndsAgain) {
  Bench bench(*store_);
  for (const bool revived : {true, false}) {
    Batch batch = bench.batch();
    const Position position = bench.event(batch, "TASK.CANCELLED.SUCCESS", "task:c").position;
    EntityPut put = live_task("c", R"({"state":"cancelled"})", 3);
    put.revived = revived;
    put.ended = EndedInfo{position, bench.now, "cancelled", "default", "build"};
    batch.puts.push_back(put);
    ASSERT_TRUE(bench.commit(batch));
    EXPECT_EQ(wrong(), "") << (revived ? "revived" : "replaced by its id");
  }
}

TEST_F(EntityHashTest, ForgetsWhatATransactionDidNotCommit) {
  Bench bench(*store_);
  Batch batch = bench.batch();
  batch.puts.push_back(live_task("a", R"({"state":"running"})", 1));
  batch.blobs.push_back({"missing", 1, {"task", "a"}});
  EXPECT_EQ(code_of(bench.commit(batch)), base::ErrorCode::kNotFound);
  ASSERT_TRUE(bench.submit("e"));
  EXPECT_EQ(wrong(), "");
}

TEST_F(EntityHashTest, NoticesAValidRowThatWasChanged) {
  sql(R"(UPDATE live SET body = '{"state":"paused"}' WHERE id = 'a')");
  EXPECT_THAT(wrong(), HasSubstr("its entities are not those that were committed"));
  Bench bench(*store_);  // And goes on to notice it.
  ASSERT_TRUE(bench.submit("e"));
  EXPECT_THAT(wrong(), HasSubstr("its entities are not those that were committed"));
}

TEST_F(EntityHashTest, NoticesARowThatWasTakenAway) {
  sql("DELETE FROM live WHERE id = 'a'");
  EXPECT_THAT(wrong(), HasSubstr("its entities"));
}

TEST_F(EntityHashTest, NoticesARowThatWasAdded) {
  sql("INSERT INTO live SELECT kind, 'x', document, body FROM live WHERE id = 'a'");
  EXPECT_THAT(wrong(), HasSubstr("its entities"));
}

TEST_F(EntityHashTest, NoticesAnEndedRowThatWasChanged) {
  sql("UPDATE ended SET state = 'failed'");
  EXPECT_THAT(wrong(), HasSubstr("its entities"));
}

TEST_F(EntityHashTest, NoticesTwoRowsThatChangedPlaces) {
  sql("UPDATE live SET body = CASE id WHEN 'a' THEN 'x' ELSE 'y' END WHERE id IN ('a', 'b')");
  EXPECT_THAT(wrong(), HasSubstr("its entities"));
}

TEST_F(EntityHashTest, ADatabaseOfTheFirstVersionIsCheckedWithoutAndTakenOver) {
  sql("ALTER TABLE events DROP COLUMN entity_hash; DROP TABLE blobs; DROP TABLE blob_chunks; DROP TABLE "
      "blob_references;"
      "PRAGMA user_version = 1");
  EXPECT_EQ(wrong(), "");
  Bench bench(*store_);
  EXPECT_EQ(wrong(), "");
  EXPECT_EQ(bench.live_ids(), (std::vector<std::string>{"a", "b", "d"}));
  bench.close();
  sql("DELETE FROM live WHERE id = 'a'");
  EXPECT_THAT(wrong(), HasSubstr("its entities"));
}

TEST_F(EntityHashTest, ABlobThatIsNotWholeIsNamed) {
  {
    Bench bench(*store_);
    ASSERT_TRUE(bench.journal().append({"big", 0, "abc", bench.now}));
    ASSERT_TRUE(bench.journal().append({"big", 3, "def", bench.now}));
  }
  EXPECT_EQ(wrong(), "");
  sql("DELETE FROM blob_chunks WHERE start = 3");
  EXPECT_THAT(wrong(), HasSubstr("the blob big is not whole"));
}

}  // namespace
}  // namespace arbiter::store
