// Where spans go, as the configuration and OpenTelemetry's variables say it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "client/endpoint.h"

namespace arbiter::server {

struct OtlpConfig {
  client::Endpoint endpoint;
  std::string path;  // `/v1/traces`
  std::vector<std::pair<std::string, std::string>> headers;
  std::string service_name = "arbiter";
  std::int64_t spans_per_second = 1'000;
};
// By what the configuration and the environment say. kInvalidRequest says what is wrong.
//   base: `http://localhost:4318`, to which /v1/traces is added; traces: a whole URL, which goes first
//   headers: `name=value,name=value`
[[nodiscard]] base::Result<OtlpConfig> otlp_config(const std::string& base, const std::string& traces,
                                                   const std::string& headers);

}  // namespace arbiter::server
