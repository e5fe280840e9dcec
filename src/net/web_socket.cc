#include "net/web_socket.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <chrono>
#include <utility>
#include <vector>

#include "net/text.h"

namespace arbiter::net {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using boost::system::error_code;
using std::chrono::steady_clock;

constexpr std::size_t kGatheredBytesMax =
    std::size_t{64} * 1024;  // Messages are gathered up to this before they are sent.
// What a client may send at once is what it may send in so many seconds.
constexpr double kBurstSeconds = 4;
constexpr double kHeadersPerSecondBytes = 16.0 * 1024;  // Beside one message of full size per second.

// What a client may send, of bytes or of frames, refilled with time.
class Allowance {
 public:
  explicit Allowance(double per_second) : per_second_(per_second), most_(kBurstSeconds * per_second_), left_(most_) {}
  // False: more than it may.
  [[nodiscard]] bool spend(double count) {
    const auto now = steady_clock::now();
    left_ = std::min(most_, left_ + per_second_ * std::chrono::duration<double>(now - refilled_).count());
    refilled_ = now;
    left_ -= count;
    return left_ >= 0;
  }

 private:
  const double per_second_;
  const double most_;
  double left_;
  steady_clock::time_point refilled_ = steady_clock::now();
};

// The stream under Beast's protocol: reads what the connection feeds, gathers what it is to send.
class Pipe {
 public:
  using executor_type = Strand;  // NOLINT(readability-identifier-naming): Asio asks for this name
  using Handler = std::function<void(error_code, std::size_t)>;

  Pipe(const Strand& strand, std::function<void()> wake) : strand_(strand), wake_(std::move(wake)) {}

  executor_type get_executor() const noexcept { return strand_; }

  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& into) {
          into_.assign(asio::buffer_sequence_begin(into), asio::buffer_sequence_end(into));
          on_read_ = keep(std::move(handler));
          if (aborted_) return complete(on_read_, asio::error::operation_aborted, 0);
          asio::post(strand_, wake_);
        },
        token, buffers);
  }

  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(error_code, std::size_t)>(
        [this](auto handler, const Buffers& from) {
          on_write_ = keep(std::move(handler));
          if (aborted_) return complete(on_write_, asio::error::operation_aborted, 0);
          gather(from);
        },
        token, buffers);
  }

  std::size_t feed(std::string_view bytes) {
    if (!on_read_ || bytes.empty()) return 0;
    const std::size_t count = asio::buffer_copy(into_, asio::buffer(bytes.data(), bytes.size()));
    complete(on_read_, {}, count);
    return count;
  }

  std::string take() { return std::exchange(out_, {}); }
  void sent() {
    if (held_ > 0) complete(on_write_, {}, std::exchange(held_, 0));
  }
  void abort() {
    aborted_ = true;
    if (on_read_) complete(on_read_, asio::error::operation_aborted, 0);
    if (on_write_) complete(on_write_, asio::error::operation_aborted, 0);
  }
  void set_gathering(bool gathering) { gathering_ = gathering; }
  [[nodiscard]] bool close_sent() const { return close_sent_; }
  [[nodiscard]] bool aborted() const { return aborted_; }
  [[nodiscard]] std::size_t gathered() const { return out_.size(); }

  // Beast's way to end a stream whose time-out is over.
  friend void beast_close_socket(Pipe& pipe) { pipe.abort(); }
  // After both sides have closed. The connection ends the socket.
  template <typename Token>
  friend void async_teardown(beast::role_type, Pipe& pipe, Token&& token) {
    asio::post(pipe.strand_, beast::bind_handler(std::forward<Token>(token), error_code{}));
  }

 private:
  template <typename Given>
  static Handler keep(Given handler) {
    return [kept = std::make_shared<Given>(std::move(handler))](error_code error, std::size_t count) {
      std::move (*kept)(error, count);
    };
  }
  void complete(Handler& handler, error_code error, std::size_t count) {
    asio::post(strand_, [done = std::exchange(handler, {}), error, count] { done(error, count); });
  }
  template <typename Buffers>
  void gather(const Buffers& from) {
    const std::size_t size = asio::buffer_size(from);
    const std::size_t begin = out_.size();
    out_.resize(begin + size);
    asio::buffer_copy(asio::buffer(out_.data() + begin, size), from);
    // Beast hands over whole frames; this is the first byte of a close frame of a server.
    constexpr char kCloseFrame = '\x88';
    if (size > 0 && out_[begin] == kCloseFrame) close_sent_ = true;
    if (out_.size() < kGatheredBytesMax) {
      complete(on_write_, {}, size);
    } else {
      held_ = size;  // Until the client has taken some.
    }
    if (!gathering_ || held_ > 0) asio::post(strand_, wake_);
  }

  const Strand strand_;
  const std::function<void()> wake_;
  std::vector<asio::mutable_buffer> into_;
  Handler on_read_;
  Handler on_write_;
  std::string out_;
  std::size_t held_ = 0;
  bool gathering_ = false;  // More is about to be written.
  bool close_sent_ = false;
  bool aborted_ = false;
};

using UpgradeRequest = http::request<http::empty_body>;

UpgradeRequest upgrade_of(const Request& request) {
  UpgradeRequest upgrade{http::verb::get, request.target, 11};
  for (const auto& [name, value] : request.headers) upgrade.insert(name, value);
  return upgrade;
}

