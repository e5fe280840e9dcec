#include "cli/bench/load_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace arbiter::cli {

namespace asio = boost::asio;
namespace http = boost::beast::http;

struct LoadClient::Loop {
  asio::io_context io{1};
};

class LoadClient::Connection {
 public:
  Connection(asio::io_context& io, const client::Endpoint& endpoint) : socket_(io) {
    socket_.connect(
        {asio::ip::make_address(endpoint.host == "localhost" ? "127.0.0.1" : endpoint.host), endpoint.port});
    socket_.set_option(asio::ip::tcp::no_delay(true));
    head_ = " HTTP/1.1\r\nHost: " + endpoint.authority() + "\r\nAuthorization: Bearer " + endpoint.token +
            "\r\nContent-Type: application/json\r\nContent-Length: ";
  }

  void post(std::string_view path, std::string_view body, OnReply done) {
    out_.assign("POST ");
    out_.append(path).append(head_).append(std::to_string(body.size())).append("\r\n\r\n").append(body);
    done_ = std::move(done);
    asio::async_write(socket_, asio::buffer(out_), [this](boost::system::error_code failed, std::size_t) {
      if (failed) return finish({});
      read();
    });
  }

 private:
  void read() {
    parser_.emplace();
    parser_->body_limit(boost::none);
    http::async_read(socket_, buffer_, *parser_, [this](boost::system::error_code failed, std::size_t) {
      if (failed) return finish({});
      const auto& message = parser_->get();
      finish({static_cast<int>(message.result_int()), message.body()});
    });
  }
  void finish(const LoadReply& reply) {
    const OnReply done = std::move(done_);
    done(reply);
  }

  asio::ip::tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::response_parser<http::string_body>> parser_;
  std::string head_;
  std::string out_;
  OnReply done_;
};

LoadClient::LoadClient(const client::Endpoint& endpoint, std::size_t connections) : loop_(std::make_unique<Loop>()) {
  for (std::size_t i = 0; i < connections; ++i) {
    connections_.push_back(std::make_unique<Connection>(loop_->io, endpoint));
  }
}

LoadClient::~LoadClient() = default;

void LoadClient::post(std::size_t i, std::string_view path, std::string_view body, OnReply done) {
  // The reply's body lives in the parser, which the next post() replaces: so answer first, post later.
  connections_[i]->post(path, body, std::move(done));
}

void LoadClient::after(std::int64_t microseconds, std::function<void()> job) {
  auto timer = std::make_shared<asio::steady_timer>(loop_->io, std::chrono::microseconds(microseconds));
  timer->async_wait([timer, job = std::move(job)](boost::system::error_code) { job(); });
}

void LoadClient::run() {
  loop_->io.restart();
  loop_->io.run();
}

}  // namespace arbiter::cli
