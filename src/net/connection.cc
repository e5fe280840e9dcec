#include "net/connection.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <charconv>
#include <exception>
#include <optional>

#include "base/check.h"
#include "base/values.h"
#include "net/access_log.h"
#include "net/compression.h"
#include "net/cors.h"
#include "net/text.h"

namespace arbiter::net {
namespace {

namespace asio = boost::asio;
using base::ErrorCode;

constexpr std::size_t kReadBytes = std::size_t{4} * 1024;
constexpr std::size_t kBodyReadBytes = std::size_t{64} * 1024;
constexpr std::size_t kPipelinedBytesMax = std::size_t{64} * 1024;
constexpr std::size_t kFlushBytes = std::size_t{64} * 1024;  // Answers of pipelined requests are gathered up to this.
constexpr std::size_t kCopiedBodyMax = std::size_t{16} * 1024;  // Larger bodies are written from where they are.
constexpr std::size_t kKeptCapacityMax = std::size_t{64} * 1024;
constexpr std::int64_t kLingerMs = 2'000;
constexpr int kOverloadRetryMs = 1'000;

// The responder of one request.
class Answer final : public Responder {
 public:
  Answer(std::shared_ptr<Connection> connection, std::uint64_t number, std::size_t stream_bytes_max)
      : connection_(std::move(connection)), number_(number), stream_bytes_max_(stream_bytes_max) {}
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() override {
    if (!used_.load()) connection_->run([number = number_](Connection& c) { c.abandon(number); });
  }

  void respond(Response response, std::function<void()> undelivered) override;
  std::shared_ptr<Stream> stream(Response head, std::function<void()> gone) override;
  std::shared_ptr<WebSocket> web_socket(const Request& request, std::string protocol,
                                        std::function<void(std::string)> message, std::function<void()> gone) override;
  void on_gone(std::function<void()> gone) override {
    connection_->run(
        [number = number_, gone = std::move(gone)](Connection& c) mutable { c.on_gone(number, std::move(gone)); });
  }

 private:
  const std::shared_ptr<Connection> connection_;
  const std::uint64_t number_;
  const std::size_t stream_bytes_max_;
  std::atomic<bool> used_{false};
};

// What the handler holds of its stream.
class StreamHandle final : public Stream {
 public:
  StreamHandle(std::shared_ptr<Connection> connection, std::shared_ptr<StreamQueue> queue)
      : connection_(std::move(connection)), queue_(std::move(queue)) {}
  StreamHandle(const StreamHandle&) = delete;
  StreamHandle& operator=(const StreamHandle&) = delete;
  ~StreamHandle() override { end(); }

  bool write(std::string bytes) override {
    const auto pushed = queue_->push(std::move(bytes));
    if (pushed == StreamQueue::Push::kWake) connection_->run([](Connection& c) { c.advance(); });
    return pushed != StreamQueue::Push::kRefused;
  }
  std::size_t room() override { return queue_->room(); }
  void close() override { end(); }
  void close_with(std::string bytes) override { end(std::move(bytes)); }

 private:
  void end(std::string last = {}) {
    if (queue_->end(std::move(last))) connection_->run([](Connection& c) { c.advance(); });
  }

  const std::shared_ptr<Connection> connection_;
  const std::shared_ptr<StreamQueue> queue_;
};

// What the handler holds of its WebSocket.
class WebSocketHandle final : public WebSocket {
 public:
  WebSocketHandle(std::shared_ptr<Connection> connection, std::shared_ptr<MessageQueue> queue)
      : connection_(std::move(connection)), queue_(std::move(queue)) {}
  WebSocketHandle(const WebSocketHandle&) = delete;
  WebSocketHandle& operator=(const WebSocketHandle&) = delete;
  ~WebSocketHandle() override { close(); }

