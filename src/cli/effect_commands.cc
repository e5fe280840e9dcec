// arbiter effect list | show | retry, arbiter notify test
#include <CLI/CLI.hpp>
#include <chrono>
#include <thread>

#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "client/endpoint.h"

namespace arbiter::cli {
namespace {

using base::fail;

constexpr auto kTestPoll = std::chrono::milliseconds(100);

std::string path_of(const std::string& id) { return "/api/v1/effects/" + client::escape(id); }

Colour colour_of(const std::string& state) {
  if (state == "delivered") return Colour::kGreen;
  return state == "given_up" ? Colour::kRed : Colour::kYellow;
}

std::string as_table(const json::array& effects, bool colours) {
  Table table({"EFFECT", "NOTIFIER", "STATE", ">ATTEMPT", "SEVERITY", "CAUSE", "AGE", "ERROR"});
  for (const auto& effect : effects) {
    const std::string state = text(effect, "state");
    table.add({text(effect, "id"), text(effect, "notifier"), Cell(state, colour_of(state)), text(effect, "attempt"),
               text(effect, "severity"), text(effect, "cause"), age(effect, "createdAt"), text(effect, "error")});
  }
  return table.empty() ? std::string("There are none.\n") : table.text(colours);
}

Result<int> show_one(Context& context, const Result<json::value>& effect) {
  if (!effect) return fail(effect.error());
  context.show(*effect, [&](const json::value& value) { return as_table({value}, context.colours()); });
  return 0;
}

struct Filter {
  std::string state, notifier;
  std::size_t limit = 100;
};

void add_list(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  auto o = std::make_shared<Filter>();
  auto* command = commands.add(
      noun, "list",
      {"Effects, oldest first: open ones, and for a while those that are over",
       "  arbiter effect list\n  arbiter effect list --state given_up --notifier ops"},
      [&context, o]() -> Result<int> {
        const std::string query = client::query({{"state", o->state}, {"notifier", o->notifier}});
        auto effects = context.list("/api/v1/effects" + query, o->limit);
        if (!effects) return fail(effects.error());
        context.show(*effects, [&](const json::value& value) { return as_table(items(value), context.colours()); });
        return 0;
      });
  command->add_option("--state", o->state, "Only these: waiting, started, delivered, given_up; several with commas");
  command->add_option("--notifier", o->notifier, "Only those of this notifier");
  command->add_option("--limit", o->limit, "So many at most (0: all) [100]");
}

// Until it has arrived, or an attempt has failed: further ones follow by themselves.
Result<int> test_notifier(Context& context, const std::string& name) {
  auto effect = context.post("/api/v1/notifiers/" + client::escape(name) + "/test", json::object{});
  while (effect && number(*effect, "failures") == 0 && at(*effect, "endedAt").is_null()) {
    std::this_thread::sleep_for(kTestPoll);
    effect = context.get(path_of(text(*effect, "id")));
  }
  if (auto shown = show_one(context, effect); !shown) return shown;
  if (text(*effect, "state") == "delivered") return 0;
  return fail({base::ErrorCode::kInvalidState,
               "Notifier " + name + " was not reached: " + text(*effect, "error") + " See `arbiter effect list`."});
}

}  // namespace

void add_effect_commands(Commands& commands) {
  Context& context = commands.context();
  auto* noun = commands.noun("effect", "Effects: notifications on their way, delivered, or given up");
  add_list(commands, noun);
  const auto named = [&](const std::string& verb, const Help& help,
                         std::function<Result<int>(const std::string&)> body) {
    auto id = std::make_shared<std::string>();
    auto* command = commands.add(noun, verb, help, [id, body = std::move(body)] { return body(*id); });
    command->add_option("effect", *id, "The effect's id")->required();
  };
  named("show", {"One effect, and why its latest attempt failed", "  arbiter effect show effect_01kbc..."},
        [&context](const auto& id) { return show_one(context, context.get(path_of(id))); });
  named("retry",
        {"Try an effect now; one that was given up gets fresh attempts", "  arbiter effect retry effect_01kbc..."},
        [&context](const auto& id) { return show_one(context, context.post(path_of(id) + "/retry", json::object{})); });

  auto* notify = commands.noun("notify", "Notifiers, as the server's configuration declares them");
  auto name = std::make_shared<std::string>();
  commands
      .add(notify, "test",
           {"Send a test to a notifier, and wait until it has arrived or failed", "  arbiter notify test ops"},
           [&context, name] { return test_notifier(context, *name); })
      ->add_option("notifier", *name, "The notifier's name")
      ->required();
}

}  // namespace arbiter::cli
