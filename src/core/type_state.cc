// Types of task as they are kept: their checks, what events do to them, and the store's form.
#include "core/type_registry.h"

#include "base/check.h"
#include "core/json_schema.h"
#include "core/state.h"

namespace arbiter::core {

TaskType::TaskType() = default;
TaskType::~TaskType() = default;

void TaskType::define(const RawJson& definition_text) {
  auto parsed = base::from_json_text<TypeDefinition>(definition_text.text());
  CHECK(parsed.has_value());
  text = definition_text;
  definition = std::move(*parsed);
  payload_schema_.reset();
  result_schema_.reset();
}

void TaskType::check(const RawJson& schema, std::unique_ptr<JsonSchema>& compiled, const RawJson& body,
                     const std::string& path, base::FieldErrors& errors) {
  if (schema.empty()) return;
  if (!compiled) {
    const auto parsed = base::parse_json(schema.text());
    CHECK(parsed.has_value());
    compiled = JsonSchema::compile(*parsed, "schema", errors);
    if (!compiled) return;  // another version of this program let it in
  }
  const auto value = body.empty() ? base::Result<base::json::value>(nullptr) : base::parse_json(body.text());
  CHECK(value.has_value());
  (void)compiled->check(*value, path, errors);
}

void TaskType::check_payload(const RawJson& body, const std::string& path, base::FieldErrors& errors) const {
  check(definition.payload_schema, payload_schema_, body, path, errors);
}

void TaskType::check_result(const RawJson& body, const std::string& path, base::FieldErrors& errors) const {
  check(definition.result_schema, result_schema_, body, path, errors);
}

// ---- events and records ---------------------------------------------------------------------------------------

namespace {

struct TaskTypeRecord {
  RawJson definition;
  std::int64_t version = 1;
  std::int64_t created_ms = 0;
  std::int64_t changed_ms = 0;
};
BOOST_DESCRIBE_STRUCT(TaskTypeRecord, (), (definition, version, created_ms, changed_ms))

}  // namespace

TaskType* State::find_type(std::string_view name) const {
  if (types.empty()) return nullptr;
  const auto it = types.find(name);
  return it == types.end() ? nullptr : it->second.get();
}

void State::on(const TaskTypeSet& e, const Event& event) {
  auto& type = types[e.name.value];
  if (type) {
    ++type->version;
  } else {
    type = std::make_unique<TaskType>();
    type->name = e.name.value;
    type->created_at = event.time.ms;
  }
  type->changed_at = event.time.ms;
  type->define(e.definition);
  touch(*type);
}

void State::on(const TaskTypeDeleted& e, const Event&) {
  types.erase(types.find(e.name.value));
  other_changes_.push_back({.kind = "task_type", .id = e.name.value, .body = {}, .deleted = true});
}

void State::touch(TaskType& type) {
  if (type.dirty) return;
  type.dirty = true;
  dirty_types_.push_back(type.name);
}

// One that is gone by now left its removal with the other changes.
void State::take_types(std::vector<EntityChange>& changes) {
  for (const auto& name : dirty_types_) {
    TaskType* type = find_type(name);
    if (!type || !std::exchange(type->dirty, false)) continue;
    changes.push_back(type_change(*type));
  }
  dirty_types_.clear();
}

EntityChange State::type_change(const TaskType& type) {
  return {.kind = "task_type",
          .id = type.name,
          .body = base::to_json(TaskTypeRecord{type.text, type.version, type.created_at, type.changed_at})};
}

base::Result<void> State::load_type(const StoredEntity& entity) {
  auto record = base::from_json_text<TaskTypeRecord>(entity.body);
  if (!record) return base::fail(unreadable(entity, record.error()));
  if (auto readable = base::from_json_text<TypeDefinition>(record->definition.text()); !readable) {
    return base::fail(unreadable(entity, readable.error()));
  }
  auto type = std::make_unique<TaskType>();
  type->name = entity.id;
  type->define(record->definition);
  type->version = record->version;
  type->created_at = record->created_ms;
  type->changed_at = record->changed_ms;
  types[type->name] = std::move(type);
  return {};
}

}  // namespace arbiter::core
