// Schemas of payloads and results: what is let in, what is told, and what types do to tasks.
#include "core/json_schema.h"

#include "tests/support/scenario.h"

namespace arbiter::core {
namespace {

using base::ErrorCode;
using testing::Scenario;

std::string mistakes(base::FieldErrors& errors) {
  std::string out;
  for (const auto& e : errors.take()) out += e.field + ' ' + e.message + '\n';
  return out;
}

std::string compile(std::string_view schema) {
  base::FieldErrors errors;
  const auto compiled = JsonSchema::compile(base::parse_json(schema).value(), "schema", errors);
  const std::string found = mistakes(errors);
  EXPECT_EQ(compiled == nullptr, !found.empty());
  return found;
}

std::string check(std::string_view schema, std::string_view value) {
  base::FieldErrors errors;
  const auto compiled = JsonSchema::compile(base::parse_json(schema).value(), "schema", errors);
  if (!compiled) return "no schema: " + mistakes(errors);
  const bool fits = compiled->check(base::parse_json(value).value(), "payload", errors);
  const std::string found = mistakes(errors);
  EXPECT_EQ(fits, found.empty());
  return found;
}

TEST(JsonSchema, TellsEveryMistakeWithItsPath) {
  const char* schema = R"({"type":"object","required":["path"],"additionalProperties":false,
    "properties":{"path":{"type":"string","pattern":"^[a-z/]+$"},"lines":{"type":"array","items":{"type":"integer"}}}})";
  EXPECT_EQ(check(schema, R"({"path":"src/a","lines":[1,2]})"), "");
  const std::string found = check(schema, R"({"path":"SRC","lines":[1,"two",null]})");
  EXPECT_NE(found.find("payload.path must match the pattern ^[a-z/]+$"), std::string::npos) << found;
  EXPECT_NE(found.find("payload.lines[1] "), std::string::npos) << found;
  EXPECT_NE(found.find("payload.lines[2] "), std::string::npos) << found;
  EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 3) << found;
  EXPECT_NE(check(schema, "null").find("payload "), std::string::npos);
  EXPECT_EQ(check(schema, "{}"), "payload must have the field 'path'\n");
  EXPECT_EQ(check(schema, R"({"path":"a","depth":1})"), "payload has a field that its schema does not know: 'depth'\n");
}

TEST(JsonSchema, DefinitionsMayRecurIntoTheValue) {
  const char* tree = R"({"$ref":"#/$defs/node","$defs":{"node":{"type":"object","required":["name"],
    "properties":{"name":{"type":"string"},"children":{"type":"array","items":{"$ref":"#/$defs/node"}}}}}})";
  EXPECT_EQ(check(tree, R"({"name":"a","children":[{"name":"b","children":[]}]})"), "");
  EXPECT_NE(check(tree, R"({"name":"a","children":[{"name":"b","children":[{"name":3}]}]})")
                .find("payload.children[0].children[0].name"),
            std::string::npos);
}

