// What every command has at hand: where the server is, and how to print.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "client/http.h"

namespace arbiter::cli {

using base::Result;
namespace json = boost::json;

enum class Format { kTable, kJson };

class Context {
 public:
  client::Settings settings;
  Format format = Format::kTable;
  bool no_colour = false;

  // From now on this server, whatever the settings say.
  void use(const client::Endpoint& endpoint) { http_ = std::make_unique<client::Http>(endpoint); }
  // The connection to the server; made at first use, so that commands without one need no server.
  [[nodiscard]] Result<client::Http*> server();
  [[nodiscard]] Result<json::value> get(const std::string& path, int timeout_ms = 30'000);
  // Every POST of a person gets an idempotency key of its own, so that a broken connection repeats nothing.
  [[nodiscard]] Result<json::value> post(const std::string& path, const json::value& body, int timeout_ms = 30'000);
  [[nodiscard]] Result<json::value> send(std::string_view method, const std::string& path, const json::value& body);
  // GET of a list, following cursors until `limit` items (0: all) are there: {"items": [...]}.
  [[nodiscard]] Result<json::value> list(const std::string& path_and_query, std::size_t limit);

  // Prints the server's JSON, or for people what `as_text` makes of it.
  void show(const json::value& value, const std::function<std::string(const json::value&)>& as_text) const;
  void print(const std::string& text) const;
  // Colours only when stdout is a terminal, NO_COLOR is not set and --no-color was not given.
  [[nodiscard]] bool colours() const;
  [[nodiscard]] bool interactive() const;  // stdout is a terminal

  void print_error(const base::Error& error) const;

 private:
  std::unique_ptr<client::Http> http_;
};

}  // namespace arbiter::cli
