// The whole API over a real engine and the memory store, without a network.
#include "api/service.h"

#include <gmock/gmock.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <future>
#include <thread>

#include "store/memory/memory_store.h"

namespace arbiter::api {
namespace {

namespace json = base::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr const char* kToken = "arb_test";

struct Answer {
  int status = 0;
  json::value body;
  std::map<std::string, std::string> headers;
  std::string at(std::string_view pointer) const {
    boost::system::error_code missing;
    const auto* value = body.find_pointer(pointer, missing);
    if (!value) return "(absent)";
    return value->is_string() ? std::string(value->get_string().c_str()) : json::serialize(*value);
  }
};

// What the network has of a stream: everything written.
class RecordedStream final : public net::Stream {
 public:
  bool write(std::string bytes) override {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    bytes_ += bytes;
    changed_.notify_all();
    return true;
  }
  std::size_t room() override { return closed_ ? 0 : 1'000'000; }
  void close() override { close_with(""); }
  void close_with(std::string bytes) override {
    const std::lock_guard lock(mutex_);
    bytes_ += bytes;
    closed_ = true;
    changed_.notify_all();
  }
  // Everything written, as soon as `text` is among it.
  std::string wait_for(const std::string& text) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(20), [&] { return bytes_.find(text) != std::string::npos; });
    return bytes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string bytes_;
  bool closed_ = false;
};

// What the network has of a WebSocket. A slow one has no room until it is told to read.
class RecordedSocket final : public net::WebSocket {
 public:
  bool send(std::string message) override {
    const std::lock_guard lock(mutex_);
    if (message.size() > room_) return false;
    messages_.push_back(std::move(message));
    changed_.notify_all();
    return true;
  }
  std::size_t room() override {
    const std::lock_guard lock(mutex_);
    return room_;
  }
  void tell(std::string message) override {
    const std::lock_guard lock(mutex_);
    messages_.push_back(std::move(message));
    changed_.notify_all();
  }
  void close() override {}
  void close_with(std::string reason) override { tell("closed: " + reason); }
  void set_room(std::size_t room) {
    const std::lock_guard lock(mutex_);
    room_ = room;
  }
  // Everything that came, as soon as `text` is in some message.
  std::vector<std::string> wait_for(const std::string& text) {
    std::unique_lock lock(mutex_);
    const auto has = [&] {
      return std::any_of(messages_.begin(), messages_.end(),
                         [&](const auto& m) { return m.find(text) != std::string::npos; });
    };
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(20), has)) << text;
    return messages_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> messages_;
  std::size_t room_ = 1'000'000;
};

class RecordedResponder final : public net::Responder {
 public:
  explicit RecordedResponder(bool deliver) : deliver_(deliver) {}
  void respond(net::Response response, std::function<void()> undelivered) override {
    if (!deliver_ && undelivered) undelivered();
    promise_.set_value(std::move(response));
  }
  std::shared_ptr<net::Stream> stream(net::Response head, std::function<void()> gone) override {
    gone_ = std::move(gone);
    promise_.set_value(std::move(head));
    return stream_;
  }
  std::shared_ptr<net::WebSocket> web_socket(const net::Request&, std::string protocol,
                                             std::function<void(std::string)> message,
                                             std::function<void()> gone) override {
    gone_ = std::move(gone);
    say_ = std::move(message);
    net::Response head;
    head.status = 101;
    head.headers.emplace_back("Sec-WebSocket-Protocol", std::move(protocol));
    promise_.set_value(std::move(head));
    return socket_;
  }
  void on_gone(std::function<void()>) override {}
  void say(const std::string& message) { say_(message); }
  std::future<net::Response> answer() { return promise_.get_future(); }
  void leave() { std::exchange(gone_, {})(); }
  const std::shared_ptr<RecordedStream> stream_ = std::make_shared<RecordedStream>();
  const std::shared_ptr<RecordedSocket> socket_ = std::make_shared<RecordedSocket>();

 private:
  const bool deliver_;
  std::function<void()> gone_;
  std::function<void(std::string)> say_;
  std::promise<net::Response> promise_;
};

class ServiceTest : public testing::Test {
 protected:
  ServiceTest() { start({}); }
  ~ServiceTest() override { stop(); }

