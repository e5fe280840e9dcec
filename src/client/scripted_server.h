// For tests: a server that plays a script over real sockets.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "base/check.h"
#include "client/endpoint.h"

namespace arbiter::client {

// A server that plays a script: each entry is one connection, each string in it the answer to one request (an empty one
// closes the connection instead). It keeps what it heard.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::vector<std::string>> script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    CHECK(::listen(listener_, 8) == 0);
    socklen_t size = sizeof address;
    CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    endpoint_ = {"127.0.0.1", ntohs(address.sin_port), "secret", "team"};
    thread_ = std::thread([this] { play(); });
  }
  ~ScriptedServer() { finish(); }
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }
  const std::vector<std::string>& finish() {
    if (thread_.joinable()) {
      ::shutdown(listener_, SHUT_RDWR);
      thread_.join();
      ::close(listener_);
    }
    return heard_;
  }

 private:
  void play() {
    for (const auto& answers : script_) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      for (const auto& answer : answers) {
        if (!read_request(fd) || answer.empty()) break;
        CHECK(::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(answer.size()));
      }
      ::close(fd);
    }
  }
  bool read_request(int fd) {
    std::string text;
    char buffer[4096];
    for (;;) {
      if (const auto end = text.find("\r\n\r\n"); end != std::string::npos) {
        const auto at = text.find("Content-Length: ");
        const std::size_t body = at == std::string::npos ? 0 : std::stoul(text.substr(at + 16));
        if (text.size() >= end + 4 + body) break;
      }
      const auto n = ::recv(fd, buffer, sizeof buffer, 0);
      if (n <= 0) return false;
      text.append(buffer, static_cast<std::size_t>(n));
    }
    heard_.push_back(std::move(text));
    return true;
  }
  std::vector<std::vector<std::string>> script_;
  std::vector<std::string> heard_;
  Endpoint endpoint_;
  int listener_ = -1;
  std::thread thread_;
};

inline std::string answer(int status, const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         headers + "\r\n" + body;
}

}  // namespace arbiter::client
