// What a commit promises.
#include "contract.h"

namespace arbiter::store {
namespace {

using base::ErrorCode;
using testing::ElementsAre;
using testing::IsEmpty;

INSTANTIATE_TEST_SUITE_P(Store, StoreContract, testing::ValuesIn(all_stores()),
                         [](const auto& test) { return test.param.name; });

TEST_P(StoreContract, ANewNamespaceIsEmptyAndKeepsItsSeed) {
  Bench bench(*store_);
  EXPECT_EQ(bench.journal().state().head, 0u);
  EXPECT_EQ(bench.journal().state().seed, 42u);
  EXPECT_THAT(bench.live_ids(), IsEmpty());
  auto other = store_->open("default", 99);
  ASSERT_TRUE(other);
  EXPECT_EQ((*other)->state().seed, 42u);
}

TEST_P(StoreContract, ALargeSeedComesBackWhole) {
  auto journal = store_->open("other", 0xfedc'ba98'7654'3210u);
  ASSERT_TRUE(journal);
  EXPECT_EQ((*journal)->state().seed, 0xfedc'ba98'7654'3210u);
}

TEST_P(StoreContract, PositionsAreDenseAndTheHeadSurvivesACrash) {
  Bench bench(*store_);
  ASSERT_TRUE(bench.submit("a"));
  bench.now.ms += 5;
  ASSERT_TRUE(bench.submit("b"));
  bench.reopen();
  EXPECT_EQ(bench.journal().state().head, 2u);
  EXPECT_EQ(bench.journal().state().last_time, bench.now);
  ASSERT_TRUE(bench.submit("c"));
  EXPECT_THAT(bench.positions({}), ElementsAre(1, 2, 3));
}

TEST_P(StoreContract, NamespacesDoNotSeeEachOther) {
  Bench bench(*store_);
  ASSERT_TRUE(bench.submit("a"));
  auto other = store_->open("other", 1);
  ASSERT_TRUE(other);
  EXPECT_EQ((*other)->state().head, 0u);
}

TEST_P(StoreContract, ANameThatIsNoNameIsRefused) {
  const auto opened = store_->open("../evil", 1);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kInvalidRequest);
}

TEST_P(StoreContract, AClosedNamespaceIsKnownByItsDeadlineUntilItOpens) {
  EXPECT_THAT(*store_->resting(), IsEmpty());
  {
    Bench bench(*store_);
    ASSERT_TRUE(bench.submit("a"));
  }
  ASSERT_TRUE(store_->rest("default", {5'000}));
  ASSERT_TRUE(store_->rest("other", kNothingDue));
  ASSERT_TRUE(store_->rest("default", {7'000}));
  EXPECT_THAT(*store_->resting(), ElementsAre(Resting{"default", {7'000}}, Resting{"other", kNothingDue}));
  const Bench bench(*store_);
  EXPECT_THAT(*store_->resting(), ElementsAre(Resting{"other", kNothingDue}));
}

TEST_P(StoreContract, ARestoredNamespaceGoesOnBehindAGap) {
  Bench bench(*store_);
  ASSERT_TRUE(bench.submit("a"));
  ASSERT_TRUE(bench.submit("b"));
  const auto before = bench.batch();
  ASSERT_TRUE(bench.journal().skip_to(1'000, 50));
  EXPECT_EQ(bench.journal().state().head, 1'000u);
  EXPECT_EQ(bench.journal().state().epoch, 50u);
  bench.reopen();
  EXPECT_EQ(bench.journal().state().head, 1'000u) << "also before anything is committed";
  EXPECT_GT(bench.journal().state().epoch, 50u);
  ASSERT_TRUE(bench.submit("c"));
  EXPECT_THAT(bench.positions({}), ElementsAre(1, 2, 1'001));
  EXPECT_EQ(bench.reader().events({.after = 2})->lost_after, std::nullopt);
  EXPECT_EQ(bench.reader().events({.after = 3})->lost_after, 2u);
  EXPECT_EQ(bench.reader().events({.after = 1'000})->lost_after, 2u);
  EXPECT_EQ(bench.reader().events({.after = 1'001})->lost_after, std::nullopt);
  ASSERT_TRUE(bench.journal().skip_to(2'000, 90));
  bench.reopen();
  ASSERT_TRUE(bench.submit("d"));
  EXPECT_THAT(bench.positions({.after = 2}), ElementsAre(1'001, 2'001));
  EXPECT_EQ(bench.reader().events({.after = 1'500})->lost_after, 1'001u);
}

TEST_P(StoreContract, ANewerOwnerFencesTheOlder) {
  Bench old(*store_);
  ASSERT_TRUE(old.submit("a"));
  Bench newer(*store_);
  EXPECT_GT(newer.journal().state().epoch, old.journal().state().epoch);
  EXPECT_EQ(code_of(old.submit("b")), ErrorCode::kFenced);
  EXPECT_EQ(code_of(old.journal().probe()), ErrorCode::kFenced);
  ASSERT_TRUE(newer.submit("c"));
  EXPECT_THAT(newer.live_ids(), ElementsAre("a", "c"));
}

TEST_P(StoreContract, ABatchOfAnotherEpochWritesNothing) {
  Bench bench(*store_);
  Batch batch = bench.batch();
  bench.event(batch, "TASK.SUBMITTED.SUCCESS", "task:a");
  batch.puts.push_back(live_task("a", "{}"));
  --batch.epoch;
  EXPECT_EQ(code_of(bench.commit(batch)), ErrorCode::kFenced);
  bench.reopen();
  EXPECT_EQ(bench.journal().state().head, 0u);
  EXPECT_THAT(bench.live_ids(), IsEmpty());
}

TEST_P(StoreContract, LoadGivesEachEntityOnceInTheOrderOfKindsAndIdsWithItsDocument) {
  Bench bench(*store_);
  ASSERT_TRUE(bench.submit("b", R"({"n":1})"));
  Batch batch = bench.batch();
  for (const char* kind : {"worker", "queue"}) {
    EntityPut put = live_task("w", R"({"k":1})");
    put.kind = kind;
    batch.puts.push_back(put);
  }
  ASSERT_TRUE(bench.commit(batch));
  ASSERT_TRUE(bench.submit("a", std::string(kDocumentInlineBytesMax + 1, '1')));
  bench.reopen();
  EXPECT_THAT(bench.load(),
              ElementsAre(Loaded{"queue", "w", R"({"k":1})", "", "", 0, 0},
                          Loaded{"task", "a", R"({"state":"queued"})", R"({"type":"build"})", "", 2,
                                 kDocumentInlineBytesMax + 1},
                          Loaded{"task", "b", R"({"state":"queued"})", R"({"type":"build"})", R"({"n":1})", 1, 7},
                          Loaded{"worker", "w", R"({"k":1})", "", "", 0, 0}));
}

TEST_P(StoreContract, APutReplacesAndADeleteRemoves) {
  Bench bench(*store_);
  ASSERT_TRUE(bench.submit("a"));
  ASSERT_TRUE(bench.submit("b"));
  Batch batch = bench.batch();
  batch.puts.push_back(live_task("a", R"({"longer":"than it was before"})", 1));
  batch.deletes.push_back({"task", "b"});
  batch.deletes.push_back({"task", "never there"});
  ASSERT_TRUE(bench.commit(batch));
  bench.reopen();
  ASSERT_THAT(bench.live_ids(), ElementsAre("a"));
  EXPECT_EQ(bench.find("a")->body, R"({"longer":"than it was before"})");
}

TEST_P(StoreContract, AnEndedEntityLeavesTheLiveOnesAndIsStillFound) {
  Bench bench(*store_);
  ASSERT_TRUE(bench.submit("a", R"({"n":1})"));
  EXPECT_FALSE(bench.find("a")->ended);
  ASSERT_TRUE(bench.end("a"));
  EXPECT_THAT(bench.live_ids(), IsEmpty());
  const auto found = bench.find("a");
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->ended);
  EXPECT_EQ(found->body, R"({"state":"completed"})");
  EXPECT_EQ(found->document_position, 1u);
  EXPECT_EQ(found->document_body, R"({"n":1})");
}

TEST_P(StoreContract, AnEntityMayBeSubmittedAndEndedInOneBatch) {
  Bench bench(*store_);
  Batch batch = bench.batch();
  bench.event(batch, "TASK.SUBMITTED.SUCCESS", "task:a");
  EntityPut put = live_task("a", "{}");
  put.ended = EndedInfo{1, bench.now, "cancelled", "default", "build"};
  batch.puts.push_back(put);
  ASSERT_TRUE(bench.commit(batch));
  EXPECT_THAT(bench.ended_ids({.kind = "task"}), ElementsAre("a"));
}

TEST_P(StoreContract, ARevivedEntityIsLiveAgainAndMayEndAgain) {
  Bench bench(*store_);
  ASSERT_TRUE(bench.submit("a"));
  ASSERT_TRUE(bench.end("a", "failed"));
  Batch batch = bench.batch();
  bench.event(batch, "TASK.QUEUED.REDRIVEN", "task:a");
  batch.puts.push_back(live_task("a", R"({"again":1})", 1));
  batch.puts.back().revived = true;
  ASSERT_TRUE(bench.commit(batch));
  EXPECT_THAT(bench.live_ids(), ElementsAre("a"));
  EXPECT_THAT(bench.ended_ids({.kind = "task"}), IsEmpty());
  ASSERT_TRUE(bench.end("a"));
  EXPECT_THAT(bench.live_ids(), IsEmpty());
  EXPECT_THAT(bench.ended_ids({.kind = "task"}), ElementsAre("a"));
}

TEST_P(StoreContract, AnEntityRevivedAndEndedInOneBatchIsKeptOnce) {
  Bench bench(*store_);
  ASSERT_TRUE(bench.submit("a"));
  ASSERT_TRUE(bench.end("a", "failed"));
  Batch batch = bench.batch();
  const Position position = bench.event(batch, "TASK.CANCELLED.SUCCESS", "task:a").position;
  EntityPut put = live_task("a", "{}", 1);
  put.revived = true;
  put.ended = EndedInfo{position, bench.now, "cancelled", "default", "build"};
  batch.puts.push_back(put);
  ASSERT_TRUE(bench.commit(batch));
  const auto page = bench.reader().ended({.kind = "task"});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->entities.size(), 1u);
  EXPECT_EQ(page->entities[0].info.state, "cancelled");
  EXPECT_EQ(page->entities[0].info.ended_position, position);
}

TEST_P(StoreContract, ADocumentIsReadWholeByItsPosition) {
  Bench bench(*store_);
  const std::string large(100'000, '7');
  ASSERT_TRUE(bench.submit("a", large));
  const auto document = bench.reader().document(1);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->spec, R"({"type":"build"})");
  EXPECT_EQ(document->body, large);
  const auto found = bench.find("a");
  EXPECT_EQ(found->document_body, "");
  EXPECT_EQ(found->document_bytes, large.size());
  EXPECT_EQ(bench.reader().document(7).error().code, ErrorCode::kNotFound);
}

TEST_P(StoreContract, IdempotencyRecordsSurviveAndANewerOneReplaces) {
  Bench bench(*store_);
  Batch batch = bench.batch();
  batch.idempotency.push_back({"k1", "f1", 201, R"({"id":"a"})", {500}});
  batch.idempotency.push_back({"k2", "f2", 200, "", {600}});
  ASSERT_TRUE(bench.commit(batch));
  batch = bench.batch();
  batch.idempotency.push_back({"k1", "f3", 200, "again", {700}});
  ASSERT_TRUE(bench.commit(batch));
  bench.reopen();
  std::vector<std::string> seen;
  ASSERT_TRUE(bench.journal().load_idempotency([&](const IdempotencyRecord& r) {
    seen.push_back(r.key + "|" + r.fingerprint + "|" + std::to_string(r.status) + "|" + r.reply + "|" +
                   std::to_string(r.expires_at.ms));
  }));
  EXPECT_THAT(seen, ElementsAre("k1|f3|200|again|700", "k2|f2|200||600"));
}

TEST_P(StoreContract, ATextMayHoldAnyBytes) {
  Bench bench(*store_);
  const std::string odd("q\"uo\\te\0\n\xc3\xa4", 11);
  Batch batch = bench.batch();
  EventRow& event = bench.event(batch, "A.B.C", "task:x");
  event.tags = {"label:say \"hi\"", "label:\xc3\xa4"};
  batch.puts.push_back(live_task("x", odd));
  ASSERT_TRUE(bench.commit(batch));
  EXPECT_EQ(bench.find("x")->body, odd);
  const auto page = bench.reader().events({.tags = {"label:say \"hi\""}});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->events.size(), 1u);
  EXPECT_THAT(page->events[0].tags, ElementsAre("label:say \"hi\"", "label:\xc3\xa4"));
}

TEST_P(StoreContract, ProbeAndAnEmptyBatchChangeNothingThatIsSeen) {
  Bench bench(*store_);
  ASSERT_TRUE(bench.submit("a"));
  EXPECT_TRUE(bench.journal().probe());
  EXPECT_TRUE(bench.commit(bench.batch()));
  EXPECT_EQ(bench.journal().state().head, 1u);
  EXPECT_THAT(bench.live_ids(), ElementsAre("a"));
}

TEST_P(StoreContract, ABatchOfManyRowsIsWrittenWhole) {
  Bench bench(*store_);
  Batch batch = bench.batch();
  for (int i = 0; i < 5'000; ++i) {
    const std::string id = std::to_string(100'000 + i);
    const Position position = bench.event(batch, "TASK.SUBMITTED.SUCCESS", "task:" + id).position;
    batch.puts.push_back(live_task(id, "{}", position));
    batch.documents.push_back({position, "{}", std::to_string(i)});
  }
  ASSERT_TRUE(bench.commit(batch));
  bench.reopen();
  const auto loaded = bench.load();
  ASSERT_EQ(loaded.size(), 5'000u);
  EXPECT_EQ(loaded[4'321].document_body, "4321");
}

TEST_P(StoreContract, ARecoveryKeepsEverythingAndTheNextOpeningGoesOn) {
  Bench bench(*store_);
  ASSERT_TRUE(bench.submit("a", R"({"n":1})"));
  ASSERT_TRUE(bench.submit("b"));
  ASSERT_TRUE(bench.end("b"));
  const auto before = bench.load();
  const JournalState last = bench.journal().state();
  bench.close();
  ASSERT_TRUE(store_->recover("default", last));
  bench.reopen();
  EXPECT_EQ(bench.load(), before);
  EXPECT_THAT(bench.positions({}), ElementsAre(1, 2, 3));
  EXPECT_THAT(bench.ended_ids({.kind = "task"}), ElementsAre("b"));
  EXPECT_GT(bench.journal().state().epoch, last.epoch);
  EXPECT_EQ(bench.journal().state().seed, 42u);
  EXPECT_TRUE(bench.submit("c"));
}

TEST_P(StoreContract, ARecoveryThatMissesCommitsIsRefused) {
  Bench bench(*store_);
  ASSERT_TRUE(bench.submit("a"));
  JournalState last = bench.journal().state();
  bench.close();
  ++last.head;
  const auto recovered = store_->recover("default", last);
  ASSERT_FALSE(recovered);
  EXPECT_EQ(recovered.error().code, ErrorCode::kIoError);
}

TEST_P(StoreContract, ARecoveryOfAFormerOwnerIsFenced) {
  Bench bench(*store_);
  const JournalState last = bench.journal().state();
  bench.reopen();
  bench.close();
  const auto recovered = store_->recover("default", last);
  ASSERT_FALSE(recovered);
  EXPECT_EQ(recovered.error().code, ErrorCode::kFenced);
}

}  // namespace
}  // namespace arbiter::store
