// What waits for a human: questions in the middle of a task, incidents by report and by rule, dead tasks.
#include "tests/support/scenario.h"

namespace arbiter::core {
namespace {

using base::ErrorCode;
using enum TaskState;
using testing::Scenario;

AskQuestion question(const LeaseView& l, std::string_view rest = "") {
  auto c = base::from_json_text<AskQuestion>("{\"id\":\"" + l.task.id.value + "\",\"lease\":\"" + l.lease +
                                             "\",\"text\":\"Go on?\"" + std::string(rest) + "}");
  EXPECT_TRUE(c) << rest;
  return c ? *c : AskQuestion{};
}

QuestionView ask(Scenario& s, const LeaseView& l, std::string_view rest = "") {
  auto reply = s.ask<AskReply>(question(l, rest));
  EXPECT_TRUE(reply) << (reply ? "" : reply.error().message);
  return reply ? reply->question : QuestionView{};
}

QuestionView get(Scenario& s, const Name& id) { return s.ask<QuestionView>(GetQuestion{id, 0}).value(); }
InboxList inbox(Scenario& s) { return s.ask<InboxList>(ListInbox{}).value(); }

std::vector<std::string> items(Scenario& s) {
  std::vector<std::string> out;
  for (const auto& item : inbox(s).items) out.push_back(item.item);
  return out;
}

LeaseView running(Scenario& s, const std::string& definition = R"({"type":"t","id":"a"})") {
  s.worker("w");
  s.submit(definition);
  return s.lease("w");
}

TEST(Question, SuspendsItsTaskAndTheAnswerLetsItGoOn) {
  Scenario s;
  const auto l = running(s);
  const auto q = ask(s, l);
  EXPECT_EQ(s.state("a"), kSuspended);
  EXPECT_EQ(s.task("a").waiting_for, "an answer to " + q.id.value);
  s.actor.name = "ada";
  const auto answered = s.ask<QuestionView>(AnswerQuestion{q.id, AnswerText("yes"), Remark("it is time")}).value();
  EXPECT_EQ(answered.state, QuestionState::kAnswered);
  EXPECT_EQ(answered.answer, "yes");
  EXPECT_EQ(answered.answered_by, "ada");
  EXPECT_EQ(s.state("a"), kRunning);
  EXPECT_TRUE(s.complete(l));
  EXPECT_EQ(get(s, q.id).answer, "yes") << "who asked can read it afterwards";
}

TEST(Question, ItsTimeDoesNotRunForTheTask) {
  Scenario s;
  const auto l = running(s, R"({"type":"t","id":"a","timeoutMs":10000,"stallMs":5000})");
  s.advance(4'000);
  const auto q = ask(s, l);
  for (int i = 0; i < 30; ++i) {
    s.advance(20'000);
    (void)s.send(Heartbeat{.id = Name("w")});
  }
  EXPECT_EQ(s.state("a"), kSuspended);
  (void)s.send(AnswerQuestion{q.id, AnswerText("yes"), {}});
  s.advance(4'999);
  EXPECT_EQ(s.state("a"), kRunning);
  s.advance(1'001);
  EXPECT_EQ(s.state("a"), kPending) << "the stall time began anew with the answer";
}

TEST(Question, WhoWaitsForItIsToldAtOnce) {
  Scenario s;
  const auto q = ask(s, running(s));
  EXPECT_FALSE(s.send(GetQuestion{q.id, 30'000}));
  const auto ticket = s.next_ticket - 1;
  (void)s.send(AnswerQuestion{q.id, AnswerText("yes"), {}});
  ASSERT_TRUE(s.woken.contains(ticket));
  EXPECT_EQ(std::get<QuestionView>(*s.woken.at(ticket)).answer, "yes");
}

TEST(Question, AWaitEndsWithTheQuestionAsItIs) {
  Scenario s;
  const auto q = ask(s, running(s));
  EXPECT_FALSE(s.send(GetQuestion{q.id, 5'000}));
  const auto ticket = s.next_ticket - 1;
  s.advance(5'000);
  ASSERT_TRUE(s.woken.contains(ticket));
  EXPECT_EQ(std::get<QuestionView>(*s.woken.at(ticket)).state, QuestionState::kOpen);
}

TEST(Question, ExpiresWithItsDefaultOrWithout) {
  Scenario s;
  const auto l = running(s);
  const auto with = ask(s, l, R"(,"options":["yes","no"],"default":"no","expiresInMs":10000)");
  const auto without = ask(s, l, R"(,"expiresInMs":20000)");
  s.advance(10'000);
  EXPECT_EQ(get(s, with.id).state, QuestionState::kExpired);
  EXPECT_EQ(get(s, with.id).answer, "no");
  EXPECT_EQ(s.state("a"), kSuspended) << "another question is open";
  s.advance(10'000);
  EXPECT_EQ(get(s, without.id).state, QuestionState::kExpired);
  EXPECT_FALSE(get(s, without.id).answer);
  EXPECT_EQ(s.state("a"), kRunning);
  EXPECT_EQ(s.refusal(AnswerQuestion{with.id, AnswerText("yes"), {}}), ErrorCode::kInvalidState);
}

TEST(Question, IsAnsweredOnceAndByOneOfItsOptions) {
  Scenario s;
  const auto q = ask(s, running(s), R"(,"options":["yes","no"])");
  const auto refused = s.send(AnswerQuestion{q.id, AnswerText("perhaps"), {}});
  EXPECT_EQ(refused->error().fields.at(0).message, "must be one of: yes, no");
  EXPECT_TRUE(s.ask<QuestionView>(AnswerQuestion{q.id, AnswerText("no"), {}}));
  EXPECT_TRUE(s.ask<QuestionView>(AnswerQuestion{q.id, AnswerText("no"), {}})) << "the same again";
  EXPECT_EQ(s.refusal(AnswerQuestion{q.id, AnswerText("yes"), {}}), ErrorCode::kInvalidState);
  EXPECT_EQ(s.refusal(AnswerQuestion{Name("nobody"), AnswerText("yes"), {}}), ErrorCode::kNotFound);
}

TEST(Question, TheSameIdIsTheSameQuestion) {
  Scenario s;
  const auto l = running(s);
  const auto first = s.ask<AskReply>(question(l, R"(,"questionId":"q")")).value();
  const auto again = s.ask<AskReply>(question(l, R"(,"questionId":"q")")).value();
  EXPECT_TRUE(first.created);
  EXPECT_FALSE(again.created);
  EXPECT_EQ(s.refusal(question(l, R"(,"questionId":"q","default":"x")")), ErrorCode::kIdConflict);
  EXPECT_THAT(items(s), ::testing::ElementsAre("question:q"));
}

TEST(Question, AnAnswerIsGoodForTheAttemptsThatFollow) {
  Scenario s;
  const auto first = running(s, R"({"type":"t","id":"a","retry":{"backoffMs":0}})");
  (void)ask(s, first, R"(,"questionId":"q")");
  (void)s.send(AnswerQuestion{Name("q"), AnswerText("yes"), {}});
  (void)s.fail(first);
  s.advance(1);
  const auto second = s.lease("w");
  ASSERT_EQ(second.task.id.value, "a");
  EXPECT_EQ(ask(s, second, R"(,"questionId":"q")").answer, "yes");
  EXPECT_EQ(s.state("a"), kRunning) << "nobody has to be asked again";
  (void)ask(s, second, R"(,"questionId":"in-vain")");
  (void)s.fail(second);
  s.advance(1);
  const auto third = s.lease("w");
  EXPECT_EQ(s.refusal(question(third, R"(,"questionId":"in-vain")")), ErrorCode::kIdConflict);
}

TEST(Question, IsAskedUnderTheCurrentLeaseOnly) {
  Scenario s;
  const auto l = running(s);
  auto stale = question(l);
  stale.lease = LeaseText("999");
  EXPECT_EQ(s.refusal(stale), ErrorCode::kStaleLease);
  (void)s.send(SuspendTask{l.task.id, {}, {}});
  EXPECT_EQ(s.refusal(question(l)), ErrorCode::kInvalidState) << "somebody suspended it";
  auto bad = question(l, R"(,"options":["yes"],"default":"no")");
  EXPECT_EQ(s.refusal(bad), ErrorCode::kInvalidRequest);
}

TEST(Question, IsWithdrawnWhenItsAttemptEnds) {
  Scenario s;
  const auto l = running(s, R"({"type":"t","id":"a","retry":{"backoffMs":0}})");
  const auto q = ask(s, l);
  s.advance(31'000);
  EXPECT_EQ(s.state("a"), kQueued) << "its worker was lost";
  EXPECT_EQ(get(s, q.id).state, QuestionState::kWithdrawn);
  EXPECT_TRUE(inbox(s).items.empty());
  EXPECT_EQ(s.refusal(AnswerQuestion{q.id, AnswerText("yes"), {}}), ErrorCode::kInvalidState);
}

TEST(Question, ManyOfOneTaskAreRefused) {
  CoreLimits limits;
  limits.inbox.questions_of_task_max = 2;
  limits.inbox.questions_max = 3;
  Scenario s(limits);
  const auto l = running(s);
  (void)ask(s, l);
  (void)ask(s, l);
  EXPECT_EQ(s.refusal(question(l)), ErrorCode::kInvalidState);
  s.submit(R"({"type":"t","id":"b"})");
  const auto other = s.lease("w");
  (void)ask(s, other);
  EXPECT_EQ(s.refusal(question(other)), ErrorCode::kOverloaded);
}

TEST(Question, TheLatestEndedOnesAreKept) {
  CoreLimits limits;
  limits.inbox.kept_max = 2;
  Scenario s(limits);
  const auto l = running(s);
  std::vector<Name> ids;
  for (int i = 0; i < 3; ++i) {
    ids.push_back(ask(s, l).id);
    (void)s.send(AnswerQuestion{ids.back(), AnswerText("yes"), {}});
  }
  EXPECT_EQ(s.refusal(GetQuestion{ids[0], 0}), ErrorCode::kNotFound);
  EXPECT_EQ(get(s, ids[1]).answer, "yes");
  ListQuestions answered;
  answered.state.push_back(QuestionState::kAnswered);
  EXPECT_EQ(s.ask<QuestionList>(answered).value().items.size(), 2U);
}

TEST(Incident, IsOneForEachCause) {
  Scenario s;
  OpenIncident c;
  c.cause = "disk";
  c.title = "The disk is slow";
  const auto first = s.ask<OpenIncidentReply>(c).value();
  c.severity = Severity::kCritical;
  const auto again = s.ask<OpenIncidentReply>(c).value();
  EXPECT_TRUE(first.created);
  EXPECT_FALSE(again.created);
  EXPECT_EQ(again.incident.count, 2);
  EXPECT_EQ(again.incident.severity, Severity::kCritical);
  EXPECT_EQ(s.ask<IncidentView>(AcknowledgeIncident{first.incident.id, {}}).value().acknowledged_by, "test");
  EXPECT_EQ(s.ask<IncidentView>(ResolveIncident{first.incident.id, Remark("cleaned")}).value().comment, "cleaned");
  EXPECT_EQ(s.refusal(AcknowledgeIncident{first.incident.id, {}}), ErrorCode::kInvalidState);
  EXPECT_TRUE(inbox(s).items.empty());
  EXPECT_TRUE(s.ask<OpenIncidentReply>(c).value().created) << "it is over: the next one is new";
}

TEST(IncidentRule, ATaskThatIsQueuedForTooLong) {
  CoreLimits limits;
  limits.inbox.queue_age_ms = 60'000;
  Scenario s(limits);
  s.submit(R"({"type":"t","id":"a"})");
  s.advance(59'999);
  EXPECT_TRUE(inbox(s).items.empty());
  s.advance(1);
  ASSERT_EQ(inbox(s).items.size(), 1U);
  EXPECT_EQ(inbox(s).items[0].queue->value, "default");
  s.worker("w");
  s.lease("w");
  EXPECT_TRUE(inbox(s).items.empty()) << "it waits no longer";
}

TEST(IncidentRule, APausedQueueIsMeantToWait) {
  CoreLimits limits;
  limits.inbox.queue_age_ms = 60'000;
  Scenario s(limits);
  s.submit(R"({"type":"t"})");
  (void)s.send(PauseQueue{.name = Name("default")});
  s.advance(100'000);
  EXPECT_TRUE(inbox(s).items.empty());
  (void)s.send(ResumeQueue{Name("default")});
  s.advance(60'000);
  EXPECT_EQ(inbox(s).items.size(), 1U);
}

TEST(IncidentRule, ManyDeadTasksOfOneQueue) {
  CoreLimits limits;
  limits.inbox.dead_tasks_alert = 3;
  Scenario s(limits);
  s.worker("w");
  const auto die = [&] {
    s.submit(R"({"type":"t","retry":{"maxAttempts":1}})");
    (void)s.fail(s.lease("w"));
  };
  die();
  die();
  s.advance(600'000);
  s.worker("w");
  die();
  die();
  EXPECT_EQ(inbox(s).open.incidents, 0) << "two are too long ago";
  die();
  EXPECT_EQ(inbox(s).open.incidents, 1);
  EXPECT_EQ(inbox(s).open.dead_tasks, 5);
}

TEST(IncidentRule, AWorkerThatIsLostAgainAndAgain) {
  CoreLimits limits;
  limits.inbox.worker_losses_alert = 2;
  Scenario s(limits);
  s.worker("w");
  s.advance(31'000);
  (void)s.send(Heartbeat{.id = Name("w")});
  EXPECT_TRUE(inbox(s).items.empty());
  s.advance(31'000);
  EXPECT_THAT(inbox(s).items.at(0).worker_id->value, "w");
}

TEST(DeadTask, IsInTheInboxUntilItIsRetriedOrDismissed) {
  Scenario s;
  s.worker("w");
  for (const std::string id : {"a", "b"}) {
    s.submit(R"({"type":"t","id":")" + id + R"(","retry":{"maxAttempts":1}})");
    (void)s.fail(s.lease("w"));
  }
  EXPECT_THAT(items(s), ::testing::ElementsAre("task:b", "task:a"));
  EXPECT_EQ(inbox(s).items[0].title, "t failed: no");
  (void)s.send(RetryTask{Name("a"), false});
  EXPECT_THAT(items(s), ::testing::ElementsAre("task:b"));
  EXPECT_TRUE(s.ask<Done>(DismissInboxItem{"task:b", {}}));
  EXPECT_TRUE(inbox(s).items.empty());
  EXPECT_EQ(s.refusal(DismissInboxItem{"task:b", {}}), ErrorCode::kNotFound);
}

TEST(DeadTask, ThatFailedWithItsDependencyNeedsNobody) {
  Scenario s;
  s.worker("w");
  s.submit(R"({"type":"t","id":"a","retry":{"maxAttempts":1}})");
  s.submit(R"({"type":"t","id":"b","dependsOn":["a"],"onDependencyFailure":"fail"})");
  (void)s.fail(s.lease("w"));
  EXPECT_EQ(s.state("b"), kFailed);
  EXPECT_THAT(items(s), ::testing::ElementsAre("task:a"));
}

TEST(DeadTask, OldAndManyOnesLeaveTheInbox) {
  CoreLimits limits;
  limits.inbox.dead_tasks_max = 2;
  limits.inbox.dead_task_ms = 1'000;
  Scenario s(limits);
  s.worker("w");
  const auto die = [&](const std::string& id) {
    s.submit(R"({"type":"t","id":")" + id + R"(","retry":{"maxAttempts":1}})");
    (void)s.fail(s.lease("w"));
  };
  die("a");
  die("b");
  die("c");
  EXPECT_THAT(items(s), ::testing::ElementsAre("task:c", "task:b"));
  s.advance(1'000);
  die("d");
  EXPECT_THAT(items(s), ::testing::ElementsAre("task:d"));
}

TEST(InboxList, IsFilteredPagedAndAssigned) {
  Scenario s;
  const auto l = running(s);
  const auto q = ask(s, l);
  OpenIncident c;
  c.cause = c.title.value = "disk";
  c.severity = Severity::kCritical;
  const auto incident = s.ask<OpenIncidentReply>(c).value().incident;
  ListInbox first;
  first.limit = 1;
  const auto page = s.ask<InboxList>(first).value();
  EXPECT_EQ(page.items.at(0).item, "incident:" + incident.id.value);
  first.cursor = page.next_cursor.value();
  EXPECT_EQ(s.ask<InboxList>(first).value().items.at(0).item, "question:" + q.id.value);
  EXPECT_TRUE(s.ask<InboxItem>(AssignInboxItem{"question:" + q.id.value, Person("ada")}));
  ListInbox of_ada;
  of_ada.assignee = Person("ada");
  EXPECT_EQ(s.ask<InboxList>(of_ada).value().items.size(), 1U);
  EXPECT_EQ(s.refusal(AssignInboxItem{"question:nobody", Person("ada")}), ErrorCode::kNotFound);
  EXPECT_EQ(s.refusal(DismissInboxItem{"question:" + q.id.value, {}}), ErrorCode::kInvalidState);
}

}  // namespace
}  // namespace arbiter::core
