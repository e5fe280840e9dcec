// Budgets: what is counted, what is held back at the limit, what lets it go on.
#include "tests/support/scenario.h"

namespace arbiter::core {
namespace {

using base::ErrorCode;
using base::Result;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Scenario;

constexpr std::int64_t kHour = 3'600'000;
constexpr std::int64_t kStart = 1'800'000'000'000;  // 2027-01-15T08:00:00Z

struct Stage : Scenario {
  explicit Stage(CoreLimits limits = {}) : Scenario(patient(std::move(limits))) {
    now = {{kStart}, {kStart}};
    worker("w");
  }
  // Nobody is lost while the clock goes on by days.
  static CoreLimits patient(CoreLimits limits) {
    limits.worker_lost_ms = 365 * kDayMs;
    return limits;
  }
  Result<SetBudgetReply> set(const std::string& name, std::string_view rest) {
    auto c = base::from_json_text<SetBudget>("{\"name\":\"" + name + "\"," + std::string(rest) + "}");
    EXPECT_TRUE(c) << rest;
    return ask<SetBudgetReply>(*c);
  }
  Result<BudgetView> raise(const std::string& name, std::string_view rest) {
    auto c = base::from_json_text<RaiseBudget>("{\"name\":\"" + name + "\",\"reason\":\"agreed\"," + std::string(rest) +
                                               "}");
    EXPECT_TRUE(c) << rest;
    return ask<BudgetView>(*c);
  }
  BudgetView view(const std::string& name) {
    auto found = ask<BudgetView>(GetBudget{Name(name), 100});
    EXPECT_TRUE(found) << name;
    return found ? *found : BudgetView{};
  }
  BudgetMeterView meter(const std::string& name) {
    const auto found = view(name);
    return found.meters.empty() ? BudgetMeterView{} : found.meters[0];
  }
  static Usage usage(std::string_view text) { return base::from_json_text<Usage>(text).value(); }
  void finish(const LeaseView& l, std::string_view with) {
    ASSERT_TRUE(ask<TaskView>(CompleteTask{l.task.id, l.lease, RawJson("1", 1), {}, usage(with)}));
  }
  void give_up(const LeaseView& l, std::string_view with) {
    FailTask c;
    c.id = l.task.id;
    c.lease = l.lease;
    c.error.message = "no";
    c.usage = usage(with);
    ASSERT_TRUE(ask<TaskView>(c));
  }
  bool gets_one() {
    const auto l = lease("w");
    if (l.lease.empty()) return false;
    finish(l, "{}");
    return true;
  }
  // What was told of budgets since the last call: `warned all`, `exhausted all`.
  std::vector<std::string> story() {
    std::vector<std::string> lines;
    for (; told < log.size(); ++told) {
      const EventBody& body = log[told].body;
      if (const auto* e = std::get_if<BudgetWarned>(&body)) lines.push_back("warned " + e->subject);
      if (const auto* e = std::get_if<BudgetExhausted>(&body)) lines.push_back("exhausted " + e->subject);
      if (std::holds_alternative<BudgetReset>(body)) lines.emplace_back("reset");
    }
    return lines;
  }
  // The open incident of this cause.
  std::optional<IncidentView> incident(const std::string& cause) {
    const Incident* open = core.state().inbox.unresolved(cause);
    if (!open) return std::nullopt;
    return ask<IncidentView>(GetIncident{Name(open->id)}).value();
  }
  // The same namespace, as another process loads it.
  void reload(Stage& after) {
    for (const auto& change : core.state().snapshot()) {
      std::string spec;
      if (change.document > 0) {
        spec = base::to_json(*std::get<TaskSubmitted>(log.at(change.document - 1).body).spec);
      }
      ASSERT_TRUE(after.core.state().load({change.kind, change.id, change.body, change.document, spec, {}, 0}))
          << change.kind;
    }
    after.core.state().finish_load(now.now.ms);
    after.core.state().position = core.state().position;
    after.now = now;
  }
  std::size_t told = 0;
};

// ---- counting -------------------------------------------------------------------------------------------------

TEST(Budget, CountsAttemptsWhenTheyBeginAndTheRestWhenItIsReported) {
  Stage s;
  s.set("all", R"("scope":"namespace","tokens":1000,"cost":2.5,"attempts":10)").value();
  s.submit(R"({"type":"t"})");
  s.submit(R"({"type":"t","retry":{"backoffMs":0,"jitter":0}})");
  const auto first = s.lease("w");
  EXPECT_EQ(s.meter("all").attempts, 1);
  EXPECT_EQ(s.meter("all").tokens, 0);
  s.finish(first, R"({"inputTokens":100,"outputTokens":20,"cost":0.25})");
  s.give_up(s.lease("w"), R"({"tokens":80,"inputTokens":1,"cost":0.000001})");
  const auto meter = s.meter("all");
  EXPECT_EQ(meter.subject, "namespace");
  EXPECT_EQ(meter.tokens, 200);
  EXPECT_EQ(meter.cost, 0.250001);
  EXPECT_EQ(meter.attempts, 2);
  EXPECT_EQ(meter.share, 0.2);
  EXPECT_EQ(meter.state, BudgetState::kOpen);
}

TEST(Budget, CountsWhatACancelledAttemptCost) {
  Stage s;
  s.set("all", R"("scope":"namespace","tokens":1000)").value();
  const auto id = s.submit(R"({"type":"t"})");
  const auto lease = s.lease("w");
  s.send(CancelTask{Name(id), {}});
  s.give_up(lease, R"({"tokens":70})");
  EXPECT_EQ(s.state(id), TaskState::kCancelled);
  EXPECT_EQ(s.meter("all").tokens, 70);
}

TEST(Budget, AnAttemptThatWasNotDeliveredIsGivenBack) {
  Stage s;
  s.set("all", R"("scope":"namespace","attempts":1)").value();
  s.set("own", R"("scope":"task","attempts":1)").value();
  s.submit(R"({"type":"t"})");
  auto lease = s.lease("w");
  EXPECT_EQ(s.meter("all").state, BudgetState::kExhausted);
  s.send(ReturnLeases{{{lease.task.id, lease.lease}}});
  EXPECT_EQ(s.meter("all").attempts, 0);
  EXPECT_TRUE(s.gets_one());
  EXPECT_EQ(s.meter("all").attempts, 1);
}

// ---- at the limit ---------------------------------------------------------------------------------------------

struct ScopeCase {
  std::string scope, more;  // of the budget
  std::string held, free;   // tasks that it holds back at its limit, and that it does not
};

class BudgetScopes : public ::testing::TestWithParam<ScopeCase> {};

TEST_P(BudgetScopes, HoldsBackItsOwnUntilItIsRaised) {
  const ScopeCase& c = GetParam();
  Stage s;
  s.set("b", "\"scope\":\"" + c.scope + "\",\"attempts\":2" + c.more).value();
  for (int i = 0; i < 3; ++i) s.submit(c.held);
  ASSERT_TRUE(s.gets_one());
  ASSERT_TRUE(s.gets_one());
  ASSERT_FALSE(s.gets_one()) << "over the limit";
  if (!c.free.empty()) {
    s.submit(c.free);
    EXPECT_TRUE(s.gets_one());
  }
  Stage after;
  s.reload(after);
  EXPECT_FALSE(after.gets_one()) << "a reload forgets the limit";
  const auto subject = s.meter("b").subject;
  s.raise("b", R"("attempts":1,"subject":")" + subject + "\"").value();
  EXPECT_TRUE(s.gets_one());
  EXPECT_FALSE(s.gets_one());
  s.submit(c.held);
  s.send(DeleteBudget{Name("b")});
  EXPECT_TRUE(s.gets_one());
}

INSTANTIATE_TEST_SUITE_P(
    All, BudgetScopes,
    ::testing::Values(ScopeCase{"namespace", "", R"({"type":"t"})", ""},
                      ScopeCase{"queue", "", R"({"type":"t","queue":"q"})", R"({"type":"t","queue":"other"})"},
                      ScopeCase{"queue", R"(,"subject":"q")", R"({"type":"t","queue":"q"})",
                                R"({"type":"t","queue":"other"})"},
                      ScopeCase{"key", "", R"({"type":"t","concurrencyKey":"k"})", R"({"type":"t"})"},
                      ScopeCase{"key", R"(,"subject":"k")", R"({"type":"t","concurrencyKey":"k"})",
                                R"({"type":"t","concurrencyKey":"other"})"},
                      ScopeCase{"worker", "", R"({"type":"t"})", ""},
                      ScopeCase{"worker", R"(,"subject":"w")", R"({"type":"t"})", ""}),
    [](const auto& c) { return c.param.scope + (c.param.more.empty() ? "Each" : "One"); });

TEST(Budget, OneAnswerNeverTakesMoreThanIsLeft) {
  for (const char* scope : {"namespace", "queue", "worker"}) {
    Stage s;
    s.set("b", "\"scope\":\"" + std::string(scope) + "\",\"attempts\":3").value();
    for (int i = 0; i < 10; ++i) s.submit(R"({"type":"t"})");
    EXPECT_EQ(s.lease_many("w", 10).size(), 3U) << scope;
  }
}

TEST(Budget, ATaskWaitsForItsOwnAndOthersGoOn) {
  Stage s;
  s.set("own", R"("scope":"task","tokens":100)").value();
  const auto greedy = s.submit(R"({"type":"t","retry":{"backoffMs":0,"jitter":0}})");
  s.submit(R"({"type":"t"})");
  const auto other = s.submit(R"({"type":"t"})");
  s.give_up(s.lease("w"), R"({"tokens":150})");
  s.advance(1);
  EXPECT_EQ(s.state(greedy), TaskState::kQueued);
  EXPECT_EQ(*s.task(greedy).waiting_for, "budget own, which is used up");
  EXPECT_EQ(s.lease_many("w", 10).size(), 2U);
  EXPECT_EQ(s.state(other), TaskState::kRunning);
  ASSERT_EQ(s.view("own").meters.size(), 1U);
  EXPECT_EQ(s.meter("own").subject, greedy);
  EXPECT_EQ(s.raise("own", R"("tokens":51)").error().code, ErrorCode::kInvalidRequest);
  s.raise("own", R"("tokens":51,"subject":")" + greedy + "\"").value();
  EXPECT_EQ(s.lease("w").task.id.value, greedy);
}

