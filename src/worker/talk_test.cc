// What a worker says to its server, and how it bears that server's absence.
#include <gmock/gmock.h>

#include <poll.h>

#include <future>

#include "base/json.h"
#include "client/scripted_server.h"
#include "worker/feed.h"
#include "worker/outbox.h"

namespace arbiter::worker {
namespace {

using client::answer;
using client::ScriptedServer;
using testing::HasSubstr;
using testing::IsEmpty;

Registration registration() {
  Registration r;
  r.name = "w1";
  r.capabilities = {"shell"};
  return r;
}

json::value body_of(const std::string& request) {
  return base::parse_json(request.substr(request.find("\r\n\r\n") + 4)).value();
}

std::string first_line(const std::string& request) { return request.substr(0, request.find(" HTTP")); }

const std::string kRegistered = answer(201, R"({"id":"w1","session":1,"leases":[]})");
const std::string kUnknownWorker = answer(404, R"({"code":"unknown_worker","title":"t"})");
const std::string kNext = R"({"results":[{"taskId":"a","state":"completed"}],
    "leases":[{"task":{"id":"b","type":"shell","payload":{"run":"x"}},"lease":"8","attempt":2}]})";

Report completed(const std::string& task, const std::string& lease) {
  return {task, lease, {{"outcome", "completed"}}};
}

struct Talk {
  explicit Talk(std::vector<std::vector<std::string>> script) : server(std::move(script)) {}
  ScriptedServer server;
  Inbox inbox;
  Session session{registration(), inbox};
  std::promise<std::vector<Leased>> next;
  Outbox outbox{server.endpoint(), session, inbox, [this](std::vector<Leased> got) { next.set_value(std::move(got)); }};
};

TEST(Outbox, AnOutcomeGoesOutAndBringsTheNextTask) {
  Talk talk({{answer(200, kNext)}});
  talk.session.hold("7");
  talk.outbox.add_report(completed("a", "7"));
  const auto next = talk.next.get_future().get();
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].task_id, "b");
  EXPECT_EQ(next[0].attempt, 2);
  EXPECT_EQ(talk.session.held(), std::vector<std::string>{"8"});
  const auto body = body_of(talk.server.finish()[0]);
  EXPECT_EQ(json::serialize(body), R"({"workerId":"w1","lease":{"max":1,"leaseMs":30000},)"
                                   R"("reports":[{"outcome":"completed","taskId":"a","lease":"7"}]})");
}

TEST(Outbox, AResultGoesOutAsItIsWritten) {
  Talk talk({{answer(200, kNext)}});
  talk.session.hold("7");
  Report report = completed("a", "7");
  report.result = R"({"version": 1.10})";
  talk.outbox.add_report(std::move(report));
  (void)talk.next.get_future().get();
  const auto& request = talk.server.finish()[0];
  EXPECT_THAT(request, HasSubstr(R"("lease":"7","result":{"version": 1.10}}])"));
  EXPECT_EQ(body_of(request).at("workerId").as_string(), "w1");
}

TEST(Outbox, AnOutcomeWaitsUntilTheServerIsBackAndItsLeaseStaysHeld) {
  Talk talk({{""}, {answer(503, R"({"code":"store_unavailable","title":"t"})"), ""}, {answer(200, kNext)}});
  talk.session.hold("7");
  talk.outbox.add_report(completed("a", "7"));
  EXPECT_EQ(talk.next.get_future().get().size(), 1U);
  EXPECT_GE(talk.server.finish().size(), 3U);
}

TEST(Outbox, LinesGoBeforeTheOutcomeOfTheirTask) {
  Talk talk({{answer(200, R"({"cancelRequested":false})"), answer(200, kNext)}});
  talk.session.hold("7");
  talk.outbox.add_lines("a", "7", {"one", "two"});
  talk.outbox.add_report(completed("a", "7"));
  (void)talk.next.get_future().get();
  const auto& heard = talk.server.finish();
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_EQ(first_line(heard[0]), "POST /api/v1/tasks/a/log");
  EXPECT_EQ(json::serialize(body_of(heard[0])), R"({"lease":"7","lines":["one","two"]})");
  EXPECT_THAT(heard[0], HasSubstr("Idempotency-Key: "));
  EXPECT_EQ(first_line(heard[1]), "POST /api/v1/tasks/report");
}

TEST(Outbox, AWorkerThatTheServerForgotRegistersAgainAndReports) {
  Talk talk({{kUnknownWorker, kRegistered, answer(200, kNext)}});
  talk.session.hold("7");
  talk.outbox.add_report(completed("a", "7"));
  EXPECT_EQ(talk.next.get_future().get().size(), 1U);
  EXPECT_EQ(talk.session.number(), 1);
  EXPECT_EQ(body_of(talk.server.finish()[2]).at("session").as_int64(), 1);
}

