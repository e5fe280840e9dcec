#include "server/tls_renewal.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>

#include "base/clock.h"
#include "server/log.h"

namespace arbiter::server {

namespace asio = boost::asio;

namespace {
constexpr std::chrono::milliseconds kLook{500};  // A change is taken when it has rested for one look.
}

class TlsRenewal::Watch : public std::enable_shared_from_this<Watch> {
 public:
  Watch(asio::io_context& io, net::TlsIdentity& identity, Log& log)
      : strand_(asio::make_strand(io)), timer_(strand_), identity_(identity), log_(log) {}

  void start() {
    post([](Watch& watch) { watch.look_later(); });
  }
  void stop() {
    post([](Watch& watch) {
      watch.stopped_ = true;
      watch.timer_.cancel();
    });
  }
  void reload_now() {
    post([](Watch& watch) { watch.reload("SIGHUP"); });
  }

 private:
  template <typename Job>
  void post(Job job) {
    asio::post(strand_, [self = shared_from_this(), job] { job(*self); });
  }
  void look_later() {
    if (stopped_) return;
    timer_.expires_after(kLook);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (cancelled || self->stopped_) return;
      if (self->identity_.has_changed()) self->reload("the files changed");
      self->look_later();
    });
  }
  void reload(const std::string& why) {
    if (stopped_) return;
    if (auto loaded = identity_.reload(); !loaded) {
      return log_.error("the TLS certificate was not renewed; the old one stays in use",
                        {{"why", why}, {"reason", loaded.error().message}});
    }
    log_.info("TLS certificate loaded",
              {{"why", why}, {"validUntil", base::to_rfc3339({identity_.not_after_s() * 1000})}});
  }

  asio::strand<asio::io_context::executor_type> strand_;
  asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                             asio::strand<asio::io_context::executor_type>>
      timer_;
  net::TlsIdentity& identity_;
  Log& log_;
  bool stopped_ = false;
};

TlsRenewal::TlsRenewal(asio::io_context& io, net::TlsIdentity& identity, Log& log)
    : watch_(std::make_shared<Watch>(io, identity, log)) {
  watch_->start();
}
TlsRenewal::~TlsRenewal() { watch_->stop(); }
void TlsRenewal::reload_now() { watch_->reload_now(); }

}  // namespace arbiter::server
