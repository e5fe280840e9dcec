#include "tests/support/scenario.h"

namespace arbiter::core {
namespace {

using base::ErrorCode;
using enum TaskState;
using testing::Scenario;

TEST(Lease, HighestPriorityThenOldestGoesFirst) {
  Scenario s;
  s.worker("w");
  const auto low = s.submit(R"({"type":"t","priority":"low"})");
  const auto first = s.submit(R"({"type":"t"})");
  const auto second = s.submit(R"({"type":"t"})");
  const auto high = s.submit(R"({"type":"t","priority":10})");
  for (const auto& next : {high, first, second, low}) EXPECT_EQ(s.lease("w").task.id.value, next);
}

TEST(Lease, OnlyAWorkerThatMeetsEveryRequirementGetsTheTask) {
  Scenario s;
  s.worker("plain", R"("capabilities":["build"])");
  s.worker("gpu", R"("capabilities":["build","gpu"],"languages":["rust"],"labels":{"zone":"a"})");
  s.submit(R"({"type":"build","requirements":{"capabilities":["gpu"],"languages":["rust"],"labels":{"zone":"a"}}})");
  s.submit(R"({"type":"other"})");
  EXPECT_EQ(s.lease("plain").lease, "");
  EXPECT_NE(s.lease("gpu").lease, "");
  s.submit(R"({"type":"build","requirements":{"workerId":"plain"}})");
  EXPECT_EQ(s.lease("gpu").lease, "");
  EXPECT_NE(s.lease("plain").lease, "");
}

TEST(Lease, AWaitingWorkerGetsANewTaskInTheSameStep) {
  Scenario s;
  s.worker("w");
  LeaseTasks c;
  c.worker_id = "w";
  c.wait_ms = 60'000;
  EXPECT_FALSE(s.send(c));
  const auto ticket = s.next_ticket - 1;
  const auto before = s.log.size();
  const auto id = s.submit(R"({"type":"t"})");
  ASSERT_TRUE(s.woken.contains(ticket));
  EXPECT_EQ(std::get<LeaseReply>(*s.woken.at(ticket)).leases.at(0).task.id.value, id);
  EXPECT_EQ(s.log.size() - before, 2U);  // submitted + queued, assigned + running
  EXPECT_EQ(s.state(id), kRunning);
}

TEST(Lease, AnExpiredLeaseGoesToTheNextWorker) {
  Scenario s;
  s.worker("w1");
  s.worker("w2");
  s.submit(R"({"type":"t","retry":{"backoffMs":0}})");
  auto first = s.lease("w1", 10'000);
  s.advance(10'000);
  auto second = s.lease("w2");
  EXPECT_EQ(second.task.id, first.task.id);
  EXPECT_EQ(second.attempt, 2);
  EXPECT_EQ(s.complete(first).error().code, ErrorCode::kStaleLease);
  EXPECT_TRUE(s.complete(second));
}

TEST(Lease, AHeartbeatKeepsEveryLeaseOfItsWorker) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"type":"t"})");
  auto lease = s.lease("w", 10'000);
  for (int i = 0; i < 10; ++i) {
    s.advance(9'000);
    s.ask<HeartbeatReply>(Heartbeat{Name("w"), {}, 0, {}}).value();
  }
  EXPECT_TRUE(s.complete(lease));
}

TEST(Lease, ALostWorkerCountsAsAnAttempt) {
  Scenario s;
  s.worker("w");
  const auto id = s.submit(R"({"type":"t"})");
  s.lease("w", 3'600'000);
  s.advance(29'999);
  EXPECT_EQ(s.state(id), kRunning);
  s.advance(1);
  EXPECT_EQ(s.state(id), kPending);
  EXPECT_EQ(s.task(id).reason, "worker_lost");
  EXPECT_EQ(s.task(id).error->code->value, "worker_lost");
}

TEST(Lease, AReleaseDoesNotCount) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"type":"t"})");
  auto lease = s.lease("w");
  s.ask<TaskView>(ReleaseTask{lease.task.id, lease.lease, {}}).value();
  auto again = s.lease("w");
  EXPECT_EQ(again.attempt, 1);
  EXPECT_NE(again.lease, lease.lease);
}

TEST(Lease, TheSameOutcomeAgainIsFineAndAnotherIsNot) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"type":"t"})");
  auto lease = s.lease("w");
  s.complete(lease).value();
  const auto events = s.log.size();
  EXPECT_EQ(s.complete(lease)->state, kCompleted);
  EXPECT_EQ(s.fail(lease).error().code, ErrorCode::kOutcomeConflict);
  EXPECT_EQ(s.log.size(), events);
}

