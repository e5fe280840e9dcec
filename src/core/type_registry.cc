// What people say about types of task, and what that does to tasks.
#include "base/check.h"
#include "core/core.h"
#include "core/json_schema.h"
#include "core/page.h"

namespace arbiter::core {

using base::ErrorCode;
using base::fail;

namespace {

base::Error no_type(const Name& name) {
  return {ErrorCode::kNotFound, "Nothing is defined for tasks of type " + name.value + "."};
}

TaskTypeView view_of(const TaskType& type, bool with_schemas) {
  TaskTypeView view;
  view.name.value = type.name;
  view.description = type.definition.description;
  view.defaults = type.definition.defaults;
  if (with_schemas) {
    view.payload_schema = type.definition.payload_schema;
    view.result_schema = type.definition.result_schema;
  }
  view.version = type.version;
  view.created_at = {type.created_at};
  view.changed_at = {type.changed_at};
  return view;
}

void check_schema(const RawJson& schema, const std::string& path, base::FieldErrors& errors) {
  if (schema.empty()) return;
  const auto parsed = base::parse_json(schema.text());
  CHECK(parsed.has_value());
  (void)JsonSchema::compile(*parsed, path, errors);
}

}  // namespace

// ---- what people say ------------------------------------------------------------------------------------------

Core::Answer Core::on(const SetTaskType& c, Ticket) {
  const TypeDefinition& given = c;
  const TaskType* known = state_.find_type(c.name.value);
  const std::string text = base::to_json(given);
  if (known && known->text.text() == text) return Reply(SetTaskTypeReply{view_of(*known, true), /*created=*/false});
  if (static_cast<std::int64_t>(text.size()) > state_.limits.task_type_bytes_max) {
    return fail({ErrorCode::kTooLarge, "The definition of a type may have at most " +
                                           std::to_string(state_.limits.task_type_bytes_max) + " bytes; this one has " +
                                           std::to_string(text.size()) + "."});
  }
  base::FieldErrors errors;
  check_schema(given.payload_schema, "payloadSchema", errors);
  check_schema(given.result_schema, "resultSchema", errors);
  const auto& retry = given.defaults.retry;
  if (retry && retry->longest_ms() < retry->backoff_ms) {
    errors.add("defaults.retry.maxBackoffMs", "must not be less than backoffMs");
  }
  if (!errors.empty()) return fail({ErrorCode::kInvalidRequest, "Some fields are not valid.", errors.take()});
  if (!known && static_cast<std::int64_t>(state_.types.size()) >= state_.limits.task_types_max) {
    return fail({ErrorCode::kOverloaded,
                 "There are " + std::to_string(state_.limits.task_types_max) + " types already; delete some.",
                 {},
                 10'000});
  }
  // In the form in which it comes back from the log.
  auto canonical = base::from_json_text<RawJson>(text);
  CHECK(canonical.has_value());
  emit(TaskTypeSet{c.name, std::move(*canonical)});
  return Reply(SetTaskTypeReply{view_of(*state_.find_type(c.name.value), true), known == nullptr});
}

Core::Answer Core::on(const GetTaskType& c, Ticket) {
  const TaskType* type = state_.find_type(c.name.value);
  if (!type) return fail(no_type(c.name));
  return Reply(view_of(*type, true));
}

Core::Answer Core::on(const ListTaskTypes& c, Ticket) {
  TaskTypeList list;
  list.next_cursor = page(state_.types, c.cursor, c.limit, list.items,
                          [](const auto& entry, auto& items) { items.push_back(view_of(*entry.second, false)); });
  return Reply(std::move(list));
}

Core::Answer Core::on(const DeleteTaskType& c, Ticket) {
  if (!state_.find_type(c.name.value)) return fail(no_type(c.name));
  emit(TaskTypeDeleted{c.name});
  return Reply(Done{});
}

// ---- what it does to tasks ------------------------------------------------------------------------------------

std::optional<TaskSpec> Core::with_defaults(const TaskSpec& given) const {
  const TaskType* type = state_.find_type(given.type.value);
  if (!type || type->definition.defaults == TypeDefaults{}) return std::nullopt;
  const TypeDefaults& defaults = type->definition.defaults;
  TaskSpec spec = given;
  if (defaults.queue && !spec.queue.given) spec.queue = *defaults.queue;
  if (defaults.priority && !spec.priority.given) spec.priority = *defaults.priority;
  if (defaults.retry && !spec.retry.given) spec.retry = *defaults.retry;
  if (!spec.timeout_ms) spec.timeout_ms = defaults.timeout_ms;
  if (!spec.stall_ms) spec.stall_ms = defaults.stall_ms;
  return spec;
}

void Core::check_payload(const TaskSpec& spec, const std::string& path, base::FieldErrors& errors) const {
  if (const TaskType* type = state_.find_type(spec.type.value)) type->check_payload(spec.payload, path, errors);
}

base::Result<void> Core::check_result(const Task& task, const RawJson& result) const {
  const TaskType* type = state_.find_type(task.profile->type.value);
  if (!type) return {};
  base::FieldErrors errors;
  type->check_result(result, "result", errors);
  auto wrong = errors.take();
  if (wrong.empty()) return {};
  return fail({ErrorCode::kInvalidRequest,
               "The result does not fit the schema of type " + type->name + ": " + wrong.front().field + " " +
                   wrong.front().message + ". Correct it, or fail the attempt.",
               std::move(wrong)});
}

}  // namespace arbiter::core
