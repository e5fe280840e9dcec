#include "net/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <charconv>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <sstream>
#include <thread>

#include "base/json.h"

namespace arbiter::net {
namespace {

using namespace std::chrono_literals;
using base::ErrorCode;
constexpr auto kPatience = 20s;  // Only a broken server is waited for so long.

// Things handed from the server's threads to the test.
template <typename T>
class Mailbox {
 public:
  void put(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    arrived_.notify_all();  // Under the lock: once the test has the value, this object may go.
  }
  std::optional<T> take() {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, kPatience, [&] { return !values_.empty(); })) return std::nullopt;
    T value = std::move(values_.front());
    values_.pop_front();
    return value;
  }
  bool empty() {
    const std::lock_guard lock(mutex_);
    return values_.empty();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<T> values_;
};

struct OpenStream {
  std::shared_ptr<Stream> stream;
};

// Answers by path: /echo at once, /later on another thread, /hold and /deaf when the test says so.
class FakeHandler final : public Handler {
 public:
  ~FakeHandler() override {
    for (auto& thread : threads_) thread.join();
  }

  void handle(Request request, std::shared_ptr<Responder> responder) override {
    const std::string path = request.target.substr(0, request.target.find('?'));
    if (path == "/later") {
      const std::lock_guard lock(mutex_);
      threads_.emplace_back([request, responder] { responder->respond(echo(request)); });
    } else if (path == "/hold") {
      responder->on_gone([this] { gone.put("hold"); });
      held.put(responder);
    } else if (path == "/deaf") {
      held.put(responder);
    } else if (path == "/stream") {
      Response head;
      head.content_type = "text/event-stream";
      streams.put({responder->stream(std::move(head), [this] { gone.put("stream"); })});
    } else if (path == "/throw") {
      throw std::runtime_error("a library failed");
    } else if (path != "/drop") {
      responder->respond(echo(request));
    }
  }

  Response refuse(const base::Error& error, const std::string& id) override {
    Response response;
    response.status = base::info(error.code).http_status;
    response.content_type = "application/problem+json";
    response.body = std::string(base::info(error.code).name) + " for " + id;
    return response;
  }

  Mailbox<std::shared_ptr<Responder>> held;
  Mailbox<OpenStream> streams;
  Mailbox<std::string> gone;

 private:
  static Response echo(const Request& request) {
    Response response;
    response.content_type = "text/plain";
    response.body = request.method + " " + request.target + " " + request.body;
    return response;
  }