TEST(JsonSchema, WhatCouldHurtTheServerIsRefusedWithItsPlace) {
  struct Case {
    const char* schema;
    const char* what;
  };
  const Case cases[] = {
      {R"({"$ref":"https://example.org/schema.json"})", "schema.$ref must be #"},
      {R"({"$ref":"#/$defs/none"})", "leads to nothing"},
      {R"({"$ref":"#"})", "refers to itself"},
      {R"({"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/b"}]},"b":{"not":{"$ref":"#/$defs/a"}}}})",
       "refers to itself"},
      {R"({"properties":{"a":{"pattern":"(a+)+\\1"}}})", "schema.properties.a.pattern is no pattern of RE2"},
      {R"({"pattern":"((a{100}){100}){100}"})", "schema.pattern"},
      {R"({"uniqueItems":true})", "schema.uniqueItems needs a maxItems"},
      {R"({"patternProperties":{"a":{}}})", "schema.patternProperties is not a word"},
      {R"({"propertes":{}})", "schema.propertes is not a word"},
      {R"({"properties":{"a":3}})", "schema.properties.a must be a schema"},
      {R"({"type":"text"})", "schema"},
  };
  for (const auto& c : cases) {
    const std::string found = compile(c.schema);
    EXPECT_NE(found.find(c.what), std::string::npos) << c.schema << ": " << found;
  }
  EXPECT_EQ(compile(R"({"properties":{"pattern":{"type":"string"},"format":{"format":"date"},"propertes":{}}})"), "")
      << "names of properties are no words";
}

TEST(JsonSchema, ACheckTakesABoundedNumberOfSteps) {
  // Each level is looked at twice for each time that the level above is.
  const char* doubling = R"({"$ref":"#/$defs/a","$defs":{"a":{"anyOf":[
    {"properties":{"n":{"$ref":"#/$defs/a"}},"required":["x"]},{"properties":{"n":{"$ref":"#/$defs/a"}},"required":["y"]}]}}})";
  std::string deep = "1";
  for (int i = 0; i < 40; ++i) deep = "{\"n\":" + deep + "}";
  EXPECT_NE(check(doubling, deep).find("takes more than"), std::string::npos);
  // A long text and a pattern that backtracks elsewhere.
  EXPECT_NE(check(R"({"pattern":"^(a+)+$"})", '"' + std::string(500'000, 'a') + "b\"").find("must match"),
            std::string::npos);
  EXPECT_EQ(check(R"({"format":"date"})", '"' + std::string(500'000, '1') + '"'), "") << "a remark only";
}

TEST(TaskType, DefaultsFillInWhatATaskDoesNotSay) {
  Scenario s;
  const auto type = base::from_json_text<SetTaskType>(
      R"({"name":"review","defaults":{"queue":"reviews","priority":8,"timeoutMs":5000,"retry":{"maxAttempts":7}}})");
  ASSERT_TRUE(s.ask<SetTaskTypeReply>(*type).value().created);
  const auto id = s.submit(R"({"type":"review","id":"r1"})");
  auto task = s.ask<TaskView>(GetTask{Name(id), {}}).value();
  EXPECT_EQ(task.queue.value, "reviews");
  EXPECT_EQ(task.priority.value, 8);
  EXPECT_EQ(task.max_attempts, 7);
  EXPECT_EQ(task.timeout_ms, 5'000);
  const auto own = s.submit(R"({"type":"review","queue":"default","priority":5,"retry":{},"timeoutMs":1})");
  task = s.ask<TaskView>(GetTask{Name(own), {}}).value();
  EXPECT_EQ(task.queue.value, "default");
  EXPECT_EQ(task.priority.value, 5);
  EXPECT_EQ(task.max_attempts, 3);
  EXPECT_EQ(task.timeout_ms, 1);
  // Other defaults do not make another task of the same submit.
  auto changed = *type;
  changed.defaults.queue = Name("others");
  EXPECT_EQ(s.ask<SetTaskTypeReply>(changed).value().type.version, 2);
  EXPECT_EQ(s.submit(R"({"type":"review","id":"r1"})"), "r1");
}

TEST(TaskType, SchemasAreEnforcedAtSubmitAndCompletion) {
  Scenario s;
  s.worker("w");
  const auto type = base::from_json_text<SetTaskType>(
      R"({"name":"sum","payloadSchema":{"type":"array","items":{"type":"number"}},"resultSchema":{"type":"number"}})");
  ASSERT_TRUE(s.ask<SetTaskTypeReply>(*type));
  SubmitBatch batch = *base::from_json_text<SubmitBatch>(
      R"({"tasks":[{"type":"sum","payload":[1,2]},{"type":"sum","payload":["a"]},{"type":"sum"},{"type":"other"}]})");
  const auto refused = s.ask<SubmitReply>(batch);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidRequest);
  ASSERT_EQ(refused.error().fields.size(), 2U);
  EXPECT_EQ(refused.error().fields[0].field, "tasks[1].payload[0]");
  EXPECT_EQ(refused.error().fields[1].field, "tasks[2].payload");
  s.submit(R"({"type":"sum","payload":[1,2]})");
  const auto l = s.lease("w");
  const auto wrong = s.complete(l, R"("three")");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().fields.at(0).field, "result");
  EXPECT_EQ(s.state(l.task.id.value), TaskState::kRunning) << "its worker may correct itself";
  EXPECT_TRUE(s.complete(l, "3"));
  EXPECT_TRUE(s.ask<Done>(DeleteTaskType{Name("sum")}));
  s.submit(R"({"type":"sum","payload":"anything"})");
}

TEST(TaskType, AScheduledTaskIsCheckedWhenItIsSet) {
  Scenario s;
  ASSERT_TRUE(
      s.ask<SetTaskTypeReply>(*base::from_json_text<SetTaskType>(R"({"name":"t","payloadSchema":{"type":"string"}})")));
  const auto schedule =
      base::from_json_text<SetSchedule>(R"({"name":"s","everyMs":1000,"task":{"type":"t","payload":3}})");
  const auto refused = s.ask<SetScheduleReply>(*schedule);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fields.at(0).field, "task.payload");
}

}  // namespace
}  // namespace arbiter::core
