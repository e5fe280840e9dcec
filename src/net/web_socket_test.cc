// The WebSocket protocol without a network: bytes in, bytes out.
#include "net/web_socket.h"

#include <gmock/gmock.h>

#include <array>
#include <chrono>

namespace arbiter::net {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

enum Opcode : std::uint8_t { kContinued = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// A frame of a client; masked, as RFC 6455 wants it, unless told otherwise.
std::string frame(Opcode opcode, std::string payload, bool last = true, bool masked = true) {
  std::string out;
  out += static_cast<char>((last ? 0x80 : 0) | opcode);
  const char mask_bit = masked ? '\x80' : '\0';
  if (payload.size() < 126) {
    out += static_cast<char>(mask_bit | static_cast<char>(payload.size()));
  } else if (payload.size() < 65'536) {
    out += static_cast<char>(mask_bit | 126);
    out += static_cast<char>(payload.size() >> 8);
    out += static_cast<char>(payload.size() & 0xff);
  } else {
    out += static_cast<char>(mask_bit | 127);
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>((payload.size() >> shift) & 0xff);
  }
  if (!masked) return out + payload;
  const std::array<char, 4> mask{'m', 'a', 's', 'k'};
  out.append(mask.data(), mask.size());
  for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
  return out + payload;
}

// What a server sends: short frames only.
std::string server_frame(Opcode opcode, const std::string& payload) {
  return std::string() + static_cast<char>(0x80 | opcode) + static_cast<char>(payload.size()) + payload;
}

// A client's side of one session, driven by hand.
class Talk {
 public:
  explicit Talk(Limits limits = {}, std::size_t queue_bytes_max = 1'000'000)
      : queue(std::make_shared<MessageQueue>(queue_bytes_max)), strand_(boost::asio::make_strand(io_)) {
    WebSocketSetup setup;
    setup.request.method = "GET";
    setup.request.target = "/ws";
    setup.request.headers = {{"Host", "localhost"},
                             {"Connection", "keep-alive, Upgrade"},
                             {"Upgrade", "websocket"},
                             {"Sec-WebSocket-Version", "13"},
                             {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}};
    EXPECT_TRUE(is_upgrade(setup.request));
    setup.protocol = "arbiter";
    setup.request_id = "r1";
    setup.limits = limits;
    setup.queue = queue;
    setup.message = [this](std::string text) { messages.push_back(std::move(text)); };
    setup.wake = [] {};
    session = make_web_socket_session(strand_, std::move(setup));
    session->start();
    handshake = settle();
  }
  ~Talk() {
    session->abort();
    settle();
  }
  Talk(const Talk&) = delete;
  Talk& operator=(const Talk&) = delete;

  // The client sends, and gets what the server has to say until nothing moves any more.
  std::string say(std::string bytes = "") {
    unread_ += bytes;
    return settle();
  }
  // The same for a client that reads nothing: the server's bytes stay unsent.
  void run() {
    io_.restart();
    io_.poll();
  }
  std::string settle() {
    std::string got;
    for (;;) {
      const std::size_t taken = session->receive(unread_);
      unread_.erase(0, taken);
      io_.restart();
      const auto ran = io_.poll();
      const std::string bytes = session->take_output();
      got += bytes;
      if (!bytes.empty()) session->output_sent();
      if (ran == 0 && taken == 0 && bytes.empty()) return got;
    }
  }
  [[nodiscard]] bool ends_within(std::chrono::seconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    while (!session->finished() && std::chrono::steady_clock::now() < end) {
      io_.restart();
      io_.run_one_for(100ms);
    }
    return session->finished();
  }

  std::vector<std::string> messages;

 private:
  boost::asio::io_context io_;  // outlives the session

 public:
  std::shared_ptr<MessageQueue> queue;
  std::string handshake;
  std::shared_ptr<WebSocketSession> session;