  bool send(std::string message) override {
    const auto pushed = queue_->push(std::move(message));
    if (pushed == MessageQueue::Push::kWake) wake();
    return pushed != MessageQueue::Push::kRefused;
  }
  std::size_t room() override { return queue_->room(); }
  void tell(std::string message) override {
    const auto pushed = queue_->push_reserved(std::move(message));
    if (pushed == MessageQueue::Push::kWake) wake();
    if (pushed == MessageQueue::Push::kRefused) connection_->run([](Connection& c) { c.shut(); });
  }
  void close() override {
    if (queue_->end()) wake();
  }
  void close_with(std::string reason) override {
    if (queue_->end(std::move(reason))) wake();
  }

 private:
  void wake() {
    connection_->run([](Connection& c) { c.look_at_messages(); });
  }

  const std::shared_ptr<Connection> connection_;
  const std::shared_ptr<MessageQueue> queue_;
};

void Answer::respond(Response response, std::function<void()> undelivered) {
  CHECK(!used_.exchange(true));
  connection_->run([number = number_, response = std::move(response), undelivered = std::move(undelivered)](
                       Connection& c) mutable { c.respond(number, std::move(response), std::move(undelivered)); });
}

std::shared_ptr<Stream> Answer::stream(Response head, std::function<void()> gone) {
  CHECK(!used_.exchange(true));
  auto queue = std::make_shared<StreamQueue>(stream_bytes_max_);
  connection_->run([number = number_, head = std::move(head), gone = std::move(gone), queue](Connection& c) mutable {
    c.start_stream(number, std::move(head), std::move(gone), std::move(queue));
  });
  return std::make_shared<StreamHandle>(connection_, std::move(queue));
}

std::shared_ptr<WebSocket> Answer::web_socket(const Request& request, std::string protocol,
                                              std::function<void(std::string)> message, std::function<void()> gone) {
  CHECK(!used_.exchange(true));
  auto queue = std::make_shared<MessageQueue>(stream_bytes_max_);
  WebSocketSetup setup{request, std::move(protocol), {}, {}, queue, std::move(message), {}};
  connection_->run([number = number_, setup = std::move(setup), gone = std::move(gone)](Connection& c) mutable {
    c.start_messages(number, std::move(setup), std::move(gone));
  });
  return std::make_shared<WebSocketHandle>(connection_, std::move(queue));
}

std::string address_of(const Socket& socket) {
  boost::system::error_code ec;
  const auto end = socket.remote_endpoint(ec);
  if (ec) return "unknown";
  return end.address().to_string() + ":" + std::to_string(end.port());
}

void add_retry_after(Response& response, int retry_after_ms) {
  if (retry_after_ms <= 0) return;
  for (const auto& header : response.headers) {
    if (same_text(header.first, "Retry-After")) return;
  }
  response.headers.emplace_back("Retry-After", std::to_string((retry_after_ms + 999) / 1000));
}

void append_chunk_size(std::string& out, std::size_t size) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
  out.append(digits.data(), end);
  out += "\r\n";
}

}  // namespace

std::int64_t monotonic_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

Connection::Connection(Socket socket, std::shared_ptr<Hub> hub, Admission admission)
    : socket_(std::move(socket)),
      hub_(std::move(hub)),
      admission_(admission),
      remote_(address_of(socket_)),
      parser_(hub_->config.limits) {}

Connection::~Connection() { hub_->remove(this); }

void Connection::start() {
  if (phase_ == Phase::kClosed) return;
  boost::system::error_code ec;
  socket_.set_option(asio::ip::tcp::no_delay(true), ec);
  socket_.non_blocking(true, ec);
  if (ec) return shut();
  if (hub_->config.tls) {
    if (admission_ == Admission::kRefused) return shut();  // Over the limit no handshake is spent.
    tls_ = std::make_unique<TlsChannel>(*hub_->config.tls, socket_.native_handle());
    phase_ = Phase::kShaking;
    handshake_until_ms_ = monotonic_ms() + hub_->config.limits.tls_handshake_timeout_ms;
    deadline_ms_.store(handshake_until_ms_, std::memory_order_relaxed);
    return shake_hands();
  }
  if (admission_ == Admission::kRefused) {
    keep_alive_ = false;
    refuse({ErrorCode::kOverloaded, "Too many connections are open.", {}, kOverloadRetryMs});
  }
  advance();
}

