// The OpenAPI 3.1 document, made from the operation table and the described structs.
#pragma once

#include <string>

namespace arbiter::api {

[[nodiscard]] std::string openapi_document(const std::string& version);

}  // namespace arbiter::api
