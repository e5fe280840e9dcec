// What the reader answers.
#include "contract.h"

namespace arbiter::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Eight events: odd positions on task a, even on task b, of three types, the first four with a worker's tag.
void fill(Bench& bench) {
  Batch batch = bench.batch();
  const std::vector<std::string> types{"TASK.QUEUED.SUCCESS", "TASK.ASSIGNED.SUCCESS", "WORKER.LOST.TIMEOUT",
                                       "TASK.QUEUED.SUCCESS"};
  for (std::size_t i = 0; i < 8; ++i) {
    EventRow& event = bench.event(batch, types[i % 4], i % 2 == 0 ? "task:a" : "task:b");
    event.data = "{\"i\":" + std::to_string(i + 1) + "}";
    event.metadata = R"({"actor":"x"})";
    if (i < 4) event.tags = {"worker:w1", "queue:q"};
  }
  ASSERT_TRUE(bench.commit(batch));
}

TEST_P(StoreContract, EventsComeBackAsTheyWereWritten) {
  Bench bench(*store_);
  fill(bench);
  const auto page = bench.reader().events({.after = 2, .up_to = 3});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->events.size(), 1u);
  const EventRow& event = page->events[0];
  EXPECT_EQ(event.position, 3u);
  EXPECT_EQ(event.time, bench.now);
  EXPECT_EQ(event.type, "WORKER.LOST.TIMEOUT");
  EXPECT_EQ(event.entity, "task:a");
  EXPECT_THAT(event.tags, ElementsAre("worker:w1", "queue:q"));
  EXPECT_EQ(event.data, R"({"i":3})");
  EXPECT_EQ(event.metadata, R"({"actor":"x"})");
}

TEST_P(StoreContract, EventsAreFilteredByTypesTagsAndRange) {
  Bench bench(*store_);
  fill(bench);
  struct Case {
    EventQuery query;
    std::vector<Position> found;
  };
  const std::vector<Case> cases{
      {{}, {1, 2, 3, 4, 5, 6, 7, 8}},
      {{.after = 6}, {7, 8}},
      {{.after = 8}, {}},
      {{.after = 80}, {}},
      {{.up_to = 2}, {1, 2}},
      {{.up_to = 80}, {1, 2, 3, 4, 5, 6, 7, 8}},
      {{.types = {"TASK.ASSIGNED.SUCCESS"}}, {2, 6}},
      {{.types = {"TASK.*"}}, {1, 2, 4, 5, 6, 8}},
      {{.types = {"WORKER.*", "TASK.ASSIGNED.*"}}, {2, 3, 6, 7}},
      {{.types = {"*"}}, {1, 2, 3, 4, 5, 6, 7, 8}},
      {{.types = {"TASK"}}, {}},
      {{.tags = {"task:a"}}, {1, 3, 5, 7}},
      {{.tags = {"worker:w1"}}, {1, 2, 3, 4}},
      {{.tags = {"worker:w1", "task:b"}}, {2, 4}},
      {{.tags = {"task:b", "worker:w1"}}, {2, 4}},
      {{.tags = {"worker:w1", "queue:q", "task:a"}}, {1, 3}},
      {{.tags = {"task:a", "task:b"}}, {}},
      {{.tags = {"worker:w2"}}, {}},
      {{.after = 3, .types = {"TASK.*"}, .tags = {"task:b"}}, {4, 6, 8}},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    EXPECT_EQ(bench.positions(cases[i].query), cases[i].found) << "case " << i;
  }
}

TEST_P(StoreContract, PagesOfEventsJoinWithoutGapOrRepeat) {
  Bench bench(*store_);
  fill(bench);
  for (const auto& tags : std::vector<std::vector<std::string>>{{}, {"task:a"}}) {
    EventQuery query{.tags = tags, .limit = 3};
    const auto whole = bench.positions({.tags = tags});
    std::vector<Position> joined;
    bool more = true;
    while (more) {
      const auto page = bench.reader().events(query);
      ASSERT_TRUE(page);
      EXPECT_LE(page->events.size(), 3u);
      for (const auto& event : page->events) joined.push_back(event.position);
      query.after = page->scanned_to;
      more = page->more;
    }
    EXPECT_EQ(joined, whole);
    EXPECT_EQ(query.after, 8u);
  }
}

TEST_P(StoreContract, AnAnswerWithoutMatchesSaysHowFarItLooked) {
  Bench bench(*store_);
  fill(bench);
  const auto page = bench.reader().events({.types = {"NONE"}});
  ASSERT_TRUE(page);
  EXPECT_THAT(page->events, IsEmpty());
  EXPECT_EQ(page->scanned_to, 8u);
  EXPECT_FALSE(page->more);
}

TEST_P(StoreContract, EndedEntitiesAreListedNewestFirstAndFiltered) {
  Bench bench(*store_);
  for (const char* id : {"a", "b", "c", "d"}) ASSERT_TRUE(bench.submit(id));
  ASSERT_TRUE(bench.end("b", "failed", "slow", "deploy"));
  ASSERT_TRUE(bench.end("a"));
  ASSERT_TRUE(bench.end("d", "cancelled"));
  ASSERT_TRUE(bench.end("c", "failed"));
  EXPECT_THAT(bench.ended_ids({.kind = "task"}), ElementsAre("c", "d", "a", "b"));
  EXPECT_THAT(bench.ended_ids({.kind = "task", .states = {"failed"}}), ElementsAre("c", "b"));
  EXPECT_THAT(bench.ended_ids({.kind = "task", .states = {"failed", "cancelled"}}), ElementsAre("c", "d", "b"));
  EXPECT_THAT(bench.ended_ids({.kind = "task", .queue = "slow"}), ElementsAre("b"));
  EXPECT_THAT(bench.ended_ids({.kind = "task", .type = "build"}), ElementsAre("c", "d", "a"));
  EXPECT_THAT(bench.ended_ids({.kind = "worker"}), IsEmpty());
  EXPECT_THAT(bench.ended_ids({.kind = "task", .before = 6}), ElementsAre("b"));
}

