// Keeps the server's certificate current: its files are read again when they have changed, and when asked to (SIGHUP).
// A pair that cannot be used changes nothing: the old one stays, and the log says why.
#pragma once

#include <memory>

#include "net/tls.h"

namespace boost::asio {
class io_context;
}

namespace arbiter::server {

class Log;

class TlsRenewal {
 public:
  // All outlive this.
  TlsRenewal(boost::asio::io_context& io, net::TlsIdentity& identity, Log& log);
  ~TlsRenewal();
  TlsRenewal(const TlsRenewal&) = delete;
  TlsRenewal& operator=(const TlsRenewal&) = delete;
  // Any thread.
  void reload_now();

 private:
  class Watch;
  std::shared_ptr<Watch> watch_;
};

}  // namespace arbiter::server
