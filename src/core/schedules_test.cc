#include "tests/support/scenario.h"

namespace arbiter::core {
namespace {

using base::ErrorCode;
using base::Result;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Scenario;

constexpr std::int64_t kMinute = 60'000;
constexpr std::int64_t kStart = 1'800'000'000'000;  // 2027-01-15T08:00:00Z, a Friday

// A namespace whose wall clock stands at kStart.
struct Stage : Scenario {
  explicit Stage(CoreLimits limits = {}) : Scenario(patient(std::move(limits))) {
    now = {{kStart}, {kStart}};
    worker("w");
  }
  // Nobody is lost while the clock goes on by minutes.
  static CoreLimits patient(CoreLimits limits) {
    limits.worker_lost_ms = 365 * kDayMs;
    return limits;
  }
  Result<SetScheduleReply> set(const std::string& name, std::string_view rest) {
    auto c = base::from_json_text<SetSchedule>("{\"name\":\"" + name + "\",\"task\":{\"type\":\"t\"}," +
                                               std::string(rest) + "}");
    EXPECT_TRUE(c) << rest;
    return ask<SetScheduleReply>(*c);
  }
  ScheduleView view(const std::string& name = "s") {
    auto found = ask<ScheduleView>(GetSchedule{Name(name), 5});
    EXPECT_TRUE(found) << name;
    return found ? *found : ScheduleView{};
  }
  // The clock goes on, and nothing happens meanwhile: the server was down, or the wall clock jumped.
  void miss(std::int64_t ms) {
    now.wall.ms += ms;
    advance(0);
  }
  // What came of the due times since the last call, in minutes after kStart: `f5` fired, `s6-8 misfire` skipped.
  std::vector<std::string> story() {
    std::vector<std::string> lines;
    const auto minute = [](Timestamp t) { return std::to_string((t.ms - kStart) / kMinute); };
    for (; told < log.size(); ++told) {
      if (const auto* fired = std::get_if<ScheduleFired>(&log[told].body)) {
        lines.push_back(fired->due_at ? "f" + minute(*fired->due_at) : "now");
      } else if (const auto* skipped = std::get_if<ScheduleSkipped>(&log[told].body)) {
        const bool one = skipped->first_at == skipped->last_at;
        lines.push_back("s" + minute(skipped->first_at) + (one ? "" : "-" + minute(skipped->last_at)) + " " +
                        base::to_text(skipped->reason));
      }
    }
    return lines;
  }
  std::size_t told = 0;
};

TEST(Schedule, AFireAndItsTaskAreOneStep) {
  Stage s;
  ASSERT_TRUE(s.set("s", R"("cron":"5 * * * *")"));
  EXPECT_EQ(s.view().next_at->ms, kStart + 5 * kMinute);
  s.advance(5 * kMinute - 1);
  EXPECT_TRUE(s.story().empty());
  const auto before = s.log.size();
  s.advance(1);
  ASSERT_EQ(s.log.size(), before + 2);
  const auto& submitted = std::get<TaskSubmitted>(s.log[before].body);
  const auto& fired = std::get<ScheduleFired>(s.log[before + 1].body);
  EXPECT_EQ(fired.task, submitted.id);
  EXPECT_EQ(fired.due_at->ms, kStart + 5 * kMinute);
  EXPECT_EQ(fired.next_at->ms, kStart + 65 * kMinute);
  const auto task = s.task(submitted.id.value);
  EXPECT_EQ(task.run_at->ms, kStart + 5 * kMinute);
  EXPECT_THAT(task.tags, ElementsAre(Text<1, 128>("schedule:s")));
}

TEST(Schedule, ShowsItsLatestRunsWithTheirOutcomes) {
  Stage s;
  s.set("s", R"("everyMs":60000,"overlap":"allow")").value();
  for (int i = 0; i < 7; ++i) {
    s.advance(kMinute);
    ASSERT_TRUE(s.complete(s.lease("w")));
  }
  s.advance(kMinute);
  const auto view = s.view();
  EXPECT_EQ(view.fired, 8);
  EXPECT_EQ(view.live, 1);
  ASSERT_EQ(view.runs.size(), Schedule::kRunsKept);
  EXPECT_EQ(view.runs[0].state, TaskState::kQueued);
  EXPECT_EQ(view.runs[1].state, TaskState::kCompleted);
  EXPECT_EQ(view.runs[1].ended_at->ms, kStart + 7 * kMinute);
  EXPECT_EQ(view.upcoming.size(), 5U);
  EXPECT_EQ(view.upcoming[1].ms, kStart + 10 * kMinute);
}

// ---- overlap --------------------------------------------------------------------------------------------------

TEST(ScheduleOverlap, SkipLeavesOutTimesWhileARunIsLive) {
  Stage s;
  s.set("s", R"("everyMs":60000,"overlap":"skip")").value();
  s.advance(kMinute);
  const auto run = s.lease("w", 600'000);
  s.advance(kMinute);
  s.complete(run).value();
  s.advance(kMinute);
  EXPECT_THAT(s.story(), ElementsAre("f1", "s2 overlap", "f3"));
  EXPECT_EQ(s.view().last_skip->reason, SkipReason::kOverlap);
}

TEST(ScheduleOverlap, AllowLetsRunsGoSideBySideUpToALimit) {
  CoreLimits limits;
  limits.schedule_runs_max = 2;
  Stage s(limits);
  s.set("s", R"("everyMs":60000,"overlap":"allow")").value();
  for (int i = 0; i < 3; ++i) s.advance(kMinute);
  EXPECT_THAT(s.story(), ElementsAre("f1", "f2", "s3 runs_limit"));
  EXPECT_EQ(s.lease_many("w", 5).size(), 2U);
}

TEST(ScheduleOverlap, QueueMakesRunsWaitForEachOther) {
  CoreLimits limits;
  limits.schedule_queued_max = 3;
  Stage s(limits);
  s.set("s", R"("everyMs":60000,"overlap":"queue")").value();
  for (int i = 0; i < 4; ++i) s.advance(kMinute);
  EXPECT_THAT(s.story(), ElementsAre("f1", "f2", "f3", "s4 runs_limit"));
  auto first = s.lease_many("w", 5, 600'000);
  ASSERT_EQ(first.size(), 1U);
  // Not even when the one in between is taken away does the third start beside the first.
  s.send(CancelTask{s.view().runs[1].task_id, {}});
  EXPECT_TRUE(s.lease_many("w", 5).empty());
  s.fail(first[0], /*retryable=*/false).value();
  EXPECT_EQ(s.lease_many("w", 5).size(), 1U);
}

TEST(ScheduleOverlap, CancelRunningEndsTheOldRunBeforeTheNewOneStarts) {
  Stage s;
  s.set("s", R"("everyMs":5000,"overlap":"cancel_running")").value();
  s.advance(5'000);
  const auto old = s.lease("w", 600'000);
  s.advance(5'000);
  EXPECT_TRUE(s.task(old.task.id.value).cancel_requested);
  EXPECT_TRUE(s.lease_many("w", 5).empty());
  s.ask<TaskView>(ReleaseTask{old.task.id, old.lease, {}}).value();
  EXPECT_EQ(s.state(old.task.id.value), TaskState::kCancelled);
  const auto next = s.lease_many("w", 5);
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].task.id, s.view().runs[0].task_id);
}

TEST(ScheduleOverlap, ARunThatAPersonRetriesIsLiveAgain) {
  Stage s;
  s.set("s", R"("everyMs":60000,"overlap":"skip")").value();
  s.advance(kMinute);
  const auto run = s.lease("w");
  s.fail(run, /*retryable=*/false).value();
  EXPECT_EQ(s.view().live, 0);
  EXPECT_EQ(s.view().runs[0].state, TaskState::kFailed);
  s.ask<TaskView>(RetryTask{run.task.id, false}).value();
  EXPECT_EQ(s.view().live, 1);
  EXPECT_EQ(s.view().runs[0].state, TaskState::kQueued);
  s.advance(kMinute);
  EXPECT_THAT(s.story(), ElementsAre("f1", "s2 overlap"));
}

TEST(ScheduleOverlap, AFullQueueIsAReasonToSkip) {
  Stage s;
  s.ask<QueueView>(ConfigureQueue{Name("default"), 1}).value();
  s.submit(R"({"type":"other"})");
  s.set("s", R"("everyMs":60000)").value();
  s.advance(kMinute);
  EXPECT_THAT(s.story(), ElementsAre("s1 refused"));
  EXPECT_THAT(s.view().last_skip->message.value_or(""), HasSubstr("holds 1 of 1 tasks"));
}

// ---- what was missed ------------------------------------------------------------------------------------------

TEST(ScheduleMisfire, SkipLeavesOutWhatIsLateAndFiresWhatIsNot) {
  Stage s;
  s.set("s", R"("everyMs":60000,"overlap":"allow","misfire":"skip","misfireAfterMs":90000)").value();
  s.miss(5 * kMinute + 30'000);
  EXPECT_THAT(s.story(), ElementsAre("s1-4 misfire", "f5"));
  EXPECT_EQ(s.view().skipped, 4);
}

TEST(ScheduleMisfire, OnceLetsTheNewestStandForAll) {
  Stage s;
  s.set("s", R"("everyMs":60000,"overlap":"allow","misfire":"once")").value();
  s.miss(5 * kMinute + 30'000);
  EXPECT_THAT(s.story(), ElementsAre("s1-4 misfire", "f5"));
  s.miss(kMinute);
  EXPECT_THAT(s.story(), ElementsAre("f6"));
}

TEST(ScheduleMisfire, AllMakesUpForEveryOneUpToTheCap) {
  CoreLimits limits;
  limits.misfire_runs_max = 3;
  Stage s(limits);
  s.set("s", R"("everyMs":60000,"overlap":"allow","misfire":"all","misfireAfterMs":60000)").value();
  s.miss(10 * kMinute);
  EXPECT_THAT(s.story(), ElementsAre("s1-6 misfire_limit", "f7", "f8", "f9", "f10"));
}

TEST(ScheduleMisfire, LateByLessThanTheThresholdIsNoMisfire) {
  Stage s;
  s.set("s", R"("cron":"*/10 * * * * *","overlap":"allow","misfire":"skip")").value();
  s.miss(59'999);
  EXPECT_EQ(s.story().size(), 5U);
  EXPECT_EQ(s.view().skipped, 0);
}

TEST(ScheduleMisfire, ACountHasALimitAndTheEventStillNamesTheWholeStretch) {
  CoreLimits limits;
  limits.skip_count_max = 100;
  Stage s(limits);
  s.set("s", R"("cron":"* * * * * *")").value();
  s.miss(31 * kDayMs);
  const auto skip = *s.view().last_skip;
  EXPECT_EQ(skip.times, 100);
  EXPECT_EQ(skip.first_at.ms, kStart + 1'000);
  EXPECT_EQ(skip.last_at.ms, kStart + 31 * kDayMs - 1'000);
  EXPECT_EQ(s.view().fired, 1);
}

TEST(ScheduleClock, AJumpBackFiresNothingTwice) {
  Stage s;
  s.set("s", R"("everyMs":60000,"overlap":"allow")").value();
  s.advance(kMinute);
  s.advance(kMinute);
  s.now.wall.ms -= 2 * kMinute;
  s.advance(2 * kMinute);
  EXPECT_THAT(s.story(), ElementsAre("f1", "f2"));
  s.advance(kMinute);
  EXPECT_THAT(s.story(), ElementsAre("f3"));
  // Nor does setting it anew, or a pause.
  s.now.wall.ms -= 2 * kMinute;
  s.set("s", R"("everyMs":60000,"overlap":"queue")").value();
  s.send(PauseSchedule{Name("s")});
  s.send(ResumeSchedule{Name("s")});
  s.advance(2 * kMinute);
  EXPECT_TRUE(s.story().empty());
  EXPECT_EQ(s.view().next_at->ms, kStart + 4 * kMinute);
}

TEST(ScheduleClock, AReloadFiresNothingTwiceAndMissesNothing) {
  Stage s;
  s.set("s", R"("everyMs":60000,"overlap":"skip","misfire":"all")").value();
  s.set("paused", R"("everyMs":60000)").value();
  s.send(PauseSchedule{Name("paused")});
  s.advance(kMinute);
  s.complete(s.lease("w")).value();
  Stage after;
  for (const auto& change : s.core.state().snapshot()) {
    if (change.kind != "schedule") continue;
    ASSERT_TRUE(after.core.state().load({change.kind, change.id, change.body, 0, {}, {}, 0}));
  }
  after.core.state().finish_load(kStart);
  EXPECT_EQ(base::to_json(after.view()), base::to_json(s.view()));
  after.miss(kMinute);
  EXPECT_TRUE(after.story().empty());
  after.miss(kMinute);
  EXPECT_THAT(after.story(), ElementsAre("f2"));
  EXPECT_EQ(after.view("paused").state, ScheduleState::kPaused);
}

// ---- pause, run now, change -----------------------------------------------------------------------------------

TEST(Schedule, APauseIsSkippedWithItsReason) {
  Stage s;
  s.set("s", R"("everyMs":60000)").value();
  s.send(PauseSchedule{Name("s")});
  EXPECT_FALSE(s.view().next_at);
  s.advance(3 * kMinute);
  EXPECT_TRUE(s.story().empty());
  s.send(ResumeSchedule{Name("s")});
  EXPECT_THAT(s.story(), ElementsAre("s1-3 paused"));
  s.advance(kMinute);
  EXPECT_THAT(s.story(), ElementsAre("f4"));
}

TEST(Schedule, RunNowKeepsTheTimesAndTheOverlapPolicy) {
  Stage s;
  s.set("s", R"("everyMs":60000,"overlap":"skip")").value();
  const auto run = s.ask<SubmitTaskReply>(RunSchedule{Name("s")}).value();
  EXPECT_FALSE(run.task.run_at);
  EXPECT_EQ(s.view().next_at->ms, kStart + kMinute);
  EXPECT_EQ(s.refusal(RunSchedule{Name("s")}), ErrorCode::kInvalidState);
  s.complete(s.lease("w")).value();
  s.send(PauseSchedule{Name("s")});
  const auto other = s.ask<SubmitTaskReply>(RunSchedule{Name("s")}).value();
  EXPECT_NE(other.task.id, run.task.id);
  EXPECT_THAT(s.story(), ElementsAre("now", "now"));
  EXPECT_FALSE(s.view().runs[0].due_at);
}

TEST(Schedule, RunNowUnderCancelRunningTakesTheOldRunsPlace) {
  Stage s;
  s.set("s", R"("everyMs":60000,"overlap":"cancel_running")").value();
  const auto old = s.ask<SubmitTaskReply>(RunSchedule{Name("s")}).value();
  const auto next = s.ask<SubmitTaskReply>(RunSchedule{Name("s")}).value();
  EXPECT_EQ(s.state(old.task.id.value), TaskState::kCancelled);
  EXPECT_EQ(s.lease("w").task.id, next.task.id);
}

TEST(Schedule, TheSameDefinitionAgainChangesNothing) {
  Stage s;
  EXPECT_TRUE(s.set("s", R"("everyMs":60000)")->created);
  s.advance(30'000);
  const auto before = s.log.size();
  EXPECT_FALSE(s.set("s", R"("everyMs":60000)")->created);
  EXPECT_EQ(s.log.size(), before);
  // Another task does not move the times; another interval does.
  s.set("s", R"("everyMs":60000,"overlap":"allow")").value();
  EXPECT_EQ(s.view().next_at->ms, kStart + kMinute);
  s.set("s", R"("everyMs":120000)").value();
  EXPECT_EQ(s.view().next_at->ms, kStart + 30'000 + 2 * kMinute);
}

TEST(Schedule, WhatIsDueFiresAsItWasBeforeItChanges) {
  Stage s;
  s.set("s", R"("everyMs":60000,"overlap":"allow")").value();
  s.now.wall.ms += kMinute;  // the timer has not come yet
  s.set("s", R"("everyMs":3600000,"overlap":"allow")").value();
  EXPECT_THAT(s.story(), ElementsAre("f1"));
}

TEST(Schedule, BeginsAndEndsAtItsTimes) {
  Stage s;
  const auto at = [](std::int64_t minutes) { return base::to_rfc3339({kStart + minutes * kMinute}); };
  s.set("s", R"("everyMs":60000,"overlap":"allow","startAt":")" + at(10) + R"(","endAt":")" + at(12) + "\"").value();
  for (int i = 0; i < 20; ++i) s.advance(kMinute);
  EXPECT_THAT(s.story(), ElementsAre("f10", "f11", "f12"));
  EXPECT_EQ(s.view().state, ScheduleState::kEnded);
  EXPECT_TRUE(s.view().upcoming.empty());
  EXPECT_TRUE(s.send(RunSchedule{Name("s")})->has_value());
}

TEST(Schedule, ADeletedOneFiresNoMoreAndLeavesItsRuns) {
  Stage s;
  s.set("s", R"("everyMs":60000)").value();
  s.advance(kMinute);
  ASSERT_TRUE(s.ask<Done>(DeleteSchedule{Name("s")}));
  s.advance(5 * kMinute);
  EXPECT_THAT(s.story(), ElementsAre("f1"));
  EXPECT_EQ(s.refusal(GetSchedule{Name("s"), 5}), ErrorCode::kNotFound);
  // A new one of that name sees the run that is still live, and gives its runs ids of their own.
  s.set("s", R"("everyMs":60000,"overlap":"queue")").value();
  EXPECT_EQ(s.view().live, 1);
  s.advance(kMinute);
  EXPECT_EQ(s.view().live, 2);
}

TEST(Schedule, ListsByNameInPages) {
  Stage s;
  for (const char* name : {"b", "c", "a"}) s.set(name, R"("everyMs":60000)").value();
  const auto first = s.ask<ScheduleList>(ListSchedules{2, {}}).value();
  ASSERT_EQ(first.items.size(), 2U);
  EXPECT_EQ(first.items[0].name, Name("a"));
  ASSERT_TRUE(first.next_cursor);
  const auto second = s.ask<ScheduleList>(ListSchedules{2, Text<1, 256>(*first.next_cursor)}).value();
  ASSERT_EQ(second.items.size(), 1U);
  EXPECT_EQ(second.items[0].name, Name("c"));
  EXPECT_FALSE(second.next_cursor);
}

// ---- refusals and limits --------------------------------------------------------------------------------------

TEST(Schedule, RefusalsNameEveryBadField) {
  Stage s;
  SetSchedule c = base::from_json_text<SetSchedule>(R"({"name":"s","cron":"0 0 30 2 *","timeZone":"Mars/Crater",
      "task":{"type":"t","id":"x","runAt":"2030-01-01T00:00:00Z","deadline":"2030-01-01T00:00:00Z",
              "tags":["schedule:other"],"dependsOn":["y"],"parentId":"z","metadata":[1]}})")
                      .value();
  auto answer = s.ask<SetScheduleReply>(c);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kInvalidRequest);
  std::vector<std::string> fields;
  for (const auto& error : answer.error().fields) fields.push_back(error.field);
  EXPECT_THAT(fields,
              ::testing::UnorderedElementsAre("cron", "timeZone", "task.id", "task.runAt", "task.deadline",
                                              "task.tags[0]", "task.dependsOn", "task.parentId", "task.metadata"));
  EXPECT_FALSE(s.set("s", R"("cron":"* * * * *","everyMs":60000)"));
  EXPECT_FALSE(s.set("s", R"("timeZone":"UTC")"));
  EXPECT_FALSE(s.set("s", R"("cron":"* * * * *","endAt":"2020-01-01T00:00:00Z")"));
  EXPECT_FALSE(s.set(std::string(kScheduleNameMax + 1, 'n'), R"("everyMs":60000)"));
  EXPECT_EQ(s.core.state().schedules.size(), 0U);
}

TEST(Schedule, TheTagOfRunsIsNotForOthers) {
  Stage s;
  SubmitTask c;
  static_cast<TaskSpec&>(c) = testing::spec(R"({"type":"t","tags":["a","schedule:s"]})");
  auto answer = s.ask<SubmitTaskReply>(c);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fields.at(0).field, "tags[1]");
}

TEST(Schedule, ThereAreLimitsOfNumberAndSize) {
  CoreLimits limits;
  limits.schedules_max = 2;
  Stage s(limits);
  s.set("a", R"("everyMs":60000)").value();
  s.set("b", R"("everyMs":60000)").value();
  EXPECT_EQ(s.set("c", R"("everyMs":60000)").error().code, ErrorCode::kOverloaded);
  EXPECT_TRUE(s.set("b", R"("everyMs":120000)"));
  SetSchedule large = base::from_json_text<SetSchedule>(R"({"name":"a","everyMs":60000,"task":{"type":"t"}})").value();
  large.task.payload = RawJson('"' + std::string(static_cast<std::size_t>(limits.schedule_bytes_max), 'x') + '"');
  EXPECT_EQ(s.refusal(large), ErrorCode::kTooLarge);
}

TEST(Schedule, ManyThatAreDueAtOnceGoOnInSteps) {
  CoreLimits limits;
  limits.cascade_events_max = 10;
  Stage s(limits);
  for (int i = 0; i < 50; ++i) s.set("s" + std::to_string(i), R"("cron":"1 * * * *")").value();
  s.now.now.ms += kMinute;
  s.now.wall.ms += kMinute;
  int steps = 0;
  std::size_t events = 0;
  for (; s.core.has_work(s.now); ++steps) {
    s.core.tick(s.now);
    const auto step = s.core.take_events().size();
    EXPECT_LE(step, 12U);
    events += step;
  }
  EXPECT_EQ(events, 100U);
  EXPECT_GE(steps, 9);
}

TEST(ScheduleOverlap, CancellingManyRunsStaysWithinAStep) {
  CoreLimits limits;
  limits.cascade_events_max = 10;
  Stage s(limits);
  s.set("s", R"("everyMs":60000,"overlap":"allow")").value();
  for (int i = 0; i < 30; ++i) s.advance(kMinute);
  s.set("s", R"("everyMs":60000,"overlap":"cancel_running")").value();
  s.now.wall.ms += kMinute;
  while (s.core.has_work(s.now)) {
    s.core.tick(s.now);
    EXPECT_LE(s.core.take_events().size(), 12U);
  }
  EXPECT_EQ(s.view().live, 1);
  EXPECT_EQ(s.view().fired, 31);
}

}  // namespace
}  // namespace arbiter::core
