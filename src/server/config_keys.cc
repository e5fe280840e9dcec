// The table of configuration keys.
#include <charconv>
#include <limits>

#include "base/json.h"
#include "effects/networks.h"
#include "server/config.h"

namespace arbiter::server {
namespace {

using base::ErrorCode;
using base::fail;

base::Error wrong(std::string reason) { return {ErrorCode::kInvalidRequest, std::move(reason)}; }

base::Result<std::int64_t> read_number(const std::string& text, std::int64_t low, std::int64_t high) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    return fail(wrong("must be a whole number, not `" + text + "`"));
  if (value < low || value > high) {
    return fail(wrong("must be from " + std::to_string(low) + " to " + std::to_string(high) + ", not " + text));
  }
  return value;
}

// Everything that is configured is shown as JSON somewhere, which knows UTF-8 only.
base::Result<void> check_utf8(const std::vector<std::string>& values) {
  for (const auto& value : values) {
    if (!base::parse_json(base::to_json(value))) return fail(wrong("is not UTF-8"));
  }
  return {};
}

// `at` gives the member of a configuration that the key stands for.
template <typename At>
Key number(std::string name, std::int64_t low, std::int64_t high, std::string help, At at) {
  Key key{std::move(name), std::move(help)};
  key.set = [=](Config& config, const std::vector<std::string>& values) -> base::Result<void> {
    auto value = read_number(values.front(), low, high);
    if (!value) return fail(value.error());
    auto& member = at(config);
    member = static_cast<std::decay_t<decltype(member)>>(*value);
    return {};
  };
  key.show = [at](const Config& config) { return std::to_string(at(const_cast<Config&>(config))); };
  return key;
}

template <typename At>
Key flag(std::string name, std::string help, At at) {
  Key key{std::move(name), std::move(help)};
  key.is_flag = true;
  key.set = [=](Config& config, const std::vector<std::string>& values) -> base::Result<void> {
    if (values.front() != "true" && values.front() != "false") {
      return fail(wrong("must be true or false, not `" + values.front() + "`"));
    }
    at(config) = values.front() == "true";
    return {};
  };
  key.show = [at](const Config& config) { return at(const_cast<Config&>(config)) ? "true" : "false"; };
  return key;
}

template <typename At>
Key text(std::string name, std::string help, At at) {
  Key key{std::move(name), std::move(help)};
  key.set = [=](Config& config, const std::vector<std::string>& values) -> base::Result<void> {
    if (values.front().empty()) return fail(wrong("is empty"));
    if (auto ok = check_utf8(values); !ok) return ok;
    at(config) = values.front();
    return {};
  };
  key.show = [at](const Config& config) { return base::to_json(at(const_cast<Config&>(config))); };
  return key;
}

template <typename At>
Key list(std::string name, std::string help, At at) {
  Key key{std::move(name), std::move(help)};
  key.is_list = true;
  key.set = [=](Config& config, const std::vector<std::string>& values) -> base::Result<void> {
    for (const auto& value : values) {
      if (value.empty()) return fail(wrong("has an empty element"));
    }
    if (auto ok = check_utf8(values); !ok) return ok;
    at(config) = values;
    return {};
  };
  key.show = [at](const Config& config) { return base::to_json(at(const_cast<Config&>(config))); };
  return key;
}

// A file; empty stands for none.
template <typename At>
Key file(std::string name, std::string help, At at) {
  Key key = text(std::move(name), std::move(help), at);
  key.set = [=](Config& config, const std::vector<std::string>& values) -> base::Result<void> {
    if (auto ok = check_utf8(values); !ok) return ok;
    at(config) = values.front();
    return {};
  };
  return key;
}

const std::vector<std::string> kLevels{"debug", "info", "warn", "error"};

Key level() {
  Key key{"log.level", "How much is logged to stderr: debug, info, warn, error"};
  key.set = [](Config& config, const std::vector<std::string>& values) -> base::Result<void> {
    for (std::size_t i = 0; i < kLevels.size(); ++i) {
      if (kLevels[i] != values.front()) continue;
      config.log_level = static_cast<LogLevel>(i);
      return {};
    }
    return fail(wrong("must be debug, info, warn or error, not `" + values.front() + "`"));
  };
  key.show = [](const Config& c) { return '"' + kLevels[static_cast<std::size_t>(c.log_level)] + '"'; };
  return key;
}

Key ratio(std::string name, std::string help, double Telemetry::*member) {
  Key key{std::move(name), std::move(help)};
  key.set = [member](Config& config, const std::vector<std::string>& values) -> base::Result<void> {
    const std::string& text = values.front();
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || !(value >= 0 && value <= 1)) {
      return fail(wrong("must be a number from 0 to 1, not `" + text + "`"));
    }
    config.telemetry.*member = value;
    return {};
  };
  key.show = [member](const Config& config) { return base::to_json(config.telemetry.*member); };
  return key;
}

