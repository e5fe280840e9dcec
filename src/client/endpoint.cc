#include "client/endpoint.h"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace arbiter::client {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string first_of(std::initializer_list<std::string> candidates) {
  for (const auto& candidate : candidates) {
    if (!candidate.empty()) return candidate;
  }
  return "";
}

base::Error bad_url(std::string_view url, std::string_view reason) {
  return {base::ErrorCode::kInvalidRequest, "The server's address `" + std::string(url) + "` " + std::string(reason) +
                                                "; give it like " + std::string(kDefaultUrl) +
                                                " with --url or ARBITER_URL."};
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

std::string Endpoint::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Endpoint> parse_url(std::string_view url) {
  std::string_view rest = url;
  const bool secure = rest.starts_with("https://");
  if (!secure && !rest.starts_with("http://")) {
    return base::fail(bad_url(url, "starts neither with http:// nor with https://"));
  }
  rest.remove_prefix(rest.find("//") + 2);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#@") != std::string_view::npos) return base::fail(bad_url(url, "has more than a host"));
  Endpoint endpoint;
  endpoint.secure = secure;
  std::string_view port;
  if (rest.starts_with('[')) {
    const auto close = rest.find(']');
    if (close == std::string_view::npos) return base::fail(bad_url(url, "has no closing bracket"));
    endpoint.host = rest.substr(1, close - 1);
    port = rest.substr(close + 1);
  } else {
    const auto colon = rest.find(':');
    endpoint.host = rest.substr(0, colon);
    if (colon != std::string_view::npos) port = rest.substr(colon);
  }
  if (endpoint.host.empty()) return base::fail(bad_url(url, "has no host"));
  if (port.empty()) {
    endpoint.port = secure ? 443 : 80;
    return endpoint;
  }
  port.remove_prefix(1);
  const auto [end, code] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (code != std::errc{} || end != port.data() + port.size() || endpoint.port == 0) {
    return base::fail(bad_url(url, "has a bad port"));
  }
  return endpoint;
}

Result<std::string> read_token(const std::string& path) {
  std::ifstream file(path);
  std::string token;
  if (!file || !std::getline(file, token) || token.empty()) {
    return base::fail({base::ErrorCode::kInvalidRequest,
                       "No token can be read from `" + path + "`; name a readable file that holds the token."});
  }
  if (token.ends_with('\r')) token.pop_back();
  return token;
}

std::string data_directory(const Settings& settings) {
  return first_of({settings.data_directory, environment("ARBITER_DATA"), std::string(kDefaultData)});
}

std::string url_in(const std::string& data_directory) {
  std::ifstream file(data_directory + "/server.url");
  std::string line;
  return file && std::getline(file, line) && parse_url(line) ? line : "";
}

Result<Endpoint> discover(const Settings& settings) {
  const auto data = data_directory(settings);
  auto endpoint =
      parse_url(first_of({settings.url, environment("ARBITER_URL"), url_in(data), std::string(kDefaultUrl)}));
  if (!endpoint) return endpoint;
  endpoint->ca_file = first_of({settings.ca_file, environment("ARBITER_CA_FILE")});
  // Programs that workers start elsewhere get it too.
  if (!endpoint->ca_file.empty()) endpoint->ca_file = std::filesystem::absolute(endpoint->ca_file).string();
  endpoint->namespace_name = first_of({settings.namespace_name, environment("ARBITER_NAMESPACE")});
  if (const auto file = first_of({settings.token_file, environment("ARBITER_TOKEN_FILE")}); !file.empty()) {
    auto token = read_token(file);
    if (!token) return base::fail(token.error());
    endpoint->token = *token;
    return endpoint;
  }
  endpoint->token = environment("ARBITER_TOKEN");
  if (endpoint->token.empty()) {
    if (auto token = read_token(data + "/admin.token")) endpoint->token = *token;
  }
  return endpoint;
}

std::string escape(std::string_view text) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  for (char c : text) {
    if (is_plain(c)) {
      out += c;
    } else {
      const auto u = static_cast<unsigned char>(c);
      out += {'%', hex[u >> 4], hex[u & 15]};
    }
  }
  return out;
}

std::string query(std::initializer_list<std::pair<std::string_view, std::string>> values) {
  std::string out;
  for (const auto& [name, value] : values) {
    if (value.empty()) continue;
    out += out.empty() ? '?' : '&';
    out += name;
    out += '=';
    out += escape(value);
  }
  return out;
}

}  // namespace arbiter::client
