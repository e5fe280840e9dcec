#include "cli/context.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "base/json.h"
#include "base/trace_context.h"

namespace arbiter::cli {

using base::fail;

Result<client::Http*> Context::server() {
  if (!http_) {
    auto endpoint = client::discover(settings);
    if (!endpoint) return fail(endpoint.error());
    // A program that runs for a task goes on in its trace.
    const char* traceparent = std::getenv("TRACEPARENT");
    if (traceparent && base::TraceContext::parse(traceparent)) endpoint->traceparent = traceparent;
    http_ = std::make_unique<client::Http>(std::move(*endpoint));
  }
  return http_.get();
}

Result<json::value> Context::get(const std::string& path, int timeout_ms) {
  auto http = server();
  if (!http) return fail(http.error());
  return (*http)->get(path, timeout_ms);
}

Result<json::value> Context::post(const std::string& path, const json::value& body, int timeout_ms) {
  auto http = server();
  if (!http) return fail(http.error());
  return (*http)->post(path, body, {.timeout_ms = timeout_ms, .idempotency_key = client::new_key()});
}

Result<json::value> Context::send(std::string_view method, const std::string& path, const json::value& body) {
  auto http = server();
  if (!http) return fail(http.error());
  return (*http)->call(method, path, body.is_null() ? "" : json::serialize(body));
}

Result<json::value> Context::list(const std::string& path_and_query, std::size_t limit) {
  json::array items;
  std::string cursor;
  for (;;) {
    std::string path = path_and_query;
    if (!cursor.empty())
      path += (path.find('?') == std::string::npos ? "?" : "&") + ("cursor=" + client::escape(cursor));
    auto page = get(path);
    if (!page) return page;
    auto* object = page->if_object();
    auto* more = object ? object->if_contains("items") : nullptr;
    if (!more || !more->is_array()) return page;
    for (auto& item : more->get_array()) {
      if (limit == 0 || items.size() < limit) items.push_back(std::move(item));
    }
    const auto* next = object->if_contains("nextCursor");
    const bool done = !next || !next->is_string() || (limit > 0 && items.size() >= limit);
    if (done) return json::value{{"items", std::move(items)}};
    cursor = std::string(next->get_string());
  }
}

void Context::show(const json::value& value, const std::function<std::string(const json::value&)>& as_text) const {
  print(format == Format::kJson ? json::serialize(value) : as_text(value));
}

void Context::print(const std::string& text) const {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!text.empty() && !text.ends_with('\n')) std::fputc('\n', stdout);
  std::fflush(stdout);
}

bool Context::interactive() const { return ::isatty(STDOUT_FILENO) == 1; }

bool Context::colours() const {
  const char* none = std::getenv("NO_COLOR");
  return !no_colour && !(none && *none) && interactive();
}

void Context::print_error(const base::Error& error) const {
  if (format == Format::kJson) {
    json::array fields;
    for (const auto& field : error.fields) fields.push_back({{"field", field.field}, {"message", field.message}});
    const json::value body{
        {"code", base::info(error.code).name}, {"detail", error.message}, {"errors", std::move(fields)}};
    std::fprintf(stderr, "%s\n", json::serialize(body).c_str());
    return;
  }
  std::fprintf(stderr, "arbiter: %s\n", error.message.c_str());
  for (const auto& field : error.fields) {
    std::fprintf(stderr, "  %s%s%s\n", field.field.c_str(), field.field.empty() ? "" : ": ", field.message.c_str());
  }
}

}  // namespace arbiter::cli
