// What concerns the server itself: health, version, configuration, status, metrics, the OpenAPI document, and the
// catalogue of namespaces.
#pragma once

#include "api/service.h"

namespace arbiter::api {

struct HealthCheck {
  std::string name;
  bool ok = true;
  std::optional<std::string> detail;
};
BOOST_DESCRIBE_STRUCT(HealthCheck, (), (name, ok, detail))
struct Health {
  std::string status;  // ok | degraded | unavailable | stopping
  std::vector<HealthCheck> checks;
};
BOOST_DESCRIBE_STRUCT(Health, (), (status, checks))

struct VersionView {
  std::string name;
  std::string version;
  std::string api;
};
BOOST_DESCRIBE_STRUCT(VersionView, (), (name, version, api))

struct NamespaceStatusView {
  std::string name;
  bool open = false;
  std::optional<std::string> problem;
  std::int64_t head = 0;
  std::int64_t live_tasks = 0;
  std::int64_t waiters = 0;
  std::int64_t commits = 0;
  std::int64_t failed_commits = 0;
  std::int64_t events = 0;
  double commit_seconds = 0;
};
BOOST_DESCRIBE_STRUCT(NamespaceStatusView, (),
                      (name, open, problem, head, live_tasks, waiters, commits, failed_commits, events, commit_seconds))
struct StatusView {
  std::string version;
  base::Timestamp started_at;
  std::int64_t uptime_ms = 0;
  bool stopping = false;
  std::int64_t connections = 0;
  std::int64_t resident_bytes = 0;
  std::int64_t namespaces_existing = 0;
  std::vector<NamespaceStatusView> namespaces;  // those that are open, and those that cannot be
};
BOOST_DESCRIBE_STRUCT(StatusView, (),
                      (version, started_at, uptime_ms, stopping, connections, resident_bytes, namespaces_existing,
                       namespaces))

void run_live(Service& service, const CallPtr& call);
void run_ready(Service& service, const CallPtr& call);
void run_health(Service& service, const CallPtr& call);
void run_version(Service& service, const CallPtr& call);
void run_config(Service& service, const CallPtr& call);
void run_status(Service& service, const CallPtr& call);
void run_metrics(Service& service, const CallPtr& call);
void run_metrics_history(Service& service, const CallPtr& call);
void run_openapi(Service& service, const CallPtr& call);
void run_create_namespace(Service& service, const CallPtr& call);

}  // namespace arbiter::api
