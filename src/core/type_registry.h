// The types of task that a namespace knows more of than their names. Plain data with its compiled schemas; part of
// State.
#pragma once

#include <memory>
#include <string>

#include "core/type_definition.h"

namespace arbiter::core {

class JsonSchema;

struct TaskType {
  TaskType();
  ~TaskType();
  std::string name;
  RawJson text;  // the definition as it stands in the log
  TypeDefinition definition;
  std::int64_t version = 1;
  std::int64_t created_at = 0;
  std::int64_t changed_at = 0;
  bool dirty = false;

  void define(const RawJson& definition_text);
  // Adds what `body` (nothing counts as null) breaks of the schema, with its path below `path`.
  void check_payload(const RawJson& body, const std::string& path, base::FieldErrors& errors) const;
  void check_result(const RawJson& body, const std::string& path, base::FieldErrors& errors) const;

 private:
  static void check(const RawJson& schema, std::unique_ptr<JsonSchema>& compiled, const RawJson& body,
                    const std::string& path, base::FieldErrors& errors);
  // Compiled when they are first used.
  mutable std::unique_ptr<JsonSchema> payload_schema_, result_schema_;
};

}  // namespace arbiter::core
