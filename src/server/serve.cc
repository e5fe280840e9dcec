#include "server/serve.h"

#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <future>
#include <thread>

#include "api/service.h"
#include "server/address_file.h"
#include "server/admin_token.h"
#include "server/log.h"
#include "server/otlp.h"
#include "server/page_files.h"
#include "server/process.h"
#include "server/tls_renewal.h"
#include "store/sqlite/sqlite_store.h"
#include "store/sqlite/sync_times.h"

namespace arbiter::server {
namespace {

using base::ErrorCode;
using base::fail;
using base::Result;
using std::chrono::steady_clock;

constexpr int kThreadsMax = 4;
constexpr std::chrono::milliseconds kPoll{5};
constexpr std::chrono::seconds kLeaveTimeout{2};
constexpr int kLastExportMs = 2'000;
constexpr std::int64_t kLastEffectsMs = 1'000;  // for notifications under way; then the next start sends them

// Waits for an answer that comes by callback.
template <typename T>
class Awaited {
 public:
  [[nodiscard]] auto callback() {
    return [promise = promise_](T value) { promise->set_value(std::move(value)); };
  }
  [[nodiscard]] T get() { return future_.get(); }
  [[nodiscard]] bool wait_until(steady_clock::time_point end) {
    return future_.wait_until(end) == std::future_status::ready;
  }

 private:
  std::shared_ptr<std::promise<T>> promise_ = std::make_shared<std::promise<T>>();
  std::future<T> future_ = promise_->get_future();
};

int thread_count(const Config& config) {
  if (config.threads > 0) return static_cast<int>(config.threads);
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kThreadsMax);
}

api::RequestRate rate_of(std::int64_t per_second, std::int64_t burst) {
  return {per_second, burst > 0 ? burst : per_second};
}

// The parts of a running server, in the order in which they are built.
class Running {
 public:
  Running(const Config& config, Log& log) : config_(config), log_(log) {}
  ~Running();
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  [[nodiscard]] Result<void> start();
  [[nodiscard]] std::string url() const;
  void reload_tls();
  // True when everything that was under way has been answered and stored.
  [[nodiscard]] bool stop(const std::string& why);

 private:
  [[nodiscard]] Result<void> phase(std::string_view name, Result<void> (Running::*work)());
  [[nodiscard]] Result<void> open_store();
  [[nodiscard]] Result<void> begin_export(engine::EngineConfig& config);
  void begin_effects(std::vector<effects::Target> targets);
  [[nodiscard]] Result<void> open_tls();
  [[nodiscard]] Result<void> open_system();
  [[nodiscard]] Result<void> open_namespaces();
  [[nodiscard]] Result<void> listen();
  [[nodiscard]] Result<core::Reply> ask_system(core::Command command);
  [[nodiscard]] Result<void> ensure_token();
  [[nodiscard]] bool wait_for_connections(steady_clock::time_point end) const;
  void leave();

  const Config config_;
  Log& log_;
  base::SystemClock clock_;
  std::unique_ptr<store::Store> store_;
  std::optional<AddressFile> address_file_;  // since the store is ours
  boost::asio::io_context io_;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_;
  std::unique_ptr<OtlpExporter> exporter_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<effects::Dispatcher> dispatcher_;
  std::unique_ptr<api::Service> service_;
  std::shared_ptr<net::TlsIdentity> tls_;
  std::unique_ptr<TlsRenewal> renewal_;
  std::unique_ptr<net::Server> server_;
  std::vector<std::thread> threads_;
  std::atomic<int> threads_running_{0};
};

// ---- start ----------------------------------------------------------------------------------------------------

Result<void> Running::phase(std::string_view name, Result<void> (Running::*work)()) {
  const auto begin = steady_clock::now();
  auto result = (this->*work)();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin);
  if (result) log_.info("start-up phase done", {{"phase", std::string(name)}, {"ms", std::to_string(took.count())}});
  return result;
}

Result<void> Running::start() {
  if (auto done = phase("TLS", &Running::open_tls); !done) return done;
  if (auto done = phase("store", &Running::open_store); !done) return done;
  if (auto done = phase("system namespace", &Running::open_system); !done) return done;
  if (auto done = phase("namespaces", &Running::open_namespaces); !done) return done;
  if (auto done = phase("network", &Running::listen); !done) return done;
  service_->tokens().begin_noting();
  return {};
}