TEST(Budget, ALineageSharesOne) {
  Stage s;
  s.set("family", R"("scope":"lineage","attempts":2)").value();
  s.submit(R"({"type":"t","id":"root"})");
  s.submit(R"({"type":"t","id":"child","parentId":"root"})");
  s.submit(R"({"type":"t","id":"grandchild","parentId":"child"})");
  s.submit(R"({"type":"t","id":"stranger"})");
  EXPECT_TRUE(s.gets_one());
  EXPECT_TRUE(s.gets_one());
  EXPECT_EQ(s.lease("w").task.id, Name("stranger"));
  EXPECT_EQ(s.meter("family").subject, "root");
  Stage after;
  s.reload(after);
  EXPECT_FALSE(after.gets_one());
  s.raise("family", R"("attempts":1,"subject":"root")").value();
  EXPECT_EQ(s.lease("w").task.id, Name("grandchild"));
}

TEST(Budget, AWaitingWorkerGetsTheTaskTheMomentABudgetIsRaised) {
  Stage s;
  s.set("all", R"("scope":"namespace","attempts":1)").value();
  s.submit(R"({"type":"t"})");
  s.submit(R"({"type":"t"})");
  ASSERT_TRUE(s.gets_one());
  LeaseTasks wait;
  wait.worker_id = "w";
  wait.wait_ms = 60'000;
  ASSERT_FALSE(s.send(wait));
  const auto ticket = s.next_ticket - 1;
  s.raise("all", R"("attempts":1)").value();
  EXPECT_TRUE(s.woken.contains(ticket));
}

