#include "core/trace.h"

#include "tests/support/scenario.h"

namespace arbiter::core {
namespace {

using testing::Scenario;
using Kind = TaskStage::Kind;

const std::string kTrace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

CoreLimits telling() {
  CoreLimits limits;
  limits.task_stages = true;
  return limits;
}

std::vector<TaskStage> stages_of(const Scenario& s) {
  std::vector<TaskStage> all;
  for (const auto& event : s.log) {
    if (event.stages) all.insert(all.end(), event.stages->begin(), event.stages->end());
  }
  return all;
}

std::string submit_traced(Scenario& s, std::string_view spec, const std::string& trace = kTrace) {
  s.actor.trace = trace;
  auto id = s.submit(spec);
  s.actor.trace.clear();
  return id;
}

TEST(Trace, EveryEventOfATaskIsInItsTraceWhoeverCausesIt) {
  Scenario s;
  s.worker("w");
  submit_traced(s, R"({"id":"a","type":"t"})");
  const auto lease = s.lease("w");
  EXPECT_EQ(lease.traceparent, kTrace);
  s.actor.trace = "00-00000000000000000000000000000001-0000000000000001-00";
  EXPECT_TRUE(s.complete(lease));
  for (const auto& event : s.log) {
    const bool of_task = !std::holds_alternative<WorkerRegistered>(event.body);
    EXPECT_EQ(event.trace, of_task ? kTrace : "") << event.position;
    EXPECT_EQ(to_record(event).metadata.find(kTrace) != std::string::npos, of_task);
  }
  EXPECT_EQ(s.task("a").traceparent, kTrace);
}

TEST(Trace, ATaskWithoutOneHasNoneAndItsEventsThatOfTheirRequests) {
  Scenario s;
  s.worker("w");
  submit_traced(s, R"({"id":"a","type":"t"})");
  s.submit(R"({"id":"b","type":"t"})");
  EXPECT_FALSE(s.task("b").traceparent);
  EXPECT_EQ(s.log.back().trace, "");
  s.actor.trace = kTrace;
  EXPECT_TRUE(s.ask<TaskView>(CancelTask{Name("b"), {}}));
  EXPECT_EQ(s.log.back().trace, kTrace);
}

TEST(Trace, TheSameTaskUnderAnotherTraceIsTheSameTask) {
  Scenario s;
  submit_traced(s, R"({"id":"a","type":"t"})");
  submit_traced(s, R"({"id":"a","type":"t"})", "00-00000000000000000000000000000001-0000000000000001-01");
  EXPECT_EQ(s.task("a").traceparent, kTrace);
}

TEST(Trace, AReportUnderAnotherTraceIsTheSameReport) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"id":"a","type":"t"})");
  const auto lease = s.lease("w");
  ReportTasks reports;
  reports.worker_id = Name("w");
  Report report;
  report.task_id = Name("a");
  report.lease = LeaseText(lease.lease);
  reports.reports.push_back(report);
  ASSERT_FALSE(s.ask<ReportReply>(reports)->results[0].code);
  reports.reports[0].traceparent = Text<1, 128>(kTrace);
  EXPECT_FALSE(s.ask<ReportReply>(reports)->results[0].code);
}

