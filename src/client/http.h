// A small blocking HTTP/1.1 client: one kept-alive connection to one Arbiter server.
//
// One thread uses an Http at a time; cancel() alone may come from any thread. A request that can be repeated without a
// second effect (GET, PUT, DELETE, or one with an idempotency key or `repeatable`) is sent once more over a fresh
// connection when a kept-alive one turns out to be dead.
#pragma once

#include <boost/json.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "client/endpoint.h"
#include "client/tls.h"

namespace arbiter::client {

namespace json = boost::json;

inline constexpr std::size_t kReplyBytesMax = std::size_t{256} * 1024 * 1024;
inline constexpr int kConnectTimeoutMs = 5'000;

struct RequestOptions {
  int timeout_ms = 30'000;  // of the whole exchange, connecting included
  std::string idempotency_key{};
  bool repeatable = false;  // a POST that the server answers alike when it comes twice
  std::vector<std::pair<std::string, std::string>> headers{};  // beside ours
};

struct Reply {
  int status = 0;
  std::string content_type;
  std::string body;
  int retry_after_ms = 0;
};

struct ServerEvent {
  std::string id;
  std::string type;
  std::string data;
};

class Http {
 public:
  explicit Http(Endpoint endpoint);
  ~Http();
  Http(const Http&) = delete;
  Http& operator=(const Http&) = delete;

  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

  // Any answer of the server, errors included. kConnection: there was none, and the message says what to do.
  [[nodiscard]] Result<Reply> send(std::string_view method, std::string_view path, std::string_view body,
                                   const RequestOptions& options);

  // The JSON of a 2xx answer (null when it is empty); problem documents become errors.
  [[nodiscard]] Result<json::value> call(std::string_view method, std::string_view path, std::string_view body,
                                         const RequestOptions& options = {});
  [[nodiscard]] Result<json::value> get(std::string_view path, int timeout_ms = 30'000);
  [[nodiscard]] Result<json::value> post(std::string_view path, const json::value& body,
                                         const RequestOptions& options = {});

  // Reads server-sent events until `handle` returns false (ok), the server ends the stream or nothing, not even a
  // comment, comes for `silence_ms` (both kConnection: connect again after the last id).
  [[nodiscard]] Result<void> events(std::string_view path, int silence_ms,
                                    const std::function<bool(const ServerEvent&)>& handle);

  // The request under way, and every later one, ends at once with kConnection. Safe in a signal handler.
  void cancel();
  [[nodiscard]] bool cancelled() const;

 private:
  struct Exchange;
  [[nodiscard]] Result<void> connect(std::int64_t deadline_ms);
  [[nodiscard]] Result<void> connect_socket(std::int64_t deadline_ms);
  [[nodiscard]] Result<void> shake_hands(std::int64_t deadline_ms);
  [[nodiscard]] Result<void> write_tls(std::string_view bytes, std::int64_t deadline_ms);
  [[nodiscard]] Result<std::size_t> read_tls(char* into, std::size_t size, std::int64_t deadline_ms);
  [[nodiscard]] Result<void> write_all(std::string_view bytes, std::int64_t deadline_ms);
  [[nodiscard]] Result<std::size_t> read_some(char* into, std::size_t size, std::int64_t deadline_ms);
  [[nodiscard]] Result<void> wait(short events, std::int64_t deadline_ms);
  [[nodiscard]] Result<Reply> exchange(std::string_view bytes, std::int64_t deadline_ms, bool& heard);
  [[nodiscard]] std::string head(std::string_view method, std::string_view path, std::size_t body_bytes,
                                 const RequestOptions& options) const;
  [[nodiscard]] base::Error unreachable(std::string_view reason) const;
  bool reusable() const;
  void close();

  Endpoint endpoint_;
  int fd_ = -1;
  std::unique_ptr<TlsSession> tls_;  // of fd_, when the endpoint is secure
  int wake_fd_ = -1;                 // readable for ever once cancelled
};

// The error of a reply that is not 2xx: its problem document, or the nearest code for its status.
[[nodiscard]] base::Error problem(const Reply& reply);

// Strings as a JSON list.
[[nodiscard]] json::array to_array(const std::vector<std::string>& texts);

// A random key for the Idempotency-Key header.
[[nodiscard]] std::string new_key();

}  // namespace arbiter::client
