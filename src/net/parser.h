// Reads requests out of bytes, one after another. The grammar is Beast's; what Beast leaves open and must not stay open
// (a Transfer-Encoding that is not `chunked`, two Hosts, the total size of the head) is refused here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "net/server.h"

namespace arbiter::net {

class RequestParser {
 public:
  explicit RequestParser(const Limits& limits);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  enum class Step { kNeedMore, kHeader, kDone, kFailed };
  struct Progress {
    Step step;
    std::size_t consumed;  // bytes that the caller must not present again
  };
  // kHeader: the head is complete; call again for the body. kDone: request() is whole. kFailed: see error(); the rest
  // of the connection's bytes have no meaning.
  [[nodiscard]] Progress put(std::string_view bytes);
  // Ready for the next request.
  void reset();

  [[nodiscard]] bool started() const;  // A byte of a request has been seen.
  [[nodiscard]] const base::Error& error() const;
  [[nodiscard]] Request& request();

  // Once the head is complete:
  [[nodiscard]] bool head_done() const;
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool is_http_1_1() const;
  [[nodiscard]] bool has_body() const;
  [[nodiscard]] bool expects_continue() const;
  [[nodiscard]] std::optional<std::uint64_t> content_length() const;
  [[nodiscard]] std::optional<std::string_view> host() const;
  [[nodiscard]] std::optional<std::string_view> origin() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace arbiter::net