TEST(Budget, RefuseTakesNoNewTasks) {
  Stage s;
  s.set("q", R"("scope":"queue","subject":"q","attempts":1,"onLimit":"refuse")").value();
  s.submit(R"({"type":"t","queue":"q"})");
  s.submit(R"({"type":"t","queue":"q"})");
  ASSERT_TRUE(s.gets_one());
  SubmitTask c;
  static_cast<TaskSpec&>(c) = testing::spec(R"({"type":"t","queue":"q"})");
  EXPECT_EQ(s.refusal(c), ErrorCode::kBudgetExhausted);
  EXPECT_FALSE(s.gets_one());
  s.submit(R"({"type":"t"})");
  EXPECT_TRUE(s.gets_one());
  s.raise("q", R"("attempts":5)").value();
  EXPECT_TRUE(s.send(c)->has_value());
}

TEST(Budget, RefuseRetriesNoTaskWhoseOwnIsUsedUp) {
  Stage s;
  s.set("own", R"("scope":"task","tokens":100,"onLimit":"refuse")").value();
  const auto id = s.submit(R"({"type":"t","retry":{"backoffMs":0,"jitter":0}})");
  s.give_up(s.lease("w"), R"({"tokens":60})");
  s.advance(1);
  EXPECT_EQ(s.state(id), TaskState::kQueued);
  s.give_up(s.lease("w"), R"({"tokens":60})");
  EXPECT_EQ(s.state(id), TaskState::kFailed);
  EXPECT_EQ(*s.task(id).reason, "budget");
  // Brought back by a person it waits for a raise.
  s.send(RetryTask{Name(id), false});
  EXPECT_FALSE(s.gets_one());
  s.raise("own", R"("tokens":100,"subject":")" + id + "\"").value();
  EXPECT_TRUE(s.gets_one());
}

