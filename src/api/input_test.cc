#include "api/input.h"

#include <gmock/gmock.h>

#include "api/events.h"
#include "core/commands.h"

namespace arbiter::api {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Operation operation_of(std::string_view method, std::vector<InputField> fields) {
  Operation operation;
  operation.method = method;
  operation.fields = std::move(fields);
  return operation;
}

// Decodes a request as the service does.
template <typename Request>
base::Result<Request> read(std::string_view method, const std::string& target, const std::string& body = "",
                           const PathValues& path = {}) {
  const Operation operation = operation_of(method, fields_of<Request>(target));
  auto query = parse_query(split_target(target).second);
  if (!query) return base::fail(query.error());
  base::FieldErrors errors;
  auto input = gather_input(operation, body, path, *query, errors);
  if (!input) return base::fail(input.error());
  Request out{};
  base::decode(*input, out, base::Path{}, errors);
  if (!errors.empty()) return base::fail({base::ErrorCode::kInvalidRequest, "", errors.take()});
  return out;
}

std::vector<std::string> bad_fields(const base::Error& error) {
  std::vector<std::string> fields;
  for (const auto& field : error.fields) fields.push_back(field.field);
  return fields;
}

TEST(Query, TextBecomesWhatTheFieldAsksFor) {
  const auto list = read<core::ListTasks>("GET", "/t?state=queued,running&state=failed&queue=a%2Db&limit=7&tag=a+b");
  ASSERT_TRUE(list) << list.error().fields.front().message;
  using core::TaskState;
  EXPECT_THAT(list->state, ElementsAre(TaskState::kQueued, TaskState::kRunning, TaskState::kFailed));
  EXPECT_EQ(list->queue->value, "a-b");
  EXPECT_EQ(list->limit, 7);
  EXPECT_EQ(list->tag->value, "a b");
  const auto events = read<QueryEvents>("GET", "/e?after=12&types=TASK.*,WORKER.LOST.TIMEOUT&tags=task:1");
  ASSERT_TRUE(events);
  EXPECT_EQ(events->after, 12);
  EXPECT_EQ(events->types.size(), 2U);
}

TEST(Query, EveryBadParameterIsNamedAtOnce) {
  const auto list = read<core::ListTasks>("GET", "/t?state=mad&limit=0&colour=red&queue=%20&cursor=&limit=1");
  ASSERT_FALSE(list);
  EXPECT_THAT(bad_fields(list.error()),
              testing::UnorderedElementsAre("state[0]", "limit", "limit", "colour", "queue", "cursor"));
}

TEST(Query, MalformedValuesAreRefusedNotClamped) {
  for (const char* target : {"/t?limit=1001", "/t?limit=-1", "/t?limit=1.5", "/t?limit=x", "/t?limit=", "/t?limit=%zz",
                             "/t?limit=99999999999999999999", "/t?queue=%ff", "/t?%zz=1"}) {
    EXPECT_FALSE(read<core::ListTasks>("GET", target)) << target;
  }
}

TEST(Query, NamespaceIsAllowedEverywhereAndNothingElseBesidesABody) {
  EXPECT_TRUE(read<core::ListTasks>("GET", "/t?namespace=a"));
  EXPECT_TRUE(read<core::SubmitTask>("POST", "/t?namespace=a", R"({"type":"x"})"));
  const auto task = read<core::SubmitTask>("POST", "/t?type=x", R"({"type":"x"})");
  ASSERT_FALSE(task);
  EXPECT_THAT(task.error().fields.front().message, HasSubstr("belongs into the body"));
}

TEST(Body, AnEmptyOneIsAnEmptyObject) {
  EXPECT_TRUE(read<core::RegisterWorker>("POST", "/w"));
  const auto lease = read<core::LeaseTasks>("POST", "/l");
  ASSERT_FALSE(lease);
  EXPECT_THAT(bad_fields(lease.error()), ElementsAre("workerId"));
}

TEST(Body, ThePathIsPartOfTheRequest) {
  const auto done = read<core::CompleteTask>("POST", "/t/{id}/complete", R"({"lease":"1"})", {{"id", "t1"}});
  ASSERT_TRUE(done);
  EXPECT_EQ(done->id.value, "t1");
  EXPECT_TRUE(read<core::CompleteTask>("POST", "/t/{id}/complete", R"({"id":"t1","lease":"1"})", {{"id", "t1"}}));
  const auto other = read<core::CompleteTask>("POST", "/t/{id}/complete", R"({"id":"t2","lease":"1"})", {{"id", "t1"}});
  ASSERT_FALSE(other);
  EXPECT_THAT(bad_fields(other.error()), ElementsAre("id"));
}

TEST(Body, WhatIsNotAnObjectIsRefused) {
  for (const char* body : {"[]", "1", "null", "\"a\"", "{", "{\"type\":\"x\"}}", "{\"type\":\"\xff\"}"}) {
    EXPECT_FALSE(read<core::SubmitTask>("POST", "/t", body)) << body;
  }
}

}  // namespace
}  // namespace arbiter::api
