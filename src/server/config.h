// The configuration of the server: one table of keys, read from a YAML file, then the environment, then flags.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "api/service.h"
#include "engine/engine.h"
#include "net/server.h"
#include "net/tls.h"
#include "server/notifications.h"

namespace arbiter::server {

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarn, kError };

struct Telemetry {
  std::string otlp_endpoint;    // empty: traces are not exported
  std::string traces_endpoint;  // of the environment only: a whole URL
  std::string headers;          // of the environment only: they may hold secrets
  std::string service_name = "arbiter";
  double sample_ratio = 1.0;
  std::int64_t spans_per_second = 1'000;
  [[nodiscard]] bool exports() const { return !otlp_endpoint.empty() || !traces_endpoint.empty(); }
};

struct Config {
  std::string listen = "127.0.0.1:7420";
  std::string data = "./arbiter-data";
  LogLevel log_level = LogLevel::kInfo;
  bool access_log = true;
  std::int64_t threads = 0;  // 0: one per core, at most 4
  bool insecure_no_auth = false;
  std::int64_t shutdown_timeout_ms = 10'000;
  std::vector<std::string> allowed_hosts;
  std::vector<std::string> allowed_origins;
  net::TlsFiles tls;  // empty: without TLS
  net::Limits http;
  std::int64_t streams_max = 2'000;
  std::int64_t requests_per_second_per_token = 0;
  std::int64_t requests_burst_per_token = 0;
  std::int64_t requests_per_second_per_address = 0;
  std::int64_t requests_burst_per_address = 0;
  std::int64_t wrong_tokens_per_minute_per_address = 0;
  std::int64_t subscriptions_max = 100;
  std::int64_t body_bytes_max = std::int64_t{2} * 1024 * 1024;
  std::int64_t large_body_bytes_max = std::int64_t{20} * 1024 * 1024;
  core::CoreLimits core;
  std::int64_t retention_days = 30;
  std::int64_t retention_interval_ms = 60'000;
  std::int64_t sample_interval_ms = 10'000;
  std::int64_t namespaces_max = 10'000;
  std::int64_t open_namespaces_max = 256;
  std::int64_t namespace_idle_ms = 60'000;
  std::int64_t disk_reserve_bytes = std::int64_t{64} * 1024 * 1024;
  Telemetry telemetry;
  std::vector<Notification> notifications;         // of the file only
  std::vector<std::string> notification_networks;  // CIDR; empty: all that may be targets at all
};

// One key: how to set it from text (every element of a list by itself) and how to show it as JSON.
struct Key {
  std::string name;  // `limits.payloadBytesMax`
  std::string help;
  bool is_list = false;
  bool is_flag = false;  // true or false; its flag needs no value
  std::function<base::Result<void>(Config&, const std::vector<std::string>&)> set;
  std::function<std::string(const Config&)> show;

  [[nodiscard]] std::string flag() const;         // `--limits-payload-bytes-max`
  [[nodiscard]] std::string environment() const;  // `ARBITER_LIMITS_PAYLOAD_BYTES_MAX`
};

// The table of keys, in the order in which they are documented.
[[nodiscard]] const std::vector<Key>& keys();

using Lookup = std::function<const char*(const char*)>;         // std::getenv, or a test's own
using Flags = std::map<std::string, std::vector<std::string>>;  // by key

// Takes a file's keys into `config`. kInvalidRequest: each mistake as `FILE:LINE: KEY: reason`, one per line.
[[nodiscard]] base::Result<void> read_file(const std::string& path, Config& config);
[[nodiscard]] base::Result<void> read_text(const std::string& name, const std::string& yaml, Config& config);

// The file (none when `path` is empty), then the environment, then flags; then checks what concerns several keys.
[[nodiscard]] base::Result<Config> load_config(const std::string& path, const Lookup& environment, const Flags& flags);

// Of the names of environment variables those that nobody reads and that look like one that is read: what to tell the
// operator of each.
[[nodiscard]] std::vector<std::string> misspelt_variables(const std::vector<std::string>& names);

// The effective configuration as JSON, nested like the file. It holds no secrets.
[[nodiscard]] std::string config_json(const Config& config);
// The same as a commented YAML file: arbiter.example.yaml is this of the defaults.
[[nodiscard]] std::string config_yaml(const Config& config);

struct Address {
  std::string host;
  std::uint16_t port = 0;
};
// `127.0.0.1:7420`, `[::1]:7420`, `0.0.0.0:7420`, `localhost:7420`.
[[nodiscard]] base::Result<Address> parse_listen(const std::string& text);
[[nodiscard]] bool is_loopback(const Address& address);

// What concerns several keys: addresses that others reach need TLS and tokens. kInvalidRequest says what to do.
[[nodiscard]] base::Result<void> check_together(const Config& config);

}  // namespace arbiter::server
