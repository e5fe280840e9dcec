#include "net/head.h"

#include <array>
#include <charconv>
#include <ctime>

#include "net/text.h"

namespace arbiter::net {
namespace {

// Whole lines, so that the hot path copies instead of formatting.
std::string_view status_line(int status) {
  switch (status) {
    case 200:
      return "HTTP/1.1 200 OK\r\n";
    case 201:
      return "HTTP/1.1 201 Created\r\n";
    case 202:
      return "HTTP/1.1 202 Accepted\r\n";
    case 204:
      return "HTTP/1.1 204 No Content\r\n";
    case 304:
      return "HTTP/1.1 304 Not Modified\r\n";
    case 307:
      return "HTTP/1.1 307 Temporary Redirect\r\n";
    case 400:
      return "HTTP/1.1 400 Bad Request\r\n";
    case 401:
      return "HTTP/1.1 401 Unauthorized\r\n";
    case 403:
      return "HTTP/1.1 403 Forbidden\r\n";
    case 404:
      return "HTTP/1.1 404 Not Found\r\n";
    case 405:
      return "HTTP/1.1 405 Method Not Allowed\r\n";
    case 408:
      return "HTTP/1.1 408 Request Timeout\r\n";
    case 409:
      return "HTTP/1.1 409 Conflict\r\n";
    case 410:
      return "HTTP/1.1 410 Gone\r\n";
    case 413:
      return "HTTP/1.1 413 Content Too Large\r\n";
    case 415:
      return "HTTP/1.1 415 Unsupported Media Type\r\n";
    case 421:
      return "HTTP/1.1 421 Misdirected Request\r\n";
    case 422:
      return "HTTP/1.1 422 Unprocessable Content\r\n";
    case 429:
      return "HTTP/1.1 429 Too Many Requests\r\n";
    case 431:
      return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    case 500:
      return "HTTP/1.1 500 Internal Server Error\r\n";
    case 501:
      return "HTTP/1.1 501 Not Implemented\r\n";
    case 502:
      return "HTTP/1.1 502 Bad Gateway\r\n";
    case 503:
      return "HTTP/1.1 503 Service Unavailable\r\n";
    case 504:
      return "HTTP/1.1 504 Gateway Timeout\r\n";
    default:
      return {};
  }
}

void append_number(std::string& out, std::size_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_value(std::string& out, std::string_view value) {
  for (const char c : value) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
}

// The Date line, made once a second per thread.
std::string_view date_line() {
  thread_local std::time_t made_at = -1;
  thread_local std::array<char, 48> line{};
  thread_local std::size_t size = 0;
  const std::time_t now = std::time(nullptr);
  if (now != made_at) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    size = std::strftime(line.data(), line.size(), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &utc);
    made_at = now;
  }
  return {line.data(), size};
}

// The handler's own headers; false when it set no Cache-Control.
bool append_headers(std::string& out, const Response& response) {
  bool has_cache_control = false;
  for (const auto& [name, value] : response.headers) {
    has_cache_control = has_cache_control || same_text(name, "Cache-Control");
    out += name;
    out += ": ";
    append_value(out, value);
    out += "\r\n";
  }
  return has_cache_control;
}

}  // namespace

void append_head(std::string& out, const Response& response, std::string_view request_id, Framing framing,
                 Persistence persistence) {
  if (const auto line = status_line(response.status); !line.empty()) {
    out += line;
  } else {
    out += "HTTP/1.1 " + std::to_string(response.status) + " Status\r\n";
  }
  out += date_line();
  if (!has_no_body(response.status)) {
    out += "Content-Type: ";
    append_value(out, response.content_type);
    if (framing == Framing::kLength) {
      out += "\r\nContent-Length: ";
      append_number(out, response.body.size());
    } else if (framing == Framing::kChunked) {
      out += "\r\nTransfer-Encoding: chunked";
    }
    out += "\r\n";
  }
  out += "X-Request-Id: ";
  out += request_id;
  out += "\r\nX-Content-Type-Options: nosniff\r\n";
  if (!append_headers(out, response)) out += "Cache-Control: no-store\r\n";
  if (persistence == Persistence::kClose) out += "Connection: close\r\n";
  if (persistence == Persistence::kKeepAlive) out += "Connection: keep-alive\r\n";
  out += "\r\n";
}

}  // namespace arbiter::net
