#include "api/problem.h"

#include <algorithm>

#include "base/json.h"

namespace arbiter::api {

net::Response problem_response(const base::Error& error, const std::string& request_id) {
  const base::ErrorInfo& info = base::info(error.code);
  net::Response response;
  response.status = info.http_status;
  response.content_type = "application/problem+json";
  std::string& body = response.body;
  body = R"({"type":"urn:arbiter:error:)";
  body += info.name;
  body += R"(","title":)";
  base::write_string(info.title, body);
  body += R"(,"status":)";
  base::write_int(info.http_status, body);
  body += R"(,"detail":)";
  base::write_string(error.message, body);
  body += R"(,"code":)";
  base::write_string(info.name, body);
  if (!error.fields.empty()) {
    body += R"(,"errors":)";
    base::encode(error.fields, body);
  }
  body += R"(,"requestId":)";
  base::write_string(request_id, body);
  body += '}';
  const bool try_again = info.http_status == 429 || info.http_status == 503;
  if (error.retry_after_ms > 0 || try_again) {
    const int seconds = std::max(1, (error.retry_after_ms + 999) / 1000);
    response.headers.emplace_back("Retry-After", std::to_string(seconds));
  }
  if (info.http_status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"arbiter\"");
  return response;
}

}  // namespace arbiter::api
