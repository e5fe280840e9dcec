#include "api/server_operations.h"

#include "api/observation.h"

namespace arbiter::api {
namespace {

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

// What is under way goes on: /readyz does not ask either.
void add_disk_check(Service& service, Health& health) {
  const auto free = service.disk_reserve().free_bytes();
  if (!free) return;
  const bool ok = !service.disk_reserve().is_reached();
  health.checks.push_back({"disk", ok,
                           std::to_string(*free) + " bytes are free, " +
                               std::to_string(service.disk_reserve().reserve_bytes()) + " are the reserve." +
                               (ok ? "" : " New work is refused.")});
  if (!ok && health.status == "ok") health.status = "degraded";
}

void answer(const CallPtr& call, std::string content_type, std::string body) {
  net::Response response;
  response.content_type = std::move(content_type);
  response.body = std::move(body);
  call->reply(std::move(response));
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
  add_disk_check(service, health);
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
  view.namespaces_existing = static_cast<std::int64_t>(service.engine().counts().known);
  for (const auto& s : service.engine().status()) {
    view.namespaces.push_back({s.name, s.open, s.problem.empty() ? std::nullopt : std::optional(s.problem),
                               static_cast<std::int64_t>(s.head), s.live_tasks, s.waiters,
                               static_cast<std::int64_t>(s.commits), static_cast<std::int64_t>(s.failed_commits),
                               static_cast<std::int64_t>(s.events), static_cast<double>(s.commit_micros) / 1e6});
  }
  call->reply_json(200, base::to_json(view));
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
