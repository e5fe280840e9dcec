// Tasks that rest, queues that are drained, workers that are idle or do not come back, unique windows up to their
// limit.
#include "core/graph.h"
#include "tests/support/scenario.h"

namespace arbiter::core {
namespace {

using base::ErrorCode;
using enum TaskState;
using testing::Scenario;

SuspendTask suspend(const LeaseView& l) { return {l.task.id, LeaseText(l.lease), {}}; }
ResumeTask resume(const LeaseView& l) { return {l.task.id, LeaseText(l.lease)}; }

void one_at_a_time(Scenario& s) {
  RegisterWorker c;
  c.name = Name("w");
  c.capabilities.emplace_back("*");
  ASSERT_TRUE(s.ask<RegisterReply>(c));
}

TEST(Suspend, ATaskThatRestsKeepsItsLeaseAndFreesItsSlot) {
  Scenario s;
  one_at_a_time(s);
  s.submit(R"({"type":"t","id":"a"})");
  s.submit(R"({"type":"t","id":"b"})");
  const auto a = s.lease("w");
  EXPECT_EQ(s.lease("w").lease, "");
  EXPECT_EQ(s.ask<TaskView>(suspend(a)).value().state, kSuspended);
  EXPECT_EQ(s.lease("w").task.id.value, "b");
  EXPECT_EQ(s.ask<TaskView>(resume(a)).value().state, kRunning);
  EXPECT_TRUE(s.complete(a));
}

TEST(Suspend, FreesItsSlotForARequestThatWaits) {
  Scenario s;
  one_at_a_time(s);
  s.submit(R"({"type":"t","id":"a"})");
  const auto a = s.lease("w");
  s.submit(R"({"type":"t","id":"b"})");
  LeaseTasks c;
  c.worker_id = "w";
  c.wait_ms = 10'000;
  EXPECT_FALSE(s.send(c));
  const auto ticket = s.next_ticket - 1;
  (void)s.send(suspend(a));
  ASSERT_TRUE(s.woken.contains(ticket));
  EXPECT_EQ(std::get<LeaseReply>(*s.woken.at(ticket)).leases.at(0).task.id.value, "b");
}

TEST(Suspend, TimeoutAndStallStandStillTheLeaseDoesNot) {
  Scenario s;
  s.worker("w");
  const auto id = s.submit(R"({"type":"t","timeoutMs":10000,"stallMs":8000,"retry":{"maxAttempts":1}})");
  const auto l = s.lease("w", 60'000);
  s.advance(6'000);
  (void)s.send(suspend(l));
  for (int i = 0; i < 10; ++i) {
    s.advance(20'000);
    (void)s.send(Heartbeat{.id = Name("w")});
  }
  EXPECT_EQ(s.state(id), kSuspended);
  (void)s.send(resume(l));
  s.advance(3'999);
  EXPECT_EQ(s.state(id), kRunning);
  s.advance(1);
  EXPECT_EQ(s.state(id), kFailed);

  const auto other = s.submit(R"({"type":"t","retry":{"backoffMs":0}})");
  (void)s.send(suspend(s.lease("w", 5'000)));
  s.advance(31'000);
  EXPECT_EQ(s.state(other), kQueued) << "its worker is gone, and so is its lease";
}

TEST(Suspend, TheRunTimeOfACompletionLeavesTheRestOut) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"type":"t"})");
  const auto l = s.lease("w");
  s.advance(1'000);
  (void)s.send(suspend(l));
  s.advance(5'000);
  (void)s.send(resume(l));
  s.advance(2'000);
  ASSERT_TRUE(s.complete(l));
  EXPECT_EQ(std::get<TaskCompleted>(s.log.back().body).run_ms, 3'000);
}

TEST(Suspend, OfSomebodyElseStopsTheProgramAndOnlyTheyLetItGoOn) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"type":"t"})");
  const auto l = s.lease("w");
  Heartbeat waits{.id = Name("w"), .wait_ms = 60'000};
  waits.suspended.emplace();
  EXPECT_FALSE(s.send(waits));
  const auto ticket = s.next_ticket - 1;
  (void)s.send(SuspendTask{l.task.id, {}, Text<1, 1'024>("the machine is needed")});
  ASSERT_TRUE(s.woken.contains(ticket));
  const auto told = std::get<HeartbeatReply>(*s.woken.at(ticket));
  ASSERT_EQ(told.suspended.size(), 1U);
  EXPECT_TRUE(told.suspended[0].stop);
  EXPECT_EQ(s.ask<TaskView>(GetTask{l.task.id, {}}).value().waiting_for, "its resumption (the machine is needed)");
  EXPECT_EQ(s.refusal(resume(l)), ErrorCode::kInvalidState);
  waits.suspended->emplace_back(l.lease);
  EXPECT_FALSE(s.send(waits)) << "what it knows is no news";
  const auto second = s.next_ticket - 1;
  (void)s.send(ResumeTask{l.task.id, {}});
  ASSERT_TRUE(s.woken.contains(second));
  EXPECT_TRUE(std::get<HeartbeatReply>(*s.woken.at(second)).suspended.empty());
}

TEST(Suspend, OnlyWhatRunsCanRestAndRepeatingItChangesNothing) {
  Scenario s;
  s.worker("w");
  const auto id = s.submit(R"({"type":"t"})");
  EXPECT_EQ(s.refusal(SuspendTask{Name(id), {}, {}}), ErrorCode::kInvalidState);
  EXPECT_EQ(s.refusal(ResumeTask{Name(id), {}}), ErrorCode::kInvalidState);
  const auto l = s.lease("w");
  (void)s.send(suspend(l));
  const auto events = s.log.size();
  EXPECT_TRUE(s.ask<TaskView>(suspend(l)));
  (void)s.send(resume(l));
  EXPECT_TRUE(s.ask<TaskView>(resume(l)));
  EXPECT_EQ(s.log.size(), events + 1);
  EXPECT_EQ(s.refusal(SuspendTask{Name(id), LeaseText("999"), {}}), ErrorCode::kStaleLease);
}

TEST(Suspend, ASuspendedTaskCanBeCancelledAndFinished) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"type":"t"})");
  s.submit(R"({"type":"t"})");
  const auto done = s.lease("w");
  const auto unwanted = s.lease("w");
  (void)s.send(suspend(done));
  (void)s.send(suspend(unwanted));
  EXPECT_EQ(s.complete(done).value().state, kCompleted);
  EXPECT_TRUE(s.ask<TaskView>(CancelTask{unwanted.task.id, {}}).value().cancel_requested);
  s.advance(10'000);
  EXPECT_EQ(s.state(unwanted.task.id.value), kCancelled);
}

TEST(QueueDrain, TakesNothingNewAndIsDrainedWhenItsTasksHaveEnded) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"type":"t","queue":"q"})");
  EXPECT_FALSE(s.ask<QueueView>(DrainQueue{Name("q"), {}}).value().drained);
  SubmitTask more;
  more.type = Name("t");
  more.queue = Name("q");
  EXPECT_EQ(s.refusal(more), ErrorCode::kQueueDraining);
  EXPECT_TRUE(s.complete(s.lease("w")));
  EXPECT_TRUE(s.ask<QueueView>(GetQueue{Name("q")}).value().drained);
  EXPECT_FALSE(s.ask<QueueView>(ResumeQueue{Name("q")}).value().draining);
  EXPECT_TRUE(s.ask<SubmitTaskReply>(more));
}

TEST(QueueDrain, OutlivesTheEndOfATimedPause) {
  Scenario s;
  s.submit(R"({"type":"t","queue":"q"})");
  (void)s.send(DrainQueue{Name("q"), {}});
  (void)s.send(PauseQueue{.name = Name("q"), .for_ms = 1'000});
  s.advance(1'000);
  const auto queue = s.ask<QueueView>(GetQueue{Name("q")}).value();
  EXPECT_FALSE(queue.paused);
  EXPECT_TRUE(queue.draining);
}

TEST(WorkerPool, AnIdleWorkerIsDrainedAfterItsIdleTime) {
  Scenario s;
  s.worker("w", R"("capabilities":["*"],"idleMs":10000)");
  s.submit(R"({"type":"t"})");
  s.advance(9'000);
  const auto l = s.lease("w");
  s.advance(20'000);
  ASSERT_TRUE(s.complete(l));
  s.advance(9'999);
  EXPECT_EQ(s.ask<WorkerView>(GetWorker{Name("w")}).value().state, WorkerState::kLive);
  s.advance(1);
  EXPECT_EQ(s.ask<WorkerView>(GetWorker{Name("w")}).value().state, WorkerState::kDraining);
  EXPECT_EQ(std::get<WorkerDraining>(s.log.back().body).reason, Reason::kIdle);
}

TEST(WorkerPool, ALostWorkerThatDoesNotComeBackIsRemoved) {
  CoreLimits limits;
  limits.worker_retired_ms = 60'000;
  Scenario s(limits);
  s.worker("w");
  const auto id = s.submit(R"({"type":"t","retry":{"backoffMs":0}})");
  s.lease("w");
  s.advance(30'000);
  EXPECT_EQ(s.ask<WorkerView>(GetWorker{Name("w")}).value().state, WorkerState::kLost);
  EXPECT_EQ(s.state(id), kQueued);
  s.advance(59'999);
  EXPECT_TRUE(s.ask<WorkerView>(GetWorker{Name("w")}));
  s.advance(1);
  EXPECT_EQ(s.refusal(GetWorker{Name("w")}), ErrorCode::kUnknownWorker);
}

TEST(Unique, WindowsHaveALimitAndAReplacementNeedsNoMore) {
  CoreLimits limits;
  limits.unique_windows_max = 1;
  Scenario s(limits);
  s.worker("w");
  s.submit(R"({"type":"t","uniqueKey":"a","uniqueScope":"window","uniqueWindowMs":60000})");
  EXPECT_TRUE(s.complete(s.lease("w")));
  SubmitTask other;
  static_cast<TaskSpec&>(other) =
      testing::spec(R"({"type":"t","uniqueKey":"b","uniqueScope":"window","uniqueWindowMs":1000})");
  EXPECT_EQ(s.refusal(other), ErrorCode::kQueueFull) << "the ended task still holds its window";
  s.submit(R"({"type":"t","uniqueKey":"a","uniqueScope":"window","uniqueWindowMs":1000,"onDuplicate":"replace"})");
  s.advance(1'000);
  EXPECT_TRUE(s.ask<SubmitTaskReply>(other));
}

TEST(Memory, NewTasksAreRefusedWhenTheirNamespaceIsFull) {
  CoreLimits limits;
  limits.memory_bytes_max = 10'000;
  limits.ended_in_memory_max = 0;
  Scenario s(limits);
  s.worker("w");
  SubmitTask task;
  task.type = Name("t");
  task.payload = RawJson('"' + std::string(4'000, 'x') + '"', 1);
  int accepted = 0;
  while (s.ask<SubmitTaskReply>(task)) ++accepted;
  EXPECT_EQ(accepted, 3);
  EXPECT_EQ(s.refusal(task), ErrorCode::kQueueFull);
  EXPECT_TRUE(s.complete(s.lease("w"))) << "what is there goes on";
  s.core.state().forget_changes();
  s.core.state().evict(s.log.size(), s.now.now.ms);
  EXPECT_TRUE(s.ask<SubmitTaskReply>(task));
}

TEST(Graph, TheCriticalPathIsTheChainThatTakesLongest) {
  Scenario s;
  s.worker("w");
  ASSERT_TRUE(s.submit_batch(R"({"tasks":[
    {"type":"t","id":"gather"},{"type":"t","id":"lint","dependsOn":["gather"]},
    {"type":"t","id":"build","dependsOn":["gather"]},{"type":"t","id":"ship","dependsOn":["lint","build"]}]})"));
  const auto work = [&](std::int64_t ms) {
    const auto l = s.lease("w", 600'000);
    s.advance(ms);
    (void)s.send(Heartbeat{.id = Name("w")});
    EXPECT_TRUE(s.complete(l));
  };
  work(2'000);
  work(1'000);   // lint
  work(20'000);  // build
  const auto graph = s.ask<Graph>(GetGraph{.task_id = Name("ship")}).value();
  EXPECT_EQ(graph.critical_path, (std::vector<Name>{"gather", "build", "ship"}));
  EXPECT_EQ(graph.critical_path_ms, 2'000 + 20'000 + 2'000) << "ship is estimated by the median of its queue";
  const std::string dot = to_dot(graph);
  EXPECT_NE(dot.find("\"gather\" -> \"build\" [penwidth=3];"), std::string::npos) << dot;
  EXPECT_NE(dot.find("\"lint\" -> \"ship\";"), std::string::npos) << dot;
  EXPECT_NE(dot.find("t, completed\\n20000 ms"), std::string::npos) << dot;
}

TEST(Cascade, ShowsWhatIsDoneAndWhatIsLeft) {
  CoreLimits limits;
  limits.cascade_events_max = 3;
  Scenario s(limits);
  s.worker("w");
  for (int i = 0; i < 10; ++i) s.submit(R"({"type":"t"})");
  EXPECT_EQ(s.lease_many("w", 10).size(), 10U);
  EXPECT_TRUE(s.ask<CascadeList>(ListCascades{}).value().items.empty());
  s.now.now.ms += 30'000;
  s.core.tick(s.now);
  s.core.tick(s.now);
  const auto cascades = s.ask<CascadeList>(ListCascades{}).value().items;
  ASSERT_EQ(cascades.size(), 1U);
  EXPECT_EQ(cascades[0].kind, CascadeKind::kWorkerLost);
  EXPECT_EQ(cascades[0].id, "w");
  EXPECT_GT(cascades[0].done, 0);
  EXPECT_EQ(cascades[0].done + *cascades[0].left, 10);
}

TEST(CriticalPath, LeavesRestsOut) {
  Scenario s;
  s.worker("w");
  const auto id = s.submit(R"({"type":"t"})");
  const auto lease = s.lease("w", 60'000);
  s.advance(1'000);
  (void)s.send(suspend(lease));
  s.advance(20'000);
  (void)s.send(resume(lease));
  s.advance(2'000);
  EXPECT_TRUE(s.complete(lease));
  const auto graph = s.ask<Graph>(GetGraph{.task_id = Name(id)}).value();
  EXPECT_EQ(graph.nodes.at(0).duration_ms, 3'000);
}

}  // namespace
}  // namespace arbiter::core
