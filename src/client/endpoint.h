// Where the server is and who asks: the address, token and namespace that every request of a client carries.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace arbiter::client {

using base::Result;

inline constexpr std::string_view kDefaultUrl = "http://127.0.0.1:7420";
inline constexpr std::string_view kDefaultData = "./arbiter-data";

struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  std::string token;           // empty: requests carry none
  std::string namespace_name;  // empty: the server's `default`
  bool secure = false;         // TLS
  std::string ca_file{};  // PEM of the authorities that may have signed the server's certificate; empty: the system's
  std::string traceparent{};  // W3C Trace Context that requests belong to; empty: none
  [[nodiscard]] std::string authority() const;
  [[nodiscard]] std::string url() const { return (secure ? "https://" : "http://") + authority(); }
};

// Reads `http://host[:port]` or `https://host[:port]`; the port is 80 or 443 when absent. kInvalidRequest says what is
// wrong.
[[nodiscard]] Result<Endpoint> parse_url(std::string_view url);

// What the user said by flags; empty means not said.
struct Settings {
  std::string url;
  std::string token_file;
  std::string data_directory;
  std::string namespace_name;
  std::string ca_file{};
};

// The endpoint by flags, then by environment (ARBITER_URL, ARBITER_TOKEN, ARBITER_DATA, ARBITER_NAMESPACE,
// ARBITER_CA_FILE), then by the
// data directory, then by the defaults. In the data directory a running server says its address in `server.url` (one
// that was killed may have left it: nobody answers there), and `admin.token` holds a token. A token that nobody named
// may be absent.
[[nodiscard]] Result<Endpoint> discover(const Settings& settings);

// By flag, environment or default.
[[nodiscard]] std::string data_directory(const Settings& settings);

// What `server.url` in a data directory says; empty when no server runs there.
[[nodiscard]] std::string url_in(const std::string& data_directory);

// The first line of a token file.
[[nodiscard]] Result<std::string> read_token(const std::string& path);

// `text` as one segment of a path or one value of a query.
[[nodiscard]] std::string escape(std::string_view text);

// `?a=1&b=2` of the values that are not empty; empty when all are.
[[nodiscard]] std::string query(std::initializer_list<std::pair<std::string_view, std::string>> values);

}  // namespace arbiter::client