 private:
  Strand strand_;
  std::string unread_;
};

// The code of the close frame that `bytes` end with; 0: there is none.
int close_code_in(const std::string& bytes) {
  for (std::size_t at = 0; at + 4 <= bytes.size();) {
    const auto opcode = static_cast<std::uint8_t>(bytes[at]) & 0x0f;
    const std::size_t size = static_cast<std::uint8_t>(bytes[at + 1]);
    if (opcode == kClose)
      return static_cast<std::uint8_t>(bytes[at + 2]) * 256 + static_cast<std::uint8_t>(bytes[at + 3]);
    at += 2 + size;
  }
  return 0;
}

TEST(WebSocket, AnswersTheUpgradeWithKeyProtocolAndRequestId) {
  Talk talk;
  EXPECT_THAT(talk.handshake, StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(talk.handshake, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(talk.handshake, HasSubstr("Sec-WebSocket-Protocol: arbiter\r\n"));
  EXPECT_THAT(talk.handshake, HasSubstr("X-Request-Id: r1\r\n"));
}

TEST(WebSocket, AnUpgradeIsOneOnlyWithAllItsParts) {
  const Request good{"GET",
                     "/ws",
                     "",
                     "",
                     "",
                     {{"Connection", "Upgrade"},
                      {"Upgrade", "WebSocket"},
                      {"Sec-WebSocket-Version", "13"},
                      {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="}}};
  EXPECT_TRUE(is_upgrade(good));
  for (std::size_t i = 0; i < good.headers.size(); ++i) {
    Request bad = good;
    bad.headers[i].second = "12";
    EXPECT_FALSE(is_upgrade(bad)) << good.headers[i].first;
  }
  Request posted = good;
  posted.method = "POST";
  EXPECT_FALSE(is_upgrade(posted));
}

TEST(WebSocket, MessagesGoBothWaysAndFragmentsAreJoined) {
  Talk talk;
  talk.say(frame(kText, "hello"));
  EXPECT_EQ(talk.say(frame(kText, "in ", false) + frame(kPing, "p") + frame(kContinued, "parts")),
            server_frame(kPong, "p"));
  talk.say(frame(kText, std::string(300, 'x')));
  EXPECT_THAT(talk.messages, ElementsAre("hello", "in parts", std::string(300, 'x')));
  EXPECT_EQ(talk.queue->push("one"), MessageQueue::Push::kWake);
  EXPECT_EQ(talk.queue->push("two"), MessageQueue::Push::kQueued);
  talk.session->look();
  EXPECT_EQ(talk.say(), server_frame(kText, "one") + server_frame(kText, "two"));
  EXPECT_EQ(talk.queue->room(), 1'000'000U) << "what was sent takes no room";
}

TEST(WebSocket, BytesMayComeOneByOne) {
  Talk talk;
  for (const char byte : frame(kText, "slow")) talk.say(std::string(1, byte));
  EXPECT_THAT(talk.messages, ElementsAre("slow"));
}

TEST(WebSocket, ACloseOfTheClientIsAnsweredAndEnds) {
  Talk talk;
  EXPECT_EQ(close_code_in(talk.say(frame(kClose, std::string("\x03\xe8", 2)))), 1000);
  EXPECT_TRUE(talk.session->finished());
}

TEST(WebSocket, WhatIsNotTheProtocolIsClosedWithTheReason) {
  Limits limits;
  limits.web_socket_message_bytes_max = 1'000;
  const std::vector<std::pair<std::string, int>> cases{
      {frame(kText, "bare", true, /*masked=*/false), 1002},
      {frame(Opcode(3), "reserved"), 1002},
      {frame(kContinued, "of nothing"), 1002},
      {frame(kPing, "in parts", /*last=*/false), 1002},
      {frame(kPing, std::string(126, 'p')), 1002},
      {frame(kText, "\xff\xfe"), 1007},
      {frame(kText, "caf\xc3", false) + frame(kContinued, "x"), 1007},
      {frame(kBinary, "bytes"), 1003},
      {frame(kText, std::string(1'001, 'x')), 1009},
      {frame(kText, std::string(600, 'x'), false) + frame(kContinued, std::string(600, 'x')), 1009},
      {std::string("\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0", 14), 1009},
  };
  for (const auto& [bytes, code] : cases) {
    Talk talk(limits);
    EXPECT_EQ(close_code_in(talk.say(bytes)), code) << testing::PrintToString(bytes.substr(0, 20));
    EXPECT_TRUE(talk.session->finished());
    EXPECT_TRUE(talk.messages.empty());
  }
}

TEST(WebSocket, FloodsAreEndedByThePolicy) {
  std::string pings;
  std::string empty_fragments = frame(kText, "", false);
  std::string messages;
  for (int i = 0; i < 100'000; ++i) {
    pings += frame(kPing, "");
    empty_fragments += frame(kContinued, "", false);
    messages += frame(kText, "{}");
  }
  for (const auto& flood : {pings, empty_fragments, messages}) {
    Talk talk;
    EXPECT_EQ(close_code_in(talk.say(flood)), 1008);
    EXPECT_TRUE(talk.session->finished());
    EXPECT_LT(talk.messages.size(), 1'000U);
  }
}

TEST(WebSocket, AReaderThatTakesNothingFillsItsQueueAndIsStillToldShortWords) {
  Talk talk({}, /*queue_bytes_max=*/200'000);
  const std::string large(10'000, 'x');
  int taken = 0;
  while (talk.queue->push(large) != MessageQueue::Push::kRefused) {
    talk.session->look();
    talk.run();
    ++taken;
  }
  EXPECT_EQ(taken, 20);
  EXPECT_NE(talk.queue->push_reserved("last words"), MessageQueue::Push::kRefused);
  talk.session->look();
  EXPECT_THAT(talk.say(), testing::EndsWith(server_frame(kText, "last words")));
  EXPECT_EQ(talk.queue->room(), 200'000U);
}

TEST(WebSocket, EndsWithCloseFramesWhenHandlerOrServerEnd) {
  Talk closed;
  EXPECT_EQ(closed.queue->push("bye"), MessageQueue::Push::kWake);
  EXPECT_TRUE(closed.queue->end());
  closed.session->look();
  EXPECT_THAT(closed.say(), StartsWith(server_frame(kText, "bye")));
  EXPECT_TRUE(closed.session->finished());
  Talk drained;
  drained.session->drain();
  EXPECT_EQ(close_code_in(drained.say()), 1001);
  EXPECT_TRUE(drained.session->finished());
}

TEST(WebSocket, ASilentClientIsPingedAndThenGivenUp) {
  Limits limits;
  limits.web_socket_idle_timeout_ms = 50;
  Talk talk(limits);
  EXPECT_TRUE(talk.ends_within(20s));
  EXPECT_EQ(talk.session->take_output(), server_frame(kPing, ""));
}

}  // namespace
}  // namespace arbiter::net
