#include "maintenance/doctor.h"

#include <gmock/gmock.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <fstream>

#include "store/sqlite/sqlite_store.h"

namespace arbiter::maintenance {
namespace {

using std::filesystem::path;
using testing::HasSubstr;

class Doctor : public testing::Test {
 protected:
  Doctor() {
    std::string name = (std::filesystem::temp_directory_path() / "arbiter-doctor-XXXXXX").string();
    data_ = ::mkdtemp(name.data());
    auto store = std::move(*store::open_sqlite_store(data_));
    auto journal = std::move(*store->open("default", 7));
    store::Batch batch{.epoch = journal->state().epoch};
    for (store::Position position = 1; position <= 3; ++position) {
      batch.events.push_back({position, clock_.wall(), "QUEUE.PAUSED.SUCCESS", "queue:q", {}, "{}", "{}"});
    }
    batch.puts.push_back({.kind = "queue", .id = "q", .body = R"({"maxDepth":5})"});
    EXPECT_TRUE(journal->commit(batch));
  }
  ~Doctor() override { std::filesystem::remove_all(data_); }

  path database() const { return data_ / "namespaces" / "default.db"; }
  void sql(const std::string& text) const {
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(database().c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(db);
    sqlite3_close(db);
  }
  Finding finding(const std::string& check, std::int64_t open_files = 10) {
    for (auto& one : examine({data_, true, open_files}, clock_).findings) {
      if (one.check == check) return one;
    }
    ADD_FAILURE() << "there is no finding on " << check;
    return {};
  }

  base::ManualClock clock_;
  path data_;
};

TEST_F(Doctor, FindsNothingWrongWithASoundDirectory) {
  const auto found = finding("namespace:default");
  EXPECT_EQ(found.verdict, Verdict::kOk) << found.detail;
  EXPECT_EQ(found.detail, "3 events up to 3");
  EXPECT_EQ(finding("permissions").verdict, Verdict::kOk);
  EXPECT_EQ(finding("openFiles").verdict, Verdict::kOk);
}

TEST_F(Doctor, NoticesAValidRecordThatWasChangedByHand) {
  sql(R"(UPDATE live SET body = json_set(body, '$.maxDepth', 7) WHERE kind = 'queue')");
  const auto found = finding("namespace:default");
  EXPECT_EQ(found.verdict, Verdict::kFailed);
  EXPECT_THAT(found.detail, HasSubstr("a row was changed, added or taken away"));
}

TEST_F(Doctor, NamesWhatIsDamaged) {
  sql("DELETE FROM events WHERE position = 2");
  EXPECT_THAT(finding("namespace:default").detail, HasSubstr("2 events at the positions 1 to 3"));
  sql("INSERT INTO live VALUES ('task', 'build-1', 0, '{')");
  EXPECT_EQ(finding("namespace:default").verdict, Verdict::kFailed);
  sql("UPDATE events SET position = 2 WHERE position = 3");
  EXPECT_THAT(finding("namespace:default").detail, HasSubstr("task build-1"));
  {
    std::fstream file(database(), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(4096);  // The first page of a table or an index.
    file << "damage";
  }
  const auto found = finding("namespace:default");
  EXPECT_EQ(found.verdict, Verdict::kFailed);
  EXPECT_THAT(found.detail, HasSubstr("default.db"));
  EXPECT_THAT(found.advice.value_or(""), HasSubstr("restore the last backup"));
}

TEST_F(Doctor, WarnsOfWhatWillHurt) {
  clock_.jump_wall(-60'000);
  EXPECT_EQ(finding("clock").verdict, Verdict::kWarning);
  EXPECT_THAT(finding("clock").detail, HasSubstr("newest event"));
  EXPECT_EQ(finding("openFiles", INT64_MAX).verdict, Verdict::kWarning);
  ASSERT_EQ(::chmod(data_.c_str(), 0755), 0);
  EXPECT_THAT(finding("permissions").detail, HasSubstr("can be read by others"));
  const auto none = examine({data_ / "none", false, 0}, clock_);
  EXPECT_EQ(none.verdict, Verdict::kFailed);
}

}  // namespace
}  // namespace arbiter::maintenance
