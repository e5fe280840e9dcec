// Limits of queues and keys, fairness between keys, timed pauses.
#include "tests/support/scenario.h"

namespace arbiter::core {
namespace {

using base::ErrorCode;
using enum TaskState;
using ::testing::HasSubstr;
using testing::Scenario;

std::vector<std::string> ids(const std::vector<LeaseView>& leases) {
  std::vector<std::string> out;
  for (const auto& l : leases) out.push_back(l.task.id.value);
  return out;
}

void configure(Scenario& s, std::string_view json) {
  auto c = base::from_json_text<ConfigureQueue>(json);
  ASSERT_TRUE(c) << json;
  ASSERT_TRUE(s.ask<QueueView>(*c));
}
void configure_key(Scenario& s, std::string_view json) {
  auto c = base::from_json_text<ConfigureKey>(json);
  ASSERT_TRUE(c) << json;
  ASSERT_TRUE(s.ask<KeyView>(*c));
}

TEST(Limits, AQueueStartsAsManyAsItsConcurrency) {
  Scenario s;
  s.worker("w");
  configure(s, R"({"name":"deploy","concurrency":2})");
  for (int i = 0; i < 4; ++i) s.submit(R"({"type":"t","queue":"deploy"})");
  auto first = s.lease_many("w", 10);
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(s.lease_many("w", 10).size(), 0U);
  EXPECT_THAT(*s.task(s.submit(R"({"type":"t","queue":"deploy"})")).waiting_for, HasSubstr("concurrency limit"));
  s.complete(first[0]).value();
  EXPECT_EQ(s.lease_many("w", 10).size(), 1U);
}

TEST(Limits, AKeyCountsAcrossQueues) {
  Scenario s;
  s.worker("w");
  configure_key(s, R"({"name":"acme","concurrency":1})");
  s.submit(R"({"type":"t","queue":"a","concurrencyKey":"acme"})");
  s.submit(R"({"type":"t","queue":"b","concurrencyKey":"acme"})");
  s.submit(R"({"type":"t","queue":"b","concurrencyKey":"other"})");
  auto leases = s.lease_many("w", 10);
  EXPECT_EQ(leases.size(), 2U);
  s.complete(leases[0]).value();
  EXPECT_EQ(s.lease_many("w", 10).size(), 1U);
}

TEST(Limits, AWaitingWorkerGetsTheTaskTheMomentALimitLetsIt) {
  Scenario s;
  s.worker("w1");
  s.worker("w2");
  configure_key(s, R"({"name":"acme","concurrency":1})");
  s.submit(R"({"type":"t","concurrencyKey":"acme"})");
  const auto second = s.submit(R"({"type":"t","concurrencyKey":"acme"})");
  auto held = s.lease("w1");
  LeaseTasks wait;
  wait.worker_id = "w2";
  wait.wait_ms = 60'000;
  EXPECT_FALSE(s.send(wait));
  const auto ticket = s.next_ticket - 1;
  s.complete(held).value();
  ASSERT_TRUE(s.woken.contains(ticket));
  EXPECT_EQ(ids(std::get<LeaseReply>(*s.woken.at(ticket)).leases), std::vector{second});
}

TEST(Limits, ARateLetsStartsThroughOneByOneAndWakesWhoWaits) {
  Scenario s;
  s.worker("w");
  configure_key(s, R"({"name":"api","rate":{"count":2,"perMs":1000}})");
  for (int i = 0; i < 3; ++i) s.submit(R"({"type":"t","rateKey":"api"})");
  EXPECT_EQ(s.lease_many("w", 10).size(), 1U);
  LeaseTasks wait;
  wait.worker_id = "w";
  wait.wait_ms = 60'000;
  EXPECT_FALSE(s.send(wait));
  const auto ticket = s.next_ticket - 1;
  s.advance(499);
  EXPECT_FALSE(s.woken.contains(ticket));
  s.advance(1);
  EXPECT_TRUE(s.woken.contains(ticket));
}

TEST(Limits, TheQueueGivesKeysTheirLimitsUnlessTheyHaveTheirOwn) {
  Scenario s;
  s.worker("w");
  configure(s, R"({"name":"default","keyLimits":{"concurrency":1}})");
  configure_key(s, R"({"name":"large","concurrency":3})");
  for (int i = 0; i < 5; ++i) s.submit(R"({"type":"t","concurrencyKey":"large"})");
  for (int i = 0; i < 5; ++i) s.submit(R"({"type":"t","concurrencyKey":"small"})");
  std::map<std::string, int> started;
  for (const auto& l : s.lease_many("w", 100)) ++started[l.task.concurrency_key->value];
  EXPECT_EQ(started["large"], 3);
  EXPECT_EQ(started["small"], 1);
  configure(s, R"({"name":"default","keyLimits":{}})");
  EXPECT_EQ(s.lease_many("w", 100).size(), 4U);  // those of `small`
}

TEST(Fairness, ATenantWithManyTasksDoesNotStarveOneWithFew) {
  Scenario s;
  s.worker("w");
  for (int i = 0; i < 100; ++i) s.submit(R"({"type":"t","concurrencyKey":"big"})");
  for (int i = 0; i < 3; ++i) s.submit(R"({"type":"t","concurrencyKey":"small"})");
  std::map<std::string, int> started;
  for (const auto& l : s.lease_many("w", 6)) ++started[l.task.concurrency_key->value];
  EXPECT_EQ(started["small"], 3);
}

TEST(Fairness, SharesFollowTheWeights) {
  Scenario s;
  s.worker("w");
  configure_key(s, R"({"name":"gold","weight":3})");
  for (int i = 0; i < 100; ++i) {
    s.submit(R"({"type":"t","concurrencyKey":"gold"})");
    s.submit(R"({"type":"t","concurrencyKey":"basic"})");
  }
  std::map<std::string, int> started;
  for (const auto& l : s.lease_many("w", 40)) ++started[l.task.concurrency_key->value];
  EXPECT_NEAR(started["gold"], 30, 1);
}

TEST(Fairness, AKeyThatWasIdleDoesNotSaveUp) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"type":"t","concurrencyKey":"late"})");
  s.lease("w");
  for (int i = 0; i < 60; ++i) s.submit(R"({"type":"t","concurrencyKey":"busy"})");
  EXPECT_EQ(s.lease_many("w", 40).size(), 40U);
  for (int i = 0; i < 20; ++i) s.submit(R"({"type":"t","concurrencyKey":"late"})");
  std::map<std::string, int> started;
  for (const auto& l : s.lease_many("w", 20)) ++started[l.task.concurrency_key->value];
  EXPECT_NEAR(started["busy"], 10, 1);
}

