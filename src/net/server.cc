#include "net/server.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <chrono>
#include <optional>

#include "net/connection.h"
#include "net/hub.h"
#include "net/tls.h"

namespace arbiter::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<tcp, Strand>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Strand>;

constexpr std::uint64_t kRefusedAtOnceMax = 64;  // Connections over the limit that are told so; more are just closed.
// The timer keeps the io_context busy; when the last connection has gone, it should not for long.
constexpr auto kTickWhileDraining = std::chrono::milliseconds(10);
constexpr auto kAcceptRetry = std::chrono::milliseconds(100);

// Deadlines are looked at so often that they are late by a tenth at most, and by no more than a second.
std::chrono::milliseconds tick_of(const Limits& limits) {
  const int shortest = std::min(
      {limits.header_timeout_ms, limits.body_timeout_ms, limits.idle_timeout_ms, limits.tls_handshake_timeout_ms});
  return std::chrono::milliseconds(std::clamp(shortest / 10, 5, 1'000));
}

// Accepts connections and keeps their deadlines; everything on its own strand. Lives as long as its operations.
class Listener final : public std::enable_shared_from_this<Listener> {
 public:
  Listener(asio::io_context& io, std::shared_ptr<Hub> hub)
      : io_(io),
        hub_(std::move(hub)),
        strand_(asio::make_strand(io)),
        acceptor_(strand_),
        tick_timer_(strand_),
        retry_timer_(strand_),
        tick_(tick_of(hub_->config.limits)) {}

  [[nodiscard]] base::Result<std::uint16_t> listen();
  void start() {
    asio::post(strand_, [self = shared_from_this()] { self->accept(); });
  }
  void drain() {
    hub_->draining.store(true);
    asio::post(strand_, [self = shared_from_this()] { self->stop([](Connection& c) { c.drain(); }); });
  }
  void close() {
    hub_->draining.store(true);
    asio::post(strand_, [self = shared_from_this()] { self->stop([](Connection& c) { c.shut(); }); });
  }

 private:
  [[nodiscard]] error_code bind(const tcp::endpoint& endpoint);
  void accept();
  void on_accept(const error_code& error, Socket socket);
  void retry_later();
  void tick();
  template <typename Action>
  void stop(Action action) {
    error_code ec;
    acceptor_.close(ec);
    retry_timer_.cancel();
    for (const auto& connection : hub_->connections([](const Connection&) { return true; })) connection->run(action);
    if (ticking_) tick();  // Faster from now on.
  }

  asio::io_context& io_;
  const std::shared_ptr<Hub> hub_;
  Strand strand_;
  Acceptor acceptor_;
  Timer tick_timer_;
  Timer retry_timer_;
  const std::chrono::milliseconds tick_;
  bool ticking_ = false;
};

base::Result<std::uint16_t> Listener::listen() {
  const auto& config = hub_->config;
  error_code ec;
  const auto address = asio::ip::make_address(config.address == "localhost" ? "127.0.0.1" : config.address, ec);
  if (ec) {
    return base::fail({base::ErrorCode::kConnection,
                       "`" + config.address + "` is not an address to listen on; use one like 127.0.0.1 or ::1."});
  }
  ec = bind({address, config.port});
  if (ec) {
    const std::string where = config.address + ":" + std::to_string(config.port);
    const bool taken = ec == asio::error::address_in_use;
    return base::fail(
        {base::ErrorCode::kConnection, "Cannot listen on " + where + ": " + ec.message() +
                                           (taken ? ". Stop the other program or choose another port." : ".")});
  }
  const std::uint16_t port = acceptor_.local_endpoint(ec).port();
  hub_->gate = Gate(config.tls ? "https" : "http", port, config.allowed_hosts, config.allowed_origins);
  return port;
}

error_code Listener::bind(const tcp::endpoint& endpoint) {
  error_code ec;
  acceptor_.open(endpoint.protocol(), ec);
  if (!ec) acceptor_.set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) acceptor_.bind(endpoint, ec);
  if (!ec) acceptor_.listen(asio::socket_base::max_listen_connections, ec);
  return ec;
}

void Listener::accept() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_accept(asio::make_strand(io_), [self = shared_from_this()](const error_code& ec, Socket socket) {
    self->on_accept(ec, std::move(socket));
  });
}

void Listener::on_accept(const error_code& error, Socket socket) {
  if (!acceptor_.is_open()) return;
  if (error) {
    // Out of descriptors or memory: the listening queue waits until there are some again.
    if (error != asio::error::connection_aborted) return retry_later();
    return accept();
  }
  const bool full = hub_->stats.connections_open.load() >= hub_->config.limits.connections_max;
  if (full) hub_->stats.connections_refused.fetch_add(1);
  if (!full || hub_->refusing() < kRefusedAtOnceMax) {
    const auto admission = full ? Admission::kRefused : Admission::kServed;
    auto connection = std::make_shared<Connection>(std::move(socket), hub_, admission);
    hub_->add(connection, admission);
    connection->run([](Connection& c) { c.start(); });
    if (!ticking_) tick();
  }
  accept();
}

void Listener::retry_later() {
  retry_timer_.expires_after(kAcceptRetry);
  retry_timer_.async_wait([self = shared_from_this()](const error_code& ec) {
    if (!ec) self->accept();
  });
}

// One timer for all connections; it rests while there are none.
void Listener::tick() {
  ticking_ = hub_->has_connections();
  if (!ticking_) {
    tick_timer_.cancel();
    return;
  }
  const auto now_ms = monotonic_ms();
  for (const auto& connection : hub_->connections([&](const Connection& c) { return c.is_overdue(now_ms); })) {
    connection->run([](Connection& c) { c.expire(); });
  }
  tick_timer_.expires_after(hub_->draining.load() ? kTickWhileDraining : tick_);
  tick_timer_.async_wait([self = shared_from_this()](const error_code& ec) {
    if (!ec) self->tick();
  });
}

class AsioServer final : public Server {
 public:
  AsioServer(asio::io_context& io, ServerConfig config, Handler& handler)
      : hub_(std::make_shared<Hub>(std::move(config), handler)), listener_(std::make_shared<Listener>(io, hub_)) {}
  AsioServer(const AsioServer&) = delete;
  AsioServer& operator=(const AsioServer&) = delete;
  ~AsioServer() override { listener_->close(); }

  base::Result<void> listen() override {
    const auto port = listener_->listen();
    if (!port) return base::fail(port.error());
    port_ = *port;
    listener_->start();
    return {};
  }
  std::uint16_t port() const override { return port_; }
  void drain() override { listener_->drain(); }
  void close() override { listener_->close(); }
  const ServerStats& stats() const override { return hub_->stats; }
  std::optional<TlsStatus> tls_status() const override {
    const auto& tls = hub_->config.tls;
    if (!tls) return std::nullopt;
    return TlsStatus{tls->not_after_s(), tls->reloads(), tls->failed_reloads(), tls->problem()};
  }

 private:
  const std::shared_ptr<Hub> hub_;
  const std::shared_ptr<Listener> listener_;
  std::uint16_t port_ = 0;
};

}  // namespace

std::unique_ptr<Server> make_server(asio::io_context& io, ServerConfig config, Handler& handler) {
  return std::make_unique<AsioServer>(io, std::move(config), handler);
}

}  // namespace arbiter::net
