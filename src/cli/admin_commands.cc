// arbiter namespace list | create, arbiter config show | check, arbiter version
#include <CLI/CLI.hpp>

#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/table.h"

namespace arbiter::cli {
namespace {

using base::fail;

std::string namespaces_table(const json::array& namespaces, bool colours) {
  Table table({"NAMESPACE", ">AGE"});
  for (const auto& one : namespaces) table.add({text(one, "name"), age(one, "createdAt")});
  return table.text(colours);
}

// `a.b = value`, one line each.
void flatten(const json::value& value, const std::string& path, Table& table) {
  if (value.is_object() && !value.get_object().empty()) {
    for (const auto& [key, entry] : value.get_object()) {
      flatten(entry, path.empty() ? std::string(key) : path + "." + std::string(key), table);
    }
    return;
  }
  table.add({path, text(value)});
}

Result<int> show_version(Context& context) {
  json::object versions{{"client", ARBITER_VERSION}};
  auto server = context.get("/api/v1/version", 2'000);
  if (server) versions["server"] = *server;
  context.show(versions, [&](const json::value&) {
    return "arbiter " ARBITER_VERSION "\nserver  " +
           (server ? text(*server, "version") : std::string("not reachable (") + server.error().message + ")");
  });
  return 0;
}

void add_namespace_commands(Commands& commands) {
  Context& context = commands.context();
  auto* noun = commands.noun("namespace", "Namespaces: worlds of tasks and workers that do not see each other");
  commands.add(noun, "list", {"All namespaces", "  arbiter namespace list"}, [&context]() -> Result<int> {
    auto all = context.list("/api/v1/namespaces", 0);
    if (!all) return fail(all.error());
    context.show(*all, [&](const json::value& value) { return namespaces_table(items(value), context.colours()); });
    return 0;
  });
  auto name = std::make_shared<std::string>();
  commands
      .add(noun, "create", {"Make a namespace (again: nothing changes)", "  arbiter namespace create team-a"},
           [&context, name]() -> Result<int> {
             auto made = context.post("/api/v1/namespaces", {{"name", *name}});
             if (!made) return fail(made.error());
             context.show(*made,
                          [&](const json::value& value) { return namespaces_table({value}, context.colours()); });
             return 0;
           })
      ->add_option("name", *name, "Its name")
      ->required();
}

}  // namespace

void add_admin_commands(Commands& commands, const Program& program) {
  Context& context = commands.context();
  add_namespace_commands(commands);
  auto* config = commands.noun("config", "The server's configuration");
  commands.add(config, "show", {"What the running server works with", "  arbiter config show -o json"},
               [&context]() -> Result<int> {
                 auto shown = context.get("/api/v1/config");
                 if (!shown) return fail(shown.error());
                 context.show(*shown, [&](const json::value& value) {
                   Table table({"KEY", "VALUE"});
                   flatten(value, "", table);
                   return table.text(context.colours());
                 });
                 return 0;
               });
  auto file = std::make_shared<std::string>();
  commands
      .add(config, "check",
           {"Whether a configuration file is right; needs no server", "  arbiter config check arbiter.yaml"},
           [&context, file, check = program.check_config]() -> Result<int> {
             if (!check) return fail({base::ErrorCode::kInternal, "This program has no server in it."});
             if (auto checked = check(*file); !checked) return fail(checked.error());
             context.show({{"file", *file}, {"valid", true}}, [&](const json::value&) { return *file + " is valid."; });
             return 0;
           })
      ->add_option("file", *file, "The file")
      ->required();
  commands.add("version", {"The versions of this program and of the server", "  arbiter version"},
               [&context] { return show_version(context); });
}

}  // namespace arbiter::cli
