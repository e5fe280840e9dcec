// TLS of the server (1.2 and newer), by OpenSSL, on sockets that do not block. What reads and writes is the connection;
// a channel only says what the socket has to be waited for. SIGPIPE must be ignored by the process.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace arbiter::net {

struct TlsFiles {
  std::string certificate;  // PEM: the server's certificate, then those that lead to its root
  std::string key;          // PEM, without a passphrase
};

// The server's certificate and key. Connections take the pair that is current when they begin. Any thread.
class TlsIdentity {
 public:
  // kInvalidRequest: says which file is wrong and how.
  [[nodiscard]] static base::Result<std::unique_ptr<TlsIdentity>> load(TlsFiles files);
  ~TlsIdentity();
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;

  // Reads the files again. When they cannot be used the old pair stays, and the reason is kept as problem().
  [[nodiscard]] base::Result<void> reload();
  // Whether the files are others than at the last load() or reload(), and the same as at the last call: whoever writes
  // them is done. For one caller, now and then.
  [[nodiscard]] bool has_changed();

  [[nodiscard]] std::int64_t not_after_s() const;        // Unix time at which the certificate in use ends
  [[nodiscard]] std::string problem() const;             // why the last reload failed; empty: it did not
  [[nodiscard]] std::vector<std::string> names() const;  // hosts and addresses that the certificate is for
  [[nodiscard]] std::uint64_t reloads() const;
  [[nodiscard]] std::uint64_t failed_reloads() const;

 private:
  friend class TlsChannel;
  struct Pair;
  explicit TlsIdentity(TlsFiles files) : files_(std::move(files)) {}
  [[nodiscard]] std::shared_ptr<const Pair> current() const;
  [[nodiscard]] std::string stamp() const;  // of the files: changes when they do

  const TlsFiles files_;
  mutable std::mutex mutex_;  // Guards the rest.
  std::shared_ptr<const Pair> pair_;
  std::string loaded_stamp_;
  std::string seen_stamp_;
  std::string problem_;
  std::uint64_t reloads_ = 0;
  std::uint64_t failed_reloads_ = 0;
};

// One connection's TLS. Used on its strand.
class TlsChannel {
 public:
  // The socket outlives the channel.
  TlsChannel(const TlsIdentity& identity, int socket);
  ~TlsChannel();
  TlsChannel(const TlsChannel&) = delete;
  TlsChannel& operator=(const TlsChannel&) = delete;

  // kWantRead, kWantWrite: again when the socket is readable, writable. kEnd: the client has ended it properly.
  enum class Outcome : std::uint8_t { kDone, kWantRead, kWantWrite, kEnd, kFailed };
  struct Progress {
    Outcome outcome;
    std::size_t count = 0;  // of bytes, with kDone
  };
  [[nodiscard]] Progress handshake();
  [[nodiscard]] Progress read(std::span<char> into);
  // Not all of `bytes` need be taken. After kWantWrite the next call begins with the same bytes.
  [[nodiscard]] Progress write(std::string_view bytes);
  // Tells the client that nothing more comes, if the socket takes it.
  void say_end();
  // Bytes are here that read() gives without the socket.
  [[nodiscard]] bool has_pending() const;
  // After a failed handshake: the client spoke HTTP without TLS.
  [[nodiscard]] bool heard_http() const { return heard_http_; }

 private:
  [[nodiscard]] Progress progress(int result);

  ssl_st* ssl_;
  bool heard_http_ = false;
  bool failed_ = false;
};

}  // namespace arbiter::net
