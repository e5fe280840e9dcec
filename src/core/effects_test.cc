#include "tests/support/scenario.h"

namespace arbiter::core {
namespace {

using base::ErrorCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::Scenario;

constexpr std::int64_t kQuiet = 60'000;

CoreLimits told(std::vector<Notifier> notifiers) {
  CoreLimits limits;
  limits.worker_lost_ms = 365 * kDayMs;
  limits.notifiers = std::move(notifiers);
  return limits;
}

// One notifier, `ops`, unless the test says otherwise.
Notifier ops() {
  Notifier n;
  n.name = "ops";
  n.quiet_ms = kQuiet;
  n.attempts_max = 3;
  return n;
}

struct Stage : Scenario {
  explicit Stage(CoreLimits limits = told({ops()})) : Scenario(std::move(limits)) { worker("w"); }

  std::string kill(const std::string& queue = "q") {
    std::string id = submit(R"({"type":"t","retry":{"maxAttempts":1},"queue":")" + queue + "\"}");
    EXPECT_TRUE(fail(lease("w"))) << id;
    return id;
  }
  std::vector<EffectView> effects() { return ask<EffectList>(ListEffects{}).value().items; }
  // Of all attempts that began since the last call: `ID attempt`; the id as its place in the order of creation.
  std::vector<std::string> started() {
    std::vector<std::string> lines;
    for (; seen < log.size(); ++seen) {
      if (const auto* made = std::get_if<EffectCreated>(&log[seen].body)) ids.push_back(made->id.value);
      if (const auto* begun = std::get_if<EffectStarted>(&log[seen].body)) {
        const auto at = std::find(ids.begin(), ids.end(), begun->id.value);
        lines.push_back(std::to_string(at - ids.begin()) + " " + std::to_string(begun->attempt));
      }
    }
    return lines;
  }
  void settle(const EffectView& effect, std::optional<std::string> error = {}) {
    settle(effect.id.value, effect.attempt, std::move(error));
  }
  void settle(const std::string& id, std::int64_t attempt, std::optional<std::string> error = {}) {
    EXPECT_TRUE(ask<Done>(SettleEffect{id, attempt, std::move(error)}));
  }
  template <typename Body>
  std::size_t count() const {
    return static_cast<std::size_t>(
        std::count_if(log.begin(), log.end(), [](const Event& e) { return std::holds_alternative<Body>(e.body); }));
  }
  std::size_t seen = 0;
  std::vector<std::string> ids;
};

// The same namespace after a restart.
void reload(Stage& from, Stage& into) {
  for (const auto& change : from.core.state().snapshot()) {
    if (change.kind != "effect") continue;
    ASSERT_TRUE(into.core.state().load({change.kind, change.id, change.body, 0, {}, {}, 0}));
  }
  into.core.state().position = from.core.state().position;
  into.now = from.now;
  into.core.state().finish_load(from.now.now.ms);
}

// ---- what brings them -----------------------------------------------------------------------------------------

TEST(Effect, ADeadTaskIsToldOfInTheSameStep) {
  Stage s;
  const std::string task = s.kill("builds");
  ASSERT_TRUE(std::holds_alternative<EffectCreated>(s.log.back().body));
  const auto& made = std::get<EffectCreated>(s.log.back().body);
  EXPECT_EQ(made.notifier.value, "ops");
  EXPECT_EQ(made.type, "TASK.FAILED.PERMANENT");
  EXPECT_EQ(made.severity, Severity::kWarning);
  EXPECT_EQ(made.cause, "dead_tasks:builds");
  EXPECT_EQ(made.title, "Task " + task + " (t) on queue builds is dead: no");
  ASSERT_TRUE(made.position);
  const auto& failed = s.log[s.log.size() - 2];
  EXPECT_EQ(static_cast<Position>(*made.position), failed.position);
  EXPECT_TRUE(std::holds_alternative<TaskFailed>(failed.body));
}

TEST(Effect, AQuestionAndAnIncidentAreToldOf) {
  Stage s;
  s.submit(R"({"type":"t","id":"deploy-1"})");
  const auto lease = s.lease("w");
  auto ask = base::from_json_text<AskQuestion>(R"({"id":"deploy-1","lease":")" + lease.lease +
                                               R"(","text":"Deploy now?","options":["yes","no"],"questionId":"q-1"})");
  ASSERT_TRUE(ask);
  ASSERT_TRUE(s.ask<AskReply>(*ask));
  auto open =
      base::from_json_text<OpenIncident>(R"({"cause":"disk","title":"The disk is full","severity":"critical"})");
  ASSERT_TRUE(open);
  ASSERT_TRUE(s.ask<OpenIncidentReply>(*open));
  ASSERT_TRUE(s.ask<OpenIncidentReply>(*open));  // counted on the open one
  const auto effects = s.effects();
  ASSERT_EQ(effects.size(), 2U);
  EXPECT_EQ(effects[0].cause, "question:q-1");
  EXPECT_EQ(effects[0].title, "Worker w asks about task deploy-1: Deploy now?");
  EXPECT_EQ(effects[0].severity, Severity::kWarning);
  EXPECT_EQ(effects[1].cause, "incident:disk");
  EXPECT_EQ(effects[1].title, "The disk is full");
  EXPECT_EQ(effects[1].severity, Severity::kCritical);
}

