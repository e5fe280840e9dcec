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

// With Retry-After where repeating helps, and WWW-Authenticate where a token is missing.
[[nodiscard]] net::Response problem_response(const base::Error& error, const std::string& request_id);

}  // namespace arbiter::api
