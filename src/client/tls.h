// TLS of a client, by OpenSSL, over a socket that does not block: 1.2 or newer, the server's certificate verified
// against the system's roots or a file, its name against the host that was asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

struct ssl_st;
struct ssl_ctx_st;

namespace arbiter::client {

class TlsSession {
 public:
  // kInvalidRequest: `ca_file` (empty: the system's roots) cannot be used.
  [[nodiscard]] static base::Result<std::unique_ptr<TlsSession>> make(int socket, const std::string& host,
                                                                      const std::string& ca_file);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // kWantRead, kWantWrite: again when the socket is readable, writable. kEnd: the server closed it.
  enum class Outcome : std::uint8_t { kDone, kWantRead, kWantWrite, kEnd, kFailed };
  struct Progress {
    Outcome outcome;
    std::size_t count = 0;  // of bytes, with kDone
  };
  [[nodiscard]] Progress handshake();
  [[nodiscard]] Progress read(std::span<char> into);
  [[nodiscard]] Progress write(std::string_view bytes);
  // Why it failed, for people.
  [[nodiscard]] std::string problem() const { return problem_; }
  // Bytes that were received and not yet read.
  [[nodiscard]] bool has_pending() const;

 private:
  TlsSession(ssl_ctx_st* context, ssl_st* ssl, int socket) : context_(context), ssl_(ssl), socket_(socket) {}
  [[nodiscard]] Progress progress(int result);

  ssl_ctx_st* context_;
  ssl_st* ssl_;
  int socket_;
  std::string problem_;
};

}  // namespace arbiter::client