TEST_P(StoreContract, AnEndedEntityIsListedWithAllThatIsKnown) {
  Bench bench(*store_);
  ASSERT_TRUE(bench.submit("a"));
  ASSERT_TRUE(bench.end("a", "failed", "slow", "deploy"));
  const auto page = bench.reader().ended({.kind = "task"});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->entities.size(), 1u);
  const EndedEntity& entity = page->entities[0];
  EXPECT_EQ(entity.body, R"({"state":"failed"})");
  EXPECT_EQ(entity.document, 1u);
  EXPECT_EQ(entity.info.ended_position, 2u);
  EXPECT_EQ(entity.info.ended_at, bench.now);
  EXPECT_EQ(entity.info.state, "failed");
  EXPECT_EQ(entity.info.queue, "slow");
  EXPECT_EQ(entity.info.type, "deploy");
}

TEST_P(StoreContract, PagesOfEndedEntitiesJoinAlsoWhereOneEventEndedMany) {
  Bench bench(*store_);
  Batch batch = bench.batch();
  for (int i = 0; i < 9; ++i) {
    // Positions 1 to 3 end three entities each.
    if (i % 3 == 0) bench.event(batch, "TASK.CANCELLED.SUCCESS", "task:t");
    EntityPut put = live_task("t" + std::to_string(i), "{}");
    put.ended = EndedInfo{batch.events.back().position, bench.now, "cancelled", "default", "build"};
    batch.puts.push_back(put);
  }
  ASSERT_TRUE(bench.commit(batch));
  EndedQuery query{.kind = "task", .limit = 2};
  std::vector<std::string> joined;
  bool more = true;
  while (more) {
    const auto page = bench.reader().ended(query);
    ASSERT_TRUE(page);
    for (const auto& entity : page->entities) joined.push_back(entity.id);
    query.before = page->scanned_to;
    more = page->more;
  }
  EXPECT_THAT(joined, ElementsAre("t8", "t7", "t6", "t5", "t4", "t3", "t2", "t1", "t0"));
}

TEST_P(StoreContract, ALookUpTellsItsHeadAndLeavesOutWhatIsNotThere) {
  Bench bench(*store_);
  ASSERT_TRUE(bench.submit("a"));
  ASSERT_TRUE(bench.submit("b"));
  ASSERT_TRUE(bench.end("b"));
  const auto found = bench.reader().lookup({{"task", "b"}, {"task", "x"}, {"worker", "a"}, {"task", "a"}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->head, 3u);
  ASSERT_EQ(found->found.size(), 2u);
  EXPECT_EQ(found->found[0].key, (EntityKey{"task", "b"}));
  EXPECT_EQ(found->found[1].key, (EntityKey{"task", "a"}));
  EXPECT_EQ(found->found[1].spec, R"({"type":"build"})");
}

TEST_P(StoreContract, LogLinesAreNumberedAndReadOnFromASequence) {
  Bench bench(*store_);
  for (int i = 0; i < 2; ++i) {
    Batch batch = bench.batch();
    LogAppend append{.task = "a", .lines = {}};
    for (int j = 0; j < 2; ++j) {
      append.lines.push_back({.time = {i * 10 + j}, .attempt = i + 1, .text = std::to_string(i * 2 + j + 1)});
    }
    batch.logs.push_back(append);
    ASSERT_TRUE(bench.commit(batch));
  }
  auto page = bench.reader().log("a", 0, 3);
  ASSERT_TRUE(page);
  ASSERT_EQ(page->lines.size(), 3u);
  EXPECT_EQ(page->lines[2].sequence, 3u);
  EXPECT_EQ(page->lines[2].text, "3");
  EXPECT_EQ(page->lines[2].attempt, 2);
  EXPECT_EQ(page->lines[2].time.ms, 10);
  EXPECT_FALSE(page->truncated);
  page = bench.reader().log("a", page->next, 3);
  ASSERT_EQ(page->lines.size(), 1u);
  EXPECT_EQ(page->next, 4u);
  EXPECT_EQ(bench.reader().log("a", 4, 3)->next, 4u);
  EXPECT_THAT(bench.reader().log("none", 0, 3)->lines, IsEmpty());
}

TEST_P(StoreContract, LogLinesOverTheCapAreDroppedAndTheLogSaysSo) {
  Bench bench(*store_);
  const std::string megabyte(1024 * 1024, 'x');
  for (int i = 0; i < 12; ++i) {
    Batch batch = bench.batch();
    batch.logs.push_back({"a", {{.time = {}, .attempt = 1, .text = megabyte}}});
    ASSERT_TRUE(bench.commit(batch));
  }
  Batch batch = bench.batch();
  batch.logs.push_back({"a", {{.time = {}, .attempt = 1, .text = "short"}}});
  ASSERT_TRUE(bench.commit(batch));
  const auto page = bench.reader().log("a", 0, 100);
  ASSERT_TRUE(page);
  EXPECT_EQ(page->lines.size(), kTaskLogBytesMax / megabyte.size());
  EXPECT_TRUE(page->truncated);
}

}  // namespace
}  // namespace arbiter::store