Key listen() {
  Key key = text("listen", "Address and port; port 0 takes any free one. Addresses other than loopback need TLS",
                 [](Config& c) -> auto& { return c.listen; });
  key.set = [](Config& config, const std::vector<std::string>& values) -> base::Result<void> {
    if (auto address = parse_listen(values.front()); !address) return fail(address.error());
    config.listen = values.front();
    return {};
  };
  return key;
}

Key networks() {
  Key key = list("notificationNetworks",
                 "Webhooks of notifications may go to these networks only ([10.0.0.0/8, fd00::/8]); empty: to any. "
                 "Never to link-local addresses",
                 [](Config& c) -> auto& { return c.notification_networks; });
  key.set = [set = key.set](Config& config, const std::vector<std::string>& values) -> base::Result<void> {
    for (const auto& value : values) {
      if (auto network = effects::parse_network(value); !network) return fail(network.error());
    }
    return set(config, values);
  };
  return key;
}

constexpr std::int64_t kMany = 1'000'000'000;
constexpr std::int64_t kKiB = 1024;
constexpr std::int64_t kMiB = 1024 * kKiB;
constexpr std::int64_t kHourMs = 3'600'000;

void add_basics(std::vector<Key>& keys) {
  keys.push_back(listen());
  keys.push_back(
      text("data", "The data directory; made when it does not exist", [](Config& c) -> auto& { return c.data; }));
  keys.push_back(file("tls.cert", "The server's certificate with its chain, PEM; read again when it changes",
                      [](Config& c) -> auto& { return c.tls.certificate; }));
  keys.push_back(file("tls.key", "Its key, PEM", [](Config& c) -> auto& { return c.tls.key; }));
  keys.push_back(number("threads", 0, 64, "Threads for the network and the namespaces; 0: one per core, at most 4",
                        [](Config& c) -> auto& { return c.threads; }));
  keys.push_back(level());
  keys.push_back(flag("log.access", "One line per request", [](Config& c) -> auto& { return c.access_log; }));
  keys.push_back(number("retentionDays", 0, 36'500, "Ended tasks and events are deleted after so many days; 0: never",
                        [](Config& c) -> auto& { return c.retention_days; }));
  keys.push_back(number("retentionIntervalMs", 10, kHourMs, "How often the next of them are looked for",
                        [](Config& c) -> auto& { return c.retention_interval_ms; }));
  keys.push_back(number("metrics.sampleIntervalMs", 10, kHourMs,
                        "How often the history of metrics takes a sample; it keeps 1,440",
                        [](Config& c) -> auto& { return c.sample_interval_ms; }));
  keys.push_back(number("namespaceIdleMs", 100, 24 * kHourMs, "A namespace that nobody used for so long is closed",
                        [](Config& c) -> auto& { return c.namespace_idle_ms; }));
  keys.push_back(file("telemetry.otlpEndpoint",
                      "Where traces go, as OTLP over HTTP: http://localhost:4318 for example. Empty: nowhere",
                      [](Config& c) -> auto& { return c.telemetry.otlp_endpoint; }));
  keys.push_back(text("telemetry.serviceName", "What this server is called in them",
                      [](Config& c) -> auto& { return c.telemetry.service_name; }));
  keys.push_back(ratio("telemetry.sampleRatio",
                       "The share of the traces that begin here which is exported, from 0 to 1",
                       &Telemetry::sample_ratio));
  keys.push_back(number("telemetry.spansPerSecond", 1, kMany,
                        "While more spans than that are exported, no further trace begins here",
                        [](Config& c) -> auto& { return c.telemetry.spans_per_second; }));
  keys.push_back(number("shutdownTimeoutMs", 0, kHourMs, "How long a stop waits for requests under way",
                        [](Config& c) -> auto& { return c.shutdown_timeout_ms; }));
  keys.push_back(list("allowedHosts", "Names besides localhost by which clients may address this server (Host header)",
                      [](Config& c) -> auto& { return c.allowed_hosts; }));
  keys.push_back(list(
      "allowedOrigins",
      "Origins of web pages that may call this server and read its answers (Origin header, CORS); `*`: every origin",
      [](Config& c) -> auto& { return c.allowed_origins; }));
  keys.push_back(networks());
  keys.push_back(flag("insecureNoAuth", "Serve everyone without a token. For experiments on one's own machine only",
                      [](Config& c) -> auto& { return c.insecure_no_auth; }));
}

