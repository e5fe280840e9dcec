// One client's connection: reads requests, hands them to the handler one after another, writes the answers.
//
// | phase      | what goes on                                      | deadline                        |
// | ---------- | ------------------------------------------------- | ------------------------------- |
// | kShaking   | the TLS handshake                                 | tls_handshake_timeout_ms        |
// | kReading   | a request is awaited or partly here               | idle, headers, body             |
// | kHandling  | the handler has a request                         | none                            |
// | kStreaming | an answer of many parts is under way              | none                            |
// | kMessages  | the connection has become a WebSocket             | the WebSocket's own (idle)      |
// | kLingering | all is written; the client's last bytes are eaten | kLingerMs                       |
// | kClosed    | nothing; late answers are undelivered             | none                            |
//
// Whatever the phase, unsent bytes that make no progress for the idle timeout (while the server ends: for
// drain_write_timeout_ms) close the connection.
// A read is pending in every phase, so that a client that leaves is noticed at once.
// Everything runs on the connection's strand, but for what says "any thread".
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "net/head.h"
#include "net/hub.h"
#include "net/parser.h"
#include "net/read_buffer.h"
#include "net/server.h"
#include "net/stream_queue.h"
#include "net/tls.h"
#include "net/web_socket.h"

namespace arbiter::net {

using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Strand>;

[[nodiscard]] std::int64_t monotonic_ms();

class Connection final : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Socket socket, std::shared_ptr<Hub> hub, Admission admission);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Any thread. `action` takes the connection and runs on its strand: now when this is the strand, else soon.
  template <typename Action>
  void run(Action action) {
    const Strand strand = socket_.get_executor();
    if (strand.running_in_this_thread()) return action(*this);
    boost::asio::post(strand, [self = shared_from_this(), action = std::move(action)]() mutable { action(*self); });
  }
  // Any thread.
  [[nodiscard]] bool is_overdue(std::int64_t now_ms) const {
    return deadline_ms_.load(std::memory_order_relaxed) <= now_ms;
  }

  void start();
  void expire();
  void drain();
  void shut();

  // The answer to request `number`; without effect when that is no longer waited for.
  void respond(std::uint64_t number, Response response, std::function<void()> undelivered);
  void abandon(std::uint64_t number);
  void start_stream(std::uint64_t number, Response head, std::function<void()> gone,
                    std::shared_ptr<StreamQueue> stream);
  void start_messages(std::uint64_t number, WebSocketSetup setup, std::function<void()> gone);
  void look_at_messages();  // the handler's queue
  void on_gone(std::uint64_t number, std::function<void()> gone);
  // Goes on with whatever can go on: parsing, handling, writing, reading.
  void advance();

 private:
  enum class Phase { kShaking, kReading, kHandling, kStreaming, kMessages, kLingering, kClosed };
  struct Undelivered {
    std::size_t end;  // of the answer, in the unsent bytes
    std::function<void()> tell;
  };
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

  [[nodiscard]] bool is_waiting_for(std::uint64_t number) const {
    return phase_ == Phase::kHandling && number == number_;
  }
  // Reading.
  [[nodiscard]] bool can_parse() const;
  [[nodiscard]] bool step();
  void check_head();
  void hand_over();
  void take_facts();
  void refuse(const base::Error& error);
  void end_of_input();
  void arm_read();
  [[nodiscard]] std::span<char> room_to_read();
  // TLS.
  void shake_hands();
  void fail_handshake();
  void read_when(Socket::wait_type ready);
  void read_tls();
  [[nodiscard]] bool write_tls();
  void on_read(const boost::system::error_code& error, std::size_t count);
  // Answering.
  [[nodiscard]] Persistence persistence() const;
  void answer(Response response, std::function<void()> undelivered);
  void allow_page(Response& response) const;
  void compress(Response& response) const;
  void finish_request();
  // Writing.
  [[nodiscard]] std::size_t unsent() const { return out_.size() + tail_.size() - sent_; }
  void flush();
  void write_more();
  void wait_writable();
  void forget_sent();
  void pump_stream();
  void feed_messages();
  void pump_messages();
  void linger();
  void update_deadline();

  Socket socket_;
  const std::shared_ptr<Hub> hub_;
  const Admission admission_;
  std::string remote_;
  std::unique_ptr<TlsChannel> tls_;  // null: without TLS
  ReadBuffer buffer_;
  RequestParser parser_;
  Phase phase_ = Phase::kReading;
  bool reading_ = false;    // An asynchronous read is under way.
  bool writing_ = false;    // Waiting until the socket takes more.
  bool closing_ = false;    // Close when all is sent.
  bool peer_done_ = false;  // The client ended its sending side.
  bool advancing_ = false;

  // The request being answered.
  std::uint64_t number_ = 0;
  std::string id_;
  bool is_head_ = false;
  bool is_http_1_1_ = true;
  bool accepts_gzip_ = false;
  std::string page_;  // the origin of a page that may read the answer; empty: none asked
  bool keep_alive_ = true;
  int status_ = 0;
  std::size_t body_bytes_ = 0;
  std::string logged_method_;  // These three only when there is an access log.
  std::string logged_target_;
  std::chrono::steady_clock::time_point began_{};
  std::function<void()> gone_;
  std::shared_ptr<StreamQueue> stream_;
  std::size_t stream_bytes_ = 0;  // taken from the stream, not yet sent
  std::shared_ptr<WebSocketSession> web_socket_;

  // Unsent: out_ then tail_, from sent_ on. The tail is one large body that would be a waste to copy.
  std::string out_;
  std::string tail_;
  std::size_t sent_ = 0;
  std::vector<Undelivered> undelivered_;

  std::int64_t now_ms_ = 0;  // as of the last advance()
  std::int64_t head_began_ms_ = kNever;
  std::int64_t body_began_ms_ = kNever;
  std::int64_t write_progress_ms_ = 0;
  std::int64_t linger_until_ms_ = 0;
  std::int64_t handshake_until_ms_ = 0;
  std::atomic<std::int64_t> deadline_ms_{kNever};
};

}  // namespace arbiter::net
