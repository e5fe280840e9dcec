// arbiter task-type set | list | show | delete
#include <CLI/CLI.hpp>

#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/table.h"

namespace arbiter::cli {
namespace {

using base::fail;

std::string path_of(const std::string& name) { return "/api/v1/task-types/" + client::escape(name); }

struct TypeOptions {
  std::string description, queue, priority, timeout, stall, backoff, max_backoff, payload_schema, result_schema;
  int max_attempts = 0;  // not given
};

Result<void> put_duration(json::object& into, std::string_view key, const std::string& value, std::string_view flag) {
  if (value.empty()) return {};
  auto ms = duration_argument(value, flag);
  if (!ms) return fail(ms.error());
  into[key] = *ms;
  return {};
}

Result<void> put_schema(json::object& body, std::string_view key, const std::string& value, std::string_view flag) {
  if (value.empty()) return {};
  auto schema = read_json_argument(value, flag);
  if (!schema) return fail(schema.error());
  body[key] = std::move(*schema);
  return {};
}

Result<json::object> definition(const TypeOptions& o) {
  json::object body, defaults, retry;
  if (!o.description.empty()) body["description"] = o.description;
  if (!o.queue.empty()) defaults["queue"] = o.queue;
  if (!o.priority.empty()) {
    const bool is_number = o.priority.find_first_not_of("0123456789") == std::string::npos;
    defaults["priority"] = is_number ? json::value(std::stoll(o.priority)) : json::value(o.priority);
  }
  if (auto ok = put_duration(defaults, "timeoutMs", o.timeout, "--timeout"); !ok) return fail(ok.error());
  if (auto ok = put_duration(defaults, "stallMs", o.stall, "--stall"); !ok) return fail(ok.error());
  if (o.max_attempts > 0) retry["maxAttempts"] = o.max_attempts;
  if (auto ok = put_duration(retry, "backoffMs", o.backoff, "--backoff"); !ok) return fail(ok.error());
  if (auto ok = put_duration(retry, "maxBackoffMs", o.max_backoff, "--max-backoff"); !ok) return fail(ok.error());
  if (!retry.empty()) defaults["retry"] = std::move(retry);
  if (!defaults.empty()) body["defaults"] = std::move(defaults);
  if (auto ok = put_schema(body, "payloadSchema", o.payload_schema, "--payload-schema"); !ok) return fail(ok.error());
  if (auto ok = put_schema(body, "resultSchema", o.result_schema, "--result-schema"); !ok) return fail(ok.error());
  return body;
}

std::string as_table(const json::array& types, bool colours) {
  Table table({"TYPE", ">VERSION", "QUEUE", ">PRIO", ">TRIES", ">TIMEOUT", ">CHANGED", "DESCRIPTION"});
  for (const auto& type : types) {
    const auto& defaults = at(type, "defaults");
    const std::int64_t timeout = number(defaults, "timeoutMs");
    table.add({text(type, "name"), text(type, "version"), text(defaults, "queue"), text(defaults, "priority"),
               text(at(defaults, "retry"), "maxAttempts"), timeout ? human_duration(timeout) : "",
               age(type, "changedAt"), shortened(text(type, "description"), 60)});
  }
  return table.text(colours);
}

std::string details(const json::value& type, bool colours) {
  std::string out = as_table({type}, colours);
  for (const auto& [key, title] : {std::pair("payloadSchema", "Payload"), std::pair("resultSchema", "Result")}) {
    if (!at(type, key).is_null()) out += std::string("\n") + title + ": " + json::serialize(at(type, key)) + '\n';
  }
  return out;
}

Result<int> show_one(Context& context, const Result<json::value>& type) {
  if (!type) return fail(type.error());
  context.show(*type, [&](const json::value& value) { return details(value, context.colours()); });
  return 0;
}

void add_flags(CLI::App* command, TypeOptions& o) {
  command->add_option("--description", o.description, "What such tasks are, for people");
  command->add_option("--queue", o.queue, "The queue of tasks that name none");
  command->add_option("--priority", o.priority, "1 to 10, or low, normal, high, critical");
  command->add_option("--max-attempts", o.max_attempts, "How often they are tried")->check(CLI::Range(1, 100));
  command->add_option("--backoff", o.backoff, "The pause before the second attempt");
  command->add_option("--max-backoff", o.max_backoff, "The longest pause between attempts");
  command->add_option("--timeout", o.timeout, "How long an attempt may take");
  command->add_option("--stall", o.stall, "How long an attempt may give no sign of progress");
  command->add_option("--payload-schema", o.payload_schema, "JSON Schema of their payloads: JSON, @FILE, or -");
  command->add_option("--result-schema", o.result_schema, "JSON Schema of their results: JSON, @FILE, or -");
}

}  // namespace

void add_type_commands(Commands& commands) {
  Context& context = commands.context();
  auto* noun =
      commands.noun("task-type", "Types of task: their defaults, and what payloads and results must look like");
  commands.add(noun, "list", {"All types that are defined", "  arbiter task-type list"}, [&context]() -> Result<int> {
    auto types = context.list("/api/v1/task-types?limit=1000", 0);
    if (!types) return fail(types.error());
    context.show(*types, [&](const json::value& value) { return as_table(items(value), context.colours()); });
    return 0;
  });
  const auto named = [&](const std::string& verb, const Help& help,
                         std::function<Result<int>(const std::string&)> body) {
    auto name = std::make_shared<std::string>();
    auto* command = commands.add(noun, verb, help, [name, body = std::move(body)] { return body(*name); });
    command->add_option("type", *name, "The type's name")->required();
    return command;
  };
  named("show", {"What is defined for a type", "  arbiter task-type show review"},
        [&context](const auto& name) { return show_one(context, context.get(path_of(name))); });
  named("delete", {"Forget what is defined for a type; its tasks stay", "  arbiter task-type delete review"},
        [&context](const auto& name) -> Result<int> {
          auto gone = context.send("DELETE", path_of(name), json::object{});
          if (!gone) return fail(gone.error());
          context.show(*gone, [&](const json::value&) { return name + ": deleted\n"; });
          return 0;
        });
  auto o = std::make_shared<TypeOptions>();
  auto* set = named("set",
                    {"Define a type as a whole: what is not given is not defined",
                     "  arbiter task-type set review --queue reviews --max-attempts 5 --timeout 10m\n"
                     "  arbiter task-type set review --payload-schema @payload.schema.json"},
                    [&context, o](const auto& name) -> Result<int> {
                      auto body = definition(*o);
                      if (!body) return fail(body.error());
                      return show_one(context, context.send("PUT", path_of(name), std::move(*body)));
                    });
  add_flags(set, *o);
}

}  // namespace arbiter::cli