void add_http_limits(std::vector<Key>& keys) {
  const auto add = [&](const std::string& name, std::int64_t low, std::int64_t high, std::string help, auto at) {
    keys.push_back(number("limits.http." + name, low, high, std::move(help), at));
  };
  add("connectionsMax", 10, 1'000'000, "Open connections", [](Config& c) -> auto& { return c.http.connections_max; });
  add("headerBytesMax", kKiB, kMiB, "Bytes of a request's headers",
      [](Config& c) -> auto& { return c.http.header_bytes_max; });
  add("bodyBytesMax", kKiB, 256 * kMiB, "Bytes of a request's body",
      [](Config& c) -> auto& { return c.body_bytes_max; });
  add("largeBodyBytesMax", kKiB, 256 * kMiB, "Bytes of the body of a batch, a report, a completion or log lines",
      [](Config& c) -> auto& { return c.large_body_bytes_max; });
  add("headerTimeoutMs", 100, kHourMs, "Until the headers of a request are there",
      [](Config& c) -> auto& { return c.http.header_timeout_ms; });
  add("bodyTimeoutMs", 100, kHourMs, "Until its body is there",
      [](Config& c) -> auto& { return c.http.body_timeout_ms; });
  add("idleTimeoutMs", 100, kHourMs, "Until a connection without a request is closed",
      [](Config& c) -> auto& { return c.http.idle_timeout_ms; });
  add("tlsHandshakeTimeoutMs", 100, kHourMs, "Until the TLS handshake of a connection is done",
      [](Config& c) -> auto& { return c.http.tls_handshake_timeout_ms; });
  add("streamBufferBytesMax", 128 * kKiB, 256 * kMiB, "Unsent bytes of an event stream before it counts as lagging",
      [](Config& c) -> auto& { return c.http.stream_buffer_bytes_max; });
  add("streamsMax", 1, 1'000'000, "Open event streams and WebSockets",
      [](Config& c) -> auto& { return c.streams_max; });
  add("subscriptionsMax", 1, 10'000, "Subscriptions of one WebSocket",
      [](Config& c) -> auto& { return c.subscriptions_max; });
  add("webSocketMessageBytesMax", kKiB, 16 * kMiB, "Bytes of a message that a client sends over a WebSocket",
      [](Config& c) -> auto& { return c.http.web_socket_message_bytes_max; });
  add("webSocketMessagesPerSecond", 1, 1'000'000,
      "Messages per second of a client over a WebSocket; 4 times as many at once",
      [](Config& c) -> auto& { return c.http.web_socket_messages_per_second; });
  add("gzipBytesMin", 0, kMany, "Answers of so many bytes are compressed for clients that ask for gzip; 0: none is",
      [](Config& c) -> auto& { return c.http.gzip_bytes_min; });
  add("webSocketIdleTimeoutMs", 100, kHourMs,
      "Until a WebSocket whose client answers no ping is closed; it is pinged after half of it",
      [](Config& c) -> auto& { return c.http.web_socket_idle_timeout_ms; });
}

