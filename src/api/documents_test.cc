// Problem documents, the OpenAPI document and the generated table of operations.
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>

#include "api/openapi.h"
#include "api/operation.h"
#include "api/problem.h"
#include "base/json.h"

namespace arbiter::api {
namespace {

namespace json = base::json;
using base::ErrorCode;

std::string header(const net::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

TEST(Problem, SaysWhatHappenedInAFormForProgramsAndPeople) {
  const auto response = problem_response({ErrorCode::kInvalidRequest, "No \"good\".", {{"a.b[0]", "is bad"}}}, "r1");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto body = json::parse(response.body).as_object();
  EXPECT_EQ(body.at("type"), "urn:arbiter:error:invalid_request");
  EXPECT_EQ(body.at("status"), 400);
  EXPECT_EQ(body.at("code"), "invalid_request");
  EXPECT_EQ(body.at("detail"), "No \"good\".");
  EXPECT_EQ(body.at("errors").at(0).at("field"), "a.b[0]");
  EXPECT_EQ(body.at("requestId"), "r1");
}

TEST(Problem, SaysWhenToTryAgain) {
  EXPECT_EQ(header(problem_response({ErrorCode::kQueueFull, "", {}, 1'500}, ""), "Retry-After"), "2");
  EXPECT_EQ(header(problem_response({ErrorCode::kShuttingDown, ""}, ""), "Retry-After"), "1");
  EXPECT_EQ(header(problem_response({ErrorCode::kNotFound, ""}, ""), "Retry-After"), "");
  EXPECT_EQ(header(problem_response({ErrorCode::kUnauthorized, ""}, ""), "WWW-Authenticate"),
            "Bearer realm=\"arbiter\"");
}

const json::object& document() {
  static const json::value parsed = json::parse(openapi_document("1.2.3"));
  return parsed.get_object();
}

TEST(OpenApi, HasEveryOperationWithItsParameters) {
  std::size_t found = 0;
  for (const auto& [path, item] : document().at("paths").as_object()) {
    for (const auto& [method, operation] : item.as_object()) {
      ++found;
      std::set<std::string> in_path;
      if (const auto* parameters = operation.as_object().if_contains("parameters")) {
        for (const auto& parameter : parameters->as_array()) {
          const auto* in = parameter.as_object().if_contains("in");
          if (in && *in == "path") in_path.insert(parameter.at("name").as_string().c_str());
        }
      }
      const auto braces = std::count(path.begin(), path.end(), '{');
      EXPECT_EQ(in_path.size(), static_cast<std::size_t>(braces)) << path;
      EXPECT_TRUE(operation.at("responses").as_object().contains("default"));
    }
  }
  EXPECT_EQ(found, operations().size());
}

void expect_references_lead_somewhere(const json::value& value) {
  if (value.is_array()) {
    for (const auto& element : value.get_array()) expect_references_lead_somewhere(element);
  }
  if (!value.is_object()) return;
  for (const auto& [key, element] : value.get_object()) {
    if (key == "$ref") {
      const std::string pointer = std::string(element.as_string().c_str()).substr(1);
      boost::system::error_code missing;
      EXPECT_TRUE(json::value(document()).find_pointer(pointer, missing)) << pointer;
    } else {
      expect_references_lead_somewhere(element);
    }
  }
}

TEST(OpenApi, EveryReferenceLeadsSomewhere) { expect_references_lead_somewhere(document()); }

TEST(OpenApi, WhatThePathGivesIsNotAskedForInTheBody) {
  const auto& complete = document().at("components").at("schemas").at("CompleteTask").as_object();
  EXPECT_FALSE(complete.at("properties").as_object().contains("id"));
  EXPECT_EQ(complete.at("required"), json::array{"lease"});
}

TEST(OpenApi, AnAnswerRequiresWhatItAlwaysHasAndARequestWhatItMustSay) {
  const auto& schemas = document().at("components").at("schemas");
  EXPECT_EQ(schemas.at("LeaseView").at("required"), (json::array{"task", "lease", "attempt", "expiresAt"}));
  EXPECT_EQ(schemas.at("SubmitTask").at("required"), json::array{"type"});
  // Part of both.
  EXPECT_FALSE(schemas.at("RetryPolicy").as_object().contains("required"));
}

TEST(Documentation, TheTableOfOperationsIsUpToDate) {
  std::ifstream in(ARBITER_SOURCE_DIR "/docs/api.md");
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_THAT(text.str(),
              testing::HasSubstr("<!-- operations:begin -->\n" + operations_markdown() + "<!-- operations:end -->"))
      << "`arbiter api-table` prints the table";
}

}  // namespace
}  // namespace arbiter::api