TEST(Effect, ARetryConcernsNobody) {
  Stage s;
  s.submit(R"({"type":"t"})");
  EXPECT_TRUE(s.fail(s.lease("w")));
  EXPECT_THAT(s.effects(), IsEmpty());
}

TEST(Effect, TheFilterIsTypeAndSeverity) {
  Notifier critical = ops();
  critical.name = "pager";
  critical.least = Severity::kCritical;
  Notifier curious = ops();
  curious.name = "curious";
  curious.types = {"QUEUE.*", "WORKER.DRAINING.STARTED"};
  Stage s(told({critical, curious}));
  s.kill();
  s.send(PauseQueue{Name("q"), {}, {}, {}});
  s.send(DrainWorker{Name("w")});
  ASSERT_EQ(s.effects().size(), 2U);
  EXPECT_EQ(s.effects()[0].cause, "QUEUE.PAUSED.SUCCESS queue:q");
  EXPECT_EQ(s.effects()[1].cause, "WORKER.DRAINING.STARTED worker:w");
  EXPECT_EQ(s.effects()[1].severity, Severity::kInfo);
}

TEST(Effect, ANotifierOfOtherNamespacesHearsNothing) {
  Notifier other = ops();
  other.namespaces = {"production"};
  EXPECT_THAT(notifiers_of({ops(), other}, "default"), ElementsAre(::testing::Field(&Notifier::namespaces, IsEmpty())));
  EXPECT_EQ(notifiers_of({ops(), other}, "production").size(), 2U);
}

TEST(Effect, EffectsThemselvesAreNotToldOf) {
  Notifier all = ops();
  all.types = {"*"};
  Stage s(told({all}));
  const std::size_t before = s.effects().size();
  s.submit(R"({"type":"t"})");
  s.advance(1);
  EXPECT_EQ(s.effects().size(), before + 1);
}

TEST(Effect, ALongMessageIsCutBetweenCharacters) {
  Stage s;
  std::string id = s.submit(R"({"type":"t","retry":{"maxAttempts":1}})");
  auto lease = s.lease("w");
  FailTask c;
  c.id = lease.task.id;
  c.lease = lease.lease;
  for (int i = 0; i < 300; ++i) c.error.message.value += "\xC3\xA4";
  ASSERT_TRUE(s.ask<TaskView>(c));
  const std::string title = s.effects().front().title;
  EXPECT_LE(title.size(), 300U);
  EXPECT_TRUE(base::parse_json(base::to_json(title))) << "half a character";
}

// ---- once in a quiet time -------------------------------------------------------------------------------------