// ---- TLS ------------------------------------------------------------------------------------------------------

void Connection::shake_hands() {
  if (phase_ != Phase::kShaking) return;
  const auto go_on = [self = shared_from_this()](const boost::system::error_code&) { self->shake_hands(); };
  switch (tls_->handshake().outcome) {
    case TlsChannel::Outcome::kDone:
      phase_ = Phase::kReading;
      return advance();
    case TlsChannel::Outcome::kWantRead:
      return socket_.async_wait(Socket::wait_read, go_on);
    case TlsChannel::Outcome::kWantWrite:
      return socket_.async_wait(Socket::wait_write, go_on);
    case TlsChannel::Outcome::kEnd:
    case TlsChannel::Outcome::kFailed:
      return fail_handshake();
  }
}

void Connection::fail_handshake() {
  hub_->stats.tls_handshakes_failed.fetch_add(1, std::memory_order_relaxed);
  if (tls_->heard_http()) {
    constexpr std::string_view kAnswer =
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 40\r\nConnection: close\r\n\r\n"
        "This port speaks TLS: ask with https://\n";
    boost::system::error_code ec;
    socket_.write_some(asio::buffer(kAnswer), ec);
    socket_.shutdown(asio::socket_base::shutdown_send, ec);
  }
  shut();
}

// One read is under way from here to on_read().
void Connection::read_when(Socket::wait_type ready) {
  socket_.async_wait(ready, [self = shared_from_this()](const boost::system::error_code&) { self->read_tls(); });
}

void Connection::read_tls() {
  if (phase_ == Phase::kClosed) {
    reading_ = false;
    return;
  }
  const auto room = room_to_read();
  if (room.empty()) {
    reading_ = false;  // arm_read() goes on when there is room again.
    return;
  }
  const auto [outcome, count] = tls_->read(room);
  switch (outcome) {
    case TlsChannel::Outcome::kDone:
      return on_read({}, count);
    case TlsChannel::Outcome::kWantRead:
      return read_when(Socket::wait_read);
    case TlsChannel::Outcome::kWantWrite:
      return read_when(Socket::wait_write);
    case TlsChannel::Outcome::kEnd:
      return on_read(asio::error::eof, 0);
    case TlsChannel::Outcome::kFailed:
      return on_read(asio::error::connection_reset, 0);
  }
}

// False: the socket takes nothing now.
bool Connection::write_tls() {
  const bool from_out = sent_ < out_.size();
  const std::string_view rest =
      from_out ? std::string_view(out_).substr(sent_) : std::string_view(tail_).substr(sent_ - out_.size());
  const auto [outcome, count] = tls_->write(rest);
  switch (outcome) {
    case TlsChannel::Outcome::kDone:
      sent_ += count;
      return true;
    case TlsChannel::Outcome::kWantWrite:
      wait_writable();
      return false;
    case TlsChannel::Outcome::kWantRead:  // Only a renegotiation would, and there is none.
    case TlsChannel::Outcome::kEnd:
    case TlsChannel::Outcome::kFailed:
      shut();
      return false;
  }
  return false;
}

void Connection::advance() {
  if (phase_ == Phase::kShaking) return;
  if (advancing_ || phase_ == Phase::kClosed) return;
  advancing_ = true;
  now_ms_ = monotonic_ms();
  if (phase_ == Phase::kMessages) feed_messages();
  bool starved = false;
  do {
    while (!starved && can_parse()) {
      starved = !step();
      if (unsent() > kFlushBytes || !tail_.empty()) flush();
    }
    flush();
  } while (!starved && can_parse());
  advancing_ = false;
  if (peer_done_ && phase_ == Phase::kReading && !closing_ && !writing_) end_of_input();
  if (phase_ == Phase::kClosed) return;
  update_deadline();
  arm_read();
}

// ---- reading --------------------------------------------------------------------------------------------------

bool Connection::can_parse() const {
  return phase_ == Phase::kReading && !closing_ && !writing_ && tail_.empty() &&
         (!buffer_.empty() || parser_.head_done());
}

