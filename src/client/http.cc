#include "client/http.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstring>

#include "base/check.h"
#include "base/clock.h"
#include "base/json.h"

namespace arbiter::client {
namespace {

namespace http = boost::beast::http;
using base::ErrorCode;
using base::fail;
using Parser = http::response_parser<http::string_body>;

constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

std::int64_t now_ms() { return base::SystemClock{}.monotonic_ms(); }

// Feeds `bytes` to the parser; what the parser leaves (a header in parts) stays in `bytes`.
boost::system::error_code feed(Parser& parser, std::string& bytes) {
  boost::system::error_code code;
  std::size_t used = 0;
  while (used < bytes.size() && !parser.is_done()) {
    const std::size_t n = parser.put(boost::asio::buffer(bytes.data() + used, bytes.size() - used), code);
    used += n;
    if (code == http::error::need_more) {
      code = {};
      break;
    }
    if (code || n == 0) break;
  }
  bytes.erase(0, used);
  return code;
}

ErrorCode code_for_status(int status) {
  switch (status) {
    case 400:
      return ErrorCode::kInvalidRequest;
    case 401:
      return ErrorCode::kUnauthorized;
    case 403:
      return ErrorCode::kForbidden;
    case 404:
      return ErrorCode::kNotFound;
    case 413:
      return ErrorCode::kTooLarge;
    case 429:
      return ErrorCode::kOverloaded;
    case 503:
      return ErrorCode::kStoreUnavailable;
    default:
      return ErrorCode::kInternal;
  }
}

std::string text_of(const json::object& object, std::string_view key) {
  const auto* value = object.if_contains(key);
  return value && value->is_string() ? std::string(value->get_string()) : "";
}

}  // namespace

base::Error problem(const Reply& reply) {
  base::Error error{code_for_status(reply.status), "The server answered " + std::to_string(reply.status) + ".", {}, 0};
  error.retry_after_ms = reply.retry_after_ms;
  const auto parsed = base::parse_json(reply.body);
  if (parsed && parsed->is_object()) {
    const auto& object = parsed->get_object();
    if (const auto name = text_of(object, "code"); !name.empty()) error.code = base::error_code_named(name);
    for (const auto* key : {"title", "detail"}) {
      if (auto text = text_of(object, key); !text.empty()) error.message = std::move(text);
    }
    if (const auto* fields = object.if_contains("errors"); fields && fields->is_array()) {
      for (const auto& field : fields->get_array()) {
        if (!field.is_object()) continue;
        error.fields.push_back({text_of(field.get_object(), "field"), text_of(field.get_object(), "message")});
      }
    }
  }
  if (error.code == ErrorCode::kUnauthorized) {
    error.message += " Name the token with --token-file or ARBITER_TOKEN; the server keeps one in DATA/admin.token.";
  }
  return error;
}

json::array to_array(const std::vector<std::string>& texts) {
  json::array out;
  for (const auto& text : texts) out.emplace_back(text);
  return out;
}

std::string new_key() {
  unsigned char bytes[16];
  CHECK(::getrandom(bytes, sizeof bytes, 0) == static_cast<ssize_t>(sizeof bytes));
  static constexpr char hex[] = "0123456789abcdef";
  std::string key;
  for (unsigned char b : bytes) key += {hex[b >> 4], hex[b & 15]};
  return key;
}

Http::Http(Endpoint endpoint) : endpoint_(std::move(endpoint)), wake_fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CHECK(wake_fd_ >= 0);
}

Http::~Http() {
  close();
  ::close(wake_fd_);
}

void Http::close() {
  tls_.reset();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void Http::cancel() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto n = ::write(wake_fd_, &one, sizeof one);
}

bool Http::cancelled() const {
  pollfd wake{wake_fd_, POLLIN, 0};
  return ::poll(&wake, 1, 0) > 0;
}

base::Error Http::unreachable(std::string_view reason) const {
  return {ErrorCode::kConnection,
          "No Arbiter server can be reached at " + endpoint_.url() + " (" + std::string(reason) +
              "). Start one with `arbiter serve`, or name another with --url or ARBITER_URL.",
          {},
          0};
}