  void start(ServiceConfig config) {
    io_ = std::make_unique<boost::asio::io_context>();
    engine_ = std::make_unique<engine::Engine>(*io_, store_, clock_, engine::EngineConfig{});
    config.version = "1.2.3";
    service_ = std::make_unique<Service>(*io_, *engine_, clock_, config);
    work_.emplace(io_->get_executor());
    thread_ = std::thread([this] { io_->run(); });
    open("system");
    std::promise<base::Result<void>> added;
    service_->tokens().add(token_hash(kToken), "admin", [&](auto result) { added.set_value(std::move(result)); });
    ASSERT_TRUE(added.get_future().get());
    std::promise<base::Result<void>> made;
    service_->namespaces().create("default", {"admin", ""}, [&](auto result) { made.set_value(std::move(result)); });
    ASSERT_TRUE(made.get_future().get());
  }

  void stop() {
    std::promise<void> stopped;
    engine_->stop([&] { stopped.set_value(); });
    stopped.get_future().get();
    work_.reset();
    thread_.join();
    service_.reset();
    engine_.reset();
  }

  void open(const std::string& name) {
    std::promise<base::Result<void>> opened;
    engine_->open(name, [&](auto result) { opened.set_value(std::move(result)); });
    ASSERT_TRUE(opened.get_future().get());
  }

  using Headers = std::vector<std::pair<std::string, std::string>>;
  std::shared_ptr<RecordedResponder> send(const std::string& method, const std::string& target, std::string body = "",
                                          Headers headers = {}, bool deliver = true, bool with_token = true) {
    net::Request request{method, target, std::move(body), "r1", "127.0.0.1:1", std::move(headers)};
    if (with_token) request.headers.emplace_back("Authorization", std::string("Bearer ") + kToken);
    if (!request.header("Content-Type").data() || request.header("Content-Type").empty()) {
      request.headers.emplace_back("Content-Type", "application/json");
    }
    auto responder = std::make_shared<RecordedResponder>(deliver);
    service_->handle(std::move(request), responder);
    return responder;
  }

  static Answer answer_of(RecordedResponder& responder) {
    net::Response response = responder.answer().get();
    Answer answer{response.status, {}, {}};
    boost::system::error_code not_json;
    answer.body = json::parse(response.body, not_json);
    for (auto& [name, value] : response.headers) answer.headers[name] = value;
    return answer;
  }

  Answer ask(const std::string& method, const std::string& target, std::string body = "", Headers headers = {}) {
    return answer_of(*send(method, target, std::move(body), std::move(headers)));
  }
  Answer ask_as_stranger(const std::string& target, Headers headers = {}) {
    return answer_of(*send("GET", target, "", std::move(headers), true, /*with_token=*/false));
  }

  std::string lease_one() {
    ask("POST", "/api/v1/workers", R"({"name":"w1","capabilities":["*"],"maxConcurrent":100})");
    return ask("POST", "/api/v1/tasks/lease", R"({"workerId":"w1"})").at("/leases/0/lease");
  }

  base::ManualClock clock_;
  store::MemoryStore store_;
  std::unique_ptr<boost::asio::io_context> io_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<Service> service_;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::thread thread_;
};

// ---- who may ask ----------------------------------------------------------------------------------------------

TEST_F(ServiceTest, ARequestNeedsATokenThatTheServerKnows) {
  for (const Headers& headers : {Headers{}, Headers{{"Authorization", "Basic abc"}},
                                 Headers{{"Authorization", "Bearer no"}}, Headers{{"Authorization", "Bearer "}}}) {
    const auto answer = ask_as_stranger("/api/v1/tasks", headers);
    EXPECT_EQ(answer.status, 401);
    EXPECT_EQ(answer.at("/code"), "unauthorized");
    EXPECT_TRUE(answer.headers.contains("WWW-Authenticate"));
  }
  EXPECT_EQ(ask("GET", "/api/v1/tasks").status, 200);
  EXPECT_EQ(ask_as_stranger("/api/v1/tasks", {{"authorization", std::string("bearer ") + kToken}}).status, 200);
}

TEST_F(ServiceTest, OnlyLivenessAndReadinessNeedNoToken) {
  for (const char* path : {"/livez", "/readyz"}) EXPECT_EQ(ask_as_stranger(path).status, 200) << path;
  for (const char* path : {"/metrics", "/health", "/openapi.json", "/api/v1/tasks", "/api/v1/tasks?a=%zz"}) {
    EXPECT_EQ(ask_as_stranger(path).status, 401) << path;
    EXPECT_EQ(ask_as_stranger(path, {{"authorization", "Bearer wrong"}}).status, 401) << path;
  }
}

