#include "cli/bench/followers.h"

#include <array>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

namespace arbiter::cli {

namespace asio = boost::asio;

struct Followers::Loop {
  asio::io_context io{1};
  std::vector<std::unique_ptr<asio::ip::tcp::socket>> sockets;
  std::array<char, 64 * 1024> buffer;  // What comes is not looked at, so one is enough.
  std::atomic<std::uint64_t> bytes{0};
  std::thread thread;

  void read(asio::ip::tcp::socket& socket) {
    socket.async_read_some(asio::buffer(buffer), [this, &socket](boost::system::error_code failed, std::size_t count) {
      if (failed) return;
      bytes += count;
      read(socket);
    });
  }
};

Followers::Followers(const client::Endpoint& endpoint, std::size_t count,
                     const std::function<std::string(std::size_t)>& query)
    : loop_(std::make_unique<Loop>()) {
  for (std::size_t i = 0; i < count; ++i) {
    auto& socket = *loop_->sockets.emplace_back(std::make_unique<asio::ip::tcp::socket>(loop_->io));
    socket.connect({asio::ip::make_address(endpoint.host), endpoint.port});
    asio::write(socket,
                asio::buffer("GET /api/v1/events/stream" + query(i) + " HTTP/1.1\r\nHost: " + endpoint.authority() +
                             "\r\nAuthorization: Bearer " + endpoint.token + "\r\n\r\n"));
  }
  for (auto& socket : loop_->sockets) {
    std::string head;
    asio::read_until(*socket, asio::dynamic_buffer(head), ": position");
    if (!head.starts_with("HTTP/1.1 200")) {
      std::fprintf(stderr, "arbiter bench: a stream was answered with %s\n", head.c_str());
      std::exit(1);
    }
    loop_->read(*socket);
  }
  loop_->thread = std::thread([this] { loop_->io.run(); });
}

Followers::~Followers() {
  loop_->io.stop();
  loop_->thread.join();
}

std::uint64_t Followers::bytes() const { return loop_->bytes; }

}  // namespace arbiter::cli
