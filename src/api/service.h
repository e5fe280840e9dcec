// Takes requests from the network and brings them through: route, authorise, find the namespace, decode, hand to the
// engine, answer. Decoding and the encoding of long answers happen off the strands.
#pragma once

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <functional>
#include <memory>
#include <string>

#include "api/call.h"
#include "api/disk_reserve.h"
#include "api/feed.h"
#include "api/history.h"
#include "api/namespaces.h"
#include "api/observation.h"
#include "api/page.h"
#include "api/request_rate.h"
#include "api/router.h"
#include "api/tokens.h"
#include "engine/engine.h"

namespace arbiter::api {

struct ServiceConfig {
  std::string version;
  std::string config_json = "{}";  // what GET /api/v1/config shows: effective, without secrets
  std::size_t body_bytes_max = std::size_t{2} * 1024 * 1024;
  std::size_t large_body_bytes_max = std::size_t{20} * 1024 * 1024;  // batches and reports
  bool authentication = true;
  RequestRate token_rate;                    // of requests, under one token
  RequestRate address_rate;                  // of requests, from one address
  RequestRate refused_address_rate;          // of tokens that nobody has, from one address
  std::size_t streams_max = 2'000;           // open at a time: answers of server-sent events, and WebSockets
  std::size_t subscriptions_max = 100;       // of one WebSocket
  std::int64_t sample_interval_ms = 10'000;  // of the history of metrics
  std::size_t namespaces_max = 10'000;
  std::int64_t disk_reserve_bytes = 0;
  DiskReserve::Probe free_bytes{};
  std::span<const PageFile> page{};  // the dashboard, which lives as long as the program
  SpanSink* spans = nullptr;         // where the spans of requests go; null: nothing is exported
  double trace_ratio = 1.0;          // of the traces that begin here, those that are exported
};

class Service final : public net::Handler {
 public:
  // `io` runs the continuations. The engine's namespace `system` is open before the first request.
  Service(boost::asio::io_context& io, engine::Engine& engine, const base::Clock& clock, ServiceConfig config);
  ~Service() override;

  void handle(net::Request request, std::shared_ptr<net::Responder> responder) override;
  [[nodiscard]] net::Response refuse(const base::Error& error, const std::string& request_id) override;

  // From now on /readyz answers 503; everything else goes on.
  void begin_shutdown();
  // From now on a sample is kept every sample_interval_ms, until begin_shutdown().
  void begin_sampling();
  void set_network(const net::Server* server) { network_ = server; }

  // ---- for the handlers of operations ----
  using Then = std::function<void(engine::Answer)>;
  // Runs the command for this call; `then` (else finish()) takes the answer. With `waits` the command is taken back
  // when the client leaves.
  void execute(const CallPtr& call, core::Command command, bool waits, Then then = {});
  // Answers the call with what the engine said.
  void finish(const CallPtr& call, engine::Answer answer);
  // Runs `job` with committed state on a thread that may block; refuses the call when the namespace is closed.
  void read(const CallPtr& call, std::function<void(store::Reader&)> job);
  // Runs `job` on one of the network's threads.
  void post(std::function<void()> job);
  // Finds out whose token this is; `then` is called (on any thread) when it is valid and under its rate, else the call
  // is refused.
  using Admitted = std::function<void(std::shared_ptr<Credential>)>;
  void authenticate(const CallPtr& call, std::string_view token, Admitted then);
  // Counts one more open stream, for streams_open to be lowered when it ends; kOverloaded when there are too many.
  [[nodiscard]] base::Result<void> take_stream();

  [[nodiscard]] boost::asio::io_context& io() { return io_; }
  [[nodiscard]] engine::Engine& engine() { return engine_; }
  [[nodiscard]] const base::Clock& clock() const { return clock_; }
  [[nodiscard]] const ServiceConfig& config() const { return config_; }
  [[nodiscard]] Tokens& tokens() { return tokens_; }
  [[nodiscard]] Namespaces& namespaces() { return namespaces_; }
  [[nodiscard]] DiskReserve& disk_reserve() { return disk_reserve_; }
  [[nodiscard]] Feeds& feeds() { return feeds_; }
  [[nodiscard]] Metrics& metrics() { return metrics_; }
  [[nodiscard]] MetricNames& metric_names() { return metric_names_; }
  [[nodiscard]] const History& history() const { return history_; }
  [[nodiscard]] const net::Server* network() const { return network_; }
  [[nodiscard]] bool is_stopping() const { return stopping_; }
  [[nodiscard]] base::Timestamp started_at() const { return started_at_; }
  [[nodiscard]] const std::string& openapi() const { return openapi_; }

 private:
  void sample_later();
  void begin_trace(Call& call);
  void settle_trace(Call& call);
  void authorise(const CallPtr& call);
  void admit(const CallPtr& call, std::shared_ptr<Credential> credential, const Admitted& then);
  void authorised(const CallPtr& call, std::shared_ptr<Credential> credential);
  void enter_namespace(const CallPtr& call);
  void run(const CallPtr& call);
  [[nodiscard]] base::Result<void> choose_namespace(Call& call) const;
  [[nodiscard]] base::Result<void> check_body(const Call& call) const;
  [[nodiscard]] static base::Result<void> take_idempotency_key(Call& call);
  void respond(const CallPtr& call, const core::Reply& reply);
  void replay(const CallPtr& call, const engine::StoredReply& stored);
  void return_leases(const CallPtr& call, std::vector<core::Cancellation> leases);

  boost::asio::io_context& io_;
  engine::Engine& engine_;
  const base::Clock& clock_;
  const ServiceConfig config_;
  const base::Timestamp started_at_;
  const std::string openapi_;
  Metrics metrics_;
  MetricNames metric_names_;
  History history_;
  boost::asio::strand<boost::asio::io_context::executor_type> sampling_;  // the next two are used on it only
  boost::asio::steady_timer sample_timer_;
  Sampler sampler_;
  Router router_;
  const Page page_;
  TraceIds trace_ids_;
  AddressMeters addresses_;
  AddressMeters refused_addresses_;
  Tokens tokens_;
  Namespaces namespaces_;
  DiskReserve disk_reserve_;
  Feeds feeds_;
  std::atomic<bool> stopping_{false};
  std::atomic<const net::Server*> network_{nullptr};
};

}  // namespace arbiter::api
