#include "net/cors.h"

namespace arbiter::net {

bool is_preflight(const Request& request) {
  return request.method == "OPTIONS" && !request.header("Access-Control-Request-Method").empty();
}

Response preflight_answer() {
  Response response;
  response.status = 204;
  response.headers = {{"Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, DELETE"},
                      {"Access-Control-Allow-Headers",
                       "Authorization, Content-Type, Arbiter-Namespace, Idempotency-Key, Last-Event-ID, X-Request-Id, "
                       "traceparent, tracestate"},
                      {"Access-Control-Max-Age", "600"}};
  return response;
}

void allow_page(Response& response, std::string_view origin) {
  response.headers.emplace_back("Access-Control-Allow-Origin", origin);
  response.headers.emplace_back("Access-Control-Expose-Headers", "Idempotent-Replay, Retry-After, X-Request-Id");
}

}  // namespace arbiter::net