// ---- what is told ---------------------------------------------------------------------------------------------

TEST(Budget, WarnsAtFourFifthsAndTellsTheLimitOnce) {
  Stage s;
  s.set("all", R"("scope":"namespace","tokens":100)").value();
  const auto spend = [&](int tokens) {
    s.submit(R"({"type":"t"})");
    s.finish(s.lease("w"), "{\"tokens\":" + std::to_string(tokens) + "}");
    return s.story();
  };
  EXPECT_TRUE(spend(79).empty());
  EXPECT_THAT(spend(1), ElementsAre("warned namespace"));
  EXPECT_TRUE(spend(19).empty());
  EXPECT_THAT(spend(1), ElementsAre("exhausted namespace"));
  s.raise("all", R"("tokens":20)").value();
  EXPECT_TRUE(s.story().empty());
  EXPECT_THAT(spend(20), ElementsAre("exhausted namespace"));
  s.raise("all", R"("tokens":1000)").value();
  EXPECT_THAT(spend(800), ElementsAre("warned namespace"));
}

TEST(Budget, WhatIsInFlightMayGoOverTheLimitAndNothingElse) {
  Stage s;
  s.set("all", R"("scope":"namespace","tokens":100)").value();
  for (int i = 0; i < 3; ++i) s.submit(R"({"type":"t"})");
  const auto leases = s.lease_many("w", 2);
  s.finish(leases[0], R"({"tokens":100})");
  EXPECT_FALSE(s.gets_one());
  s.finish(leases[1], R"({"tokens":100})");
  EXPECT_EQ(s.meter("all").share, 2.0);
  EXPECT_THAT(s.story(), ElementsAre("exhausted namespace"));
}

