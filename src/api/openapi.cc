#include "api/openapi.h"

#include "api/operation.h"
#include "api/problem.h"
#include "core/events.h"

namespace arbiter::api {
namespace {

namespace json = base::json;

json::object parameter(const InputField& field, std::string_view in, base::Schemas& schemas) {
  json::object out{{"name", field.name}, {"in", in}, {"required", in == "path" || field.required}};
  out["schema"] = field.schema(schemas);
  if (field.is_list) {
    out["style"] = "form";
    out["explode"] = false;
    out["description"] = "Several values are separated by commas.";
  }
  return out;
}

json::object reference(std::string_view kind, std::string_view name) {
  return {{"$ref", "#/components/" + std::string(kind) + "/" + std::string(name)}};
}

json::array parameters_of(const Operation& operation, base::Schemas& schemas) {
  json::array out;
  for (const auto& field : operation.fields) {
    if (field.in_path) out.emplace_back(parameter(field, "path", schemas));
    if (!field.in_path && !operation.has_body()) out.emplace_back(parameter(field, "query", schemas));
  }
  if (operation.scope == Scope::kNamespace) {
    out.emplace_back(reference("parameters", "Namespace"));
    out.emplace_back(reference("parameters", "NamespaceQuery"));
  }
  if (operation.is_mutation()) out.emplace_back(reference("parameters", "IdempotencyKey"));
  if (operation.name == "events.stream") out.emplace_back(reference("parameters", "LastEventId"));
  return out;
}

// What the path gives is not asked for in the body.
json::object request_body(const Operation& operation, base::Schemas& schemas) {
  const json::object ref = operation.request_schema(schemas);
  const std::string_view name =
      std::string_view(ref.at("$ref").get_string()).substr(sizeof "#/components/schemas/" - 1);
  json::object& object = schemas.by_name[std::string(name)];
  bool required = false;
  json::array still_required;
  for (const auto& field : operation.fields) {
    if (field.in_path) {
      object["properties"].get_object().erase(field.name);
    } else if (field.required) {
      still_required.emplace_back(field.name);
      required = true;
    }
  }
  object.erase("required");
  if (required) object["required"] = std::move(still_required);
  object["additionalProperties"] = false;
  return {{"required", required}, {"content", json::object{{"application/json", json::object{{"schema", ref}}}}}};
}

json::object success_response(const Operation& operation, std::string_view description, base::Schemas& schemas) {
  json::object media;
  if (operation.reply_schema) media["schema"] = operation.reply_schema(schemas);
  return {{"description", description}, {"content", json::object{{operation.content_type, std::move(media)}}}};
}

json::object responses_of(const Operation& operation, base::Schemas& schemas) {
  json::object out;
  switch (operation.success) {
    case Success::kCreated:
      out["201"] = success_response(operation, "Created", schemas);
      out["200"] = success_response(operation, "It was there already", schemas);
      break;
    case Success::kAccepted:
      out["202"] = success_response(operation, "Accepted; the work goes on", schemas);
      break;
    case Success::kSwitching:
      out["101"] = json::object{{"description", "The connection is a WebSocket from now on; docs/guides/streams.md"}};
      break;
    case Success::kOk:
      out["200"] = success_response(operation, "Done", schemas);
      break;
  }
  if (operation.name == "server.ready") out["503"] = success_response(operation, "Not ready", schemas);
  out["default"] = reference("responses", "Problem");
  return out;
}

json::object operation_object(const Operation& operation, base::Schemas& schemas) {
  const std::string_view noun = operation.name.substr(0, operation.name.find('.'));
  json::object out{{"operationId", operation.name}, {"summary", operation.help}, {"tags", json::array{noun}}};
  if (operation.permission == Permission::kNone) out["security"] = json::array{};
  json::array parameters = parameters_of(operation, schemas);
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  if (operation.has_body() && operation.request_schema) out["requestBody"] = request_body(operation, schemas);
  out["responses"] = responses_of(operation, schemas);
  return out;
}

json::object header_parameter(std::string_view name, std::string_view in, std::string_view help, json::object schema) {
  return {{"name", name}, {"in", in}, {"required", false}, {"description", help}, {"schema", std::move(schema)}};
}

json::object components(base::Schemas& schemas) {
  const json::object name_schema = base::schema<base::Name>(schemas);
  json::object parameters{
      {"Namespace",
       header_parameter("Arbiter-Namespace", "header", "The namespace; `default` when absent.", name_schema)},
      {"NamespaceQuery",
       header_parameter("namespace", "query", "The same as the header Arbiter-Namespace.", name_schema)},
      {"IdempotencyKey",
       header_parameter(
           "Idempotency-Key", "header",
           "The same request again under the same key gets the first answer, for 24 hours, with the header "
           "Idempotent-Replay.",
           {{"type", "string"}, {"pattern", "^[!-~]{1,128}$"}})},
      {"LastEventId", header_parameter("Last-Event-ID", "header", "The position after which to go on, like `after`.",
                                       {{"type", "string"}, {"pattern", "^[0-9]+$"}})}};
  json::object problem{{"description", "A problem document (RFC 9457)"},
                       {"content", json::object{{"application/problem+json",
                                                 json::object{{"schema", base::schema<Problem>(schemas)}}}}}};
  json::object all;
  for (auto& [name, schema] : schemas.by_name) all[name] = std::move(schema);
  return {{"schemas", std::move(all)},
          {"parameters", std::move(parameters)},
          {"responses", json::object{{"Problem", std::move(problem)}}},
          {"securitySchemes", json::object{{"bearer", json::object{{"type", "http"}, {"scheme", "bearer"}}}}}};
}

}  // namespace

std::string openapi_document(const std::string& version) {
  base::Schemas schemas;
  for (const auto& operation : operations()) {
    if (operation.has_body() && operation.request_schema) (void)operation.request_schema(schemas);
  }
  json::object paths;
  for (const auto& operation : operations()) {
    auto& path = paths[operation.path];
    if (!path.is_object()) path.emplace_object();
    std::string method(operation.method);
    for (char& c : method) c = static_cast<char>(c | ' ');
    path.get_object()[method] = operation_object(operation, schemas);
  }
  json::object event_types;
  for (const auto& [type, schema] : core::event_types(schemas)) event_types[type] = reference("schemas", schema);
  json::object document{
      {"openapi", "3.1.0"},
      {"info", json::object{{"title", "Arbiter"},
                            {"version", version},
                            {"description", "The durable coordination server for fleets of agents."},
                            {"license", json::object{{"name", "Apache-2.0"}, {"identifier", "Apache-2.0"}}}}},
      {"servers", json::array{json::object{{"url", "/"}}}},
      {"security", json::array{json::object{{"bearer", json::array{}}}}},
      {"paths", std::move(paths)},
      {"components", components(schemas)},
      {"x-event-types", std::move(event_types)}};
  return json::serialize(document);
}

}  // namespace arbiter::api
