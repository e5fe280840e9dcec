// Errors as RFC 9457 problem documents.
#pragma once

#include <string>

#include "base/result.h"
#include "net/server.h"

namespace arbiter::api {

// What a problem document looks like; for its schema.
struct Problem {
  std::string type;
  std::string title;
  std::int64_t status = 500;
  std::string detail;
  std::string code;
  std::vector<base::FieldError> errors;
  std::string request_id;
};
BOOST_DESCRIBE_STRUCT(Problem, (), (type, title, status, detail, code, errors, request_id))

// The network's own refusal; no command is ever answered with it, so it is not among the error codes.
inline constexpr base::ErrorInfo kRateLimited{"rate_limited", "Too many requests in a short time", 429, 6};

// With Retry-After where repeating helps, and WWW-Authenticate where a token is missing.
[[nodiscard]] net::Response problem_response(const base::Error& error, const std::string& request_id);
[[nodiscard]] net::Response problem_response(const base::ErrorInfo& info, const base::Error& error,
                                             const std::string& request_id);

}  // namespace arbiter::api