TEST(Lease, AnAssignedTaskHasToBeStarted) {
  Scenario s;
  s.worker("w");
  const auto id = s.submit(R"({"type":"t"})");
  LeaseTasks c;
  c.worker_id = "w";
  c.start = false;
  auto lease = s.ask<LeaseReply>(c)->leases.at(0);
  EXPECT_EQ(s.state(id), kAssigned);
  EXPECT_EQ(s.complete(lease).error().code, ErrorCode::kInvalidState);
  s.ask<LeaseStatus>(StartTask{lease.task.id, lease.lease}).value();
  EXPECT_TRUE(s.complete(lease));
}

TEST(Lease, TimeoutAndStallFailTheAttempt) {
  Scenario s;
  s.worker("w");
  const auto slow = s.submit(R"({"type":"t","timeoutMs":5000,"retry":{"maxAttempts":1}})");
  const auto silent = s.submit(R"({"type":"t","stallMs":3000,"retry":{"maxAttempts":1}})");
  s.lease("w");
  auto quiet = s.lease("w");
  s.advance(2'000);
  s.ask<LeaseStatus>(ReportProgress{quiet.task.id, quiet.lease, {}, {}}).value();
  s.advance(2'999);
  EXPECT_EQ(s.state(silent), kRunning);
  s.advance(1);
  EXPECT_EQ(s.task(silent).reason, "stalled");
  EXPECT_EQ(s.task(slow).reason, "timeout");
}

TEST(Lease, ACancelledRunningTaskTellsItsWorkerAndThenLosesItsLease) {
  Scenario s;
  s.worker("w");
  const auto id = s.submit(R"({"type":"t"})");
  auto lease = s.lease("w");
  EXPECT_TRUE(s.ask<TaskView>(CancelTask{Name(id), {}})->cancel_requested);
  EXPECT_EQ(s.ask<HeartbeatReply>(Heartbeat{Name("w"), {}, 0, {}})->cancellations.at(0).lease, lease.lease);
  s.advance(9'999);
  EXPECT_EQ(s.state(id), kRunning);
  s.advance(1);
  EXPECT_EQ(s.state(id), kCancelled);
  EXPECT_EQ(s.complete(lease).error().code, ErrorCode::kStaleLease);
}

TEST(Lease, AWaitingHeartbeatHearsOfACancellationAtOnce) {
  Scenario s;
  s.worker("w");
  const auto id = s.submit(R"({"type":"t"})");
  s.lease("w");
  EXPECT_FALSE(s.send(Heartbeat{Name("w"), {}, 10'000, {}}));
  const auto ticket = s.next_ticket - 1;
  s.send(CancelTask{Name(id), {}});
  ASSERT_TRUE(s.woken.contains(ticket));
  EXPECT_EQ(std::get<HeartbeatReply>(*s.woken.at(ticket)).cancellations.size(), 1U);
}

TEST(Lease, AWaitingRequestForLeasesHearsOfCancellationDrainAndLeaving) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"id":"t1","type":"t"})");
  s.lease("w");
  const auto wait = [&] {
    LeaseTasks c;
    c.worker_id = "w";
    c.wait_ms = 60'000;
    EXPECT_FALSE(s.send(c));
    return s.next_ticket - 1;
  };
  const auto first = wait();
  ASSERT_TRUE(s.ask<TaskView>(CancelTask{Name("t1"), {}}));
  ASSERT_TRUE(s.woken.contains(first));
  EXPECT_EQ(std::get<LeaseReply>(*s.woken.at(first)).cancellations.at(0).task_id.value, "t1");
  // Told once: the next request waits although the task has not ended yet.
  const auto second = wait();
  ASSERT_TRUE(s.ask<WorkerView>(DrainWorker{Name("w")}));
  EXPECT_TRUE(std::get<LeaseReply>(*s.woken.at(second)).drain);
  s.worker("w");
  const auto third = wait();
  ASSERT_TRUE(s.ask<Done>(DeregisterWorker{Name("w")}));
  EXPECT_EQ(s.woken.at(third).error().code, ErrorCode::kUnknownWorker);
}

TEST(Lease, ADrainingWorkerThatWasLostStillDrains) {
  Scenario s;
  s.worker("w");
  ASSERT_TRUE(s.ask<WorkerView>(DrainWorker{Name("w")}));
  s.advance(60'000);
  EXPECT_EQ(s.ask<WorkerView>(GetWorker{Name("w")})->state, WorkerState::kLost);
  s.submit(R"({"type":"t"})");
  EXPECT_EQ(s.lease("w").lease, "");
  EXPECT_EQ(s.ask<WorkerView>(GetWorker{Name("w")})->state, WorkerState::kDraining);
}

TEST(Lease, ASilentWorkerIsLostThoughItsLeasesEndAtTheSameTime) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"id":"t1","type":"t"})");
  s.submit(R"({"id":"t2","type":"t"})");
  s.lease_many("w", 2);
  s.advance(30'000);
  EXPECT_EQ(s.task("t1").error->code->value, "worker_lost");
  EXPECT_EQ(s.task("t2").error->code->value, "worker_lost");
}

TEST(Lease, AnyRequestOfTheWorkerRenewsAllItsLeases) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"id":"t1","type":"t"})");
  s.submit(R"({"id":"t2","type":"t"})");
  const auto leases = s.lease_many("w", 2);
  for (int i = 0; i < 4; ++i) {
    s.advance(20'000);
    ASSERT_TRUE(s.ask<LeaseStatus>(ReportProgress{leases[0].task.id, leases[0].lease, {}, {}}));
  }
  EXPECT_EQ(s.state("t2"), kRunning);
}