TEST(Fairness, APriorityGoesBeforeAnyShare) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"type":"t","concurrencyKey":"a"})");
  const auto urgent = s.submit(R"({"type":"t","priority":10,"concurrencyKey":"b"})");
  for (int i = 0; i < 3; ++i) s.submit(R"({"type":"t","priority":10,"concurrencyKey":"b"})");
  EXPECT_EQ(s.lease("w").task.id.value, urgent);
  for (const auto& l : s.lease_many("w", 3)) EXPECT_EQ(l.task.concurrency_key->value, "b");
}

TEST(Fairness, TasksWithoutKeysStayInTheOrderOfTheirSubmission) {
  Scenario s;
  s.worker("w");
  std::vector<std::string> plain;
  for (int i = 0; i < 5; ++i) {
    plain.push_back(s.submit(R"({"type":"t","queue":")" + std::string(i % 2 ? "a" : "b") + R"("})"));
    s.submit(R"({"type":"t","concurrencyKey":"k"})");
  }
  std::vector<std::string> seen;
  for (const auto& l : s.lease_many("w", 10)) {
    if (!l.task.concurrency_key) seen.push_back(l.task.id.value);
  }
  EXPECT_EQ(seen, plain);
}

TEST(Pause, OfAKeyEndsByItselfAndStartsSlowly) {
  Scenario s;
  s.worker("w");
  for (int i = 0; i < 20; ++i) s.submit(R"({"type":"t","rateKey":"api"})");
  s.ask<KeyView>(PauseKey{.name = "api", .for_ms = 60'000}).value();
  EXPECT_EQ(s.lease_many("w", 100).size(), 0U);
  s.advance(59'999);
  EXPECT_EQ(s.lease_many("w", 100).size(), 0U);
  s.advance(1);
  EXPECT_EQ(s.lease_many("w", 100).size(), 1U);  // what was held back does not come at once
  s.advance(1'000);
  EXPECT_EQ(s.lease_many("w", 100).size(), 1U);
  s.advance(9'000);
  EXPECT_EQ(s.lease_many("w", 100).size(), 18U);
}

TEST(Pause, ResumedByAPersonOpensAtOnce) {
  Scenario s;
  s.worker("w");
  for (int i = 0; i < 20; ++i) s.submit(R"({"type":"t"})");
  s.ask<QueueView>(PauseQueue{.name = "default", .for_ms = 60'000}).value();
  EXPECT_EQ(s.lease_many("w", 100).size(), 0U);
  s.ask<QueueView>(ResumeQueue{"default"}).value();
  EXPECT_EQ(s.lease_many("w", 100).size(), 20U);
}

TEST(Pause, AnEndInThePastAndTwoEndsAreRefused) {
  Scenario s;
  EXPECT_EQ(s.refusal(PauseKey{.name = "k", .until = Timestamp{5}}), ErrorCode::kInvalidRequest);
  EXPECT_EQ(s.refusal(PauseQueue{.name = "q", .until = Timestamp{s.now.wall.ms + 5}, .for_ms = 5}),
            ErrorCode::kInvalidRequest);
}

TEST(Limits, AKeyThatNothingNamesIsForgottenWhenItsBucketIsFull) {
  Scenario s;
  s.worker("w");
  configure(s, R"({"name":"default","keyLimits":{"rate":{"count":1,"perMs":1000000}}})");
  s.submit(R"({"type":"t","rateKey":"api"})");
  s.complete(s.lease("w")).value();
  s.core.state().evict(s.core.state().position, s.now.now.ms + 100'000);
  EXPECT_NE(s.core.state().find_key("api"), nullptr);  // its bucket is empty still
  s.submit(R"({"type":"t","rateKey":"api"})");
  EXPECT_EQ(s.lease("w").lease, "");
  s.advance(1'000'000);
  s.worker("w");
  s.complete(s.lease("w")).value();
  s.core.state().evict(s.core.state().position, s.now.now.ms + 100'000);
  s.advance(1'000'000);
  EXPECT_EQ(s.core.state().find_key("api"), nullptr);
}

TEST(Limits, ThereAreAtMostSoManyConfiguredKeys) {
  CoreLimits limits;
  limits.keys_max = 2;
  Scenario s(limits);
  configure_key(s, R"({"name":"a","weight":2})");
  s.ask<KeyView>(PauseKey{.name = "b"}).value();
  EXPECT_EQ(s.refusal(ConfigureKey{.name = "c", .weight = 2}), ErrorCode::kOverloaded);
  configure_key(s, R"({"name":"a","weight":3})");
}

// ---- unique keys ----------------------------------------------------------------------------------------------

TEST(Unique, ASecondTaskUnderAHeldKeyIsRefusedByName) {
  Scenario s;
  const auto first = s.submit(R"({"type":"t","uniqueKey":"sync"})");
  SubmitTask second;
  static_cast<TaskSpec&>(second) = testing::spec(R"({"type":"t","uniqueKey":"sync"})");
  auto answer = s.send(second);
  ASSERT_FALSE(*answer);
  EXPECT_EQ(answer->error().code, ErrorCode::kDuplicateTask);
  EXPECT_THAT(answer->error().message, HasSubstr(first));
  EXPECT_EQ(answer->error().fields.at(0).field, "uniqueKey");
}

TEST(Unique, TheExistingTaskIsAnsweredWhenAskedFor) {
  Scenario s;
  const auto first = s.submit(R"({"type":"t","uniqueKey":"sync"})");
  SubmitTask second;
  static_cast<TaskSpec&>(second) = testing::spec(R"({"type":"t","uniqueKey":"sync","onDuplicate":"existing"})");
  auto reply = s.ask<SubmitTaskReply>(second);
  ASSERT_TRUE(reply);
  EXPECT_FALSE(reply->created);
  EXPECT_EQ(reply->task.id.value, first);
}

TEST(Unique, ReplaceCancelsWhoWaitsAndTellsWhoRuns) {
  Scenario s;
  s.worker("w");
  const auto first = s.submit(R"({"type":"t","uniqueKey":"sync"})");
  const auto second = s.submit(R"({"type":"t","uniqueKey":"sync","onDuplicate":"replace"})");
  EXPECT_EQ(s.state(first), kCancelled);
  EXPECT_THAT(s.task(first).error->message.value, HasSubstr(second));
  s.lease("w");
  s.submit(R"({"type":"t","uniqueKey":"sync","onDuplicate":"replace"})");
  EXPECT_TRUE(s.task(second).cancel_requested);
}

TEST(Unique, ScopesEndAtTheLeaseAtTheEndOrWithTheWindow) {
  Scenario s;
  s.worker("w");
  const auto free = [&](const std::string& key) { return s.core.state().holder_of(key) == nullptr; };
  s.submit(R"({"type":"t","uniqueKey":"a","uniqueScope":"queued"})");
  s.submit(R"({"type":"t","uniqueKey":"b"})");
  s.submit(R"({"type":"t","uniqueKey":"c","uniqueScope":"window","uniqueWindowMs":60000})");
  auto leases = s.lease_many("w", 3);
  EXPECT_TRUE(free("a"));
  EXPECT_FALSE(free("b"));
  for (const auto& l : leases) s.complete(l).value();
  EXPECT_TRUE(free("b"));
  s.advance(59'999);
  EXPECT_FALSE(free("c"));
  s.advance(1);
  EXPECT_TRUE(free("c"));
  EXPECT_TRUE(std::holds_alternative<TaskUniqueExpired>(s.log.back().body) ||
              std::any_of(s.log.begin(), s.log.end(),
                          [](const Event& e) { return std::holds_alternative<TaskUniqueExpired>(e.body); }));
}

TEST(Unique, AWindowNeedsItsLengthAndABatchNamesAKeyOnce) {
  Scenario s;
  SubmitBatch batch = *base::from_json_text<SubmitBatch>(
      R"({"tasks":[{"type":"t","uniqueKey":"a","uniqueScope":"window"},{"type":"t","uniqueKey":"a"},
                   {"type":"t","uniqueWindowMs":5}]})");
  auto answer = s.send(batch);
  ASSERT_FALSE(*answer);
  std::vector<std::string> fields;
  for (const auto& f : answer->error().fields) fields.push_back(f.field);
  EXPECT_THAT(fields, ::testing::UnorderedElementsAre("tasks[0].uniqueWindowMs", "tasks[1].uniqueKey",
                                                      "tasks[2].uniqueWindowMs"));
}

}  // namespace
}  // namespace arbiter::core
