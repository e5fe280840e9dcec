#include "server/otlp_config.h"

#include <algorithm>

namespace arbiter::server {

using base::ErrorCode;
using base::fail;

namespace {

constexpr std::string_view kTracesPath = "/v1/traces";

base::Error wrong(const std::string& what) { return {ErrorCode::kInvalidRequest, "telemetry: " + what}; }

// `https://host:4318/some/path` in two.
std::pair<std::string, std::string> split_url(const std::string& url) {
  const auto authority = url.find("://");
  const auto path = authority == std::string::npos ? authority : url.find('/', authority + 3);
  if (path == std::string::npos) return {url, ""};
  return {url.substr(0, path), url.substr(path)};
}

bool is_header_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

base::Result<std::vector<std::pair<std::string, std::string>>> read_headers(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> headers;
  for (std::size_t at = 0; at < text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    const std::string one = text.substr(at, comma - at);
    at = comma + 1;
    const auto equals = one.find('=');
    if (equals == std::string::npos || equals == 0 || !is_header_text(one) || one.find(':') < equals) {
      return fail(wrong("OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs, separated by commas."));
    }
    headers.emplace_back(one.substr(0, equals), one.substr(equals + 1));
  }
  return headers;
}

}  // namespace

base::Result<OtlpConfig> otlp_config(const std::string& base, const std::string& traces, const std::string& headers) {
  OtlpConfig config;
  auto [origin, path] = split_url(traces.empty() ? base : traces);
  if (traces.empty()) {
    while (path.ends_with('/')) path.pop_back();
    path += kTracesPath;
  }
  config.path = path.empty() ? "/" : path;
  auto endpoint = client::parse_url(origin);
  if (!endpoint || !is_header_text(config.path) || config.path.find(' ') != std::string::npos) {
    return fail(wrong("the endpoint must be a URL like http://localhost:4318, not `" +
                      (traces.empty() ? base : traces) + "`."));
  }
  config.endpoint = std::move(*endpoint);
  auto read = read_headers(headers);
  if (!read) return fail(read.error());
  config.headers = std::move(*read);
  return config;
}

}  // namespace arbiter::server