TEST(Budget, AtTheLimitAnIncidentWaitsForAPerson) {
  Stage s;
  s.set("day", R"("scope":"queue","attempts":1,"period":"day")").value();
  s.submit(R"({"type":"t","queue":"q"})");
  EXPECT_FALSE(s.incident("budget:day:q"));
  ASSERT_TRUE(s.gets_one());
  const auto opened = s.incident("budget:day:q");
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->rule, IncidentRule::kBudget);
  EXPECT_EQ(opened->severity, Severity::kCritical);
  EXPECT_EQ(opened->queue->value, "q");
  EXPECT_THAT(opened->title,
              HasSubstr("Budget day is used up for queue q; what falls under it waits until 2027-01-16"));
  EXPECT_THAT(std::string(opened->evidence.text()), HasSubstr(R"("attempts":1)"));
  s.raise("day", R"("attempts":1,"subject":"q")").value();
  EXPECT_FALSE(s.incident("budget:day:q"));
  s.submit(R"({"type":"t","queue":"q"})");
  ASSERT_TRUE(s.gets_one());
  EXPECT_TRUE(s.incident("budget:day:q"));
  s.advance(16 * kHour);
  EXPECT_FALSE(s.incident("budget:day:q"));
  s.set("all", R"("scope":"namespace","attempts":1)").value();
  s.submit(R"({"type":"t"})");
  ASSERT_TRUE(s.gets_one());
  EXPECT_TRUE(s.incident("budget:all"));
  Stage after;
  s.reload(after);
  EXPECT_TRUE(after.incident("budget:all"));
  s.send(DeleteBudget{Name("all")});
  EXPECT_FALSE(s.incident("budget:all"));
}

TEST(Budget, NoIncidentWaitsForATaskThatHasEnded) {
  Stage s;
  s.set("own", R"("scope":"task","attempts":1,"tokens":100)").value();
  const auto id = s.submit(R"({"type":"t"})");
  const auto lease = s.lease("w");
  EXPECT_TRUE(s.incident("budget:own:" + id));
  s.finish(lease, R"({"tokens":5})");
  EXPECT_FALSE(s.incident("budget:own:" + id));
  s.set("own", R"("scope":"task","tokens":100)").value();
  const auto greedy = s.submit(R"({"type":"t"})");
  s.finish(s.lease("w"), R"({"tokens":500})");
  EXPECT_FALSE(s.incident("budget:own:" + greedy));
  EXPECT_THAT(s.story(), ElementsAre("exhausted " + id, "exhausted " + greedy));
}

// The process ended between what a raise changed and what was to follow.
TEST(Budget, AnIncidentThatOutlivedItsCauseIsResolvedAfterAReload) {
  Stage s;
  s.set("all", R"("scope":"namespace","attempts":1)").value();
  s.submit(R"({"type":"t"})");
  ASSERT_TRUE(s.gets_one());
  Stage after;
  for (const auto& change : s.core.state().snapshot()) {
    if (change.kind != "incident") continue;
    ASSERT_TRUE(after.core.state().load({change.kind, change.id, change.body, 0, {}, {}, 0}));
  }
  after.core.state().finish_load(s.now.now.ms);
  EXPECT_TRUE(after.incident("budget:all"));
  after.advance(0);
  EXPECT_FALSE(after.incident("budget:all"));
}

TEST(Budget, ATaskThatComesBackIsToldOfAgain) {
  Stage s;
  s.set("own", R"("scope":"task","attempts":1)").value();
  const auto id = s.submit(R"({"type":"t","retry":{"maxAttempts":1}})");
  s.give_up(s.lease("w"), "{}");
  EXPECT_THAT(s.story(), ElementsAre("exhausted " + id));
  s.send(RetryTask{Name(id), false});
  EXPECT_THAT(s.story(), ElementsAre("exhausted " + id));
}

// ---- days -----------------------------------------------------------------------------------------------------

TEST(BudgetDay, BeginsAnewAtMidnightOfItsZone) {
  Stage s;
  const auto set = s.set("day", R"("scope":"namespace","attempts":1,"period":"day","timeZone":"America/New_York")");
  ASSERT_TRUE(set);
  EXPECT_EQ(base::to_rfc3339(*set->budget.period_started_at), "2027-01-15T05:00:00.000Z");
  EXPECT_EQ(base::to_rfc3339(*set->budget.resets_at), "2027-01-16T05:00:00.000Z");
  s.submit(R"({"type":"t"})");
  const auto waits = s.submit(R"({"type":"t"})");
  ASSERT_TRUE(s.gets_one());
  EXPECT_EQ(*s.task(waits).waiting_for, "budget day, which is used up, until 2027-01-16T05:00:00.000Z");
  s.raise("day", R"("attempts":1)").value();
  ASSERT_TRUE(s.gets_one());
  s.submit(R"({"type":"t"})");
  s.advance(21 * kHour - 1);
  EXPECT_FALSE(s.gets_one());
  s.advance(1);
  EXPECT_THAT(s.story(), ElementsAre("exhausted namespace", "exhausted namespace", "reset"));
  EXPECT_TRUE(s.gets_one());
  EXPECT_EQ(s.meter("day").attempts, 1);
  EXPECT_FALSE(s.meter("day").raised.attempts);
}

