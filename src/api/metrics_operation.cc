// GET /metrics: everything the server counts, in Prometheus' text format. Labels never hold ids; the names of
// namespaces and queues are bounded by MetricNames. docs/guides/observe.md says what to watch.
#include "api/families.h"
#include "api/observation.h"
#include "api/server_operations.h"

namespace arbiter::api {
namespace {

constexpr auto kCounter = MetricType::Counter;
constexpr auto kGauge = MetricType::Gauge;
constexpr double kMicros = 1e-6;
constexpr double kMillis = 1e-3;

double number(auto value) { return static_cast<double>(value); }

void add_process(const ProcessFigures& process, const Service& service, Families& out) {
  MetricFamily& build = out.make("arbiter_build_info", "The version that runs", kGauge);
  add_value(build, {{"version", service.config().version}}, 1);
  out.counter("process_cpu_seconds_total", "CPU time, user and system", process.cpu_seconds);
  out.gauge("process_resident_memory_bytes", "Memory in use", number(process.resident_bytes));
  out.gauge("process_resident_memory_peak_bytes", "The most memory ever in use", number(process.resident_peak_bytes));
  out.gauge("process_virtual_memory_bytes", "Address space in use", number(process.virtual_bytes));
  out.gauge("process_open_fds", "Open files and sockets", number(process.open_files));
  out.gauge("process_max_fds", "How many there may be", number(process.open_files_max));
  out.gauge("process_threads", "Threads", number(process.threads));
  out.gauge("process_start_time_seconds", "When the server started, in Unix time",
            number(service.started_at().ms) * kMillis);
}

void add_tls(const net::TlsStatus& tls, const net::ServerStats& stats, Families& out) {
  out.gauge("arbiter_tls_certificate_not_after_seconds", "When the certificate in use ends, in Unix time",
            number(tls.not_after_s));
  out.counter("arbiter_tls_reloads_total", "Certificates taken into use after the first", number(tls.reloads));
  out.counter("arbiter_tls_reload_failures_total", "Renewals that could not be used; the old certificate stayed",
              number(tls.failed_reloads));
  out.counter("arbiter_tls_handshakes_failed_total", "Connections whose TLS handshake failed",
              number(stats.tls_handshakes_failed.load()));
}

void add_network(Service& service, Families& out) {
  const Metrics& metrics = service.metrics();
  out.gauge("arbiter_requests_in_flight", "Requests that have no answer yet", number(metrics.in_flight.load()));
  out.gauge("arbiter_streams_open", "Open event streams and WebSockets", number(metrics.streams_open.load()));
  const FeedCounters& feeds = service.feeds().counters();
  out.gauge("arbiter_subscriptions_open", "Subscriptions of streams and WebSockets",
            number(feeds.subscriptions.load()));
  out.counter("arbiter_subscriptions_lagged_total", "Subscriptions that ended because their reader was too slow",
              number(feeds.lagged.load()));
  const auto* network = service.network();
  if (!network) return;
  out.gauge("arbiter_connections_open", "Open connections", number(network->stats().connections_open.load()));
  out.counter("arbiter_connections_refused_total", "Connections over the limit",
              number(network->stats().connections_refused.load()));
  if (const auto tls = network->tls_status()) add_tls(*tls, network->stats(), out);
}

void add_disk_reserve(DiskReserve& reserve, Families& out) {
  out.gauge("arbiter_disk_reserve_bytes", "Below so much free space new work is refused; 0: never",
            number(reserve.reserve_bytes()));
  out.gauge("arbiter_disk_reserve_reached", "1 while new work is refused for want of space",
            reserve.is_reached() ? 1 : 0);
  out.counter("arbiter_disk_reserve_refused_total", "Requests refused for that", number(reserve.refused()));
}

void add_spans(const SpanCounts& spans, Families& out) {
  out.counter("arbiter_spans_exported_total", "Spans that the collector took", number(spans.exported));
  MetricFamily& dropped = out.make("arbiter_spans_dropped_total", "Spans that were not exported, by why", kCounter);
  add_value(dropped, {{"reason", "queueFull"}}, number(spans.overflowed));
  add_value(dropped, {{"reason", "undelivered"}}, number(spans.undelivered));
  add_value(dropped, {{"reason", "rejected"}}, number(spans.rejected));
  out.gauge("arbiter_spans_queued", "Spans that wait to be exported", number(spans.queued));
}

void add_store(const store::StoreFigures& store, Families& out) {
  MetricFamily& syncs = out.make("arbiter_store_sync_duration_seconds",
                                 "Time in fsync: of write-ahead logs (in each commit), of databases (in checkpoints)",
                                 MetricType::Histogram);
  add_histogram(syncs, {{"file", "log"}}, store.log_syncs, kMicros);
  add_histogram(syncs, {{"file", "database"}}, store.database_syncs, kMicros);
  MetricFamily& bytes = out.make("arbiter_store_bytes", "What a namespace's files take", kGauge);
  for (const auto& [name, size] : store.bytes) add_value(bytes, {{"namespace", name}}, number(size));
  if (store.free_bytes) {
    out.gauge("arbiter_store_free_bytes", "What the device of the data directory has left", number(*store.free_bytes));
  }
}

// One family with a value for each namespace, by what `value` finds in its status or report.
template <typename All, typename Value>
void by_namespace(Families& out, const All& all, std::string name, std::string help, MetricType type, Value value) {
  MetricFamily& family = out.make(std::move(name), std::move(help), type);
  for (const auto& [label, one] : all) add_value(family, {{"namespace", label}}, number(value(one)));
}
template <typename All, typename Value>
void histogram_by_namespace(Families& out, const All& all, std::string name, std::string help, double scale,
                            Value value) {
  MetricFamily& family = out.make(std::move(name), std::move(help), MetricType::Histogram);
  for (const auto& [label, one] : all) add_histogram(family, {{"namespace", label}}, value(one), scale);
}

void add_statuses(const Observation& seen, Families& out) {
  using Status = engine::NamespaceStatus;
  const auto& all = seen.namespaces;
  by_namespace(out, all, "arbiter_events_total", "Events committed since the start", kCounter,
               [](const Status& s) { return s.events; });
  by_namespace(out, all, "arbiter_commits_total", "Batches given to the store", kCounter,
               [](const Status& s) { return s.commits; });
  by_namespace(out, all, "arbiter_commit_failures_total", "Batches that the store refused", kCounter,
               [](const Status& s) { return s.failed_commits; });
  by_namespace(out, all, "arbiter_recoveries_total", "Databases brought back after a failure of the device", kCounter,
               [](const Status& s) { return s.recoveries; });
  histogram_by_namespace(out, all, "arbiter_commit_duration_seconds", "Of a batch: making its rows, writing, fsync",
                         kMicros, [](const Status& s) { return s.commit_time; });
  histogram_by_namespace(out, all, "arbiter_commit_events", "Events of a batch", 1,
                         [](const Status& s) { return s.batch_events; });
  histogram_by_namespace(out, all, "arbiter_strand_lag_seconds",
                         "From a request's arrival to its turn in its namespace, of one request in " +
                             std::to_string(engine::kLagSampleEvery),
                         kMicros, [](const Status& s) { return s.strand_lag; });
  by_namespace(out, all, "arbiter_backlog", "Requests that wait for a full batch to be committed", kGauge,
               [](const Status& s) { return s.backlog; });
  by_namespace(out, all, "arbiter_live_tasks", "Tasks that have not ended", kGauge,
               [](const Status& s) { return s.live_tasks; });
  by_namespace(out, all, "arbiter_waiters", "Requests that wait (long polls)", kGauge,
               [](const Status& s) { return s.waiters; });
  by_namespace(out, all, "arbiter_log_position", "Position of the last durable event", kGauge,
               [](const Status& s) { return s.head; });
  by_namespace(out, all, "arbiter_namespace_open", "1 while the namespace serves", kGauge,
               [](const Status& s) { return s.open ? 1 : 0; });
}

void add_counts(const engine::EngineCounts& counts, Families& out) {
  out.gauge("arbiter_namespaces", "Namespaces that exist, open or closed", number(counts.known));
  out.gauge("arbiter_namespaces_open", "Namespaces that are open", number(counts.open));
  out.counter("arbiter_namespaces_opened_total", "Times that a namespace was opened", number(counts.opened));
  out.counter("arbiter_namespaces_closed_total", "Times that one was closed because nobody used it",
              number(counts.closed));
}

void add_workers(const Observation& seen, Families& out) {
  using Report = engine::NamespaceReport;
  const auto& all = seen.reports;
  MetricFamily& workers = out.make("arbiter_workers", "Registered workers by state", kGauge);
  for (const auto& [label, one] : all) {
    for (std::size_t i = 0; i < one.workers.size(); ++i) {
      const std::string state = base::to_text(static_cast<core::WorkerState>(i));
      add_value(workers, {{"namespace", label}, {"state", state}}, number(one.workers[i]));
    }
  }
  by_namespace(out, all, "arbiter_worker_slots", "Tasks that the live workers can have at a time", kGauge,
               [](const Report& r) { return r.slots; });
  by_namespace(out, all, "arbiter_worker_slots_used", "Tasks that workers have", kGauge,
               [](const Report& r) { return r.slots_used; });
  by_namespace(out, all, "arbiter_workers_lost_total", "Workers that fell silent", kCounter,
               [](const Report& r) { return r.totals.workers_lost; });
}

void add_budgets(const Observation& seen, Families& out) {
  using Report = engine::NamespaceReport;
  by_namespace(out, seen.reports, "arbiter_budgets", "Budgets", kGauge, [](const Report& r) { return r.budgets; });
  by_namespace(out, seen.reports, "arbiter_budgets_exhausted", "Budgets of which a subject has nothing left", kGauge,
               [](const Report& r) { return r.budgets_exhausted; });
}

void add_schedules(const Observation& seen, Families& out) {
  using Report = engine::NamespaceReport;
  const auto& all = seen.reports;
  by_namespace(out, all, "arbiter_schedules", "Schedules", kGauge, [](const Report& r) { return r.schedules; });
  by_namespace(out, all, "arbiter_schedules_fired_total", "Due times that brought a task", kCounter,
               [](const Report& r) { return r.totals.schedules_fired; });
  by_namespace(out, all, "arbiter_schedules_skipped_total", "Due times that brought none", kCounter,
               [](const Report& r) { return r.totals.schedules_skipped; });
  histogram_by_namespace(out, all, "arbiter_schedule_delay_seconds", "From a due time to its task", kMillis,
                         [](const Report& r) { return r.totals.schedule_delay; });
  by_namespace(out, all, "arbiter_timers_late_seconds",
               "How long the oldest due timer (schedule, lease, backoff, pause) has waited", kGauge,
               [](const Report& r) { return number(r.timers_late_ms) * kMillis; });
}

void add_effects(const Observation& seen, Families& out) {
  using Report = engine::NamespaceReport;
  MetricFamily& effects = out.make("arbiter_effects", "Effects (notifications) that are kept, by state", kGauge);
  for (const auto& [label, one] : seen.reports) {
    for (std::size_t i = 0; i < one.effects.size(); ++i) {
      const std::string state = base::to_text(static_cast<core::EffectState>(i));
      add_value(effects, {{"namespace", label}, {"state", state}}, number(one.effects[i]));
    }
  }
  const auto count = [&](std::string name, std::string help, std::uint64_t core::Totals::*which) {
    by_namespace(out, seen.reports, std::move(name), std::move(help), kCounter,
                 [which](const Report& r) { return r.totals.*which; });
  };
  count("arbiter_effects_created_total", "Effects created", &core::Totals::effects_created);
  count("arbiter_effects_delivered_total", "Effects delivered", &core::Totals::effects_delivered);
  count("arbiter_effects_failed_total", "Attempts that failed or gave no answer", &core::Totals::effects_failed);
  count("arbiter_effects_given_up_total", "Effects given up after their last attempt", &core::Totals::effects_given_up);
  count("arbiter_effects_late_total", "Answers that came after their attempt was over", &core::Totals::effects_late);
  count("arbiter_effects_quiet_total", "Not created, because their cause was told of not long ago",
        &core::Totals::effects_quiet);
  count("arbiter_effects_dropped_total", "Not created, because there were too many", &core::Totals::effects_dropped);
}

template <typename Value>
void by_queue(Families& out, const Observation& seen, std::string name, std::string help, MetricType type,
              Value value) {
  MetricFamily& family = out.make(std::move(name), std::move(help), type);
  for (const auto& [labels, one] : seen.queues) {
    add_value(family, {{"namespace", labels.first}, {"queue", labels.second}}, number(value(one)));
  }
}

void add_queue_gauges(const Observation& seen, Families& out) {
  using Report = engine::QueueReport;
  MetricFamily& tasks = out.make("arbiter_tasks", "Tasks that have not ended, by state", kGauge);
  for (const auto& [labels, one] : seen.queues) {
    for (std::size_t i = 0; i < one.depth.size(); ++i) {
      const auto state = static_cast<core::TaskState>(i);
      if (core::is_ended(state)) continue;
      add_value(tasks, {{"namespace", labels.first}, {"queue", labels.second}, {"state", base::to_text(state)}},
                number(one.depth[i]));
    }
  }
  by_queue(out, seen, "arbiter_queue_paused", "1 while the queue is paused", kGauge,
           [](const Report& q) { return q.paused ? 1 : 0; });
  by_queue(out, seen, "arbiter_queue_oldest_age_seconds", "How long the oldest queued task has waited", kGauge,
           [](const Report& q) { return number(q.oldest_age_ms) * kMillis; });
}

constexpr std::array<std::string_view, core::kLostLeases> kLostReasons{"expired", "workerLost", "timeout", "stalled"};

void add_queue_totals(const Observation& seen, Families& out) {
  using Report = engine::QueueReport;
  const auto count = [&](std::string name, std::string help, std::uint64_t core::QueueTotals::*which) {
    by_queue(out, seen, std::move(name), std::move(help), kCounter,
             [which](const Report& q) { return q.totals.*which; });
  };
  count("arbiter_tasks_submitted_total", "Tasks submitted", &core::QueueTotals::submitted);
  count("arbiter_tasks_leased_total", "Leases given to workers", &core::QueueTotals::leased);
  count("arbiter_tasks_completed_total", "Tasks completed", &core::QueueTotals::completed);
  count("arbiter_tasks_retried_total", "Attempts that failed and were followed by another",
        &core::QueueTotals::retried);
  count("arbiter_tasks_failed_total", "Tasks that ended as failed: dead, too late, or by a dependency",
        &core::QueueTotals::failed);
  count("arbiter_tasks_cancelled_total", "Tasks cancelled", &core::QueueTotals::cancelled);
  count("arbiter_tasks_released_total", "Leases handed back, uncounted", &core::QueueTotals::released);
  MetricFamily& lost = out.make("arbiter_leases_lost_total", "Leases taken from their workers", kCounter);
  MetricFamily waits{"arbiter_task_wait_seconds", "From queued to leased", MetricType::Histogram, {}};
  MetricFamily runs{"arbiter_task_run_seconds", "From leased to completed", MetricType::Histogram, {}};
  for (const auto& [labels, one] : seen.queues) {
    const Labels queue{{"namespace", labels.first}, {"queue", labels.second}};
    for (std::size_t i = 0; i < kLostReasons.size(); ++i) {
      Labels with_reason = queue;
      with_reason.push_back({"reason", std::string(kLostReasons[i])});
      add_value(lost, std::move(with_reason), number(one.totals.leases_lost[i]));
    }
    add_histogram(waits, queue, one.totals.wait, kMillis);
    add_histogram(runs, queue, one.totals.run, kMillis);
  }
  out.make({}, {}, kGauge) = std::move(waits);
  out.make({}, {}, kGauge) = std::move(runs);
}

}  // namespace

// Gathered on the strands of the namespaces, written on one of the network's threads.
void run_metrics(Service& service, const CallPtr& call) {
  service.engine().report([&service, call](std::vector<engine::NamespaceReport> reports) {
    auto shared = std::make_shared<std::vector<engine::NamespaceReport>>(std::move(reports));
    service.post([&service, call, shared] {
      const Observation seen = observe(service.engine(), std::move(*shared), service.metric_names());
      Families out;
      add_process(seen.process, service, out);
      add_network(service, out);
      add_counts(service.engine().counts(), out);
      add_disk_reserve(service.disk_reserve(), out);
      if (const SpanSink* spans = service.config().spans) add_spans(spans->counts(), out);
      add_statuses(seen, out);
      add_store(seen.store, out);
      by_namespace(out, seen.reports, "arbiter_ready_tasks", "Queued tasks that no limit holds back", kGauge,
                   [](const engine::NamespaceReport& r) { return r.ready_tasks; });
      add_workers(seen, out);
      add_schedules(seen, out);
      add_budgets(seen, out);
      add_effects(seen, out);
      add_queue_gauges(seen, out);
      add_queue_totals(seen, out);
      net::Response response;
      response.content_type = "text/plain; version=0.0.4; charset=utf-8";
      response.body = service.metrics().text(out.take());
      call->reply(std::move(response));
    });
  });
}

void run_metrics_history(Service& service, const CallPtr& call) {
  const auto wanted = call->decode<GetMetricsHistory>();
  if (!wanted) return call->refuse(wanted.error());
  base::FieldErrors errors;
  const auto& known = series_names();
  for (std::size_t i = 0; i < wanted->names.size(); ++i) {
    const std::string& name = wanted->names[i].value;
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    errors.add("names[" + std::to_string(i) + "]", "is no series; the guide on observing lists them");
  }
  if (!errors.empty()) {
    return call->refuse({base::ErrorCode::kInvalidRequest, "Some fields are not valid.", errors.take()});
  }
  MetricsHistory history = service.history().read(*wanted, call->namespace_name, service.clock().wall());
  history.interval_ms = service.config().sample_interval_ms;
  call->reply_json(200, base::to_json(history));
}

}  // namespace arbiter::api