void add_request_rates(std::vector<Key>& keys) {
  const auto add = [&](const std::string& name, std::string help, auto at) {
    keys.push_back(number("limits.http." + name, 0, 1'000'000, std::move(help), at));
  };
  add("requestsPerSecondPerToken", "Requests per second with one token; 0: no limit",
      [](Config& c) -> auto& { return c.requests_per_second_per_token; });
  add("requestsBurstPerToken", "So many of them at once; 0: as many as in a second",
      [](Config& c) -> auto& { return c.requests_burst_per_token; });
  add("requestsPerSecondPerAddress", "Requests per second from one address, or one IPv6 network /64; 0: no limit",
      [](Config& c) -> auto& { return c.requests_per_second_per_address; });
  add("requestsBurstPerAddress", "So many of them at once; 0: as many as in a second",
      [](Config& c) -> auto& { return c.requests_burst_per_address; });
  add("wrongTokensPerMinutePerAddress", "Tokens that nobody has, per minute from one address; 0: no limit",
      [](Config& c) -> auto& { return c.wrong_tokens_per_minute_per_address; });
}

void add_core_limits(std::vector<Key>& keys) {
  const auto add = [&](const std::string& name, std::int64_t low, std::int64_t high, std::string help, auto at) {
    keys.push_back(number("limits." + name, low, high, std::move(help), at));
  };
  add("namespacesMax", 2, 1'000'000, "Namespaces", [](Config& c) -> auto& { return c.namespaces_max; });
  add("openNamespacesMax", 3, 100'000, "Namespaces that are open at a time; others wait closed until they are needed",
      [](Config& c) -> auto& { return c.open_namespaces_max; });
  add("diskReserveBytes", 0, kMany * kKiB,
      "With less free space below the data directory new work is refused; 0: never",
      [](Config& c) -> auto& { return c.disk_reserve_bytes; });
  add("payloadBytesMax", 1, 16 * kMiB, "Bytes of a payload",
      [](Config& c) -> auto& { return c.core.payload_bytes_max; });
  add("resultBytesMax", 1, 64 * kMiB, "Bytes of a result", [](Config& c) -> auto& { return c.core.result_bytes_max; });
  add("metadataBytesMax", 1, 64 * kKiB, "Bytes of a task's metadata",
      [](Config& c) -> auto& { return c.core.metadata_bytes_max; });
  add("batchBytesMax", kKiB, 128 * kMiB, "Bytes of all payloads of a batch",
      [](Config& c) -> auto& { return c.core.batch_bytes_max; });
  add("inlineBytesMax", 0, 4'096, "Larger payloads and results are kept in the store and not in memory",
      [](Config& c) -> auto& { return c.core.inline_bytes_max; });
  add("memoryBytesMax", 0, std::int64_t{1} << 50,
      "Bytes of memory that the tasks of a namespace may take, about; 0: no limit",
      [](Config& c) -> auto& { return c.core.memory_bytes_max; });
  add("liveTasksMax", 1, kMany, "Tasks of a namespace that have not ended",
      [](Config& c) -> auto& { return c.core.live_tasks_max; });
  add("uniqueWindowsMax", 0, kMany, "Tasks of a namespace that hold a unique key for a time, ended ones included",
      [](Config& c) -> auto& { return c.core.unique_windows_max; });
  add("queuesMax", 1, kMany, "Queues of a namespace", [](Config& c) -> auto& { return c.core.queues_max; });
  add("effectsMax", 1, 1'000'000,
      "Effects (notifications) of a namespace that are open, in their quiet time or given up",
      [](Config& c) -> auto& { return c.core.effects_max; });
  add("keysMax", 1, kMany, "Keys of a namespace with limits of their own",
      [](Config& c) -> auto& { return c.core.keys_max; });
  add("workersMax", 1, kMany, "Workers of a namespace", [](Config& c) -> auto& { return c.core.workers_max; });
  add("waitersMax", 1, kMany, "Requests of a namespace that wait (long polls)",
      [](Config& c) -> auto& { return c.core.waiters_max; });
  add("tokensMax", 1, 1'000'000, "Access tokens", [](Config& c) -> auto& { return c.core.tokens_max; });
  add("lineageMax", 1, 60'000, "Retries plus children of one root task",
      [](Config& c) -> auto& { return c.core.lineage_max; });
  add("taskTypesMax", 0, kMany, "Types of task of a namespace that are defined",
      [](Config& c) -> auto& { return c.core.task_types_max; });
  add("taskTypeBytesMax", kKiB, kMiB, "Bytes of the definition of a type with its schemas",
      [](Config& c) -> auto& { return c.core.task_type_bytes_max; });
  add("schedulesMax", 0, kMany, "Schedules of a namespace", [](Config& c) -> auto& { return c.core.schedules_max; });
  add("scheduleRunsMax", 1, kMany, "Live runs of one schedule that may overlap",
      [](Config& c) -> auto& { return c.core.schedule_runs_max; });
  add("misfireRunsMax", 1, 10'000, "Missed runs of one schedule that `misfire: all` makes up for",
      [](Config& c) -> auto& { return c.core.misfire_runs_max; });
  add("questionsMax", 1, kMany, "Questions of a namespace that are open",
      [](Config& c) -> auto& { return c.core.inbox.questions_max; });
  add("incidentsMax", 1, kMany, "Incidents of a namespace that are not resolved",
      [](Config& c) -> auto& { return c.core.inbox.incidents_max; });
  add("budgetsMax", 0, 1'000, "Budgets of a namespace", [](Config& c) -> auto& { return c.core.budgets_max; });
  add("budgetMetersMax", 1, 1'000'000, "Subjects that one budget counts by themselves; further ones share a meter",
      [](Config& c) -> auto& { return c.core.budget_meters_max; });
  add("endedInMemoryMax", 0, kMany, "Ended tasks that stay in memory for quick look-ups",
      [](Config& c) -> auto& { return c.core.ended_in_memory_max; });
  add("endedInMemoryMs", 0, kHourMs, "And for how long", [](Config& c) -> auto& { return c.core.ended_in_memory_ms; });
  add("workerLostMs", 100, kHourMs, "A worker that is silent for so long is lost",
      [](Config& c) -> auto& { return c.core.worker_lost_ms; });
  add("workerRetiredMs", 0, 365 * 24 * kHourMs, "A worker that is lost for so long is removed; 0: never",
      [](Config& c) -> auto& { return c.core.worker_retired_ms; });
  add("cancelGraceMs", 0, kHourMs, "How long a worker may take to give up a cancelled task",
      [](Config& c) -> auto& { return c.core.cancel_grace_ms; });
}

void add_incident_rules(std::vector<Key>& keys) {
  const auto add = [&](const std::string& name, std::int64_t low, std::int64_t high, std::string help, auto at) {
    keys.push_back(number("incidents." + name, low, high, std::move(help), at));
  };
  add("queueAgeMs", 0, 365 * 24 * kHourMs, "An incident is opened when a task is queued for so long; 0: never",
      [](Config& c) -> auto& { return c.core.inbox.queue_age_ms; });
  add("deadTasks", 0, 10'000, "And when so many tasks of one queue die within windowMs; 0: never",
      [](Config& c) -> auto& { return c.core.inbox.dead_tasks_alert; });
  add("workerLosses", 0, 1'000, "And when one worker is lost so often within windowMs; 0: never",
      [](Config& c) -> auto& { return c.core.inbox.worker_losses_alert; });
  add("windowMs", 1'000, 24 * kHourMs, "The time in which dead tasks and losses of workers are counted",
      [](Config& c) -> auto& { return c.core.inbox.alert_window_ms; });
}

std::string words(const std::string& name, char separator, bool upper) {
  std::string out;
  for (const char c : name) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    if (is_upper) out += separator;
    const char letter = c == '.' ? separator : is_upper ? static_cast<char>(c | ' ') : c;
    out += upper && letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  }
  return out;
}

}  // namespace

std::string Key::flag() const { return "--" + words(name, '-', /*upper=*/false); }
std::string Key::environment() const { return "ARBITER_" + words(name, '_', /*upper=*/true); }

const std::vector<Key>& keys() {
  static const std::vector<Key> table = [] {
    std::vector<Key> all;
    add_basics(all);
    add_http_limits(all);
    add_request_rates(all);
    add_core_limits(all);
    add_incident_rules(all);
    return all;
  }();
  return table;
}

}  // namespace arbiter::server