// False: more bytes are needed.
bool Connection::step() {
  const auto [step, consumed] = parser_.put(buffer_.readable());
  buffer_.consume(consumed);
  switch (step) {
    case RequestParser::Step::kNeedMore:
      if (parser_.started() && head_began_ms_ == kNever) head_began_ms_ = now_ms_;
      return false;
    case RequestParser::Step::kHeader:
      check_head();
      return true;
    case RequestParser::Step::kDone:
      hand_over();
      return true;
    case RequestParser::Step::kFailed:
      keep_alive_ = false;
      refuse(parser_.error());
      return true;
  }
  return false;
}

// The checks that need no body, and that come before anything is known about the path.
void Connection::check_head() {
  body_began_ms_ = now_ms_;
  if (hub_->config.access_log) began_ = std::chrono::steady_clock::now();
  // A body that nobody will read cannot be told from the next request: after a refusal the connection ends.
  keep_alive_ = parser_.keep_alive() && !parser_.has_body();
  if (auto refused = hub_->gate.check(parser_.host(), parser_.origin())) return refuse(*refused);
  const auto bytes_max = hub_->config.limits.body_bytes_max;
  if (parser_.content_length().value_or(0) > bytes_max) {
    return refuse({ErrorCode::kTooLarge, "A request body may have " + std::to_string(bytes_max) + " bytes."});
  }
  if (parser_.expects_continue() && parser_.is_http_1_1() && parser_.has_body() && buffer_.empty()) {
    out_ += "HTTP/1.1 100 Continue\r\n\r\n";
  }
}

void Connection::hand_over() {
  hub_->stats.requests.fetch_add(1, std::memory_order_relaxed);
  keep_alive_ = parser_.keep_alive();
  take_facts();
  phase_ = Phase::kHandling;
  ++number_;
  auto& request = parser_.request();
  if (!page_.empty() && is_preflight(request)) return answer(preflight_answer(), {});
  request.id = id_;
  request.remote = remote_;
  auto responder = std::make_shared<Answer>(shared_from_this(), number_, hub_->config.limits.stream_buffer_bytes_max);
  try {
    hub_->handler.handle(std::move(request), std::move(responder));
  } catch (const std::exception&) {
    // An exception of a library must not end the server; whoever asked gets a 500.
    abandon(number_);
  }
}

// Keeps what the answer needs of the request, as far as it has been read.
void Connection::take_facts() {
  const Request& request = parser_.request();
  const std::string_view id = request.header("X-Request-Id");
  id_ = base::is_name(id) ? std::string(id) : hub_->make_request_id();
  is_head_ = request.method == "HEAD";
  is_http_1_1_ = !parser_.head_done() || parser_.is_http_1_1();
  accepts_gzip_ = parser_.head_done() && accepts_gzip(request.header("Accept-Encoding"));
  const auto origin = parser_.head_done() ? parser_.origin() : std::nullopt;
  page_ = origin && hub_->gate.is_allowed_page(*origin) ? std::string(*origin) : std::string();
  if (hub_->config.access_log) {
    logged_method_ = request.method;
    logged_target_ = request.target;
    if (began_ == std::chrono::steady_clock::time_point{}) began_ = std::chrono::steady_clock::now();
  }
}

// Answers the request being read with an error of the server itself.
void Connection::refuse(const base::Error& error) {
  take_facts();
  auto response = hub_->handler.refuse(error, id_);
  add_retry_after(response, error.retry_after_ms);
  answer(std::move(response), {});
}

// The client will send nothing more and everything whole has been answered.
void Connection::end_of_input() {
  if (!parser_.started()) return shut();
  keep_alive_ = false;
  refuse({ErrorCode::kInvalidRequest, "The request ended in the middle."});
  flush();
}

std::span<char> Connection::room_to_read() {
  if (phase_ == Phase::kLingering) buffer_.clear();
  const bool in_body = phase_ == Phase::kReading && parser_.head_done();
  // One byte more than a head may have, so that an oversized head shows.
  const auto bytes_max = std::max(kPipelinedBytesMax, hub_->config.limits.header_bytes_max + 1);
  return buffer_.prepare(in_body ? kBodyReadBytes : kReadBytes, bytes_max);
}