TEST(Trace, ASampledTaskTellsItsStagesAsTheyEnd) {
  Scenario s(telling());
  s.worker("w");
  submit_traced(s, R"({"id":"a","type":"t","queue":"q","retry":{"backoffMs":0}})");
  s.advance(100);
  const auto first = s.lease("w");
  s.advance(1'000);
  EXPECT_TRUE(s.fail(first));
  s.advance(1);
  const auto second = s.lease("w");
  s.advance(500);
  EXPECT_TRUE(s.complete(second));
  const auto stages = stages_of(s);
  ASSERT_EQ(stages.size(), 5U);
  const std::vector<std::pair<Kind, std::string>> wanted{{Kind::kQueued, "leased"},
                                                         {Kind::kRun, "retried"},
                                                         {Kind::kQueued, "leased"},
                                                         {Kind::kRun, "completed"},
                                                         {Kind::kWhole, "completed"}};
  for (std::size_t i = 0; i < stages.size(); ++i) {
    EXPECT_EQ(std::pair(stages[i].kind, stages[i].outcome), wanted[i]) << i;
    EXPECT_EQ(stages[i].traceparent, kTrace);
  }
  EXPECT_EQ(stages[0].to_ms - stages[0].from_ms, 100);
  EXPECT_EQ(stages[1].to_ms - stages[1].from_ms, 1'000);
  EXPECT_EQ(stages[1].message, "no");
  EXPECT_EQ(stages[1].lease, stages[0].lease);
  EXPECT_EQ(stages[3].attempt, 2);
  EXPECT_EQ(stages[4].to_ms - stages[4].from_ms, 1'601);
  // What the worker was given is the span that is told.
  const auto context = *base::TraceContext::parse(kTrace);
  EXPECT_EQ(first.traceparent, span_of_stage(stages[1], context).text());
  EXPECT_NE(second.traceparent, first.traceparent);
}

TEST(Trace, ATaskThatEndsInItsQueueTellsBoth) {
  Scenario s(telling());
  submit_traced(s, R"({"id":"a","type":"t"})");
  s.advance(50);
  EXPECT_TRUE(s.ask<TaskView>(CancelTask{Name("a"), {}}));
  const auto stages = stages_of(s);
  ASSERT_EQ(stages.size(), 2U);
  EXPECT_EQ(stages[0].kind, Kind::kQueued);
  EXPECT_EQ(stages[1].kind, Kind::kWhole);
  EXPECT_EQ(stages[1].outcome, "cancelled");
}

TEST(Trace, WhatIsNotSampledTellsNothing) {
  Scenario s(telling());
  s.worker("w");
  submit_traced(s, R"({"id":"a","type":"t"})", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  const auto lease = s.lease("w");
  EXPECT_EQ(lease.traceparent, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00");
  EXPECT_TRUE(s.complete(lease));
  EXPECT_TRUE(stages_of(s).empty());
}

TEST(Trace, EachRunOfAScheduleBeginsATraceOfItsOwn) {
  CoreLimits limits = telling();
  limits.trace_ratio = 1;
  limits.worker_lost_ms = kDayMs;
  Scenario s(limits);
  s.worker("w");
  const auto schedule = base::from_json_text<SetSchedule>(R"({"name":"s","task":{"type":"t"},"everyMs":60000})");
  ASSERT_TRUE(schedule) << schedule.error().message;
  ASSERT_TRUE(s.ask<SetScheduleReply>(*schedule));
  std::set<std::string> traces;
  for (int run = 1; run <= 3; ++run) {
    s.advance(60'000);
    const auto lease = s.lease("w");
    const auto trace = base::TraceContext::parse(lease.traceparent.value_or(""));
    ASSERT_TRUE(trace);
    EXPECT_TRUE(trace->sampled);
    traces.insert(trace->trace_id());
    EXPECT_TRUE(s.complete(lease));
  }
  EXPECT_EQ(traces.size(), 3U);
  EXPECT_EQ(stages_of(s).size(), 9U);  // queued, run and whole of each
}

TEST(Trace, OutlivesARestart) {
  Scenario s(telling());
  submit_traced(s, R"({"id":"a","type":"t"})");
  auto snapshot = s.core.state().snapshot();
  ASSERT_EQ(snapshot.size(), 1U);
  State loaded(telling(), 7);
  ASSERT_TRUE(loaded.load({"task", snapshot[0].id, snapshot[0].body, snapshot[0].document, "", "", 0}));
  EXPECT_EQ(loaded.traced_tasks, 1);
  EXPECT_EQ(*loaded.find_task("a")->trace, kTrace);
}

}  // namespace
}  // namespace arbiter::core