// Before anything is opened: a wrong certificate is the operator's next thing to do.
Result<void> Running::open_tls() {
  if (config_.tls.certificate.empty()) return {};
  auto identity = net::TlsIdentity::load(config_.tls);
  if (!identity) return fail(identity.error());
  tls_ = std::move(*identity);
  log_.info("TLS certificate loaded", {{"validUntil", base::to_rfc3339({tls_->not_after_s() * 1000})}});
  return {};
}

void Running::reload_tls() {
  if (renewal_) renewal_->reload_now();
}

Result<void> Running::begin_export(engine::EngineConfig& config) {
  auto otlp =
      otlp_config(config_.telemetry.otlp_endpoint, config_.telemetry.traces_endpoint, config_.telemetry.headers);
  if (!otlp) return fail(otlp.error());
  otlp->service_name = config_.telemetry.service_name;
  otlp->spans_per_second = config_.telemetry.spans_per_second;
  log_.info("traces are exported", {{"to", otlp->endpoint.url() + otlp->path}});
  exporter_ = std::make_unique<OtlpExporter>(std::move(*otlp), clock_, log_);
  config.limits.task_stages = true;
  config.limits.trace_ratio = config_.telemetry.sample_ratio;
  config.stages = [this](const std::string& name, const std::vector<core::TaskStage>& stages) {
    exporter_->add(name, stages);
  };
  return {};
}

// Called before any namespace opens.
void Running::begin_effects(std::vector<effects::Target> targets) {
  if (targets.empty()) return;
  dispatcher_ = std::make_unique<effects::Dispatcher>(
      *engine_, std::move(targets), [this](const std::string& what, const effects::Delivery& delivery) {
        log_.warn(what, {{"notifier", delivery.order.notifier},
                         {"namespace", delivery.namespace_name},
                         {"effect", delivery.order.id},
                         {"attempt", std::to_string(delivery.order.attempt)}});
      });
}