void Connection::arm_read() {
  if (reading_ || peer_done_ || phase_ == Phase::kClosed) return;
  const auto room = room_to_read();
  if (room.empty()) return;
  reading_ = true;
  if (tls_ && tls_->has_pending()) {
    return asio::post(socket_.get_executor(), [self = shared_from_this()] { self->read_tls(); });
  }
  if (tls_) return read_when(Socket::wait_read);
  socket_.async_read_some(asio::buffer(room.data(), room.size()),
                          [self = shared_from_this()](const boost::system::error_code& ec, std::size_t count) {
                            self->on_read(ec, count);
                          });
}

void Connection::on_read(const boost::system::error_code& error, std::size_t count) {
  reading_ = false;
  if (phase_ == Phase::kClosed) return;
  if (error) {
    peer_done_ = true;
    // With nobody interested in the leaving, what is under way is still answered: the client may only have ended its
    // sending side.
    const bool may_listen = error == asio::error::eof && phase_ != Phase::kLingering && phase_ != Phase::kStreaming &&
                            phase_ != Phase::kMessages;
    if (!may_listen || gone_) return shut();
  }
  buffer_.commit(count);
  advance();
}

// ---- answering ------------------------------------------------------------------------------------------------

void Connection::respond(std::uint64_t number, Response response, std::function<void()> undelivered) {
  if (is_waiting_for(number) && peer_done_ && undelivered) shut();
  if (!is_waiting_for(number)) {
    if (undelivered) undelivered();
    return;
  }
  answer(std::move(response), std::move(undelivered));
  advance();
}

void Connection::abandon(std::uint64_t number) {
  if (!is_waiting_for(number)) return;
  auto response = hub_->handler.refuse({ErrorCode::kInternal, "The request was given up inside the server."}, id_);
  answer(std::move(response), {});
  advance();
}

void Connection::on_gone(std::uint64_t number, std::function<void()> gone) {
  if (is_waiting_for(number) && peer_done_) shut();
  if (is_waiting_for(number)) {
    gone_ = std::move(gone);
  } else if (phase_ == Phase::kClosed && number == number_) {
    gone();
  }
}

void Connection::start_stream(std::uint64_t number, Response head, std::function<void()> gone,
                              std::shared_ptr<StreamQueue> stream) {
  if (is_waiting_for(number) && peer_done_) shut();
  if (!is_waiting_for(number)) {
    stream->abandon();
    if (gone) gone();
    return;
  }
  phase_ = Phase::kStreaming;
  stream_ = std::move(stream);
  gone_ = std::move(gone);
  status_ = head.status;
  body_bytes_ = 0;
  keep_alive_ = keep_alive_ && is_http_1_1_;
  allow_page(head);
  append_head(out_, head, id_, is_http_1_1_ ? Framing::kChunked : Framing::kUntilClose, persistence());
  if (is_head_ || hub_->draining.load()) return drain();
  advance();
}

void Connection::start_messages(std::uint64_t number, WebSocketSetup setup, std::function<void()> gone) {
  if (is_waiting_for(number) && peer_done_) shut();
  if (!is_waiting_for(number)) {
    setup.queue->abandon();
    if (gone) gone();
    return;
  }
  phase_ = Phase::kMessages;
  gone_ = std::move(gone);
  status_ = 101;
  body_bytes_ = 0;
  keep_alive_ = false;
  setup.request_id = id_;
  setup.limits = hub_->config.limits;
  setup.wake = [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->advance();
  };
  web_socket_ = make_web_socket_session(socket_.get_executor(), std::move(setup));
  web_socket_->start();
  if (hub_->draining.load()) web_socket_->drain();
  advance();
}

void Connection::look_at_messages() {
  if (phase_ == Phase::kMessages) web_socket_->look();
}

// As much as the WebSocket takes now; it wakes the connection when it takes more.
void Connection::feed_messages() {
  while (!buffer_.empty()) {
    const std::size_t taken = web_socket_->receive(buffer_.readable());
    if (taken == 0) return;
    buffer_.consume(taken);
  }
}

