// What clients say about a type of task: defaults for its tasks, and what their payloads and results must look like.
// Part of core/commands.h. How the core keeps it: core/type_registry.h.
#pragma once

#include <string>
#include <vector>

#include "core/task_commands.h"

namespace arbiter::core {

// For what a task of the type does not say itself.
struct TypeDefaults {
  static constexpr bool kSparse = true;
  std::optional<Name> queue;
  std::optional<Priority> priority;
  std::optional<RetryPolicy> retry;
  std::optional<Int<1, 365 * kDayMs>> timeout_ms;
  std::optional<Int<1, 365 * kDayMs>> stall_ms;
  friend bool operator==(const TypeDefaults&, const TypeDefaults&) = default;
};
BOOST_DESCRIBE_STRUCT(TypeDefaults, (), (queue, priority, retry, timeout_ms, stall_ms))

struct TypeDefinition {
  static constexpr bool kSparse = true;
  std::optional<Text<1, 1'024>> description;
  TypeDefaults defaults;
  RawJson payload_schema;  // JSON Schema, see core/json_schema.h
  RawJson result_schema;
};
BOOST_DESCRIBE_STRUCT(TypeDefinition, (), (description, defaults, payload_schema, result_schema))

struct SetTaskType : TypeDefinition {
  static constexpr std::array kRequired{"name"};
  Name name;
};
BOOST_DESCRIBE_STRUCT(SetTaskType, (TypeDefinition), (name))
struct GetTaskType {
  static constexpr std::array kRequired{"name"};
  Name name;
};
BOOST_DESCRIBE_STRUCT(GetTaskType, (), (name))
struct ListTaskTypes {
  Limit limit{100};
  std::optional<Text<1, 256>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListTaskTypes, (), (limit, cursor))
struct DeleteTaskType {
  static constexpr std::array kRequired{"name"};
  Name name;
};
BOOST_DESCRIBE_STRUCT(DeleteTaskType, (), (name))

struct TaskTypeView {
  Name name;
  std::optional<Text<1, 1'024>> description;
  TypeDefaults defaults;
  RawJson payload_schema;
  RawJson result_schema;
  std::int64_t version = 1;  // grows with each change
  Timestamp created_at;
  Timestamp changed_at;
};
BOOST_DESCRIBE_STRUCT(TaskTypeView, (),
                      (name, description, defaults, payload_schema, result_schema, version, created_at, changed_at))
struct TaskTypeList {
  std::vector<TaskTypeView> items;  // without schemas
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(TaskTypeList, (), (items, next_cursor))
struct SetTaskTypeReply {
  TaskTypeView type;
  bool created = true;
};

}  // namespace arbiter::core