Result<void> Http::wait(short events, std::int64_t deadline_ms) {
  for (;;) {
    pollfd both[2] = {{fd_, events, 0}, {wake_fd_, POLLIN, 0}};
    const std::int64_t left = std::max<std::int64_t>(0, deadline_ms - now_ms());
    const int ready = ::poll(both, 2, static_cast<int>(std::min<std::int64_t>(left, 1'000'000)));
    if (ready < 0 && errno == EINTR) continue;
    if (both[1].revents) return fail({ErrorCode::kConnection, "The request was given up."});
    if (ready > 0) return {};
    if (left == 0) return fail(unreachable("no answer in time"));
  }
}

Result<void> Http::connect(std::int64_t deadline_ms) {
  auto connected = connect_socket(deadline_ms);
  if (!connected || !endpoint_.secure) return connected;
  auto secured = shake_hands(std::min(deadline_ms, now_ms() + kConnectTimeoutMs));
  if (!secured) close();
  return secured;
}

Result<void> Http::shake_hands(std::int64_t deadline_ms) {
  auto session = TlsSession::make(fd_, endpoint_.host, endpoint_.ca_file);
  if (!session) return fail(session.error());
  tls_ = std::move(*session);
  for (;;) {
    const auto outcome = tls_->handshake().outcome;
    if (outcome == TlsSession::Outcome::kDone) return {};
    const bool waits = outcome == TlsSession::Outcome::kWantRead || outcome == TlsSession::Outcome::kWantWrite;
    if (!waits) return fail(unreachable(tls_->problem()));
    const short events = outcome == TlsSession::Outcome::kWantRead ? POLLIN : POLLOUT;
    if (auto ready = wait(events, deadline_ms); !ready) return ready;
  }
}

Result<void> Http::write_tls(std::string_view bytes, std::int64_t deadline_ms) {
  while (!bytes.empty()) {
    const auto [outcome, count] = tls_->write(bytes);
    if (outcome == TlsSession::Outcome::kDone) {
      bytes.remove_prefix(count);
      continue;
    }
    const bool waits = outcome == TlsSession::Outcome::kWantRead || outcome == TlsSession::Outcome::kWantWrite;
    if (!waits) return fail(unreachable(tls_->problem()));
    const short events = outcome == TlsSession::Outcome::kWantRead ? POLLIN : POLLOUT;
    if (auto ready = wait(events, deadline_ms); !ready) return ready;
  }
  return {};
}

Result<std::size_t> Http::read_tls(char* into, std::size_t size, std::int64_t deadline_ms) {
  for (;;) {
    const auto [outcome, count] = tls_->read({into, size});
    if (outcome == TlsSession::Outcome::kDone) return count;
    if (outcome == TlsSession::Outcome::kEnd) return std::size_t{0};
    const bool waits = outcome == TlsSession::Outcome::kWantRead || outcome == TlsSession::Outcome::kWantWrite;
    if (!waits) return fail(unreachable(tls_->problem()));
    const short events = outcome == TlsSession::Outcome::kWantRead ? POLLIN : POLLOUT;
    if (auto ready = wait(events, deadline_ms); !ready) return fail(ready.error());
  }
}

Result<void> Http::connect_socket(std::int64_t deadline_ms) {
  close();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const auto port = std::to_string(endpoint_.port);
  if (const int code = ::getaddrinfo(endpoint_.host.c_str(), port.c_str(), &hints, &found); code != 0) {
    return fail(unreachable(::gai_strerror(code)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> guard(found, ::freeaddrinfo);
  int reason = 0;
  for (const addrinfo* at = found; at; at = at->ai_next) {
    close();
    fd_ = ::socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd_ < 0) return fail(unreachable(std::strerror(errno)));
    const int one = 1;
    ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (::connect(fd_, at->ai_addr, at->ai_addrlen) == 0) return {};
    reason = errno;
    if (reason != EINPROGRESS) continue;
    if (auto waited = wait(POLLOUT, std::min(deadline_ms, now_ms() + kConnectTimeoutMs)); !waited) {
      close();
      return waited;
    }
    socklen_t size = sizeof reason;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &reason, &size);
    if (reason == 0) return {};
  }
  close();
  return fail(unreachable(std::strerror(reason)));
}

// An idle connection that is readable was closed by the server (or is out of step): nothing was sent, so nothing is
// lost.
bool Http::reusable() const {
  if (fd_ < 0 || (tls_ && tls_->has_pending())) return false;
  pollfd idle{fd_, POLLIN, 0};
  return ::poll(&idle, 1, 0) == 0;
}

Result<void> Http::write_all(std::string_view bytes, std::int64_t deadline_ms) {
  if (tls_) return write_tls(bytes, deadline_ms);
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (errno == EAGAIN) {
      if (auto ready = wait(POLLOUT, deadline_ms); !ready) return ready;
    } else if (errno != EINTR) {
      return fail(unreachable(std::strerror(errno)));
    }
  }
  return {};
}