Persistence Connection::persistence() const {
  if (!keep_alive_ || hub_->draining.load(std::memory_order_relaxed)) return Persistence::kClose;
  return is_http_1_1_ ? Persistence::kDefault : Persistence::kKeepAlive;
}

void Connection::allow_page(Response& response) const {
  if (!hub_->gate.allows_pages()) return;
  response.headers.emplace_back("Vary", "Origin");
  if (!page_.empty()) net::allow_page(response, page_);
}

void Connection::compress(Response& response) const {
  if (!is_compressible(response, hub_->config.limits.gzip_bytes_min)) return;
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (!accepts_gzip_) return;
  std::string packed = gzip(response.body);
  if (packed.empty()) return;
  response.body = std::move(packed);
  response.headers.emplace_back("Content-Encoding", "gzip");
}

void Connection::answer(Response response, std::function<void()> undelivered) {
  const auto persists = persistence();
  allow_page(response);
  compress(response);
  append_head(out_, response, id_, Framing::kLength, persists);
  status_ = response.status;
  body_bytes_ = is_head_ || has_no_body(status_) ? 0 : response.body.size();
  if (body_bytes_ > kCopiedBodyMax) {
    tail_ = std::move(response.body);
  } else if (body_bytes_ > 0) {
    out_ += response.body;
  }
  if (undelivered) undelivered_.push_back({out_.size() + tail_.size(), std::move(undelivered)});
  if (persists == Persistence::kClose) closing_ = true;
  finish_request();
}

void Connection::finish_request() {
  if (const auto& log = hub_->config.access_log) {
    using namespace std::chrono;
    const auto us = duration_cast<microseconds>(steady_clock::now() - began_).count();
    log_access(*log, {id_, logged_method_, logged_target_, remote_, status_, body_bytes_, us});
    began_ = {};
  }
  gone_ = nullptr;
  stream_.reset();
  web_socket_.reset();
  phase_ = Phase::kReading;
  head_began_ms_ = body_began_ms_ = kNever;
  parser_.reset();
}

// ---- writing --------------------------------------------------------------------------------------------------

void Connection::flush() {
  while (!writing_ && phase_ != Phase::kClosed) {
    if (unsent() == 0 && phase_ == Phase::kStreaming) pump_stream();
    if (unsent() == 0 && phase_ == Phase::kMessages) pump_messages();
    if (unsent() == 0) break;
    write_more();
  }
  if (closing_ && unsent() == 0 && phase_ == Phase::kReading) linger();
}

void Connection::write_more() {
  if (tls_) {
    if (!write_tls()) return;
    write_progress_ms_ = now_ms_;
    if (unsent() == 0) forget_sent();
    return;
  }
  const std::size_t out_sent = std::min(sent_, out_.size());
  const std::size_t tail_sent = sent_ - out_sent;
  const std::array<asio::const_buffer, 2> buffers{
      asio::const_buffer(out_.data() + out_sent, out_.size() - out_sent),
      asio::const_buffer(tail_.data() + tail_sent, tail_.size() - tail_sent)};
  boost::system::error_code ec;
  const std::size_t count =
      tail_.empty() ? socket_.write_some(asio::const_buffers_1(buffers[0]), ec) : socket_.write_some(buffers, ec);
  if (ec == asio::error::would_block) return wait_writable();
  if (ec) return shut();
  sent_ += count;
  write_progress_ms_ = now_ms_;
  if (unsent() == 0) forget_sent();
}

void Connection::wait_writable() {
  writing_ = true;
  write_progress_ms_ = now_ms_;
  socket_.async_wait(Socket::wait_write, [self = shared_from_this()](const boost::system::error_code&) {
    self->writing_ = false;  // An error shows when writing is tried again.
    self->advance();
  });
}

void Connection::forget_sent() {
  if (stream_ && stream_bytes_ > 0) stream_->sent(std::exchange(stream_bytes_, 0));
  if (web_socket_) web_socket_->output_sent();
  out_.clear();
  if (!tail_.empty()) tail_ = std::string();
  sent_ = 0;
  undelivered_.clear();
  if (out_.capacity() > kKeptCapacityMax) out_ = std::string();
}

