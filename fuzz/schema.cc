// JSON Schemas of types of task, and values held against them. The first line is the schema, the rest the value.
#include "core/json_schema.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace arbiter;
  auto rest = fuzz::text_of(data, size);
  const auto schema = base::parse_json(fuzz::take_line(rest));
  if (!schema) return 0;
  base::FieldErrors errors;
  const auto compiled = core::JsonSchema::compile(*schema, "schema", errors);
  REQUIRE((compiled == nullptr) == !errors.empty());
  if (!compiled) return 0;
  const auto value = base::parse_json(rest);
  if (!value) return 0;
  REQUIRE(compiled->check(*value, "payload", errors) == errors.empty());
  return 0;
}