TEST(Lease, AnOutcomeIsTheSameOnlyWhenAllOfItIs) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"id":"t1","type":"t"})");
  const auto lease = s.lease("w");
  CompleteTask c{lease.task.id, lease.lease, core::RawJson("1", 1), base::Number<0.0, 1.0>(0.5), {}};
  ASSERT_TRUE(s.ask<TaskView>(c));
  EXPECT_TRUE(s.ask<TaskView>(c));
  c.quality_score = base::Number<0.0, 1.0>(0.9);
  EXPECT_EQ(s.refusal(c), ErrorCode::kOutcomeConflict);
}

TEST(Lease, AReleaseKeepsItsReason) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"type":"t"})");
  const auto lease = s.lease("w");
  ASSERT_TRUE(s.ask<TaskView>(ReleaseTask{lease.task.id, lease.lease, Text<1, 1'024>("no compiler here")}));
  EXPECT_EQ(std::get<TaskReleased>(s.log.back().body).message, "no compiler here");
}

TEST(Lease, ANewerSessionTakesOverTheLeases) {
  Scenario s;
  const auto old = s.worker("w").worker.session;
  s.submit(R"({"type":"t"})");
  auto lease = s.lease("w");
  auto taken = s.worker("w");
  EXPECT_FALSE(taken.created);
  EXPECT_EQ(taken.worker.leases.at(0).lease, lease.lease);
  EXPECT_EQ(s.refusal(Heartbeat{Name("w"), old, 0, {}}), ErrorCode::kSessionReplaced);
}

TEST(Lease, NoMoreThanTheWorkerCanRun) {
  Scenario s;
  s.worker("w", R"("capabilities":["*"])");
  RegisterWorker two;
  two.name = Name("two");
  two.capabilities.emplace_back("*");
  two.max_concurrent = 2;
  s.send(two);
  for (int i = 0; i < 5; ++i) s.submit(R"({"type":"t"})");
  EXPECT_EQ(s.lease_many("two", 5).size(), 2U);
  EXPECT_EQ(s.lease_many("two", 5).size(), 0U);
  EXPECT_EQ(s.lease_many("w", 5).size(), 3U);
}

TEST(Retry, DeadAfterTheLastAttemptAndRedrivenWithFreshOnes) {
  Scenario s;
  s.worker("w");
  const auto id = s.submit(R"({"type":"t","retry":{"maxAttempts":2,"backoffMs":1000,"jitter":0}})");
  s.fail(s.lease("w")).value();
  EXPECT_EQ(s.state(id), kPending);
  s.advance(999);
  EXPECT_EQ(s.state(id), kPending);
  s.advance(1);
  s.fail(s.lease("w")).value();
  EXPECT_EQ(s.state(id), kFailed);
  s.ask<TaskView>(RetryTask{Name(id), false}).value();
  EXPECT_EQ(s.lease("w").attempt, 1);
}

TEST(Retry, CancelledDependentsComeBackOnlyWhenAsked) {
  Scenario s;
  s.worker("w");
  s.submit_batch(R"({"tasks":[{"id":"a","type":"t","retry":{"maxAttempts":1}},{"id":"b","type":"t","dependsOn":["a"]},
    {"id":"c","type":"t","dependsOn":["b"]}]})")
      .value();
  s.fail(s.lease("w")).value();
  s.ask<TaskView>(RetryTask{Name("a"), false}).value();
  EXPECT_EQ(s.state("b"), kCancelled);
  s.fail(s.lease("w")).value();
  s.ask<TaskView>(RetryTask{Name("a"), true}).value();
  for (const char* next : {"a", "b", "c"}) {
    auto lease = s.lease("w");
    EXPECT_EQ(lease.task.id.value, next);
    ASSERT_TRUE(s.complete(lease));
  }
}