// Takes what the handler has written meanwhile; all before is sent.
void Connection::pump_stream() {
  auto taken = stream_->take();
  if (taken.ended) {
    if (is_http_1_1_ && !is_head_) out_ += "0\r\n\r\n";
    if (persistence() == Persistence::kClose) closing_ = true;
    finish_request();
    return;
  }
  if (taken.bytes.empty()) return;
  stream_bytes_ = taken.bytes.size();
  body_bytes_ += stream_bytes_;
  if (is_http_1_1_) {
    append_chunk_size(out_, taken.bytes.size());
    taken.bytes += "\r\n";
  }
  tail_ = std::move(taken.bytes);
}

// Takes what the WebSocket has gathered; all before is sent.
void Connection::pump_messages() {
  tail_ = web_socket_->take_output();
  body_bytes_ += tail_.size();
  if (!tail_.empty() || !web_socket_->finished()) return;
  const auto gone = std::exchange(gone_, nullptr);
  web_socket_->abort();
  closing_ = true;
  finish_request();
  if (gone) gone();
}

// Closing with unread input would reset the connection, and the client might lose the answer: its input is read on for
// a short while.
void Connection::linger() {
  if (peer_done_) return shut();
  phase_ = Phase::kLingering;
  linger_until_ms_ = now_ms_ + kLingerMs;
  boost::system::error_code ec;
  if (tls_) tls_->say_end();
  socket_.shutdown(asio::socket_base::shutdown_send, ec);
}

// ---- ending ---------------------------------------------------------------------------------------------------

void Connection::update_deadline() {
  const Limits& limits = hub_->config.limits;
  std::int64_t deadline = kNever;
  if (phase_ == Phase::kLingering) {
    deadline = linger_until_ms_;
  } else if (writing_) {
    const bool draining = hub_->draining.load(std::memory_order_relaxed);
    deadline = write_progress_ms_ + (draining ? limits.drain_write_timeout_ms : limits.idle_timeout_ms);
  } else if (phase_ == Phase::kReading) {
    if (body_began_ms_ != kNever) {
      deadline = body_began_ms_ + limits.body_timeout_ms;
    } else if (head_began_ms_ != kNever) {
      deadline = head_began_ms_ + limits.header_timeout_ms;
    } else {
      deadline = now_ms_ + limits.idle_timeout_ms;
    }
  }
  deadline_ms_.store(deadline, std::memory_order_relaxed);
}

void Connection::expire() {
  if (!is_overdue(monotonic_ms())) return;  // It has moved on meanwhile.
  if (phase_ != Phase::kReading || writing_ || !parser_.started()) return shut();
  const bool in_head = body_began_ms_ == kNever;
  keep_alive_ = false;
  refuse({ErrorCode::kRequestTimeout,
          in_head ? "The request's headers did not arrive in time." : "The request's body did not arrive in time."});
  advance();
}

void Connection::drain() {
  if (phase_ == Phase::kStreaming) {
    if (const bool first = stream_->end(); first && gone_) std::exchange(gone_, nullptr)();
  }
  if (phase_ == Phase::kMessages) web_socket_->drain();
  if (phase_ == Phase::kShaking) return shut();
  boost::system::error_code ec;
  const bool idle = phase_ == Phase::kReading && !parser_.started() && buffer_.empty() && unsent() == 0;
  if (idle && socket_.available(ec) == 0) return shut();
  advance();
}

void Connection::shut() {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  deadline_ms_.store(kNever, std::memory_order_relaxed);
  boost::system::error_code ec;
  if (tls_) tls_->say_end();
  socket_.close(ec);
  hub_->remove(this);
  if (stream_) stream_->abandon();
  if (web_socket_) web_socket_->abort();
  const auto undelivered = std::exchange(undelivered_, {});
  const auto gone = std::exchange(gone_, nullptr);
  for (const auto& answer : undelivered) {
    if (answer.end > sent_) answer.tell();
  }
  if (gone) gone();
}

}  // namespace arbiter::net
