// Values of headers: the token in three places, preferred encodings, the trace of a client. The first line says which.
#include "api/bearer.h"
#include "api/session_cookie.h"
#include "base/trace_context.h"
#include "net/compression.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace arbiter;
  auto value = fuzz::text_of(data, size);
  const auto which = fuzz::take_line(value);
  if (which == "authorization" || which == "protocol") {
    net::Request request;
    request.method = "GET";
    request.headers = {{"Connection", "Upgrade"},
                       {"Upgrade", "websocket"},
                       {"Sec-WebSocket-Version", "13"},
                       {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                       {which == "protocol" ? "Sec-WebSocket-Protocol" : "Authorization", std::string(value)}};
    const auto token = api::token_of(request);
    REQUIRE(token.size() < value.size() || token.empty());
    REQUIRE(value.find(token) != std::string_view::npos);
    (void)api::offers_protocol(request, api::kSocketProtocol);
  } else if (which == "cookie") {
    net::Request request;
    request.headers = {{"Host", "localhost:1"}, {"Cookie", std::string(value)}};
    const auto token = api::session_token(request);
    REQUIRE(token.find(';') == std::string_view::npos);
    REQUIRE(value.find(token) != std::string_view::npos);
    request.headers = {{"Host", "h"}, {"Origin", std::string(value)}};
    if (api::is_same_origin(request)) REQUIRE(value.ends_with("://h") || value.ends_with("://H"));
  } else if (which == "accept") {
    const bool accepted = net::accepts_gzip(value);
    // What is put behind decides when it is about gzip itself.
    REQUIRE(!net::accepts_gzip(std::string(value) + ", gzip;q=0"));
    if (accepted) REQUIRE(value.find_first_of("gG*") != std::string_view::npos);
  } else if (which == "traceparent") {
    if (const auto trace = base::TraceContext::parse(value)) {
      REQUIRE(trace->span != 0);
      const auto again = base::TraceContext::parse(trace->text());
      REQUIRE(again && again->text() == trace->text());
    }
  } else if (which == "body") {
    (void)net::gzip(value);
  }
  return 0;
}
