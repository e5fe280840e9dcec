#include "effects/webhook.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "base/check.h"
#include "effects/signature.h"

namespace arbiter::effects {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

// Takes one request and gives one answer; an empty one: it says nothing until it is told to end.
class Receiver {
 public:
  explicit Receiver(std::string answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    CHECK(::listen(listener_, 8) == 0);
    socklen_t size = sizeof address;
    CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Receiver() { (void)finish(); }
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const {
    return "http://" + host + ":" + std::to_string(port_) + "/hook?key=hidden";
  }
  // What it heard.
  const std::string& finish() {
    if (thread_.joinable()) {
      ::shutdown(listener_, SHUT_RDWR);
      thread_.join();
      ::close(listener_);
    }
    return heard_;
  }

 private:
  void serve() {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    std::array<char, 4'096> buffer{};
    while (!is_whole()) {
      const ssize_t read = ::recv(connection, buffer.data(), buffer.size(), 0);
      if (read <= 0) break;
      heard_.append(buffer.data(), static_cast<std::size_t>(read));
    }
    if (answer_.empty()) {
      (void)::recv(connection, buffer.data(), buffer.size(), 0);  // until the client has had enough
    } else {
      (void)::send(connection, answer_.data(), answer_.size(), MSG_NOSIGNAL);
    }
    ::close(connection);
  }
  [[nodiscard]] bool is_whole() const {
    const auto head = heard_.find("\r\n\r\n");
    const auto length = heard_.find("Content-Length: ");
    if (head == std::string::npos || length == std::string::npos) return false;
    return heard_.size() >= head + 4 + std::stoul(heard_.substr(length + 16));
  }

  const std::string answer_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::string heard_;
  std::thread thread_;
};

Delivery delivery() {
  Delivery d;
  d.order.id = "effect_1";
  d.order.attempt = 2;
  d.body = R"({"id":"effect_1"})";
  return d;
}

base::Result<void> post(const std::string& url, Networks networks = Networks(), std::int64_t timeout_ms = 10'000,
                        bool stopping = false) {
  WebhookConfig config;
  config.url = url;
  config.secret = "secret";
  config.timeout_ms = timeout_ms;
  const std::atomic<bool> stop{stopping};
  return make_webhook(std::move(config), std::move(networks))->deliver(delivery(), stop);
}

std::string header(const std::string& heard, const std::string& name) {
  const auto at = heard.find(name + ": ");
  if (at == std::string::npos) return {};
  const auto begin = at + name.size() + 2;
  return heard.substr(begin, heard.find('\r', begin) - begin);
}

TEST(Webhook, PostsTheMessageSigned) {
  Receiver receiver("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
  ASSERT_TRUE(post(receiver.url()));
  const std::string heard = receiver.finish();
  EXPECT_TRUE(heard.starts_with("POST /hook?key=hidden HTTP/1.1\r\n")) << heard;
  EXPECT_TRUE(heard.ends_with("\r\n\r\n" + delivery().body)) << heard;
  EXPECT_EQ(header(heard, "Content-Type"), "application/json");
  EXPECT_EQ(header(heard, "Arbiter-Effect-Id"), "effect_1");
  EXPECT_EQ(header(heard, "Arbiter-Effect-Attempt"), "2");
  const std::string signed_at = header(heard, "Arbiter-Signature");
  ASSERT_TRUE(signed_at.starts_with("t="));
  EXPECT_EQ(signed_at, signature("secret", std::stoll(signed_at.substr(2)), delivery().body));
}

TEST(Webhook, OnlyA2xxIsDelivered) {
  for (const char* status : {"200 OK", "202 Accepted", "299 Fine"}) {
    Receiver receiver(std::string("HTTP/1.1 ") + status + "\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_TRUE(post(receiver.url())) << status;
  }
  for (const char* status : {"400 Bad Request", "404 Not Found", "500 Internal Server Error"}) {
    Receiver receiver(std::string("HTTP/1.1 ") + status + "\r\nContent-Length: 0\r\n\r\n");
    const auto outcome = post(receiver.url());
    ASSERT_FALSE(outcome) << status;
    EXPECT_EQ(outcome.error().message, "The answer was status " + std::string(status, 3) + ".");
  }
}

TEST(Webhook, ARedirectIsNotFollowed) {
  Receiver elsewhere("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  Receiver receiver("HTTP/1.1 307 Temporary Redirect\r\nLocation: " + elsewhere.url() +
                    "\r\nContent-Length: 0\r\n\r\n");
  const auto outcome = post(receiver.url());
  ASSERT_FALSE(outcome);
  EXPECT_THAT(outcome.error().message, HasSubstr("redirect (307)"));
  EXPECT_THAT(elsewhere.finish(), IsEmpty());
}

TEST(Webhook, ATargetOutsideTheNetworksIsNotConnectedTo) {
  Receiver receiver("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  const Networks other({parse_network("10.0.0.0/8").value()});
  // By its address, and by a name for it.
  for (const char* host : {"127.0.0.1", "localhost"}) {
    const auto outcome = post(receiver.url(host), other);
    ASSERT_FALSE(outcome);
    EXPECT_THAT(outcome.error().message, HasSubstr("is in none of notificationNetworks")) << host;
  }
  EXPECT_THAT(receiver.finish(), IsEmpty());
}

TEST(Webhook, LinkLocalIsRefusedHoweverItIsWritten) {
  for (const char* host : {"169.254.169.254", "2852039166", "0xA9FEA9FE", "0251.0376.0251.0376", "[fe80::1]",
                           "[::ffff:169.254.169.254]"}) {
    const auto outcome = post("http://" + std::string(host) + "/latest/meta-data/");
    ASSERT_FALSE(outcome) << host;
    EXPECT_THAT(outcome.error().message, HasSubstr("is a link-local address")) << host;
  }
}

TEST(Webhook, OneThatSaysNothingIsLeftAfterItsTime) {
  Receiver receiver("");
  const auto outcome = post(receiver.url(), Networks(), 200);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message, "There was no answer within 200 ms.");
}

TEST(Webhook, AStopBreaksItOff) {
  Receiver receiver("");
  EXPECT_FALSE(post(receiver.url(), Networks(), 60'000, /*stopping=*/true));
}

TEST(Webhook, AnAnswerThatIsTooLongCountsByItsStatus) {
  const std::string flood(200'000, 'x');
  Receiver fine("HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + flood);
  EXPECT_TRUE(post(fine.url()));
  Receiver bad("HTTP/1.1 503 No\r\nContent-Length: 200000\r\n\r\n" + flood);
  EXPECT_FALSE(post(bad.url()));
  std::string headers = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 5'000; ++i) headers += "X-" + std::to_string(i) + ": 0123456789012345678901234567890\r\n";
  Receiver endless(headers + "\r\n");
  EXPECT_FALSE(post(endless.url()));
}

TEST(Webhook, WhatItSaysOfAFailureHoldsNoSecret) {
  std::string url;
  {
    Receiver gone("");
    url = gone.url();
  }
  const auto outcome = post(url);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().message.find("hidden"), std::string::npos) << outcome.error().message;
}

TEST(Webhook, MistakesOfAUrlAreNamed) {
  EXPECT_THAT(url_mistake("https://example.com/hook?x=1"), IsEmpty());
  EXPECT_THAT(url_mistake("http://[::1]:8080/"), IsEmpty());
  EXPECT_THAT(url_mistake("ftp://example.com/"), HasSubstr("https://"));
  EXPECT_THAT(url_mistake("file:///etc/passwd"), HasSubstr("https://"));
  EXPECT_THAT(url_mistake("https://user:word@example.com/"), HasSubstr("password"));
  EXPECT_THAT(url_mistake("https://example.com/#a"), HasSubstr("fragment"));
  for (const char* none : {"", "example.com", "https://", "https://exa mple.com/"}) {
    EXPECT_FALSE(url_mistake(none).empty()) << none;
  }
}

TEST(Webhook, TheOriginLeavesTheSecretPartOut) {
  EXPECT_EQ(url_origin("https://hooks.example.com/services/T0/B0/secret?token=x"), "https://hooks.example.com");
  EXPECT_EQ(url_origin("http://[::1]:8080/x"), "http://[::1]:8080");
}

}  // namespace
}  // namespace arbiter::effects
