#include "api/server_operations.h"

#include <prometheus/metric_family.h>
#include <unistd.h>

#include <fstream>

namespace arbiter::api {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

Health health_of(Service& service) {
  Health health{"ok", {}};
  const auto add = [&](std::string name, bool ok, const std::string& detail) {
    health.checks.push_back({std::move(name), ok, detail.empty() ? std::nullopt : std::optional(detail)});
    if (!ok) health.status = "unavailable";
  };
  for (const auto& one : service.engine().status()) add("namespace:" + one.name, one.open, one.problem);
  if (service.is_stopping()) {
    add("server", false, "The server is stopping.");
    health.status = "stopping";
  }
  return health;
}

// A certificate that was not renewed needs somebody, but what it serves is served: /readyz does not ask.
void add_tls_check(Service& service, Health& health) {
  const auto tls = service.network() ? service.network()->tls_status() : std::nullopt;
  if (!tls) return;
  const bool expired = tls->not_after_s * 1000 <= service.clock().wall().ms;
  const bool ok = tls->problem.empty() && !expired;
  std::string detail = "The certificate in use is valid until " + base::to_rfc3339({tls->not_after_s * 1000}) + ".";
  if (!tls->problem.empty()) detail += " It was not renewed: " + tls->problem + ".";
  health.checks.push_back({"tls", ok, detail});
  if (!ok && health.status == "ok") health.status = "degraded";
}

void answer(const CallPtr& call, std::string content_type, std::string body) {
  net::Response response;
  response.content_type = std::move(content_type);
  response.body = std::move(body);
  call->reply(std::move(response));
}

std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t pages = 0;
  std::int64_t resident = 0;
  statm >> pages >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

MetricFamily single(std::string name, std::string help, MetricType type, double value) {
  MetricFamily family{std::move(name), std::move(help), type, {}};
  auto& metric = family.metric.emplace_back();
  if (type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  return family;
}

// One family with a value per namespace.
template <typename Value>
MetricFamily by_namespace(const std::vector<engine::NamespaceStatus>& all, std::string name, std::string help,
                          MetricType type, Value value) {
  MetricFamily family{std::move(name), std::move(help), type, {}};
  for (const auto& one : all) {
    auto& metric = family.metric.emplace_back();
    metric.label = {{"namespace", one.name}};
    (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = static_cast<double>(value(one));
  }
  return family;
}

void add_tls(const net::TlsStatus& tls, const net::ServerStats& stats, std::vector<MetricFamily>& out) {
  constexpr auto counter = MetricType::Counter;
  out.push_back(single("arbiter_tls_certificate_not_after_seconds", "When the certificate in use ends, in Unix time",
                       MetricType::Gauge, static_cast<double>(tls.not_after_s)));
  out.push_back(single("arbiter_tls_reloads_total", "Certificates taken into use after the first", counter,
                       static_cast<double>(tls.reloads)));
  out.push_back(single("arbiter_tls_reload_failures_total",
                       "Renewals that could not be used; the old certificate stayed", counter,
                       static_cast<double>(tls.failed_reloads)));
  out.push_back(single("arbiter_tls_handshakes_failed_total", "Connections whose TLS handshake failed", counter,
                       static_cast<double>(stats.tls_handshakes_failed.load())));
}

void add_engine(Service& service, std::vector<MetricFamily>& out) {
  using Status = engine::NamespaceStatus;
  const auto all = service.engine().status();
  constexpr auto counter = MetricType::Counter;
  constexpr auto gauge = MetricType::Gauge;
  out.push_back(by_namespace(all, "arbiter_events_total", "Events committed since the start", counter,
                             [](const Status& s) { return s.events; }));
  out.push_back(by_namespace(all, "arbiter_commits_total", "Batches given to the store", counter,
                             [](const Status& s) { return s.commits; }));
  out.push_back(by_namespace(all, "arbiter_commit_failures_total", "Batches that the store refused", counter,
                             [](const Status& s) { return s.failed_commits; }));
  out.push_back(by_namespace(all, "arbiter_commit_seconds_total", "Time spent in commits", counter,
                             [](const Status& s) { return static_cast<double>(s.commit_micros) / 1e6; }));
  out.push_back(by_namespace(all, "arbiter_live_tasks", "Tasks that have not ended", gauge,
                             [](const Status& s) { return s.live_tasks; }));
  out.push_back(by_namespace(all, "arbiter_waiters", "Requests that wait (long polls)", gauge,
                             [](const Status& s) { return s.waiters; }));
  out.push_back(by_namespace(all, "arbiter_log_position", "Position of the last durable event", gauge,
                             [](const Status& s) { return s.head; }));
  out.push_back(by_namespace(all, "arbiter_namespace_open", "1 while the namespace serves", gauge,
                             [](const Status& s) { return s.open ? 1 : 0; }));
}

}  // namespace

void run_live(Service&, const CallPtr& call) { call->reply_json(200, R"({"status":"ok","checks":[]})"); }

void run_ready(Service& service, const CallPtr& call) {
  const Health health = health_of(service);
  call->reply_json(health.status == "ok" ? 200 : 503, base::to_json(health));
}

void run_health(Service& service, const CallPtr& call) {
  Health health = health_of(service);
  add_tls_check(service, health);
  call->reply_json(200, base::to_json(health));
}

void run_version(Service& service, const CallPtr& call) {
  call->reply_json(200, base::to_json(VersionView{"arbiter", service.config().version, "v1"}));
}

void run_config(Service& service, const CallPtr& call) { call->reply_json(200, service.config().config_json); }

void run_status(Service& service, const CallPtr& call) {
  StatusView view;
  view.version = service.config().version;
  view.started_at = service.started_at();
  view.uptime_ms = service.clock().wall().ms - view.started_at.ms;
  view.stopping = service.is_stopping();
  if (service.network())
    view.connections = static_cast<std::int64_t>(service.network()->stats().connections_open.load());
  view.resident_bytes = resident_bytes();
  for (const auto& s : service.engine().status()) {
    view.namespaces.push_back({s.name, s.open, s.problem.empty() ? std::nullopt : std::optional(s.problem),
                               static_cast<std::int64_t>(s.head), s.live_tasks, s.waiters,
                               static_cast<std::int64_t>(s.commits), static_cast<std::int64_t>(s.failed_commits),
                               static_cast<std::int64_t>(s.events), static_cast<double>(s.commit_micros) / 1e6});
  }
  call->reply_json(200, base::to_json(view));
}

void run_metrics(Service& service, const CallPtr& call) {
  std::vector<MetricFamily> out;
  MetricFamily build = single("arbiter_build_info", "The version that runs", MetricType::Gauge, 1);
  build.metric.front().label = {{"version", service.config().version}};
  out.push_back(std::move(build));
  constexpr auto gauge = MetricType::Gauge;
  const Metrics& metrics = service.metrics();
  out.push_back(
      single("arbiter_process_resident_bytes", "Resident memory", gauge, static_cast<double>(resident_bytes())));
  out.push_back(single("arbiter_start_time_seconds", "When the server started, in Unix time", gauge,
                       static_cast<double>(service.started_at().ms) / 1e3));
  out.push_back(single("arbiter_requests_in_flight", "Requests that have no answer yet", gauge,
                       static_cast<double>(metrics.in_flight.load())));
  out.push_back(
      single("arbiter_streams_open", "Open event streams", gauge, static_cast<double>(metrics.streams_open.load())));
  if (const auto* network = service.network()) {
    out.push_back(single("arbiter_connections_open", "Open connections", gauge,
                         static_cast<double>(network->stats().connections_open.load())));
    out.push_back(single("arbiter_connections_refused_total", "Connections over the limit", MetricType::Counter,
                         static_cast<double>(network->stats().connections_refused.load())));
    if (const auto tls = network->tls_status()) add_tls(*tls, network->stats(), out);
  }
  add_engine(service, out);
  answer(call, "text/plain; version=0.0.4; charset=utf-8", metrics.text(std::move(out)));
}

void run_openapi(Service& service, const CallPtr& call) { answer(call, "application/json", service.openapi()); }

// The namespace serves by the time its creation is answered.
void run_create_namespace(Service& service, const CallPtr& call) {
  auto request = call->decode<core::CreateNamespace>();
  if (!request) return call->refuse(request.error());
  const std::string name = request->name.value;
  if (auto room = service.namespaces().check_room(name); !room) return call->refuse(room.error());
  service.execute(call, std::move(*request), /*waits=*/false, [&service, call, name](engine::Answer made) {
    if (!made) return call->refuse(made.error());
    auto shared = std::make_shared<engine::Answer>(std::move(made));
    service.namespaces().open(name, [&service, call, shared](base::Result<void> opened) {
      if (!opened) return call->refuse(opened.error());
      service.finish(call, std::move(*shared));
    });
  });
}

}  // namespace arbiter::api
