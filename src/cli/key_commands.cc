// arbiter key list | show | set | pause | resume
#include "cli/cli.h"
#include "cli/limit_flags.h"
#include "cli/table.h"

namespace arbiter::cli {
namespace {

using base::fail;

std::string path_of(const std::string& name) { return "/api/v1/keys/" + client::escape(name); }

std::string as_table(const json::array& keys, bool colours) {
  Table table({"KEY", "STATE", ">QUEUED", ">RUNNING", ">CONCURRENCY", "RATE", ">WEIGHT", "PAUSED UNTIL"});
  for (const auto& key : keys) {
    const bool paused = at(key, "paused") == json::value(true);
    table.add({text(key, "name"), Cell(paused ? "paused" : "open", paused ? Colour::kYellow : Colour::kGreen),
               std::to_string(number(key, "queued")), std::to_string(number(key, "running")), text(key, "concurrency"),
               rate_text(at(key, "rate")), text(key, "weight"), text(key, "pausedUntil")});
  }
  return table.text(colours);
}

Result<int> show_one(Context& context, const Result<json::value>& key) {
  if (!key) return fail(key.error());
  context.show(*key, [&](const json::value& value) { return as_table({value}, context.colours()); });
  return 0;
}

}  // namespace

void add_key_commands(Commands& commands) {
  Context& context = commands.context();
  auto* noun = commands.noun("key", "Keys of limits: how many tasks of a customer or an upstream run, and how fast");
  commands.add(noun, "list", {"All keys that live tasks name, or that have limits of their own", "  arbiter key list"},
               [&context]() -> Result<int> {
                 auto keys = context.list("/api/v1/keys?limit=1000", 0);
                 if (!keys) return fail(keys.error());
                 context.show(*keys,
                              [&](const json::value& value) { return as_table(items(value), context.colours()); });
                 return 0;
               });
  const auto named = [&](const std::string& verb, const Help& help,
                         std::function<Result<int>(const std::string&)> body) {
    auto name = std::make_shared<std::string>();
    auto* command = commands.add(noun, verb, help, [name, body = std::move(body)] { return body(*name); });
    command->add_option("key", *name, "The key's name")->required();
    return command;
  };
  named("show", {"One key", "  arbiter key show acme"},
        [&context](const auto& name) { return show_one(context, context.get(path_of(name))); });
  named("resume", {"Start tasks with a key again", "  arbiter key resume openai"}, [&context](const auto& name) {
    return show_one(context, context.post(path_of(name) + "/resume", json::object{}));
  });
  auto pause = std::make_shared<std::shared_ptr<PauseFlags>>();
  *pause = PauseFlags::add(
      named("pause",
            {"Start no more tasks with a key; running ones go on",
             "  arbiter key pause openai --for 2m --reason '429 from the provider'\n  arbiter key pause acme"},
            [&context, pause](const auto& name) -> Result<int> {
              auto body = (*pause)->body();
              if (!body) return fail(body.error());
              return show_one(context, context.post(path_of(name) + "/pause", std::move(*body)));
            }));
  auto limits = std::make_shared<std::shared_ptr<LimitFlags>>();
  *limits = LimitFlags::add(
      named("set",
            {"Set the limits of a key; what is not given stays as it is",
             "  arbiter key set openai --rate 60/1m\n  arbiter key set acme --concurrency 5 --weight 3"},
            [&context, limits](const auto& name) -> Result<int> {
              json::object body;
              if (auto ok = (*limits)->put(body); !ok) return fail(ok.error());
              return show_one(context, context.send("PUT", path_of(name), std::move(body)));
            }),
      "", "its tasks", /*with_weight=*/true);
}

}  // namespace arbiter::cli