TEST(Outbox, AnOutcomeThatIsRefusedBecomesAFailureThatSaysSo) {
  Talk talk({{answer(413, R"({"code":"too_large","title":"t","detail":"Over 1 MiB."})"), answer(200, kNext)}});
  talk.session.hold("7");
  talk.outbox.add_report(completed("a", "7"));
  (void)talk.next.get_future().get();
  const auto report = body_of(talk.server.finish()[1]).at("reports").at(0);
  EXPECT_EQ(report.at("outcome").as_string(), "failed");
  EXPECT_EQ(report.at("error").at("code").as_string(), "too_large");
  EXPECT_FALSE(report.at("retryable").as_bool());
}

TEST(Outbox, ALogUnderALostLeaseEndsItsProgram) {
  Talk talk({{answer(409, R"({"code":"stale_lease","title":"t"})")}});
  talk.outbox.add_lines("a", "7", {"x"});
  EXPECT_TRUE(talk.outbox.close(10'000));
  const auto notices = talk.inbox.take();
  ASSERT_FALSE(notices.empty());
  EXPECT_EQ(notices.back().kind, Notice::Kind::kLost);
  EXPECT_EQ(notices.back().lease, "7");
}

TEST(Session, RegistersOnceForAllThreadsAndHandsOverWhatItsPredecessorHeld) {
  ScriptedServer server(
      {{answer(201, R"({"session":3,"leases":[{"task":{"id":"a"},"lease":"5"},{"task":{"id":"b"},"lease":"6"}]})")}});
  Inbox inbox;
  Session session(registration(), inbox);
  session.hold("6");
  client::Http http(server.endpoint());
  EXPECT_TRUE(session.open(http, std::nullopt));
  EXPECT_TRUE(session.open(http, std::nullopt));  // another thread was first: nothing is sent
  EXPECT_EQ(session.number(), 3);
  const auto notices = inbox.take();
  ASSERT_EQ(notices.size(), 1U);
  EXPECT_EQ(notices[0].kind, Notice::Kind::kInherited);
  EXPECT_EQ(notices[0].leased.task_id, "a");
}

TEST(Session, SlotsAreNeverPromisedTwice) {
  Inbox inbox;
  auto two = registration();
  two.max_concurrent = 2;
  Session session(two, inbox);
  EXPECT_EQ(session.reserve(5), 2);
  EXPECT_EQ(session.reserve(5), 0);
  Leased leased;
  leased.lease = "1";
  session.give_back(2, {leased});
  EXPECT_EQ(session.reserve(5), 1);
  session.finished("1");
  EXPECT_EQ(session.reserve(5), 1);
  EXPECT_EQ(session.held(), std::vector<std::string>{"1"});
  session.released("1");
  EXPECT_THAT(session.held(), IsEmpty());
  session.stop_leasing();
  EXPECT_EQ(session.wait_for_slots(), 0);
}

TEST(Feed, PollsForAsManyAsThereAreSlotsAndGivesUpWhenStopped) {
  ScriptedServer server(
      {{answer(200, R"({"leases":[{"task":{"id":"a"},"lease":"5"}],"cancellations":[],"drain":true})")}});
  Inbox inbox;
  Session session(registration(), inbox);
  std::promise<std::vector<Leased>> got;
  Feed feed(server.endpoint(), session, [&](std::vector<Leased> leased) { got.set_value(std::move(leased)); });
  EXPECT_EQ(got.get_future().get()[0].lease, "5");
  feed.stop();
  const auto body = body_of(server.finish()[0]);
  EXPECT_EQ(body.at("max").as_int64(), 1);
  EXPECT_EQ(body.at("waitMs").as_int64(), kLeaseWaitMs);
  EXPECT_EQ(inbox.take().at(0).kind, Notice::Kind::kDrain);
}

TEST(Pulse, NamesItsLeasesAndPassesCancellationsOn) {
  ScriptedServer server(
      {{answer(200, R"({"cancellations":[{"taskId":"a","lease":"5"}],"lost":[{"taskId":"b","lease":"6"}]})")}});
  Inbox inbox;
  Session session(registration(), inbox);
  session.hold("5");
  session.hold("6");
  Pulse pulse(server.endpoint(), session);
  std::vector<Notice> notices;
  while (notices.size() < 2) {
    pollfd one{inbox.fd(), POLLIN, 0};
    ASSERT_GT(::poll(&one, 1, 60'000), 0);
    for (auto& notice : inbox.take()) notices.push_back(std::move(notice));
  }
  EXPECT_EQ(notices[0].kind, Notice::Kind::kCancelled);
  EXPECT_EQ(notices[1].kind, Notice::Kind::kLost);
  session.stop();
  pulse.stop();
  const auto body = body_of(server.finish()[0]);
  EXPECT_EQ(json::serialize(body.at("leases")), R"(["5","6"])");
}

}  // namespace
}  // namespace arbiter::worker