TEST(BudgetDay, DaysThatPassedUnseenCountAsOne) {
  Stage s;
  s.set("day", R"("scope":"queue","attempts":1,"period":"day")").value();
  s.submit(R"({"type":"t"})");
  ASSERT_TRUE(s.gets_one());
  s.now.wall.ms += 3 * kDayMs;
  s.advance(0);
  EXPECT_THAT(s.story(), ElementsAre("exhausted default", "reset"));
  EXPECT_EQ(base::to_rfc3339(*s.view("day").resets_at), "2027-01-19T00:00:00.000Z");
  // Nor does a clock that goes back end a day twice.
  s.now.wall.ms -= 3 * kDayMs;
  s.advance(0);
  EXPECT_TRUE(s.story().empty());
}

TEST(BudgetDay, OfTasksToo) {
  Stage s;
  s.set("day", R"("scope":"task","attempts":1,"period":"day")").value();
  const auto id = s.submit(R"({"type":"t","retry":{"backoffMs":0,"jitter":0}})");
  s.give_up(s.lease("w"), "{}");
  s.advance(1);
  EXPECT_FALSE(s.gets_one());
  s.advance(16 * kHour);
  EXPECT_TRUE(s.gets_one());
}

// ---- changes --------------------------------------------------------------------------------------------------

TEST(Budget, AWiderLimitLetsGoOnAndANarrowerOneHolds) {
  Stage s;
  s.set("all", R"("scope":"namespace","attempts":2)").value();
  s.set("own", R"("scope":"task","attempts":5)").value();
  const auto id = s.submit(R"({"type":"t","retry":{"backoffMs":0,"jitter":0}})");
  for (int i = 0; i < 2; ++i) {
    s.give_up(s.lease("w"), "{}");
    s.advance(1);
  }
  EXPECT_FALSE(s.gets_one());
  EXPECT_FALSE(s.set("all", R"("scope":"namespace","attempts":10)")->created);
  s.set("own", R"("scope":"task","attempts":2)").value();
  EXPECT_FALSE(s.gets_one());
  EXPECT_THAT(s.story(), ElementsAre("exhausted namespace", "exhausted " + id));
  s.set("own", R"("scope":"task","attempts":3)").value();
  EXPECT_TRUE(s.gets_one());
}

TEST(Budget, TheSameAgainChangesNothingAndAnotherScopeIsRefused) {
  Stage s;
  EXPECT_TRUE(s.set("b", R"("scope":"queue","tokens":10)")->created);
  const auto before = s.log.size();
  EXPECT_FALSE(s.set("b", R"("scope":"queue","tokens":10)")->created);
  EXPECT_EQ(s.log.size(), before);
  EXPECT_EQ(s.set("b", R"("scope":"worker","tokens":10)").error().code, ErrorCode::kInvalidState);
  EXPECT_EQ(s.set("b", R"("scope":"queue","tokens":10,"period":"day")").error().code, ErrorCode::kInvalidState);
}

TEST(Budget, ADeletedOneIsForgottenAlsoByItsTasks) {
  Stage s;
  s.set("own", R"("scope":"task","attempts":1)").value();
  const auto id = s.submit(R"({"type":"t","retry":{"backoffMs":0,"jitter":0}})");
  s.give_up(s.lease("w"), "{}");
  s.advance(1);
  ASSERT_TRUE(s.ask<Done>(DeleteBudget{Name("own")}));
  s.set("own", R"("scope":"task","attempts":1)").value();
  EXPECT_EQ(s.lease("w").task.id.value, id);
  EXPECT_EQ(s.refusal(DeleteBudget{Name("other")}), ErrorCode::kNotFound);
}