TEST_F(ServiceTest, ABrowserSignsInWithATokenThatTheServerKnows) {
  const Headers own{{"Host", "localhost:7420"}, {"Sec-Fetch-Site", "same-origin"}};
  const auto sign_in = [&](const std::string& token, const Headers& headers) {
    return answer_of(*send("POST", "/api/v1/session", R"({"token":")" + token + "\"}", headers, true, false));
  };
  EXPECT_EQ(sign_in("wrong", own).status, 401);
  EXPECT_FALSE(sign_in("wrong", own).headers.contains("Set-Cookie"));
  EXPECT_EQ(sign_in("", own).status, 400);
  EXPECT_EQ(sign_in(kToken, {{"Host", "localhost:7420"}, {"Origin", "http://localhost:3000"}}).status, 403);
  const auto in = sign_in(kToken, own);
  EXPECT_EQ(in.status, 200);
  EXPECT_EQ(in.at("/name"), "admin");
  EXPECT_EQ(in.headers.at("Set-Cookie"),
            "arbiter_session_7420=arb_test; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict");
  const auto over_tls = sign_in(kToken, {{"Host", "a.example"}, {"Origin", "https://a.example"}});
  EXPECT_THAT(over_tls.headers.at("Set-Cookie"), HasSubstr("; Secure"));
  const auto out = answer_of(*send("DELETE", "/api/v1/session", "", own, true, false));
  EXPECT_THAT(out.headers.at("Set-Cookie"), StartsWith("arbiter_session_7420=; Path=/; Max-Age=0;"));
}