Result<void> Running::open_store() {
  auto targets = make_targets(config_.notifications, config_.notification_networks, ARBITER_VERSION);
  if (!targets) return fail(targets.error());
  store::SqliteOptions options;
  options.vfs = store::timed_vfs();
  auto store = store::open_sqlite_store(config_.data, options);
  if (!store) return fail(store.error());
  store_ = std::move(*store);
  address_file_.emplace(config_.data);
  engine::EngineConfig config;
  config.limits = config_.core;
  config.limits.notifiers = notifiers_of(config_.notifications);
  config.effects = [this](const std::string& name, std::vector<core::EffectOrder> orders) {
    if (dispatcher_) dispatcher_->start(name, std::move(orders));
  };
  config.retention_days = config_.retention_days;
  // The inbox shows no dead task that is deleted already.
  if (config_.retention_days > 0) config.limits.inbox.dead_task_ms = config_.retention_days * core::kDayMs;
  config.retention_interval_ms = config_.retention_interval_ms;
  config.open_max = static_cast<std::size_t>(config_.open_namespaces_max);
  config.idle_ms = config_.namespace_idle_ms;
  config.keep_open = {std::string(api::kSystem), "default"};
  config.notice = [this](const std::string& name, const std::string& what) { log_.warn(what, {{"namespace", name}}); };
  if (config_.telemetry.exports()) {
    if (auto begun = begin_export(config); !begun) return begun;
  }
  engine_ = std::make_unique<engine::Engine>(io_, *store_, clock_, config);
  begin_effects(std::move(*targets));
  api::ServiceConfig service;
  service.version = ARBITER_VERSION;
  service.config_json = config_json(config_);
  service.body_bytes_max = static_cast<std::size_t>(config_.body_bytes_max);
  service.large_body_bytes_max = static_cast<std::size_t>(config_.large_body_bytes_max);
  service.streams_max = static_cast<std::size_t>(config_.streams_max);
  service.sample_interval_ms = config_.sample_interval_ms;
  service.subscriptions_max = static_cast<std::size_t>(config_.subscriptions_max);
  service.disk_reserve_bytes = config_.disk_reserve_bytes;
  service.free_bytes = [data = config_.data]() -> std::optional<std::int64_t> {
    std::error_code failed;
    const auto space = std::filesystem::space(data, failed);
    if (failed) return std::nullopt;
    return static_cast<std::int64_t>(space.available);
  };
  service.namespaces_max = static_cast<std::size_t>(config_.namespaces_max);
  service.token_rate = rate_of(config_.requests_per_second_per_token, config_.requests_burst_per_token);
  service.address_rate = rate_of(config_.requests_per_second_per_address, config_.requests_burst_per_address);
  const std::int64_t wrong = config_.wrong_tokens_per_minute_per_address;
  service.refused_address_rate = {wrong, wrong, 60'000};
  service.authentication = !config_.insecure_no_auth;
  service.page = page_files();
  service.spans = exporter_.get();
  service.trace_ratio = config_.telemetry.sample_ratio;
  service_ = std::make_unique<api::Service>(io_, *engine_, clock_, std::move(service));
  work_.emplace(io_.get_executor());
  threads_running_ = thread_count(config_);
  for (int i = 0; i < thread_count(config_); ++i) {
    threads_.emplace_back([this] {
      io_.run();
      --threads_running_;
    });
  }
  return {};
}

Result<core::Reply> Running::ask_system(core::Command command) {
  Awaited<engine::Answer> answer;
  engine::Request request;
  request.command = std::move(command);
  request.actor.name = api::kSystem;
  engine_->submit(std::string(api::kSystem), std::move(request), answer.callback());
  auto got = answer.get();
  if (!got) return fail(got.error());
  return std::get<core::Reply>(std::move(*got));
}

Result<void> Running::ensure_token() {
  auto token = ensure_admin_token(config_.data);
  if (!token) return fail(token.error());
  Awaited<Result<void>> added;
  service_->tokens().add(api::token_hash(*token), std::string(api::kAdmin), added.callback());
  auto result = added.get();
  if (!result && result.error().code == ErrorCode::kUnauthorized) {
    log_.warn("the token in admin.token has been revoked; remove the file for a start with another one");
    return {};
  }
  return result;
}

Result<void> Running::open_system() {
  Awaited<Result<void>> opened;
  engine_->open(std::string(api::kSystem), opened.callback());
  if (auto done = opened.get(); !done) return done;
  if (auto done = ensure_token(); !done) return done;
  const std::string detail = std::string("version " ARBITER_VERSION ", process ") + std::to_string(::getpid());
  if (auto recorded = ask_system(core::RecordLifecycle{"STARTED", detail}); !recorded) return fail(recorded.error());
  return {};
}

// Only the default one has to serve; the others open when they are needed.
Result<void> Running::open_namespaces() {
  if (auto made = ask_system(core::CreateNamespace{"default"}); !made) return fail(made.error());
  std::vector<std::string> names;
  core::ListNamespaces list;
  do {
    auto reply = ask_system(list);
    if (!reply) return fail(reply.error());
    auto& page = std::get<core::NamespaceList>(*reply);
    for (auto& one : page.items) names.push_back(std::move(one.name.value));
    list.cursor.reset();
    if (page.next_cursor) list.cursor.emplace(*page.next_cursor);
  } while (list.cursor);
  Awaited<Result<void>> opened;
  engine_->open("default", opened.callback());
  if (auto outcome = opened.get(); !outcome) return outcome;
  return engine_->know(names);
}

Result<void> Running::listen() {
  auto address = parse_listen(config_.listen);
  if (!address) return fail(address.error());
  net::ServerConfig config;
  config.address = address->host;
  config.port = address->port;
  config.allowed_hosts = config_.allowed_hosts;
  config.allowed_origins = config_.allowed_origins;
  if (tls_) {
    // The certificate says which names are ours.
    for (auto& name : tls_->names()) config.allowed_hosts.push_back(std::move(name));
    const bool is_v6 = address->host.find(':') != std::string::npos;
    config.allowed_hosts.push_back(is_v6 ? "[" + address->host + "]" : address->host);
    config.tls = tls_;
    renewal_ = std::make_unique<TlsRenewal>(io_, *tls_, log_);
  }
  config.limits = config_.http;
  if (config_.access_log) config.access_log = log_.access_log();
  server_ = net::make_server(io_, std::move(config), *service_);
  service_->set_network(server_.get());
  if (auto listening = server_->listen(); !listening) return listening;
  service_->begin_sampling();
  // Clients that name the address find the server without the file.
  if (auto published = address_file_->publish(url()); !published) log_.warn(published.error().message);
  return {};
}

std::string Running::url() const {
  const auto address = parse_listen(config_.listen);
  const bool is_v6 = address->host.find(':') != std::string::npos;
  // Every address: this machine's clients reach it by the name that is always theirs.
  if (address->host == "0.0.0.0" || address->host == "::") {
    return (tls_ ? "https://localhost:" : "http://localhost:") + std::to_string(server_->port());
  }
  return (tls_ ? "https://" : "http://") + (is_v6 ? "[" + address->host + "]" : address->host) + ":" +
         std::to_string(server_->port());
}

// ---- stop -----------------------------------------------------------------------------------------------------

bool Running::wait_for_connections(steady_clock::time_point end) const {
  while (server_->stats().connections_open > 0) {
    if (steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(kPoll);
  }
  return true;
}

bool Running::stop(const std::string& why) {
  const auto end = steady_clock::now() + std::chrono::milliseconds(config_.shutdown_timeout_ms);
  address_file_->withdraw();
  service_->begin_shutdown();
  server_->drain();
  Awaited<bool> noted;
  service_->tokens().end_noting([done = noted.callback()] { done(true); });
  Awaited<engine::Answer> recorded;
  engine::Request request;
  request.command = core::RecordLifecycle{"STOPPED", why};
  request.actor.name = api::kSystem;
  engine_->submit(std::string(api::kSystem), std::move(request), recorded.callback());
  bool clean = recorded.wait_until(end);
  clean = noted.wait_until(end) && clean;
  if (dispatcher_) dispatcher_->stop(kLastEffectsMs);
  // Answers the long polls, so that their connections can close; what is being committed is answered after it.
  Awaited<bool> stopped;
  engine_->stop([done = stopped.callback()] { done(true); });
  clean = wait_for_connections(end) && clean;
  clean = stopped.wait_until(end) && clean;
  leave();
  return clean;
}

// Lets the threads run out of work. A part that does not let go must not keep the process.
void Running::leave() {
  if (server_) server_->close();
  renewal_.reset();
  work_.reset();
  const auto end = steady_clock::now() + kLeaveTimeout;
  while (threads_running_ > 0 && steady_clock::now() < end) std::this_thread::sleep_for(kPoll);
  if (threads_running_ > 0) io_.stop();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
  if (exporter_) exporter_->close(kLastExportMs);
}

Running::~Running() {
  if (dispatcher_) dispatcher_->stop(0);
  if (threads_.empty()) return;
  Awaited<bool> stopped;
  engine_->stop([done = stopped.callback()] { done(true); });
  (void)stopped.wait_until(steady_clock::now() + kLeaveTimeout);
  leave();
}

}  // namespace

Result<int> serve(const ServeOptions& options) {
  const auto begin = steady_clock::now();
  prepare_process(options.exit_with_parent);
  StopSignal signal(/*with_hangup=*/!options.config.tls.certificate.empty());
  Log log(options.config.log_level);
  log.info("start-up phase done", {{"phase", "configuration"},
                                   {"ms", std::to_string(options.config_ms)},
                                   {"file", options.config_file.empty() ? "none" : options.config_file}});
  for (const auto& warning : options.warnings) log.warn(warning);
  Running running(options.config, log);
  if (auto started = running.start(); !started) {
    log.flush();
    return fail(started.error());
  }
  if (options.config.insecure_no_auth) {
    log.warn("AUTHENTICATION IS OFF: everyone who reaches this address may do everything (insecureNoAuth)");
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - begin);
  log.info("ready", {{"url", running.url()}, {"ms", std::to_string(took.count())}, {"version", ARBITER_VERSION}});
  std::printf("arbiter is ready at %s\n", running.url().c_str());
  std::fflush(stdout);

  signal.on_hangup([&running] { running.reload_tls(); });
  const std::string why = signal.wait();
  signal.on_hangup({});
  log.info("stopping", {{"reason", why}});
  const bool clean = running.stop(why);
  if (!clean) log.warn("stopped before everything under way was answered", {{"reason", "shutdownTimeoutMs is over"}});
  log.info("stopped");
  log.flush();
  return clean ? 0 : base::info(ErrorCode::kShuttingDown).exit_code;
}

}  // namespace arbiter::server