class Session final : public WebSocketSession, public std::enable_shared_from_this<Session> {
 public:
  Session(const Strand& strand, WebSocketSetup setup)
      : setup_(std::move(setup)),
        upgrade_(upgrade_of(setup_.request)),
        bytes_(static_cast<double>(setup_.limits.web_socket_message_bytes_max) + kHeadersPerSecondBytes),
        frames_(static_cast<double>(setup_.limits.web_socket_messages_per_second)),
        stream_(strand, setup_.wake) {
    stream_.read_message_max(setup_.limits.web_socket_message_bytes_max);
    stream_.auto_fragment(false);
    stream_.set_option(websocket::stream_base::timeout{
        std::chrono::milliseconds(setup_.limits.header_timeout_ms),
        std::chrono::milliseconds(setup_.limits.web_socket_idle_timeout_ms), /*keep_alive_pings=*/true});
    stream_.set_option(websocket::stream_base::decorator(
        [id = setup_.request_id, protocol = setup_.protocol](websocket::response_type& response) {
          response.set("X-Request-Id", id);
          if (!protocol.empty()) response.set(http::field::sec_websocket_protocol, protocol);
        }));
  }

  void start() override {
    stream_.control_callback([this](websocket::frame_type, beast::string_view) { count_frame(); });
    stream_.async_accept(upgrade_, [self = shared_from_this()](error_code error) {
      if (error) return self->finish();
      self->accepted_ = true;
      self->read();
      self->write();
    });
  }

  std::size_t receive(std::string_view bytes) override {
    if (ending_) return bytes.size();  // Nobody listens any more.
    const std::size_t taken = stream_.next_layer().feed(bytes);
    if (!bytes_.spend(static_cast<double>(taken))) {
      end(websocket::close_code::policy_error, "Too many bytes in a short time.");
    }
    return taken;
  }
  std::string take_output() override {
    std::string bytes = stream_.next_layer().take();
    if (bytes.empty() && unsent_messages_ > 0) output_sent();
    return bytes;
  }
  void output_sent() override {
    setup_.queue->sent(std::exchange(unsent_messages_, 0));
    stream_.next_layer().sent();
  }
  void look() override { write(); }
  void drain() override { end(websocket::close_code::going_away, "The server stops."); }
  bool finished() const override { return finished_ || (ending_ && stream_.next_layer().close_sent()); }
  void abort() override {
    finished_ = true;
    setup_.queue->abandon();
    stream_.next_layer().abort();
  }

 private:
  void read() {
    stream_.async_read(buffer_, [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
  }

  void on_read(error_code error) {
    // A client that closes, a frame that is not valid, silence: Beast has said what there was to say.
    if (error) return finish();
    if (ending_) return;
    count_frame();
    if (!stream_.got_text()) return end(websocket::close_code::unknown_data, "Messages here are text.");
    setup_.message(beast::buffers_to_string(buffer_.data()));
    buffer_.clear();
    read();
  }

  // One message at a time is with Beast.
  void write() {
    if (writing_ || !accepted_ || finished_ || ending_) return;
    auto next = setup_.queue->take();
    if (!next) {
      if (!setup_.queue->is_over()) return;
      const std::string reason = setup_.queue->end_reason();
      end(reason.empty() ? websocket::close_code::normal : websocket::close_code::policy_error, reason);
      return;
    }
    message_ = std::move(*next);
    writing_ = true;
    stream_.next_layer().set_gathering(!setup_.queue->empty() &&
                                       stream_.next_layer().gathered() + message_.size() < kGatheredBytesMax);
    stream_.text(true);
    stream_.async_write(asio::buffer(message_), [self = shared_from_this()](error_code failed, std::size_t) {
      self->writing_ = false;
      self->unsent_messages_ += self->message_.size();
      if (failed) return self->finish();
      self->write();
    });
  }

  void count_frame() {
    if (!frames_.spend(1)) end(websocket::close_code::policy_error, "Too many messages in a short time.");
  }

  // Says goodbye; what the client still sends is not looked at.
  void end(websocket::close_code code, std::string reason) {
    if (std::exchange(ending_, true)) return;
    stream_.next_layer().set_gathering(false);
    asio::post(stream_.get_executor(), [self = shared_from_this(), code, reason = std::move(reason)] {
      if (self->finished_) return;
      if (!self->accepted_) return self->finish();
      self->stream_.async_close({code, reason}, [self](error_code) { self->finish(); });
    });
  }

  void finish() {
    if (std::exchange(finished_, true)) return;
    setup_.wake();
  }

  const WebSocketSetup setup_;
  const UpgradeRequest upgrade_;
  Allowance bytes_;
  Allowance frames_;
  websocket::stream<Pipe, /*deflateSupported=*/false> stream_;
  beast::flat_buffer buffer_;
  std::string message_;  // with Beast, while writing_
  std::size_t unsent_messages_ = 0;
  bool accepted_ = false;
  bool writing_ = false;
  bool ending_ = false;
  bool finished_ = false;
};

bool has_word(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const auto comma = list.find(',');
    std::string_view one = list.substr(0, comma);
    while (!one.empty() && (one.front() == ' ' || one.front() == '\t')) one.remove_prefix(1);
    while (!one.empty() && (one.back() == ' ' || one.back() == '\t')) one.remove_suffix(1);
    if (same_text(one, word)) return true;
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  return false;
}

}  // namespace

bool is_upgrade(const Request& request) {
  constexpr std::size_t kKeyCharacters = 24;  // 16 bytes in base64
  return request.method == "GET" && request.body.empty() && has_word(request.header("Upgrade"), "websocket") &&
         has_word(request.header("Connection"), "upgrade") && request.header("Sec-WebSocket-Version") == "13" &&
         request.header("Sec-WebSocket-Key").size() == kKeyCharacters;
}

std::shared_ptr<WebSocketSession> make_web_socket_session(const Strand& strand, WebSocketSetup setup) {
  return std::make_shared<Session>(strand, std::move(setup));
}

}  // namespace arbiter::net
