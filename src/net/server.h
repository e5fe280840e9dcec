// The HTTP/1.1 server: bytes, limits and deadlines, and nothing about what requests mean.
//
// Keep-alive and pipelining (answers in the order of the requests), deadlines for headers, body and idling, limits on
// bodies, headers and connections, request ids, Host and Origin checks before anything else, CORS for configured
// origins, gzip for clients that ask for it, JSON access log.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace boost::asio {
class io_context;
}
namespace spdlog {
class logger;
}

namespace arbiter::net {

class TlsIdentity;

struct Limits {
  std::size_t body_bytes_max = std::size_t{32} * 1024 * 1024;
  std::size_t header_bytes_max = std::size_t{32} * 1024;
  std::size_t connections_max = 4'096;
  int header_timeout_ms = 10'000;
  int body_timeout_ms = 60'000;
  int idle_timeout_ms = 120'000;
  int tls_handshake_timeout_ms = 10'000;
  int drain_write_timeout_ms = 2'000;  // a reader that takes nothing does not hold up the server's end
  std::size_t stream_buffer_bytes_max =
      std::size_t{4} * 1024 * 1024;  // unsent bytes of one stream before it counts as lagging
  std::size_t web_socket_message_bytes_max = std::size_t{64} * 1024;  // of one message of a client
  std::size_t web_socket_messages_per_second = 100;                   // of a client; four times as many at once
  std::size_t gzip_bytes_min = 1'024;                                 // Smaller answers are not compressed; 0: none is.
  int web_socket_idle_timeout_ms = 60'000;  // a ping after half of it; without any sign the connection ends
};

struct Request {
  std::string method;  // "GET"; any token that the client sent
  std::string target;  // as sent: path and query
  std::string body;
  std::string id;      // request id: the client's X-Request-Id when it is a name, else made here
  std::string remote;  // address:port
  std::vector<std::pair<std::string, std::string>> headers;
  // The first header of that name (case-insensitive); empty when there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
};

// A long answer whose parts come over time (server-sent events). Any thread. Letting go of it closes it.
class Stream {
 public:
  virtual ~Stream() = default;
  // False: the reader is gone or has more than stream_buffer_bytes_max unread; nothing was queued.
  [[nodiscard]] virtual bool write(std::string bytes) = 0;
  // How many bytes write() would take now.
  [[nodiscard]] virtual std::size_t room() = 0;
  virtual void close() = 0;
  // Closes after these last words, which are taken also from a stream that lags.
  virtual void close_with(std::string bytes) = 0;
};

// The messages between a client and the handler after an upgrade (RFC 6455). Any thread. Letting go of it closes it.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  // False: the client is gone or has more than stream_buffer_bytes_max unread; nothing was queued.
  [[nodiscard]] virtual bool send(std::string message) = 0;
  // How many bytes send() would take now.
  [[nodiscard]] virtual std::size_t room() = 0;
  // For short words that also a slow client must hear. One that lets even these pile up is closed.
  virtual void tell(std::string message) = 0;
  virtual void close() = 0;
  // Closes, after what is queued, with the code for a client that may not go on (1008) and this reason.
  virtual void close_with(std::string reason) = 0;
};

// True for a request that asks for a WebSocket, wholly and as RFC 6455 has it.
[[nodiscard]] bool is_upgrade(const Request& request);

// Whether its client prefers answers in gzip. For a handler that has a compressed form at hand and says so by
// Content-Encoding; other answers are compressed by the server itself.
[[nodiscard]] bool takes_gzip(const Request& request);

// The answer's way back to the client. Exactly one of respond(), stream() and web_socket() is called, once, on any
// thread; one that is let go without any of them answers 500 by itself.
//
// A client that ends its sending side cannot be told from one that has left. It counts as gone for a request that asked
// for on_gone(), `undelivered` or a stream; any other answer is still written to it.
class Responder {
 public:
  virtual ~Responder() = default;
  // `undelivered` is called (on a server thread) when the answer could not be handed to the client's socket.
  virtual void respond(Response response, std::function<void()> undelivered = {}) = 0;
  // Sends the head and leaves the body open. `gone` is called once when the client has left or drain() or close() ended
  // the stream; not after Stream::close().
  virtual std::shared_ptr<Stream> stream(Response head, std::function<void()> gone) = 0;
  // Accepts an upgrade (`request` is what the handler got; is_upgrade() holds), with this subprotocol (empty: none).
  // `message` is called on the connection's strand, one after another; it must not block. `gone` as for stream().
  virtual std::shared_ptr<WebSocket> web_socket(const Request& request, std::string protocol,
                                                std::function<void(std::string)> message,
                                                std::function<void()> gone) = 0;
  // `gone` is called (once, on a server thread) if the client leaves before respond() was called.
  virtual void on_gone(std::function<void()> gone) = 0;
};

class Handler {
 public:
  virtual ~Handler() = default;
  // Called on a server thread; must not block. Requests of one connection come one after another.
  virtual void handle(Request request, std::shared_ptr<Responder> responder) = 0;
  // The body of an error that the server itself gives (limits, deadlines, foreign Host): a problem document.
  [[nodiscard]] virtual Response refuse(const base::Error& error, const std::string& request_id) = 0;
};

struct ServerConfig {
  std::string address = "127.0.0.1";
  std::uint16_t port = 7420;                 // 0: any free port
  std::vector<std::string> allowed_hosts;    // besides localhost, 127.0.0.1 and [::1] with our port
  std::vector<std::string> allowed_origins;  // of pages that may call us and read the answers; `*`: every one
  Limits limits;
  std::shared_ptr<TlsIdentity> tls;            // null: without TLS
  std::shared_ptr<spdlog::logger> access_log;  // one JSON object per request at level info; null: none
};

// Counters for /metrics; read at any time.
struct ServerStats {
  std::atomic<std::uint64_t> connections_open{0};
  std::atomic<std::uint64_t> connections_refused{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> tls_handshakes_failed{0};
};

// How TLS stands, for /metrics and /health.
struct TlsStatus {
  std::int64_t not_after_s = 0;  // Unix time at which the certificate in use ends
  std::uint64_t reloads = 0;
  std::uint64_t failed_reloads = 0;
  std::string problem;  // why the last reload failed; empty: it did not
};

class Server {
 public:
  virtual ~Server() = default;
  // Binds and listens; connections are served by the threads that run the io_context.
  // kConnection: the address is taken or cannot be bound; the message says what to do.
  [[nodiscard]] virtual base::Result<void> listen() = 0;
  [[nodiscard]] virtual std::uint16_t port() const = 0;
  // Stops accepting; connections answer what they have and close after it, streams end. Over when
  // stats().connections_open is 0.
  virtual void drain() = 0;
  // Closes everything at once (on the server's threads); waiting requests see on_gone.
  virtual void close() = 0;
  [[nodiscard]] virtual const ServerStats& stats() const = 0;
  // Nothing when the server is without TLS.
  [[nodiscard]] virtual std::optional<TlsStatus> tls_status() const = 0;
};

// `io` and `handler` outlive the server, its connections and every Responder and Stream.
[[nodiscard]] std::unique_ptr<Server> make_server(boost::asio::io_context& io, ServerConfig config, Handler& handler);

}  // namespace arbiter::net