Result<std::size_t> Http::read_some(char* into, std::size_t size, std::int64_t deadline_ms) {
  if (tls_) return read_tls(into, size, deadline_ms);
  for (;;) {
    if (auto ready = wait(POLLIN, deadline_ms); !ready) return fail(ready.error());
    const ssize_t n = ::recv(fd_, into, size, 0);
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno != EINTR && errno != EAGAIN) return fail(unreachable(std::strerror(errno)));
  }
}

std::string Http::head(std::string_view method, std::string_view path, std::size_t body_bytes,
                       const RequestOptions& options) const {
  std::string out;
  out.append(method).append(" ").append(path).append(" HTTP/1.1\r\nHost: ").append(endpoint_.authority());
  out += "\r\nUser-Agent: arbiter\r\nAccept: application/json, text/event-stream\r\n";
  if (!endpoint_.token.empty()) out += "Authorization: Bearer " + endpoint_.token + "\r\n";
  if (!endpoint_.namespace_name.empty()) out += "Arbiter-Namespace: " + endpoint_.namespace_name + "\r\n";
  if (!options.idempotency_key.empty()) out += "Idempotency-Key: " + options.idempotency_key + "\r\n";
  if (!endpoint_.traceparent.empty()) out += "traceparent: " + endpoint_.traceparent + "\r\n";
  for (const auto& [name, value] : options.headers) out.append(name).append(": ").append(value).append("\r\n");
  if (body_bytes > 0) out += "Content-Type: application/json\r\n";
  if (body_bytes > 0 || method != "GET") out += "Content-Length: " + std::to_string(body_bytes) + "\r\n";
  out += "\r\n";
  return out;
}

Result<Reply> Http::exchange(std::string_view bytes, std::int64_t deadline_ms, bool& heard) {
  if (auto written = write_all(bytes, deadline_ms); !written) return fail(written.error());
  Parser parser;
  parser.eager(true);
  parser.body_limit(kReplyBytesMax);
  std::string buffer;
  std::vector<char> chunk(kReadBytes);
  while (!parser.is_done()) {
    auto read = read_some(chunk.data(), chunk.size(), deadline_ms);
    if (!read) return fail(read.error());
    boost::system::error_code code;
    if (*read == 0) {
      if (heard) parser.put_eof(code);
      if (code || !parser.is_done()) return fail(unreachable("the connection ended early"));
      break;
    }
    heard = true;
    buffer.append(chunk.data(), *read);
    code = feed(parser, buffer);
    if (code) return fail(unreachable("the answer is not HTTP: " + code.message()));
  }
  const auto& message = parser.get();
  Reply reply;
  reply.status = static_cast<int>(message.result_int());
  reply.content_type = std::string(message[http::field::content_type]);
  reply.retry_after_ms = 1000 * std::atoi(std::string(message[http::field::retry_after]).c_str());
  const bool keep = message.keep_alive() && buffer.empty();
  reply.body = std::move(parser.get().body());
  if (!keep) close();
  return reply;
}

