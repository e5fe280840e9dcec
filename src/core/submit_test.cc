#include "tests/support/scenario.h"

namespace arbiter::core {
namespace {

using base::ErrorCode;
using enum TaskState;
using testing::Scenario;

TEST(Submit, OnlyTheTypeIsNeeded) {
  Scenario s;
  const auto id = s.submit(R"({"type":"build"})");
  EXPECT_TRUE(id.starts_with("task_"));
  EXPECT_EQ(s.state(id), kQueued);
  EXPECT_EQ(s.task(id).queue.value, "default");
  EXPECT_EQ(s.task(id).priority.value, 5);
}

TEST(Submit, TheSameIdAndContentIsTheSameTask) {
  Scenario s;
  s.submit(R"({"id":"a","type":"build","payload":{"x":1,"y":2}})");
  SubmitTask again;
  static_cast<TaskSpec&>(again) =
      testing::spec(R"({"payload":{"y":2,"x":1},"type":"build","id":"a","queue":"default","priority":5})");
  auto reply = s.ask<SubmitTaskReply>(again);
  ASSERT_TRUE(reply);
  EXPECT_FALSE(reply->created);
  again.payload = RawJson("3", 3);
  EXPECT_EQ(s.refusal(again), ErrorCode::kIdConflict);
}

TEST(Submit, ABatchIsAllOrNothing) {
  Scenario s;
  auto refused = s.submit_batch(R"({"tasks":[{"id":"a","type":"t"},{"id":"b","type":"t","dependsOn":["nowhere"]}]})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnknownDependency);
  EXPECT_EQ(refused.error().fields[0].field, "tasks[1].dependsOn[0]");
  EXPECT_EQ(s.refusal(GetTask{Name("a"), {}}), ErrorCode::kNotFound);
}

TEST(Submit, MembersOfABatchMayDependOnEachOtherInAnyOrder) {
  Scenario s;
  s.worker("w");
  ASSERT_TRUE(s.submit_batch(
      R"({"tasks":[{"id":"c","type":"t","dependsOn":["a","b"]},{"id":"b","type":"t","dependsOn":["a"]},{"id":"a","type":"t"}]})"));
  for (const char* next : {"a", "b", "c"}) {
    auto lease = s.lease("w");
    EXPECT_EQ(lease.task.id.value, next);
    ASSERT_TRUE(s.complete(lease));
  }
}

TEST(Submit, ACycleIsRefusedWithItsNames) {
  Scenario s;
  auto refused = s.submit_batch(
      R"({"tasks":[{"id":"a","type":"t","dependsOn":["b"]},{"id":"b","type":"t","dependsOn":["c"]},{"id":"c","type":"t","dependsOn":["a"]}]})");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kDependencyCycle);
  EXPECT_THAT(refused.error().message, ::testing::HasSubstr("a -> b -> c -> a"));
}

TEST(Submit, WhatIsWrongIsNamedTogether) {
  Scenario s;
  auto task = base::from_json_text<SubmitTask>(
      R"({"type":"t","delayMs":1,"runAt":"2030-01-01T00:00:00Z","parentId":"p","dependsOn":["d1","d2"]})");
  const auto answer = s.send(*task);
  ASSERT_TRUE(answer && !*answer);
  std::vector<std::string> fields;
  for (const auto& e : answer->error().fields) fields.push_back(e.field);
  EXPECT_THAT(fields, ::testing::ElementsAre("delayMs", "parentId", "dependsOn[0]", "dependsOn[1]"));
}

TEST(Submit, DependentsFollowTheirPolicy) {
  Scenario s;
  s.worker("w");
  s.submit_batch(R"({"tasks":[{"id":"root","type":"t","retry":{"maxAttempts":1}},
    {"id":"cancel","type":"u","dependsOn":["root"]},
    {"id":"after-cancel","type":"u","dependsOn":["cancel"]},
    {"id":"fail","type":"u","dependsOn":["root"],"onDependencyFailure":"fail"},
    {"id":"run","type":"u","dependsOn":["root"],"onDependencyFailure":"run"}]})")
      .value();
  s.fail(s.lease("w")).value();
  EXPECT_EQ(s.state("root"), kFailed);
  EXPECT_EQ(s.state("cancel"), kCancelled);
  EXPECT_EQ(s.state("after-cancel"), kCancelled);
  EXPECT_EQ(s.state("fail"), kFailed);
  EXPECT_EQ(s.state("run"), kQueued);
}

TEST(Submit, AnEndedDependencyCountsAsItEnded) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"id":"good","type":"t"})");
  s.complete(s.lease("w")).value();
  s.submit(R"({"id":"bad","type":"t","retry":{"maxAttempts":1}})");
  s.fail(s.lease("w")).value();
  EXPECT_EQ(s.state(s.submit(R"({"type":"t","dependsOn":["good"]})")), kQueued);
  EXPECT_EQ(s.state(s.submit(R"({"type":"t","dependsOn":["bad"]})")), kCancelled);
}

TEST(Submit, ATaskWaitsForItsTime) {
  Scenario s;
  const auto delayed = s.submit(R"({"type":"t","delayMs":5000})");
  const auto timed = s.submit(R"({"type":"t","runAt":"1970-01-01T00:16:45Z"})");  // 5 s after the scenario's start
  EXPECT_EQ(s.state(delayed), kPending);
  EXPECT_THAT(*s.task(timed).waiting_for, ::testing::HasSubstr("its time"));
  s.advance(4'999);
  EXPECT_EQ(s.state(delayed), kPending);
  s.advance(1);
  EXPECT_EQ(s.state(delayed), kQueued);
  EXPECT_EQ(s.state(timed), kQueued);
}

TEST(Submit, AFullQueueRefuses) {
  Scenario s;
  s.ask<QueueView>(ConfigureQueue{Name("q"), Int<0, 1'000'000'000>(2)}).value();
  s.submit(R"({"type":"t","queue":"q"})");
  s.submit(R"({"type":"t","queue":"q"})");
  SubmitTask third;
  static_cast<TaskSpec&>(third) = testing::spec(R"({"type":"t","queue":"q"})");
  EXPECT_EQ(s.refusal(third), ErrorCode::kQueueFull);
}

TEST(Submit, RetriesAndChildrenOfOneRootAreLimited) {
  CoreLimits limits;
  limits.lineage_max = 2;
  Scenario s(limits);
  s.submit(R"({"id":"root","type":"t"})");
  s.submit(R"({"id":"child","type":"t","parentId":"root"})");
  s.submit(R"({"id":"grandchild","type":"t","parentId":"child"})");
  SubmitTask more;
  static_cast<TaskSpec&>(more) = testing::spec(R"({"type":"t","parentId":"grandchild"})");
  EXPECT_EQ(s.refusal(more), ErrorCode::kLineageLimit);
  s.worker("w");
  s.fail(s.lease("w")).value();
  EXPECT_EQ(s.task("root").reason, "lineage_limit");
}

}  // namespace
}  // namespace arbiter::core
