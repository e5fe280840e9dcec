// arbiter cascade list
#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/table.h"

namespace arbiter::cli {

void add_cascade_commands(Commands& commands) {
  Context& context = commands.context();
  auto* noun = commands.noun("cascade", "What is being done in many steps: lost workers, dependents, bulk changes");
  commands.add(noun, "list",
               {"Those that are under way now, with what is done and what is left", "  arbiter cascade list"},
               [&context]() -> Result<int> {
                 auto cascades = context.get("/api/v1/cascades");
                 if (!cascades) return base::fail(cascades.error());
                 context.show(*cascades, [&](const json::value& value) {
                   Table table({"KIND", "OF", ">DONE", ">LEFT"});
                   for (const auto& one : items(value)) {
                     table.add({text(one, "kind"), text(one, "id"), text(one, "done"), text(one, "left")});
                   }
                   return table.empty() ? std::string("Nothing is under way.\n") : table.text(context.colours());
                 });
                 return 0;
               });
}

}  // namespace arbiter::cli