Result<Reply> Http::send(std::string_view method, std::string_view path, std::string_view body,
                         const RequestOptions& options) {
  const std::int64_t deadline_ms = now_ms() + options.timeout_ms;
  const bool repeatable = options.repeatable || !options.idempotency_key.empty() || method != "POST";
  std::string bytes = head(method, path, body.size(), options);
  bytes += body;
  for (bool reused = reusable();; reused = false) {
    if (!reused) {
      if (auto connected = connect(deadline_ms); !connected) return fail(connected.error());
    }
    bool heard = false;
    auto reply = exchange(bytes, deadline_ms, heard);
    if (reply) return reply;
    close();
    const bool again = reused && !heard && repeatable && !cancelled() && now_ms() < deadline_ms;
    if (!again) return reply;
  }
}

Result<json::value> Http::call(std::string_view method, std::string_view path, std::string_view body,
                               const RequestOptions& options) {
  auto reply = send(method, path, body, options);
  if (!reply) return fail(reply.error());
  if (reply->status < 200 || reply->status > 299) return fail(problem(*reply));
  if (reply->body.empty()) return json::value(nullptr);
  auto value = base::parse_json(reply->body);
  if (!value) {
    return fail(
        {ErrorCode::kInternal,
         "What answers at " + endpoint_.url() + " is not an Arbiter server: its answer is not JSON. Check --url.",
         {},
         0});
  }
  return value;
}

Result<json::value> Http::get(std::string_view path, int timeout_ms) {
  RequestOptions options;
  options.timeout_ms = timeout_ms;
  return call("GET", path, {}, options);
}

Result<json::value> Http::post(std::string_view path, const json::value& body, const RequestOptions& options) {
  return call("POST", path, json::serialize(body), options);
}

namespace {

// Cuts a stream of server-sent events into events (WHATWG HTML, 9.2.6); comments are dropped.
class EventReader {
 public:
  // False: `handle` has had enough.
  bool add(std::string& bytes, const std::function<bool(const ServerEvent&)>& handle) {
    buffer_ += bytes;
    bytes.clear();
    std::size_t start = 0;
    for (auto end = buffer_.find('\n'); end != std::string::npos; end = buffer_.find('\n', start)) {
      std::string_view line(buffer_.data() + start, end - start);
      if (line.ends_with('\r')) line.remove_suffix(1);
      start = end + 1;
      if (!line.empty()) {
        field(line);
      } else if (!event_.data.empty()) {
        if (!handle(event_)) return false;
        event_.data.clear();
        event_.type.clear();
      }
    }
    buffer_.erase(0, start);
    return true;
  }

 private:
  void field(std::string_view line) {
    const auto colon = line.find(':');
    std::string_view name = line.substr(0, colon);
    std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "data") {
      if (!event_.data.empty()) event_.data += '\n';
      event_.data += value;
    } else if (name == "event") {
      event_.type = value;
    } else if (name == "id") {
      event_.id = value;
    }
  }
  std::string buffer_;
  ServerEvent event_;
};

}  // namespace

Result<void> Http::events(std::string_view path, int silence_ms,
                          const std::function<bool(const ServerEvent&)>& handle) {
  if (auto connected = connect(now_ms() + kConnectTimeoutMs); !connected) return connected;
  if (auto sent = write_all(head("GET", path, 0, {}), now_ms() + kConnectTimeoutMs); !sent) return sent;
  Parser parser;
  parser.eager(true);
  parser.body_limit(boost::none);
  EventReader reader;
  std::string buffer;
  std::vector<char> chunk(kReadBytes);
  for (;;) {
    auto read = read_some(chunk.data(), chunk.size(), now_ms() + silence_ms);
    if (!read || *read == 0) {
      close();
      return read ? fail(unreachable("the stream ended")) : Result<void>(fail(read.error()));
    }
    buffer.append(chunk.data(), *read);
    const auto code = feed(parser, buffer);
    if (code) return fail(unreachable("the answer is not HTTP: " + code.message()));
    if (!parser.is_header_done()) continue;
    const int status = static_cast<int>(parser.get().result_int());
    if (status != 200) {
      if (!parser.is_done()) continue;
      close();
      return fail(problem({status, "", parser.get().body(), 0}));
    }
    // The body is taken out as it comes, so that a stream of days does not pile up.
    if (!reader.add(parser.get().body(), handle)) {
      close();
      return {};
    }
    if (parser.is_done()) {
      close();
      return fail(unreachable("the stream ended"));
    }
  }
}

}  // namespace arbiter::client
