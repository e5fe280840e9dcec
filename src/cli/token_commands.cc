// arbiter token create | list | revoke
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/table.h"

namespace arbiter::cli {
namespace {

using base::fail;

constexpr const char* kTokens = "/api/v1/tokens";

struct CreateOptions {
  std::string name, expires_in, expires_at;
};

Cell state_cell(const json::value& token) {
  const auto state = text(token, "state");
  return {state, state == "live" ? Colour::kGreen : Colour::kGrey};
}

std::string as_table(const json::array& tokens, bool colours) {
  Table table({"TOKEN", "ID", "STATE", "CREATED", "BY", "EXPIRES", "LAST USED"});
  for (const auto& token : tokens) {
    const auto by = text(token, "createdBy");
    const auto expires = text(token, "expiresAt");
    const auto used = age(token, "lastUsedAt");
    table.add({text(token, "name"), text(token, "id"), state_cell(token), age(token, "createdAt"),
               by.empty() ? "the server" : by, expires.empty() ? "never" : expires, used.empty() ? "not yet" : used});
  }
  return table.text(colours);
}

Result<int> create(Context& context, const CreateOptions& o) {
  json::object body{{"name", o.name}};
  if (!o.expires_at.empty()) body["expiresAt"] = o.expires_at;
  if (!o.expires_in.empty()) {
    auto ms = duration_argument(o.expires_in, "--expires-in");
    if (!ms) return fail(ms.error());
    body["expiresInMs"] = *ms;
  }
  auto made = context.post(kTokens, body);
  if (!made) return fail(made.error());
  // On stdout only the secret, so that it can go into a file.
  context.show(*made, [&](const json::value& token) {
    const auto expires = text(token, "expiresAt");
    std::fprintf(stderr, "Token %s (%s), %s. This is the only time that it is shown:\n", text(token, "name").c_str(),
                 text(token, "id").c_str(), expires.empty() ? "which does not expire" : ("until " + expires).c_str());
    return text(token, "token") + "\n";
  });
  return 0;
}

void add_create(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  auto o = std::make_shared<CreateOptions>();
  auto* command = commands.add(
      noun, "create",
      {"Make an access token and print its secret, this once. Every token may do everything: there are no roles yet",
       "  arbiter token create ci --expires-in 90d > ci.token\n  arbiter --token-file ci.token task list"},
      [&context, o] { return create(context, *o); });
  command->add_option("name", o->name, "Its name, by which events say who asked")->required();
  command->add_option("--expires-in", o->expires_in, "How long it is valid: 12h, 90d; without: until it is revoked");
  command->add_option("--expires-at", o->expires_at, "Until when it is valid: 2027-01-31T00:00:00Z");
}

}  // namespace

void add_token_commands(Commands& commands) {
  Context& context = commands.context();
  auto* noun = commands.noun("token", "Access tokens: who may use this server. Each is an administrator's");
  add_create(commands, noun);
  commands.add(noun, "list", {"All tokens with their last use, without secrets", "  arbiter token list"},
               [&context]() -> Result<int> {
                 auto tokens = context.list(std::string(kTokens) + "?limit=1000", 0);
                 if (!tokens) return fail(tokens.error());
                 context.show(*tokens,
                              [&](const json::value& value) { return as_table(items(value), context.colours()); });
                 return 0;
               });
  auto name = std::make_shared<std::string>();
  commands
      .add(noun, "revoke",
           {"End a token at once: its requests are refused, its event streams closed", "  arbiter token revoke ci"},
           [&context, name]() -> Result<int> {
             auto gone = context.send("DELETE", std::string(kTokens) + "/" + client::escape(*name), nullptr);
             if (!gone) return fail(gone.error());
             context.show(*gone, [&](const json::value& value) { return as_table({value}, context.colours()); });
             return 0;
           })
      ->add_option("name", *name, "Its name or id")
      ->required();
}

}  // namespace arbiter::cli