TEST(Retry, TheBackoffNeverExceedsItsMaximum) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"type":"t","retry":{"maxAttempts":9,"backoffMs":800,"maxBackoffMs":1000,"jitter":1}})");
  for (int i = 0; i < 8; ++i) {
    ASSERT_TRUE(s.fail(s.lease("w")));
    EXPECT_LE(std::get<TaskFailed>(s.log.back().body).retry_at->ms, s.now.now.ms + 1'000);
    s.advance(1'000);
  }
  auto refused = base::from_json_text<SubmitTask>(R"({"type":"t","retry":{"backoffMs":5000,"maxBackoffMs":1000}})");
  EXPECT_EQ(s.refusal(*refused), ErrorCode::kInvalidRequest);
  s.submit(R"({"type":"t","retry":{"backoffMs":120000}})");
}

TEST(Retry, ARedriveRespectsTheDepthLimit) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"id":"dead","type":"t","retry":{"maxAttempts":1}})");
  ASSERT_TRUE(s.fail(s.lease("w")));
  ASSERT_TRUE(s.ask<QueueView>(ConfigureQueue{Name("default"), 1}));
  s.submit(R"({"type":"t"})");
  EXPECT_EQ(s.refusal(RetryTask{Name("dead"), false}), ErrorCode::kQueueFull);
}

TEST(Retry, AFailureThatIsNotRetryableEndsTheTask) {
  Scenario s;
  s.worker("w");
  const auto id = s.submit(R"({"type":"t"})");
  s.fail(s.lease("w"), /*retryable=*/false).value();
  EXPECT_EQ(s.state(id), kFailed);
}

TEST(Deadline, ItEndsATaskInAnyState) {
  Scenario s;
  s.worker("w");
  const auto running = s.submit(R"({"type":"t","deadline":"1970-01-01T00:16:45Z"})");
  auto lease = s.lease("w");
  const auto queued = s.submit(R"({"type":"t","deadline":"1970-01-01T00:16:45Z"})");
  s.advance(5'000);
  EXPECT_EQ(s.task(running).reason, "deadline");
  EXPECT_EQ(s.state(queued), kFailed);
  EXPECT_EQ(s.complete(lease).error().code, ErrorCode::kStaleLease);
}

TEST(Cascade, ALostWorkerWithManyTasksIsHandledInSteps) {
  CoreLimits limits;
  limits.cascade_events_max = 100;
  Scenario s(limits);
  RegisterWorker many;
  many.name = Name("w");
  many.capabilities.emplace_back("*");
  many.max_concurrent = 1'000;
  s.send(many);
  for (int i = 0; i < 1'000; ++i) s.submit(R"({"type":"t","retry":{"maxAttempts":1}})");
  EXPECT_EQ(s.lease_many("w", 1'000, 3'600'000).size(), 1'000U);
  s.advance(30'000);
  EXPECT_EQ(s.core.state().live.size(), 0U);
}

TEST(Bulk, CancelByFilterGoesOnInStepsUntilDone) {
  CoreLimits limits;
  limits.cascade_events_max = 10;
  Scenario s(limits);
  for (int i = 0; i < 95; ++i) s.submit(i % 2 ? R"({"type":"a"})" : R"({"type":"b"})");
  StartBulk c;
  c.filter.type = Name("a");
  const auto id = s.ask<BulkView>(c)->id;
  s.advance(0);
  auto bulk = s.ask<BulkView>(GetBulk{id}).value();
  EXPECT_EQ(bulk.state, BulkState::kDone);
  EXPECT_EQ(bulk.done, 47);
  EXPECT_EQ(s.core.state().live.size(), 48U);
}

TEST(Queue, APausedQueueGivesNothing) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"type":"t"})");
  s.send(PauseQueue{Name("default")});
  EXPECT_EQ(s.lease("w").lease, "");
  s.send(ResumeQueue{Name("default")});
  EXPECT_NE(s.lease("w").lease, "");
}

TEST(Queue, TheOldestAgeIsOfTheTaskThatIsQueuedLongest) {
  Scenario s;
  s.submit(R"({"type":"t","delayMs":2500})");
  s.submit(R"({"type":"t"})");
  s.advance(3'000);
  EXPECT_EQ(s.ask<QueueView>(GetQueue{Name("default")})->oldest_age_ms, 3'000);
}

TEST(Stall, TheEngineGivesBackTheTimeItStoodStill) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"type":"t"})");
  auto lease = s.lease("w", 10'000);
  s.now.now.ms += 60'000;
  s.now.wall.ms += 60'000;
  s.core.extend_all(60'000);
  s.advance(0);
  EXPECT_TRUE(s.complete(lease));
}

}  // namespace
}  // namespace arbiter::core