// ---- refusals and limits --------------------------------------------------------------------------------------

TEST(Budget, RefusalsNameEveryBadField) {
  Stage s;
  auto answer = s.set("b", R"("scope":"task","subject":"x","timeZone":"Mars/Crater")");
  ASSERT_FALSE(answer);
  std::vector<std::string> fields;
  for (const auto& error : answer.error().fields) fields.push_back(error.field);
  EXPECT_THAT(fields, ::testing::UnorderedElementsAre("tokens", "subject", "timeZone", "timeZone"));
  s.set("b", R"("scope":"namespace","tokens":10)").value();
  EXPECT_EQ(s.raise("b", R"("cost":10)").error().fields.at(0).field, "cost");
  EXPECT_EQ(s.raise("b", R"("tokens":1,"subject":"x")").error().fields.at(0).field, "subject");
  EXPECT_EQ(s.raise("none", R"("tokens":1)").error().code, ErrorCode::kNotFound);
  s.set("each", R"("scope":"queue","tokens":10)").value();
  EXPECT_EQ(s.raise("each", R"("tokens":1,"subject":"x")").error().code, ErrorCode::kNotFound);
}

TEST(Budget, ThereAreLimitsOfTheirNumber) {
  CoreLimits limits;
  limits.budgets_max = 3;
  limits.task_budgets_max = 1;
  Stage s(limits);
  s.set("a", R"("scope":"task","tokens":10)").value();
  EXPECT_THAT(s.set("b", R"("scope":"lineage","tokens":10)").error().message, HasSubstr("tasks and lineages"));
  s.set("b", R"("scope":"queue","tokens":10)").value();
  s.set("c", R"("scope":"queue","tokens":10)").value();
  EXPECT_EQ(s.set("d", R"("scope":"queue","tokens":10)").error().code, ErrorCode::kOverloaded);
  EXPECT_TRUE(s.set("c", R"("scope":"queue","tokens":20)"));
}

TEST(Budget, FurtherSubjectsShareAMeter) {
  CoreLimits limits;
  limits.budget_meters_max = 2;
  Stage s(limits);
  s.set("b", R"("scope":"queue","attempts":2)").value();
  for (const char* queue : {"a", "b", "c", "d", "e"}) {
    s.submit("{\"type\":\"t\",\"queue\":\"" + std::string(queue) + "\"}");
  }
  EXPECT_EQ(s.lease_many("w", 10).size(), 4U);
  const auto meters = s.view("b").meters;
  ASSERT_EQ(meters.size(), 3U);
  EXPECT_EQ(meters[0].subject, "*");
  EXPECT_EQ(meters[0].attempts, 2);
  s.raise("b", R"("attempts":1,"subject":"*")").value();
  EXPECT_TRUE(s.gets_one());
}

TEST(Budget, ListsByNameWithTheFullestMeters) {
  Stage s;
  s.set("b", R"("scope":"queue","attempts":10)").value();
  s.set("a", R"("scope":"namespace","attempts":10)").value();
  for (const char* queue : {"x", "y", "y"}) {
    s.submit("{\"type\":\"t\",\"queue\":\"" + std::string(queue) + "\"}");
    ASSERT_TRUE(s.gets_one());
  }
  ListBudgets c;
  c.meters = 1;
  const auto list = s.ask<BudgetList>(c).value();
  ASSERT_EQ(list.items.size(), 2U);
  EXPECT_EQ(list.items[0].meters[0].subject, "namespace");
  EXPECT_EQ(list.items[1].meters[0].subject, "y");
  EXPECT_EQ(list.items[1].more_meters, 1);
}

TEST(Budget, SumsStopInsteadOfOverflowing) {
  Stage s;
  s.set("all", R"("scope":"namespace","cost":1000000000000)").value();
  const auto huge = R"({"cost":1000000000000})";
  for (int i = 0; i < 6; ++i) s.submit(R"({"type":"t"})");
  for (const auto& lease : s.lease_many("w", 6)) s.finish(lease, huge);
  EXPECT_EQ(s.meter("all").cost, 4e12);
}

}  // namespace
}  // namespace arbiter::core
