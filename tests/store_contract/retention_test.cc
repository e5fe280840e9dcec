// What retention takes and what it leaves.
#include "contract.h"

namespace arbiter::store {
namespace {

using base::ErrorCode;
using testing::ElementsAre;
using testing::IsEmpty;

void retain_all(Bench& bench, const RetentionLimits& limits) {
  for (int steps = 0; steps < 1'000; ++steps) {
    const auto more = bench.journal().retain(limits);
    ASSERT_TRUE(more) << more.error().message;
    if (!*more) return;
  }
  FAIL() << "Retention does not come to an end.";
}

TEST_P(StoreContract, RetentionTakesOldEndedEntitiesWithDocumentsAndLogs) {
  Bench bench(*store_);
  ASSERT_TRUE(bench.submit("old"));
  ASSERT_TRUE(bench.submit("live"));
  Batch batch = bench.batch();
  batch.logs.push_back({"old", {{.time = {}, .attempt = 1, .text = "x"}}});
  ASSERT_TRUE(bench.commit(batch));
  ASSERT_TRUE(bench.end("old"));  // At position 3.
  bench.now.ms += 1'000;
  ASSERT_TRUE(bench.submit("young"));
  ASSERT_TRUE(bench.end("young"));

  retain_all(bench, {.ended_before = bench.now, .now = {0}});
  EXPECT_FALSE(bench.find("old"));
  EXPECT_EQ(bench.reader().document(1).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(bench.reader().document(3).error().code, ErrorCode::kNotFound);
  EXPECT_THAT(bench.reader().log("old", 0, 10)->lines, IsEmpty());
  EXPECT_THAT(bench.ended_ids({.kind = "task"}), ElementsAre("young"));
  EXPECT_TRUE(bench.reader().document(4));
  EXPECT_TRUE(bench.reader().document(5));
  // The events of that time go, what a live entity needs stays.
  EXPECT_THAT(bench.positions({}), ElementsAre(4, 5));
  EXPECT_TRUE(bench.find("live"));
  EXPECT_TRUE(bench.reader().document(2));
}

TEST_P(StoreContract, RetentionGoesInSmallSteps) {
  Bench bench(*store_);
  for (int i = 0; i < 30; ++i) {
    ASSERT_TRUE(bench.submit(std::to_string(i)));
    ASSERT_TRUE(bench.end(std::to_string(i)));
  }
  bench.now.ms += 1'000;
  const RetentionLimits limits{.ended_before = bench.now, .now = {0}, .rows_max = 10};
  ASSERT_TRUE(*bench.journal().retain(limits));
  EXPECT_GT(bench.ended_ids({.kind = "task"}).size(), 20u);
  retain_all(bench, limits);
  EXPECT_THAT(bench.ended_ids({.kind = "task"}), IsEmpty());
  EXPECT_FALSE(*bench.journal().retain(limits));
}

TEST_P(StoreContract, RetentionKeepsTheHeadAndWhatItIsToldToKeep) {
  Bench bench(*store_);
  for (const char* id : {"a", "b", "c", "d"}) ASSERT_TRUE(bench.submit(id));
  const base::Timestamp later{bench.now.ms + 1};
  retain_all(bench, {.ended_before = later, .now = {0}, .keep_events_from = 3});
  EXPECT_THAT(bench.positions({}), ElementsAre(3, 4));
  retain_all(bench, {.ended_before = later, .now = {0}});
  EXPECT_THAT(bench.positions({}), ElementsAre(4));
  bench.reopen();
  EXPECT_EQ(bench.journal().state().head, 4u);
  ASSERT_TRUE(bench.submit("e"));
  EXPECT_THAT(bench.positions({}), ElementsAre(4, 5));
}

TEST_P(StoreContract, RetentionTakesTagsWithTheirEvents) {
  Bench bench(*store_);
  Batch batch = bench.batch();
  bench.event(batch, "A.B.C", "task:a").tags = {"worker:w"};
  bench.event(batch, "A.B.C", "task:b").tags = {"worker:w"};
  ASSERT_TRUE(bench.commit(batch));
  retain_all(bench, {.ended_before = {bench.now.ms + 1}, .now = {0}});
  EXPECT_THAT(bench.positions({.tags = {"worker:w"}}), ElementsAre(2));
}

TEST_P(StoreContract, RetentionTakesExpiredIdempotencyRecords) {
  Bench bench(*store_);
  Batch batch = bench.batch();
  batch.idempotency.push_back({"k1", "f", 200, "", {500}});
  batch.idempotency.push_back({"k2", "f", 200, "", {600}});
  ASSERT_TRUE(bench.commit(batch));
  retain_all(bench, {.ended_before = {0}, .now = {600}});
  std::vector<std::string> keys;
  ASSERT_TRUE(bench.journal().load_idempotency([&](const IdempotencyRecord& record) { keys.push_back(record.key); }));
  EXPECT_THAT(keys, ElementsAre("k2"));
}

TEST_P(StoreContract, RetentionKeepsTheNewestIdempotencyRecords) {
  Bench bench(*store_);
  Batch batch = bench.batch();
  batch.idempotency.push_back({"b-old", "f", 200, "", {1'000}});
  batch.idempotency.push_back({"a-older", "f", 200, "", {900}});
  batch.idempotency.push_back({"c-new", "f", 200, "", {1'100}});
  ASSERT_TRUE(bench.commit(batch));
  retain_all(bench, {.ended_before = {0}, .now = {500}, .idempotency_keys_max = 2});
  std::vector<std::string> keys;
  ASSERT_TRUE(bench.journal().load_idempotency([&](const IdempotencyRecord& record) { keys.push_back(record.key); }));
  EXPECT_THAT(keys, testing::UnorderedElementsAre("b-old", "c-new"));
}

TEST_P(StoreContract, APageOfEventsSaysHowFarBackTheyReach) {
  Bench bench(*store_);
  EXPECT_EQ(bench.reader().events({})->oldest, 1U);
  ASSERT_TRUE(bench.submit("a"));
  ASSERT_TRUE(bench.end("a"));
  EXPECT_EQ(bench.reader().events({})->oldest, 1U);
  retain_all(bench, {.ended_before = {bench.now.ms + 1}, .now = {0}});
  const auto page = bench.reader().events({});
  ASSERT_TRUE(page);
  EXPECT_GT(page->oldest, 1U);
  for (const auto& event : page->events) EXPECT_GE(event.position, page->oldest);
}

TEST_P(StoreContract, AFencedOwnerDeletesNothing) {
  Bench old(*store_);
  ASSERT_TRUE(old.submit("a"));
  const Bench newer(*store_);
  EXPECT_EQ(old.journal().retain({}).error().code, ErrorCode::kFenced);
}

}  // namespace
}  // namespace arbiter::store