TEST(Effect, OneCauseIsToldOfOnceInAQuietTime) {
  Stage s;
  s.kill("a");
  s.kill("a");
  s.kill("b");
  EXPECT_EQ(s.effects().size(), 2U);
  s.advance(1'000);
  for (const auto& e : s.effects()) s.settle(e);
  // The quiet time begins when it is told.
  s.advance(kQuiet - 1);
  s.kill("a");
  EXPECT_EQ(s.count<EffectCreated>(), 2U);
  s.advance(1);
  EXPECT_THAT(s.effects(), IsEmpty());
  s.kill("a");
  EXPECT_EQ(s.count<EffectCreated>(), 3U);
  EXPECT_EQ(s.core.state().totals.effects_quiet, 2U);
}

TEST(Effect, ManyInOneStepAreOneCause) {
  Stage s;
  std::string tasks;
  for (int i = 0; i < 5; ++i) tasks += std::string(i ? "," : "") + R"({"type":"t","deadline":"2030-01-01T00:00:00Z"})";
  s.submit_batch("{\"tasks\":[" + tasks + "]}").value();
  s.now.wall.ms = 1'900'000'000'000;
  s.advance(0);
  EXPECT_EQ(s.count<TaskFailed>(), 5U);
  EXPECT_EQ(s.count<EffectCreated>(), 1U);
}

TEST(Effect, WithoutAQuietTimeEverythingIsToldOf) {
  Notifier loud = ops();
  loud.quiet_ms = 0;
  Stage s(told({loud}));
  s.kill();
  s.kill();
  EXPECT_EQ(s.effects().size(), 2U);
}

TEST(Effect, AReloadKeepsTheQuietTime) {
  Stage s;
  s.kill();
  s.advance(0);
  s.settle(s.effects().front());
  Stage after;
  reload(s, after);
  after.advance(kQuiet - 1);
  after.kill();
  EXPECT_EQ(after.count<EffectCreated>(), 0U);
  after.advance(1);
  after.kill();
  EXPECT_EQ(after.count<EffectCreated>(), 1U);
}

// ---- attempts -------------------------------------------------------------------------------------------------

TEST(Effect, AFailedAttemptComesAgainAfterABackoffUnderTheSameId) {
  Stage s;
  s.kill();
  s.advance(0);
  EXPECT_THAT(s.started(), ElementsAre("0 1"));
  s.settle(s.effects().front(), "502");
  EXPECT_EQ(s.effects().front().state, EffectState::kWaiting);
  EXPECT_EQ(s.effects().front().error, "502");
  s.advance(799);
  EXPECT_THAT(s.started(), IsEmpty());
  s.advance(401);
  EXPECT_THAT(s.started(), ElementsAre("0 2"));
  s.settle(s.effects().front());
  EXPECT_EQ(s.effects().front().state, EffectState::kDelivered);
}

TEST(Effect, ItIsGivenUpAfterItsAttemptsAndComesBackWhenAsked) {
  Stage s;
  s.kill();
  for (int i = 0; i < 3; ++i) {
    s.advance(10'000);
    s.settle(s.effects().front(), "no route");
  }
  const EffectView given_up = s.effects().front();
  EXPECT_EQ(given_up.state, EffectState::kGivenUp);
  EXPECT_EQ(given_up.failures, 3);
  EXPECT_EQ(given_up.error, "no route");
  s.advance(kDayMs);
  EXPECT_EQ(s.effects().front().state, EffectState::kGivenUp);
  // Nobody was told, so the next time of the cause is no repetition.
  s.kill();
  EXPECT_EQ(s.effects().size(), 2U);
  ASSERT_TRUE(s.ask<EffectView>(RetryEffect{given_up.id}));
  s.started();
  s.advance(0);
  EXPECT_EQ(s.ask<EffectView>(GetEffect{given_up.id}).value().attempt, 4);
}

TEST(Effect, OneThatWasGivenUpIsForgottenAfterAWeek) {
  Notifier once = ops();
  once.attempts_max = 1;
  Stage s(told({once}));
  s.kill();
  s.advance(0);
  s.settle(s.effects().front(), "no");
  s.advance(7 * kDayMs - 1);
  EXPECT_EQ(s.effects().size(), 1U);
  s.advance(1);
  EXPECT_THAT(s.effects(), IsEmpty());
}

TEST(Effect, AnAttemptWithoutAnAnswerIsOverAndItsLateAnswerChangesNothing) {
  Stage s;
  s.kill();
  s.advance(0);
  const EffectView first = s.effects().front();
  s.advance(40'000);
  EXPECT_THAT(s.effects().front().error.value_or(""), HasSubstr("no answer"));
  s.advance(2'000);
  EXPECT_EQ(s.effects().front().attempt, 2);
  const std::size_t events = s.log.size();
  s.settle(first);
  s.settle("effect_unknown", 1);
  EXPECT_EQ(s.log.size(), events);
  EXPECT_EQ(s.effects().front().state, EffectState::kStarted);
  s.settle(s.effects().front());
  // Nor does one that comes twice.
  s.settle(s.effects().front().id.value, 2, "now it failed");
  EXPECT_EQ(s.effects().front().state, EffectState::kDelivered);
}

TEST(Effect, WhatWasUnderWayIsStartedAgainAfterAReloadUncounted) {
  Stage s;
  s.kill();
  s.advance(0);
  const EffectView before = s.effects().front();
  Stage after;
  reload(s, after);
  after.advance(0);
  const EffectView again = after.effects().front();
  EXPECT_EQ(again.id, before.id);
  EXPECT_EQ(again.attempt, 2);
  EXPECT_EQ(again.failures, 0);
  after.settle(before);  // of the process that is gone
  EXPECT_EQ(after.effects().front().state, EffectState::kStarted);
  after.settle(again);
  EXPECT_EQ(after.effects().front().state, EffectState::kDelivered);
}

TEST(Effect, AStallOfTheEngineDoesNotEndAnAttempt) {
  Stage s;
  s.kill();
  s.advance(0);
  s.now.now.ms += 60'000;
  s.core.extend_all(60'000);
  s.advance(0);
  EXPECT_EQ(s.effects().front().state, EffectState::kStarted);
}

TEST(Effect, ABusyNotifierHoldsTheNextBackInOrder) {
  Stage s;
  for (const char* queue : {"a", "b", "c", "d"}) s.kill(queue);
  s.advance(0);
  EXPECT_THAT(s.started(), ElementsAre("0 1", "1 1"));
  s.advance(1'000);
  EXPECT_THAT(s.started(), IsEmpty());
  s.settle(s.ids[1], 1);
  s.advance(0);
  EXPECT_THAT(s.started(), ElementsAre("2 1"));
  s.settle(s.ids[0], 1, "no");
  s.advance(0);
  EXPECT_THAT(s.started(), ElementsAre("3 1"));
  EXPECT_EQ(s.core.state().effect_index.running, 2);
}

// The turn of one that is answered late, but still for its current attempt, goes to the next.
TEST(Effect, OneThatIsAnsweredBeforeItIsStartedAgainLeavesItsTurn) {
  Stage s;
  for (const char* queue : {"a", "b", "c", "d"}) s.kill(queue);
  s.advance(0);
  s.now.now.ms += 1'000;
  Stage after;
  reload(s, after);
  after.advance(0);
  const auto state_of = [&](std::size_t i) { return after.effects()[i]; };
  // Those that waited for longer came first; the two of before wait for their turn.
  ASSERT_EQ(state_of(0).attempt + state_of(1).attempt + state_of(2).attempt + state_of(3).attempt, 4);
  ASSERT_EQ(after.core.state().effect_index.running, 2);
  after.settle(state_of(2));
  after.settle(state_of(0));
  after.advance(0);
  EXPECT_EQ(state_of(1).attempt, 2);
  EXPECT_EQ(after.core.state().effect_index.running, 2);
}

TEST(Effect, OneWhoseNotifierIsGoneIsGivenUp) {
  Stage s;
  s.kill();
  Stage after(told({}));
  reload(s, after);
  after.advance(0);
  EXPECT_EQ(after.effects().front().state, EffectState::kGivenUp);
  EXPECT_THAT(after.effects().front().error.value_or(""), HasSubstr("not configured"));
  EXPECT_EQ(after.refusal(RetryEffect{after.effects().front().id}), ErrorCode::kInvalidState);
}

// ---- limits ---------------------------------------------------------------------------------------------------

TEST(Effect, BeyondTheLimitTheyAreDroppedAndTheLogSaysSo) {
  auto limits = told({ops()});
  limits.effects_max = 2;
  Stage s(limits);
  for (const char* queue : {"a", "b", "c", "d"}) s.kill(queue);
  EXPECT_EQ(s.effects().size(), 2U);
  EXPECT_EQ(s.core.state().totals.effects_dropped, 2U);
  EXPECT_EQ(s.count<EffectDropped>(), 1U) << "not with every one";
  s.advance(60'000);
  s.kill("e");
  const auto dropped = std::find_if(s.log.rbegin(), s.log.rend(),
                                    [](const Event& e) { return std::holds_alternative<EffectDropped>(e.body); });
  EXPECT_EQ(std::get<EffectDropped>(dropped->body).dropped, 2);
}

TEST(Effect, WhatWasGivenUpMakesRoom) {
  Notifier once = ops();
  once.attempts_max = 1;
  auto limits = told({once});
  limits.effects_max = 1;
  Stage s(limits);
  s.kill("a");
  s.advance(0);
  s.settle(s.effects().front(), "no");
  s.kill("b");
  ASSERT_EQ(s.effects().size(), 1U);
  EXPECT_EQ(s.effects().front().cause, "dead_tasks:b");
  EXPECT_EQ(s.core.state().totals.effects_dropped, 0U);
}

TEST(Effect, TheyCountAmongTheEventsOfAStep) {
  Notifier all = ops();
  all.types = {"TASK.*"};
  auto limits = told({all});
  limits.cascade_events_max = 20;
  Stage s(limits);
  s.submit(R"({"type":"t","id":"root"})");
  for (int i = 0; i < 50; ++i) s.submit(R"({"type":"t","dependsOn":["root"]})");
  const auto root = s.lease("w");
  const std::size_t before = s.log.size();
  EXPECT_TRUE(s.complete(root));
  EXPECT_LE(s.log.size() - before, 22U);
}

TEST(Effect, RetentionLeavesWhatAnOpenOneTellsOf) {
  Stage s;
  EXPECT_TRUE(s.core.state().effect_index.events.empty());
  s.kill();
  const auto position = static_cast<Position>(*s.effects().front().position);
  EXPECT_EQ(*s.core.state().effect_index.events.begin(), position);
  s.advance(0);
  s.settle(s.effects().front());
  EXPECT_TRUE(s.core.state().effect_index.events.empty());
}

// ---- what people ask ------------------------------------------------------------------------------------------

TEST(Effect, ATestIsSentWhateverTheQuietTime) {
  Stage s;
  s.actor.name = "admin";
  const auto first = s.ask<EffectView>(TestNotifier{Name("ops")}).value();
  const auto second = s.ask<EffectView>(TestNotifier{Name("ops")}).value();
  EXPECT_NE(first.id, second.id);
  EXPECT_EQ(first.title, "A test of notifier ops, asked for by admin.");
  EXPECT_FALSE(first.position);
  auto unknown = s.ask<EffectView>(TestNotifier{Name("nobody")});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(unknown.error().message, HasSubstr("declares: ops."));
}

TEST(Effect, TheListIsFilteredAndPaged) {
  Stage s;
  for (const char* queue : {"a", "b", "c"}) s.kill(queue);
  s.advance(0);
  s.settle(s.effects().front());
  ListEffects c;
  c.state = {EffectState::kStarted, EffectState::kWaiting};
  c.limit = 1;
  const auto page = s.ask<EffectList>(c).value();
  ASSERT_EQ(page.items.size(), 1U);
  EXPECT_EQ(page.items.front().cause, "dead_tasks:b");
  c.cursor.emplace(page.next_cursor.value());
  const auto rest = s.ask<EffectList>(c).value();
  ASSERT_EQ(rest.items.size(), 1U);
  EXPECT_EQ(rest.items.front().cause, "dead_tasks:c");
  EXPECT_FALSE(rest.next_cursor);
  c.cursor.emplace("x");
  EXPECT_EQ(s.refusal(c), ErrorCode::kInvalidRequest);
  c.cursor.reset();
  c.notifier = Name("nobody");
  EXPECT_TRUE(s.ask<EffectList>(c).value().items.empty());
  EXPECT_EQ(s.refusal(RetryEffect{s.effects().front().id}), ErrorCode::kInvalidState);
  EXPECT_EQ(s.refusal(GetEffect{Name("none")}), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace arbiter::core