TEST_F(ServiceTest, WithTheCookieOnlyTheServersOwnPageChangesAnything) {
  const std::string cookie = std::string("arbiter_session=") + kToken;
  const auto status = [&](const std::string& method, const std::string& target, const std::string& body,
                          Headers headers) {
    headers.emplace_back("Host", "h");
    return answer_of(*send(method, target, body, std::move(headers), true, /*with_token=*/false)).status;
  };
  const std::string task = R"({"type":"x"})";
  const Headers upgrade{{"Connection", "Upgrade"},
                        {"Upgrade", "websocket"},
                        {"Sec-WebSocket-Version", "13"},
                        {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  for (const auto& [site, allowed] : {std::pair{"same-origin", true}, {"same-site", false}, {"", false}}) {
    Headers headers{{"Cookie", cookie}, {"Sec-Fetch-Site", site}};
    EXPECT_EQ(status("GET", "/api/v1/session", "", headers), 200) << site;
    EXPECT_EQ(status("POST", "/api/v1/tasks", task, headers), allowed ? 201 : 403) << site;
    EXPECT_EQ(status("DELETE", "/api/v1/session", "", headers), allowed ? 200 : 403) << site;
    headers.insert(headers.end(), upgrade.begin(), upgrade.end());
    EXPECT_EQ(status("GET", "/ws", "", headers), allowed ? 101 : 403) << site;
  }
  EXPECT_EQ(status("GET", "/api/v1/tasks", "", {{"Cookie", "arbiter_session=wrong"}}), 401);
  // Whoever can send the header is no page of another site.
  EXPECT_EQ(status("POST", "/api/v1/tasks", task, {{"Authorization", std::string("Bearer ") + kToken}}), 201);
  // A wrong header is not mended by a cookie.
  EXPECT_EQ(status("GET", "/api/v1/tasks", "", {{"Cookie", cookie}, {"Authorization", "Bearer wrong"}}), 401);
}

TEST_F(ServiceTest, IsNotReadyFromTheMomentItStops) {
  service_->begin_shutdown();
  EXPECT_EQ(ask_as_stranger("/readyz").status, 503);
  EXPECT_EQ(ask_as_stranger("/livez").status, 200);
}

// ---- the border -----------------------------------------------------------------------------------------------

TEST_F(ServiceTest, WhatIsWrongWithARequestIsTold) {
  struct Case {
    const char* method;
    const char* target;
    std::string body;
    Headers headers;
    int status;
    const char* code;
  };
  const Case cases[] = {
      {"GET", "/nothing", "", {}, 404, "not_found"},
      {"DELETE", "/api/v1/tasks", "", {}, 405, "method_not_allowed"},
      {"POST", "/api/v1/tasks", "{", {}, 400, "invalid_request"},
      {"POST", "/api/v1/tasks", "type=x", {{"Content-Type", "text/plain"}}, 415, "unsupported_media_type"},
      {"POST", "/api/v1/tasks", "{}", {{"Content-Type", "Application/JSON; charset=utf-8"}}, 400, "invalid_request"},
      {"POST", "/api/v1/tasks", std::string(3 * 1024 * 1024, ' '), {}, 413, "too_large"},
      {"GET", "/api/v1/tasks?namespace=a", "", {{"Arbiter-Namespace", "b"}}, 400, "invalid_request"},
      {"GET", "/api/v1/tasks?namespace=..", "", {}, 400, "invalid_request"},
      {"GET", "/api/v1/tasks?namespace=system", "", {}, 403, "forbidden"},
      {"GET", "/api/v1/tasks/none", "", {}, 404, "not_found"},
      {"GET", "/api/v1/tasks/none/history", "", {}, 404, "not_found"},
      {"GET", "/api/v1/tasks/none/logs", "", {}, 404, "not_found"},
      {"POST", "/api/v1/tasks", R"({"type":"x"})", {{"Idempotency-Key", "a b"}}, 400, "invalid_request"},
      {"GET", "/api/v1/tasks?cursor=17", "", {}, 400, "invalid_request"},
      {"GET", "/api/v1/tasks?cursor=e:x", "", {}, 400, "invalid_request"},
      {"GET", "/api/v1/tasks?state=queued&cursor=e:1", "", {}, 400, "invalid_request"},
  };
  for (const auto& c : cases) {
    const auto answer = ask(c.method, c.target, c.body, c.headers);
    EXPECT_EQ(answer.status, c.status) << c.target;
    EXPECT_EQ(answer.at("/code"), c.code) << c.target;
    EXPECT_EQ(answer.at("/requestId"), "r1");
  }
}

TEST_F(ServiceTest, ANamespaceIsMadeByItsFirstUseAndSeesNothingOfOthers) {
  EXPECT_EQ(ask("POST", "/api/v1/tasks", R"({"id":"a","type":"x"})", {{"Arbiter-Namespace", "team"}}).status, 201);
  EXPECT_EQ(ask("GET", "/api/v1/tasks/a").status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/tasks/a?namespace=team").status, 200);
  EXPECT_THAT(json::serialize(ask("GET", "/api/v1/namespaces").body), HasSubstr("team"));
  EXPECT_EQ(ask("POST", "/api/v1/namespaces", R"({"name":"team"})").status, 200);
  EXPECT_EQ(ask("POST", "/api/v1/namespaces", R"({"name":"other"})").status, 201);
  EXPECT_EQ(ask("POST", "/api/v1/namespaces", R"({"name":"system"})").status, 400);
  EXPECT_THAT(json::serialize(ask("GET", "/api/v1/events?namespace=system").body), HasSubstr("NAMESPACE.CREATED"));
}

// ---- answers --------------------------------------------------------------------------------------------------

TEST_F(ServiceTest, CreatedIs201AndRepeatedIs200) {
  EXPECT_EQ(ask("POST", "/api/v1/tasks", R"({"id":"a","type":"x"})").status, 201);
  const auto again = ask("POST", "/api/v1/tasks", R"({"id":"a","type":"x"})");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.at("/state"), "queued");
  EXPECT_EQ(ask("POST", "/api/v1/tasks", R"({"id":"a","type":"y"})").status, 409);
  const auto batch = ask("POST", "/api/v1/tasks/batch", R"({"tasks":[{"id":"a","type":"x"},{"id":"b","type":"x"}]})");
  EXPECT_EQ(batch.status, 201);
  EXPECT_EQ(batch.at("/tasks/0/created"), "false");
  EXPECT_EQ(batch.at("/tasks/1/created"), "true");
  EXPECT_EQ(ask("POST", "/api/v1/workers", R"({"name":"w"})").status, 201);
  EXPECT_EQ(ask("POST", "/api/v1/workers", R"({"name":"w"})").status, 200);
  EXPECT_EQ(ask("POST", "/api/v1/tasks/bulk", R"({"action":"cancel","filter":{"tag":"t"}})").status, 202);
}

TEST_F(ServiceTest, LargePayloadsAndResultsAreInTheAnswers) {
  const std::string payload(20'000, 'p');
  const std::string result(30'000, 'r');
  const auto task = ask("POST", "/api/v1/tasks", R"({"id":"a","type":"x","payload":")" + payload + "\"}");
  EXPECT_EQ(task.at("/payload"), payload);
  ask("POST", "/api/v1/workers", R"({"name":"w1","capabilities":["*"]})");
  const auto lease = ask("POST", "/api/v1/tasks/lease", R"({"workerId":"w1"})", {{"Idempotency-Key", "l1"}});
  EXPECT_EQ(lease.at("/leases/0/task/payload"), payload);
  const auto replay = ask("POST", "/api/v1/tasks/lease", R"({"workerId":"w1"})", {{"Idempotency-Key", "l1"}});
  EXPECT_EQ(replay.headers.at("Idempotent-Replay"), "true");
  EXPECT_EQ(replay.body, lease.body);
  ask("POST", "/api/v1/tasks/a/complete",
      R"({"lease":")" + lease.at("/leases/0/lease") + R"(","result":")" + result + "\"}");
  const auto done = ask("GET", "/api/v1/tasks/a");
  EXPECT_EQ(done.at("/state"), "completed");
  EXPECT_EQ(done.at("/payload"), payload);
  EXPECT_EQ(done.at("/result"), result);
}

TEST_F(ServiceTest, AnIdempotencyKeyBelongsToOneRequest) {
  const Headers key{{"Idempotency-Key", "k1"}};
  const auto first = ask("POST", "/api/v1/tasks", R"({"type":"x","priority":3})", key);
  const auto again = ask("POST", "/api/v1/tasks", R"({ "priority" : 3, "type": "x" })", key);
  EXPECT_EQ(first.status, 201);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.headers.at("Idempotent-Replay"), "true");
  EXPECT_FALSE(first.headers.contains("Idempotent-Replay"));
  const auto other = ask("POST", "/api/v1/tasks", R"({"type":"y"})", key);
  EXPECT_EQ(other.status, 409);
  EXPECT_EQ(other.at("/code"), "idempotency_mismatch");
}

TEST_F(ServiceTest, LeasesThatDoNotReachTheirWorkerGoBackUncounted) {
  ask("POST", "/api/v1/workers", R"({"name":"w1","capabilities":["*"]})");
  ask("POST", "/api/v1/tasks", R"({"id":"a","type":"x"})");
  auto lost = send("POST", "/api/v1/tasks/lease", R"({"workerId":"w1"})", {}, /*deliver=*/false);
  EXPECT_EQ(answer_of(*lost).at("/leases/0/attempt"), "1");
  EXPECT_EQ(ask("GET", "/api/v1/tasks/a").at("/state"), "queued");
  EXPECT_EQ(ask("POST", "/api/v1/tasks/lease", R"({"workerId":"w1"})").at("/leases/0/attempt"), "1");
}

// ---- lists ----------------------------------------------------------------------------------------------------

TEST_F(ServiceTest, AListGoesFromLiveToEndedTasksAcrossPages) {
  for (int i = 0; i < 5; ++i) {
    const std::string id = "t" + std::to_string(i);
    ask("POST", "/api/v1/tasks", R"({"id":")" + id + R"(","type":"x","tags":["odd)" + std::to_string(i % 2) + R"("]})");
    if (i < 3) ask("POST", "/api/v1/tasks/" + id + "/cancel");
  }
  std::vector<std::string> ids;
  std::string cursor;
  do {
    const auto page = ask("GET", "/api/v1/tasks?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
    for (const auto& item : page.body.at("items").as_array()) ids.emplace_back(item.at("id").as_string().c_str());
    cursor = page.at("/nextCursor");
  } while (cursor != "(absent)");
  EXPECT_THAT(ids, ElementsAre("t4", "t3", "t2", "t1", "t0"));
  const auto odd = ask("GET", "/api/v1/tasks?state=cancelled&tag=odd1");
  EXPECT_EQ(odd.at("/items/0/id"), "t1");
  EXPECT_EQ(odd.at("/items/0/tags/0"), "odd1");
  EXPECT_EQ(odd.at("/items/1/id"), "(absent)");
}

TEST_F(ServiceTest, HistoryLogsAndEventsArePaged) {
  ask("POST", "/api/v1/tasks", R"({"id":"a","type":"x"})");
  const std::string lease = lease_one();
  ask("POST", "/api/v1/tasks/a/log", R"({"lease":")" + lease + R"(","lines":["one","two","three"]})");
  ask("POST", "/api/v1/tasks/a/complete", R"({"lease":")" + lease + "\"}");
  const auto history = ask("GET", "/api/v1/tasks/a/history");
  EXPECT_EQ(history.at("/items/0/type"), "TASK.SUBMITTED.SUCCESS");
  EXPECT_EQ(history.at("/items/1/tags/1"), "worker:w1");
  EXPECT_EQ(history.at("/items/2/metadata/actor"), "admin");
  EXPECT_THAT(history.at("/items/2/id"), testing::StartsWith("event_"));
  const auto logs = ask("GET", "/api/v1/tasks/a/logs?after=1&limit=1");
  EXPECT_EQ(logs.at("/items/0/text"), "two");
  EXPECT_EQ(logs.at("/next"), "2");
  const auto events = ask("GET", "/api/v1/events?types=TASK.*&limit=2");
  EXPECT_EQ(events.body.at("items").as_array().size(), 2U);
  const auto rest = ask("GET", "/api/v1/events?types=TASK.*&limit=2&after=" + events.at("/nextCursor"));
  EXPECT_EQ(rest.at("/items/0/type"), "TASK.COMPLETED.SUCCESS");
}

// ---- the stream -----------------------------------------------------------------------------------------------

TEST_F(ServiceTest, AStreamCatchesUpAndGoesOnWithoutGapOrRepetition) {
  for (int i = 0; i < 3; ++i) ask("POST", "/api/v1/tasks", R"({"id":"past)" + std::to_string(i) + R"(","type":"x"})");
  auto reader = send("GET", "/api/v1/events/stream?after=1&types=TASK.SUBMITTED.SUCCESS");
  EXPECT_EQ(reader->answer().get().content_type, "text/event-stream");
  for (int i = 0; i < 3; ++i) ask("POST", "/api/v1/tasks", R"({"id":"new)" + std::to_string(i) + R"(","type":"x"})");
  const std::string seen = reader->stream_->wait_for("id: 6\n");
  std::vector<std::string> ids;
  for (std::size_t at = seen.find("id: "); at != std::string::npos; at = seen.find("id: ", at + 1)) {
    ids.push_back(seen.substr(at + 4, 1));
  }
  EXPECT_THAT(ids, ElementsAre("2", "3", "4", "5", "6"));
  EXPECT_THAT(seen, HasSubstr("event: TASK.SUBMITTED.SUCCESS\ndata: {\"position\":2,"));
  reader->leave();
}

TEST_F(ServiceTest, AStreamWithoutAPositionBeginsNowAndOneWithLastEventIdGoesOn) {
  ask("POST", "/api/v1/tasks", R"({"id":"past","type":"x"})");
  auto now = send("GET", "/api/v1/events/stream");
  auto resumed = send("GET", "/api/v1/events/stream", "", {{"Last-Event-ID", "0"}});
  now->stream_->wait_for(": position 1\n");
  ask("POST", "/api/v1/tasks", R"({"id":"new","type":"x"})");
  EXPECT_THAT(now->stream_->wait_for("task:new"), testing::Not(HasSubstr("task:past")));
  EXPECT_THAT(resumed->stream_->wait_for("task:new"), HasSubstr("task:past"));
  now->leave();
  resumed->leave();
  EXPECT_EQ(ask("GET", "/api/v1/events/stream", "", {{"Last-Event-ID", "x"}}).status, 400);
}

TEST_F(ServiceTest, AStreamFollowsOneTaskAndMayBeginWithASnapshot) {
  ask("POST", "/api/v1/tasks", R"({"id":"a","type":"x"})");
  auto reader = send("GET", "/api/v1/events/stream?task=b&snapshot=tasks,queues");
  const std::string first = reader->stream_->wait_for("event: snapshot\n");
  EXPECT_THAT(first,
              HasSubstr(": position 1\n\nid: 1\nevent: snapshot\ndata: {\"position\":1,\"tasks\":[],\"queues\":[{"));
  ask("POST", "/api/v1/tasks", R"({"id":"c","type":"x"})");
  ask("POST", "/api/v1/tasks", R"({"id":"b","type":"x"})");
  EXPECT_THAT(reader->stream_->wait_for("id: 3\n"), testing::Not(HasSubstr("task:c")));
  reader->leave();
  EXPECT_EQ(ask("GET", "/api/v1/events/stream?after=1&snapshot=tasks").at("/errors/0/field"), "after");
  EXPECT_EQ(ask("GET", "/api/v1/events/stream?snapshot=moods").at("/errors/0/field"), "snapshot[0]");
}

// ---- WebSockets -----------------------------------------------------------------------------------------------

TEST_F(ServiceTest, BelowTheDiskReserveNewWorkIsRefusedAndWhatIsUnderWayGoesOn) {
  stop();
  std::atomic<std::int64_t> free_bytes = 1'000;
  ServiceConfig config;
  config.disk_reserve_bytes = 500;
  config.free_bytes = [&]() -> std::optional<std::int64_t> { return free_bytes.load(); };
  start(std::move(config));
  const auto status_of = [&](const std::string& method, const std::string& target, const std::string& body) {
    return answer_of(*send(method, target, body)).status;
  };
  ASSERT_EQ(status_of("POST", "/api/v1/tasks", R"({"id":"a","type":"build"})"), 201);
  ASSERT_EQ(status_of("POST", "/api/v1/workers", R"({"name":"w","capabilities":["build"]})"), 201);
  const auto leased = answer_of(*send("POST", "/api/v1/tasks/lease", R"({"workerId":"w"})"));
  const std::string lease = leased.at("/leases/0/lease");
  free_bytes = 499;
  clock_.advance(1'000);
  auto responder = send("POST", "/api/v1/tasks", R"({"id":"b","type":"build"})");
  const auto refused = answer_of(*responder);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.at("/code"), "no_space");
  EXPECT_EQ(status_of("PUT", "/api/v1/schedules/s", R"({"cron":"@daily","task":{"type":"build"}})"), 503);
  EXPECT_EQ(status_of("POST", "/api/v1/tasks/a/complete", R"({"lease":")" + lease + R"("})"), 200);
  EXPECT_EQ(status_of("GET", "/api/v1/tasks/a", ""), 200);
  EXPECT_EQ(status_of("GET", "/readyz", ""), 200);
  EXPECT_EQ(answer_of(*send("GET", "/health")).at("/status"), "degraded");
  free_bytes = 500;
  clock_.advance(1'000);
  EXPECT_EQ(status_of("POST", "/api/v1/tasks", R"({"id":"b","type":"build"})"), 201);
}

class SocketTest : public ServiceTest {
 protected:
  const Headers kUpgrade{{"Connection", "Upgrade"},
                         {"Upgrade", "websocket"},
                         {"Sec-WebSocket-Version", "13"},
                         {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
  std::shared_ptr<RecordedResponder> open() {
    auto socket = send("GET", "/ws", "", kUpgrade);
    EXPECT_EQ(socket->answer().get().status, 101);
    return socket;
  }
  void submit(const std::string& id) { ask("POST", "/api/v1/tasks", R"({"id":")" + id + R"(","type":"x"})"); }
};

TEST_F(SocketTest, NeedsAnUpgradeAndATokenInAHeaderOrAmongTheProtocols) {
  EXPECT_EQ(ask("GET", "/ws").at("/code"), "invalid_request");
  EXPECT_EQ(ask_as_stranger("/ws", kUpgrade).status, 401);
  Headers browser = kUpgrade;
  browser.emplace_back("Sec-WebSocket-Protocol", std::string("arbiter, bearer.") + kToken);
  const auto answer = ask_as_stranger("/ws", browser);
  EXPECT_EQ(answer.status, 101);
  EXPECT_EQ(answer.headers.at("Sec-WebSocket-Protocol"), "arbiter") << "the token is not repeated";
  browser.back().second = "arbiter, bearer.guess";
  EXPECT_EQ(ask_as_stranger("/ws", browser).status, 401);
  Headers plain{{"Sec-WebSocket-Protocol", std::string("bearer.") + kToken}};
  EXPECT_EQ(ask_as_stranger("/api/v1/tasks", plain).status, 401) << "only upgrades may bring it there";
}

TEST_F(SocketTest, SubscriptionsGetTheirEventsByTypeTaskAndPosition) {
  submit("a");
  auto socket = open();
  socket->say(R"({"type":"subscribe","id":"all","after":0})");
  socket->say(R"({"type":"subscribe","task":"b","events":["TASK.*"]})");
  socket->socket_->wait_for(R"({"type":"subscribed","subscription":"s1","position":1})");
  submit("b");
  socket->socket_->wait_for(R"({"type":"event","subscription":"s1")");
  socket->say(R"({"type":"unsubscribe","subscription":"s1"})");
  socket->socket_->wait_for(R"({"type":"unsubscribed","subscription":"s1","position":2})");
  submit("c");
  const auto got = socket->socket_->wait_for("task:c");
  EXPECT_THAT(got[0], HasSubstr(R"({"type":"connected","timestamp":")"));
  std::vector<std::string> events;
  for (const auto& text : got) {
    const auto message = json::parse(text);
    if (message.at("type") != "event") continue;
    events.push_back(std::string(message.at("subscription").as_string()) + " " +
                     std::to_string(message.at("event").at("position").as_int64()));
    EXPECT_EQ(message.at("eventType"), "TASK.SUBMITTED.SUCCESS");
  }
  EXPECT_THAT(events, testing::UnorderedElementsAre("all 1", "all 2", "s1 2", "all 3"));
  socket->leave();
}

TEST_F(SocketTest, ASnapshotIsTrueAtThePositionAfterWhichTheEventsFollow) {
  submit("a");
  auto socket = open();
  socket->say(R"({"type":"subscribe","id":"board","snapshot":["tasks","queues","workers"]})");
  // What is submitted before the snapshot was taken is in it.
  socket->socket_->wait_for(R"({"type":"snapshot")");
  submit("b");
  const auto got = socket->socket_->wait_for("task:b");
  const auto snapshot = json::parse(got[2]);
  EXPECT_EQ(snapshot.at("type"), "snapshot");
  EXPECT_EQ(snapshot.at("tasks").as_array().size(), 1U);
  EXPECT_EQ(snapshot.at("tasks").at(0).at("id"), "a");
  EXPECT_EQ(snapshot.at("queues").at(0).at("name"), "default");
  EXPECT_TRUE(snapshot.at("workers").as_array().empty());
  EXPECT_EQ(json::parse(got[3]).at("event").at("position").as_int64(), snapshot.at("position").as_int64() + 1);
  socket->leave();
}

TEST_F(SocketTest, BadMessagesAreToldAndTheConnectionLives) {
  auto socket = open();
  const std::vector<std::pair<std::string, std::string>> cases{
      {"{", "invalid_request"},
      {"[]", "A message is a JSON object"},
      {R"({"type":7})", "A message is a JSON object"},
      {R"({"type":"dance"})", "Unknown message type: dance"},
      {R"({"type":"subscribe","colour":"red","after":-1})", R"("field":"colour")"},
      {R"({"type":"subscribe","id":"x","types":["A"],"events":["B"]})", R"("field":"events")"},
      {R"({"type":"subscribe","snapshot":["tasks"],"after":1})", R"("field":"after")"},
      {R"({"type":"unsubscribe"})", R"("field":"subscription")"},
      {R"({"type":"unsubscribe","subscription":"nobody"})", "not_found"}};
  for (const auto& [message, wanted] : cases) {
    socket->say(message);
    EXPECT_THAT(socket->socket_->wait_for(wanted).back(), StartsWith(R"({"type":"error","code":")")) << message;
  }
  socket->say(R"({"type":"subscribe","id":"x"})");
  socket->socket_->wait_for(R"("subscribed")");
  socket->say(R"({"type":"subscribe","id":"x"})");
  socket->socket_->wait_for("is in use on this connection");
  submit("a");
  socket->socket_->wait_for("task:a");
  socket->leave();
}

TEST_F(SocketTest, MoreSubscriptionsAndStreamsThanTheLimitsAreRefused) {
  stop();
  ServiceConfig config;
  config.subscriptions_max = 2;
  config.streams_max = 1;
  start(config);
  auto socket = open();
  for (int i = 0; i < 3; ++i) socket->say(R"({"type":"subscribe"})");
  EXPECT_THAT(socket->socket_->wait_for("overloaded").back(), HasSubstr("2 subscriptions"));
  EXPECT_EQ(ask("GET", "/ws", "", kUpgrade).at("/code"), "overloaded");
  EXPECT_EQ(ask("GET", "/api/v1/events/stream").at("/code"), "overloaded");
  socket->leave();
  for (;;) {  // Its place is free again.
    auto next = send("GET", "/ws", "", kUpgrade);
    const int status = next->answer().get().status;
    if (status == 503 || status == 429) continue;
    EXPECT_EQ(status, 101);
    next->leave();
    break;
  }
}

TEST_F(SocketTest, ASlowReaderGetsEverythingOnceItReads) {
  auto socket = open();
  socket->say(R"({"type":"subscribe","id":"all","after":0})");
  socket->socket_->wait_for(R"("subscribed")");
  socket->socket_->set_room(0);
  for (int i = 0; i < 20; ++i) submit("t" + std::to_string(i));
  socket->socket_->set_room(1'000'000);
  std::vector<std::int64_t> positions;
  for (const auto& text : socket->socket_->wait_for("task:t19")) {
    const auto message = json::parse(text);
    if (message.at("type") == "event") positions.push_back(message.at("event").at("position").as_int64());
  }
  ASSERT_EQ(positions.size(), 20U);
  for (std::size_t i = 0; i < positions.size(); ++i) EXPECT_EQ(positions[i], static_cast<std::int64_t>(i) + 1);
  socket->leave();
}

TEST_F(ServiceTest, CountsEveryRequestByOperationAndStatus) {
  ask("GET", "/api/v1/tasks/none");
  auto scrape = send("GET", "/metrics");
  const std::string text = scrape->answer().get().body;
  EXPECT_THAT(text, HasSubstr(R"(arbiter_requests_total{operation="tasks.get",method="GET",code="404"} 1)"));
  EXPECT_THAT(text, HasSubstr(R"(arbiter_log_position{namespace="system"})"));
  EXPECT_THAT(text, HasSubstr(R"(arbiter_build_info{version="1.2.3"} 1)"));
}

}  // namespace
}  // namespace arbiter::api