  std::mutex mutex_;
  std::vector<std::thread> threads_;
};

struct Reply {
  int status = 0;
  std::string head;
  std::string body;
  [[nodiscard]] bool has(std::string_view line) const { return head.find(line) != std::string::npos; }
};

// A raw blocking socket.
class Client {
 public:
  explicit Client(std::uint16_t port, int receive_buffer_bytes = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const timeval patience{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (receive_buffer_bytes > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof receive_buffer_bytes);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  ~Client() { leave(); }

  [[nodiscard]] bool connected() const { return connected_; }
  void leave() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  void end_sending() const { ::shutdown(socket_, SHUT_WR); }
  void send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const auto count = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }
  Reply ask(std::string_view bytes) {
    send(bytes);
    return read();
  }

  // The next response; status 0 when the connection ends before one.
  Reply read(bool to_head = false) {
    Reply reply;
    if (!read_until("\r\n\r\n", reply.head)) return reply;
    std::from_chars(reply.head.data() + 9, reply.head.data() + 12, reply.status);
    if (to_head) return reply;
    if (reply.has("Transfer-Encoding: chunked")) {
      read_chunks(reply.body);
    } else if (const auto at = reply.head.find("Content-Length: "); at != std::string::npos) {
      std::size_t length = 0;
      std::from_chars(reply.head.data() + at + 16, reply.head.data() + reply.head.size(), length);
      while (buffered_.size() < length && receive()) {
      }
      reply.body = buffered_.substr(0, length);
      buffered_.erase(0, length);
    }
    return reply;
  }
  void read_chunks(std::string& body) {
    for (;;) {
      std::string line;
      if (!read_until("\r\n", line)) return;
      std::size_t size = 0;
      std::from_chars(line.data(), line.data() + line.size(), size, 16);
      while (buffered_.size() < size + 2 && receive()) {
      }
      body += buffered_.substr(0, size);
      buffered_.erase(0, size + 2);
      if (size == 0) return;
    }
  }
  // Whether the server has ended the connection with nothing more to say.
  bool at_end() { return buffered_.empty() && !receive() && !timed_out_; }
  std::string read_to_end() {
    while (receive()) {
    }
    return std::exchange(buffered_, {});
  }
  bool read_until(std::string_view mark, std::string& out) {
    std::size_t at = 0;
    while ((at = buffered_.find(mark)) == std::string::npos) {
      if (!receive()) return false;
    }
    out = buffered_.substr(0, at + mark.size());
    buffered_.erase(0, at + mark.size());
    return true;
  }

 private:
  bool receive() {
    char bytes[16 * 1024];
    const auto count = ::recv(socket_, bytes, sizeof bytes, 0);
    timed_out_ = count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (count <= 0) return false;
    buffered_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  int socket_;
  bool connected_ = false;
  bool timed_out_ = false;
  std::string buffered_;
};

class HttpServer : public testing::Test {
 protected:
  ~HttpServer() override { stop(); }

  void start() {
    config.port = 0;
    server = make_server(io_, config, handler);
    ASSERT_TRUE(server->listen());
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { io_.run(); });
  }
  void stop() {
    if (server) server->close();
    join();
  }
  void join() {
    work_.reset();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
  }
  [[nodiscard]] std::uint16_t port() const { return server->port(); }

  ServerConfig config;

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::vector<std::thread> threads_;

 protected:
  FakeHandler handler;
  std::unique_ptr<Server> server;
};

std::string request(std::string_view line, std::string_view headers = "", std::string_view body = "") {
  std::string text = std::string(line) + " HTTP/1.1\r\nHost: localhost\r\n" + std::string(headers);
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + std::string(body);
}

TEST_F(HttpServer, AnswersManyRequestsOnOneConnection) {
  start();
  Client client(port());
  for (int i = 0; i < 3; ++i) {
    const auto reply = client.ask(request("POST /echo?a=b", "", "hello"));
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, "POST /echo?a=b hello");
    EXPECT_FALSE(reply.has("Connection:"));
  }
  EXPECT_EQ(server->stats().requests.load(), 3U);
  EXPECT_EQ(server->stats().connections_open.load(), 1U);
}

TEST_F(HttpServer, HeadOfAnAnswerForbidsStoringAndSniffing) {
  start();
  Client client(port());
  const auto reply = client.ask(request("GET /echo"));
  for (const char* line : {"Content-Type: text/plain\r\n", "Content-Length: 10\r\n", "Cache-Control: no-store\r\n",
                           "X-Content-Type-Options: nosniff\r\n", "X-Request-Id: r", "Date: "}) {
    EXPECT_TRUE(reply.has(line)) << line;
  }
}

TEST_F(HttpServer, PipelinedRequestsAreAnsweredInOrder) {
  start();
  Client client(port());
  std::string all;
  for (int i = 0; i < 200; ++i) {
    all += request((i % 3 == 0 ? "POST /later?" : "POST /echo?") + std::to_string(i), "", "body" + std::to_string(i));
  }
  client.send(all);
  for (int i = 0; i < 200; ++i) {
    EXPECT_TRUE(client.read().body.ends_with("?" + std::to_string(i) + " body" + std::to_string(i))) << i;
  }
}

TEST_F(HttpServer, RequestIdOfTheClientIsKeptWhenItIsAName) {
  start();
  Client client(port());
  EXPECT_TRUE(client.ask(request("GET /echo", "X-Request-Id: build:7\r\n")).has("X-Request-Id: build:7\r\n"));
  const auto made = client.ask(request("GET /echo", "X-Request-Id: no name\r\n"));
  EXPECT_FALSE(made.has("no name"));
  EXPECT_TRUE(made.has("X-Request-Id: r"));
}

TEST_F(HttpServer, HeadIsAnsweredWithoutBody) {
  start();
  Client client(port());
  client.send(request("HEAD /echo") + request("GET /echo"));
  EXPECT_TRUE(client.read(/*to_head=*/true).has("Content-Length: 11\r\n"));
  EXPECT_EQ(client.read().body, "GET /echo ");
}

TEST_F(HttpServer, ConnectionCloseIsHonoured) {
  start();
  Client client(port());
  EXPECT_TRUE(client.ask(request("GET /echo", "Connection: close\r\n")).has("Connection: close\r\n"));
  EXPECT_TRUE(client.at_end());
  Client old(port());
  EXPECT_TRUE(old.ask("GET /echo HTTP/1.0\r\n\r\n").has("Connection: close\r\n"));
  EXPECT_TRUE(old.at_end());
  Client old_kept(port());
  EXPECT_TRUE(old_kept.ask("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").has("Connection: keep-alive\r\n"));
  EXPECT_EQ(old_kept.ask(request("GET /echo")).status, 200);
}

TEST_F(HttpServer, ChunkedBodiesAreJoined) {
  start();
  Client client(port());
  const auto reply =
      client.ask(request("POST /echo", "Transfer-Encoding: chunked\r\n") + "4\r\nwiki\r\n5\r\npedia\r\n0\r\n\r\n");
  EXPECT_EQ(reply.body, "POST /echo wikipedia");
}

TEST_F(HttpServer, LargeBodiesGoThroughBothWays) {
  start();
  Client client(port());
  const std::string body(8 * 1024 * 1024, 'x');
  for (int i = 0; i < 2; ++i) {
    std::thread sender([&] { client.send(request("POST /echo", "", body)); });
    EXPECT_EQ(client.read().body.size(), body.size() + std::string_view("POST /echo ").size());
    sender.join();
  }
}

TEST_F(HttpServer, ExpectationIsMetBeforeTheBodyComes) {
  start();
  Client client(port());
  client.send(request("POST /echo", "Expect: 100-continue\r\nContent-Length: 5\r\n"));
  EXPECT_EQ(client.read(/*to_head=*/true).status, 100);
  EXPECT_EQ(client.ask("hello").body, "POST /echo hello");
}

TEST_F(HttpServer, ExpectationIsNotMetForABodyThatIsTooLarge) {
  config.limits.body_bytes_max = 4;
  start();
  Client client(port());
  EXPECT_EQ(client.ask(request("POST /echo", "Expect: 100-continue\r\nContent-Length: 5\r\n")).status, 413);
}

TEST_F(HttpServer, ForeignHostIsRefusedOnEveryMethod) {
  start();
  for (const char* method : {"GET", "POST", "DELETE", "OPTIONS", "HEAD", "BREW"}) {
    Client client(port());
    client.send(std::string(method) + " /nowhere HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    EXPECT_EQ(client.read(/*to_head=*/true).status, 421) << method;
  }
  Client client(port());
  EXPECT_EQ(client.ask("GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 421);
  EXPECT_EQ(client.ask(request("GET /echo")).status, 200);
  EXPECT_EQ(client.ask("GET /echo HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port()) + "\r\n\r\n").status, 200);
}

TEST_F(HttpServer, ForeignOriginIsRefusedOnEveryMethod) {
  start();
  for (const char* method : {"GET", "POST", "DELETE", "OPTIONS", "BREW"}) {
    Client client(port());
    EXPECT_EQ(client.ask(request(std::string(method) + " /nowhere", "Origin: http://evil.example\r\n")).status, 403);
  }
  Client client(port());
  const std::string ours = "Origin: http://localhost:" + std::to_string(port()) + "\r\n";
  EXPECT_EQ(client.ask(request("POST /echo", ours)).status, 200);
}

TEST_F(HttpServer, PagesOfAllowedOriginsMayAskAndRead) {
  config.allowed_origins = {"https://pages.example"};
  start();
  Client client(port());
  const std::string page = "Origin: https://pages.example\r\n";
  const auto preflight = client.ask(request("OPTIONS /anywhere", page + "Access-Control-Request-Method: DELETE\r\n"));
  EXPECT_EQ(preflight.status, 204);
  EXPECT_TRUE(preflight.has("Access-Control-Allow-Origin: https://pages.example\r\n"));
  EXPECT_TRUE(preflight.has("Access-Control-Allow-Methods: GET, HEAD, POST, PUT, DELETE\r\n"));
  EXPECT_TRUE(preflight.has("Authorization"));
  EXPECT_FALSE(preflight.has("Content-Length")) << "204 has no body";
  const auto answer = client.ask(request("POST /echo", page, "x"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.has("Access-Control-Allow-Origin: https://pages.example\r\n"));
  EXPECT_TRUE(answer.has("Access-Control-Expose-Headers: "));
  EXPECT_TRUE(answer.has("Vary: Origin\r\n"));
  EXPECT_FALSE(answer.has("Allow-Credentials"));
  EXPECT_TRUE(client.ask(request("GET /drop", page)).has("Access-Control-Allow-Origin: ")) << "errors are read too";
  const auto plain = client.ask(request("GET /echo"));
  EXPECT_FALSE(plain.has("Access-Control"));
  EXPECT_TRUE(plain.has("Vary: Origin\r\n")) << "a cache must not give one the answer of the other";
  const auto ours = "Origin: http://localhost:" + std::to_string(port()) + "\r\n";
  EXPECT_EQ(client.ask(request("OPTIONS /echo", ours + "Access-Control-Request-Method: PUT\r\n")).status, 200)
      << "our own pages ask nobody: the handler answers";
  Client stream(port());
  stream.send(request("GET /stream", page));
  EXPECT_TRUE(stream.read(/*to_head=*/true).has("Access-Control-Allow-Origin: "));
  EXPECT_EQ(Client(port()).ask(request("OPTIONS /echo", "Origin: https://evil.example\r\n")).status, 403);
}

TEST_F(HttpServer, LargeAnswersAreCompressedForThoseWhoAsk) {
  config.limits.gzip_bytes_min = 500;
  start();
  Client client(port());
  const std::string large(5'000, 'a');
  const auto plain = client.ask(request("POST /echo", "", large));
  EXPECT_FALSE(plain.has("Content-Encoding"));
  EXPECT_TRUE(plain.has("Vary: Accept-Encoding\r\n"));
  EXPECT_EQ(plain.body.size(), 11 + large.size());
  const std::string gzip = "Accept-Encoding: br, gzip;q=0.9\r\n";
  const auto packed = client.ask(request("POST /echo", gzip, large));
  EXPECT_TRUE(packed.has("Content-Encoding: gzip\r\n"));
  EXPECT_LT(packed.body.size(), 500U);
  EXPECT_EQ(packed.body.substr(0, 2), "\x1f\x8b");
  EXPECT_FALSE(client.ask(request("POST /echo", gzip, "small")).has("Content-Encoding"));
  EXPECT_FALSE(client.ask(request("POST /echo", "Accept-Encoding: gzip;q=0\r\n", large)).has("Content-Encoding"));
  // A HEAD has the length that its GET would have.
  const std::string path = " /echo?" + std::string(1'000, 'b');
  const auto get = client.ask(request("GET" + path, gzip));
  const auto length = "Content-Length: " + std::to_string(get.body.size()) + "\r\n";
  EXPECT_TRUE(get.has(length));
  client.send(request("HEAD" + path, gzip));
  const auto head = client.read(/*to_head=*/true);
  EXPECT_TRUE(head.has("Content-Encoding: gzip\r\n"));
  EXPECT_NE(head.head.find("Content-Length: "), std::string::npos);
  Client stream(port());
  stream.send(request("GET /stream", gzip));
  EXPECT_FALSE(stream.read(/*to_head=*/true).has("Content-Encoding")) << "what is sent as it happens is not held back";
}

TEST_F(HttpServer, RefusalBeforeABodyEndsTheConnection) {
  start();
  Client client(port());
  const auto reply =
      client.ask("POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 40\r\n\r\n" + request("GET /echo"));
  EXPECT_EQ(reply.status, 421);
  EXPECT_TRUE(reply.has("Connection: close\r\n"));
  EXPECT_TRUE(client.at_end());
}

TEST_F(HttpServer, MalformedRequestIsAnsweredAfterTheOnesBeforeItAndEndsTheConnection) {
  start();
  Client client(port());
  client.send(request("POST /later", "", "good") + "bad request\r\n\r\n" + request("GET /echo"));
  EXPECT_EQ(client.read().body, "POST /later good");
  const auto reply = client.read();
  EXPECT_EQ(reply.status, 400);
  EXPECT_TRUE(reply.has("application/problem+json"));
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(Client(port()).ask(request("GET /echo")).status, 200);
}

TEST_F(HttpServer, BodiesOverTheLimitAreRefused) {
  config.limits.body_bytes_max = 1'000;
  start();
  Client whole(port());
  const auto reply = whole.ask(request("POST /echo", "", std::string(300'000, 'x')));
  EXPECT_EQ(reply.status, 413);
  EXPECT_TRUE(reply.body.starts_with("too_large"));
  EXPECT_TRUE(whole.at_end());
  Client chunked(port());
  EXPECT_EQ(chunked.ask(request("POST /echo", "Transfer-Encoding: chunked\r\n") + "3e9\r\n").status, 413);
  Client fits(port());
  EXPECT_EQ(fits.ask(request("POST /echo", "", std::string(1'000, 'x'))).status, 200);
}

TEST_F(HttpServer, HeadersOverTheLimitAreRefused) {
  config.limits.header_bytes_max = 100'000;
  start();
  EXPECT_EQ(Client(port()).ask(request("GET /echo", "X: " + std::string(99'000, 'x') + "\r\n")).status, 200);
  EXPECT_EQ(Client(port()).ask(request("GET /echo", "X: " + std::string(100'000, 'x') + "\r\n")).status, 431);
}

TEST_F(HttpServer, HalfSentHeadersTimeOut) {
  config.limits.header_timeout_ms = 50;
  start();
  Client client(port());
  const auto reply = client.ask("GET /echo HTTP/1.1\r\nHost: loc");
  EXPECT_EQ(reply.status, 408);
  EXPECT_TRUE(reply.has("Connection: close\r\n"));
  EXPECT_TRUE(client.at_end());
}

TEST_F(HttpServer, HalfSentBodyTimesOut) {
  config.limits.body_timeout_ms = 50;
  start();
  Client client(port());
  EXPECT_EQ(client.ask(request("POST /echo", "Content-Length: 10\r\n") + "half").status, 408);
  EXPECT_TRUE(client.at_end());
}

TEST_F(HttpServer, IdleConnectionsAreClosedWithoutAWord) {
  config.limits.idle_timeout_ms = 50;
  start();
  Client fresh(port());
  Client used(port());
  EXPECT_EQ(used.ask(request("GET /echo")).status, 200);
  EXPECT_TRUE(used.at_end());
  EXPECT_TRUE(fresh.at_end());
}

TEST_F(HttpServer, WaitingRequestsHaveNoDeadline) {
  config.limits.idle_timeout_ms = config.limits.header_timeout_ms = config.limits.body_timeout_ms = 50;
  start();
  Client waiting(port());
  waiting.send(request("GET /hold"));
  auto held = handler.held.take();
  ASSERT_TRUE(held);
  EXPECT_TRUE(Client(port()).at_end());  // Another one has met its deadline meanwhile.
  (*held)->respond({200, "text/plain", "patience", {}});
  EXPECT_EQ(waiting.read().body, "patience");
}

TEST_F(HttpServer, RequestCutOffByTheClientIsMalformed) {
  start();
  Client client(port());
  client.send("GET /echo HTTP/1.1\r\nHo");
  client.end_sending();
  EXPECT_EQ(client.read().status, 400);
  EXPECT_TRUE(client.at_end());
}

TEST_F(HttpServer, ClientThatOnlyEndedSendingGetsItsAnswers) {
  start();
  Client client(port());
  client.send(request("GET /deaf") + request("GET /later"));
  client.end_sending();
  auto held = handler.held.take();
  ASSERT_TRUE(held);
  (*held)->respond({200, "text/plain", "first", {}});
  EXPECT_EQ(client.read().body, "first");
  EXPECT_EQ(client.read().body, "GET /later ");
  EXPECT_TRUE(client.at_end());
}

TEST_F(HttpServer, LeavingOfAWaitingClientIsNoticedAndItsAnswerUndelivered) {
  start();
  Client client(port());
  client.send(request("POST /hold", "", "lease"));
  auto held = handler.held.take();
  ASSERT_TRUE(held);
  client.leave();
  EXPECT_EQ(handler.gone.take(), "hold");
  Mailbox<int> undelivered;
  (*held)->respond({}, [&] { undelivered.put(1); });
  EXPECT_EQ(undelivered.take(), 1);
  EXPECT_TRUE(handler.gone.empty());
}

TEST_F(HttpServer, AnswerCutOffInTheMiddleIsUndelivered) {
  start();
  Client client(port());
  client.send(request("GET /deaf"));
  auto held = handler.held.take();
  ASSERT_TRUE(held);
  Mailbox<int> undelivered;
  (*held)->respond({200, "text/plain", std::string(64 << 20, 'x'), {}}, [&] { undelivered.put(1); });
  EXPECT_EQ(client.read(/*to_head=*/true).status, 200);
  client.leave();
  EXPECT_EQ(undelivered.take(), 1);
}

TEST_F(HttpServer, ReaderThatStopsReadingAnAnswerIsClosed) {
  config.limits.idle_timeout_ms = 50;
  start();
  Client client(port());
  client.send(request("GET /deaf"));
  auto held = handler.held.take();
  ASSERT_TRUE(held);
  Mailbox<int> undelivered;
  (*held)->respond({200, "text/plain", std::string(64 << 20, 'x'), {}}, [&] { undelivered.put(1); });
  EXPECT_EQ(undelivered.take(), 1);
}

TEST_F(HttpServer, RespondersLetGoAndExceptionsAnswer500) {
  start();
  Client client(port());
  EXPECT_EQ(client.ask(request("GET /drop")).status, 500);
  EXPECT_EQ(client.ask(request("GET /throw")).status, 500);
  EXPECT_EQ(client.ask(request("GET /echo")).status, 200);
}

TEST_F(HttpServer, StreamReachesItsReaderPieceByPieceAndTheConnectionGoesOn) {
  start();
  Client client(port());
  client.send(request("GET /stream") + request("GET /echo"));
  auto open = handler.streams.take();
  ASSERT_TRUE(open);
  EXPECT_TRUE(client.read(/*to_head=*/true).has("Content-Type: text/event-stream\r\n"));
  std::string piece;
  EXPECT_TRUE(open->stream->write("data: 1\n\n"));
  EXPECT_TRUE(client.read_until("data: 1\n\n\r\n", piece));
  EXPECT_TRUE(open->stream->write(""));
  EXPECT_TRUE(open->stream->write("data: 2\n\n"));
  EXPECT_TRUE(client.read_until("data: 2\n\n\r\n", piece));
  open->stream->close();
  EXPECT_FALSE(open->stream->write("late"));
  EXPECT_TRUE(client.read_until("0\r\n\r\n", piece));
  EXPECT_EQ(client.read().body, "GET /echo ");
  EXPECT_TRUE(handler.gone.empty());
}

TEST_F(HttpServer, SlowReaderOfAStreamIsToldApartAndMissesNothingThatWasTaken) {
  config.limits.stream_buffer_bytes_max = 64 * 1024;
  start();
  Client client(port(), /*receive_buffer_bytes=*/4096);
  client.send(request("GET /stream"));
  auto open = handler.streams.take();
  ASSERT_TRUE(open);
  std::string taken;
  for (char letter = 'a';; letter = letter == 'z' ? 'a' : static_cast<char>(letter + 1)) {
    const std::string piece(8'000, letter);
    if (!open->stream->write(piece)) break;
    taken += piece;
    ASSERT_LT(taken.size(), 64U << 20) << "a stream must be bounded";
  }
  open->stream->close();
  EXPECT_EQ(client.read().body, taken);
}

TEST_F(HttpServer, LeavingReaderOfAStreamIsNoticed) {
  start();
  Client client(port());
  client.send(request("GET /stream"));
  auto open = handler.streams.take();
  ASSERT_TRUE(open);
  client.leave();
  EXPECT_EQ(handler.gone.take(), "stream");
  EXPECT_FALSE(open->stream->write("late"));
}

TEST_F(HttpServer, StreamForAnOldClientEndsWithTheConnection) {
  start();
  Client client(port());
  client.send("GET /stream HTTP/1.0\r\n\r\n");
  auto open = handler.streams.take();
  ASSERT_TRUE(open);
  EXPECT_TRUE(open->stream->write("all"));
  open.reset();
  const auto bytes = client.read_to_end();
  EXPECT_TRUE(bytes.ends_with("\r\n\r\nall")) << bytes;
}

TEST_F(HttpServer, ConnectionsOverTheLimitAreToldToComeBack) {
  config.limits.connections_max = 2;
  start();
  Client first(port());
  auto second = std::make_unique<Client>(port());
  EXPECT_EQ(first.ask(request("GET /echo")).status, 200);
  EXPECT_EQ(second->ask(request("GET /echo")).status, 200);
  Client third(port());
  const auto reply = third.read();
  EXPECT_EQ(reply.status, 503);
  EXPECT_TRUE(reply.has("Retry-After: 1\r\n"));
  EXPECT_TRUE(reply.body.starts_with("overloaded"));
  EXPECT_TRUE(third.at_end());
  EXPECT_EQ(server->stats().connections_refused.load(), 1U);
  EXPECT_EQ(first.ask(request("GET /echo")).status, 200);
}

TEST_F(HttpServer, DrainFinishesWhatIsUnderWayAndEndsTheRest) {
  start();
  Client idle(port());
  EXPECT_EQ(idle.ask(request("GET /echo")).status, 200);
  Client reader(port());
  reader.send(request("GET /stream"));
  auto open = handler.streams.take();
  ASSERT_TRUE(open);
  Client waiting(port());
  waiting.send(request("GET /hold"));
  auto held = handler.held.take();
  ASSERT_TRUE(held);

  server->drain();
  EXPECT_TRUE(idle.at_end());
  EXPECT_EQ(handler.gone.take(), "stream");
  EXPECT_TRUE(reader.read_to_end().ends_with("\r\n0\r\n\r\n"));
  EXPECT_FALSE(open->stream->write("late"));
  EXPECT_FALSE(Client(port()).connected());
  (*held)->respond({200, "text/plain", "last", {}});
  const auto reply = waiting.read();
  EXPECT_EQ(reply.body, "last");
  EXPECT_TRUE(reply.has("Connection: close\r\n"));
  EXPECT_TRUE(waiting.at_end());
  waiting.leave();
  reader.leave();
  join();  // The server's threads run out of work.
  EXPECT_EQ(server->stats().connections_open.load(), 0U);
}

TEST_F(HttpServer, ReaderThatTakesNothingDoesNotHoldUpADrain) {
  config.limits.drain_write_timeout_ms = 50;
  start();
  Client stuck(port(), /*receive_buffer_bytes=*/4096);
  stuck.send(request("GET /stream"));
  auto open = handler.streams.take();
  ASSERT_TRUE(open);
  while (open->stream->write(std::string(64'000, 'x'))) {
  }
  server->drain();
  join();  // The server's threads run out of work although nobody reads.
  EXPECT_EQ(server->stats().connections_open.load(), 0U);
}

TEST_F(HttpServer, CloseEndsWaitingRequestsAtOnce) {
  start();
  Client client(port());
  client.send(request("GET /hold"));
  auto held = handler.held.take();
  ASSERT_TRUE(held);
  server->close();
  EXPECT_EQ(handler.gone.take(), "hold");
  EXPECT_EQ(client.read().status, 0);
}

TEST_F(HttpServer, TakenPortIsReported) {
  start();
  boost::asio::io_context io;
  ServerConfig other;
  other.port = port();
  const auto listening = make_server(io, other, handler)->listen();
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().code, ErrorCode::kConnection);
  other.address = "nowhere";
  EXPECT_FALSE(make_server(io, other, handler)->listen());
}

TEST_F(HttpServer, AccessLogHasOneJsonLinePerRequest) {
  std::ostringstream lines;
  auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(lines);
  sink->set_pattern("%v");
  config.access_log = std::make_shared<spdlog::logger>("access", sink);
  start();
  Client client(port());
  client.ask(request("POST /echo?token=secret", "X-Request-Id: one\r\n", "hi"));
  client.ask("nonsense\r\n\r\n");
  stop();
  std::istringstream in(lines.str());
  std::string line;
  std::getline(in, line);
  const auto entry = base::parse_json(line);
  ASSERT_TRUE(entry) << line;
  const auto& object = entry->get_object();
  EXPECT_EQ(object.at("id"), "one");
  EXPECT_EQ(object.at("method"), "POST");
  EXPECT_EQ(object.at("path"), "/echo");
  EXPECT_EQ(object.at("status"), 200);
  EXPECT_EQ(object.at("bytes"), 26);
  EXPECT_TRUE(object.contains("time") && object.contains("ms") && object.contains("remote"));
  std::getline(in, line);
  EXPECT_TRUE(base::parse_json(line)) << line;
  EXPECT_FALSE(std::getline(in, line));
}

}  // namespace
}  // namespace arbiter::net
