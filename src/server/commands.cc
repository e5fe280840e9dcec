#include "server/commands.h"

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>

#include "api/openapi.h"
#include "api/operation.h"
#include "server/config.h"
#include "server/serve.h"

namespace arbiter::server {
namespace {

struct Options {
  std::string config_file;
  bool exit_with_parent = false;
  // By key, as CLI11 writes them.
  std::map<std::string, std::string> values;
  std::map<std::string, std::vector<std::string>> lists;
};

void add_key(CLI::App& command, Options& options, const Key& key) {
  const std::string help = key.help + " [" + key.environment() + "]";
  CLI::Option* option = nullptr;
  if (key.is_list) {
    option = command.add_option(key.flag(), options.lists[key.name], help)->delimiter(',');
  } else if (key.is_flag) {
    option = command.add_flag(key.flag(), options.values[key.name], help);
  } else {
    option = command.add_option(key.flag(), options.values[key.name], help);
  }
  option->group(key.name.starts_with("limits.") ? "Limits" : "Options");
}

Flags flags_of(const Options& options, const CLI::App& command) {
  Flags flags;
  for (const auto& key : keys()) {
    if (command.count(key.flag()) == 0) continue;
    if (key.is_list) {
      flags[key.name] = options.lists.at(key.name);
    } else {
      flags[key.name] = {options.values.at(key.name)};
    }
  }
  return flags;
}

std::vector<std::string> variables() {
  std::vector<std::string> names;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text = *entry;
    names.emplace_back(text.substr(0, text.find('=')));
  }
  return names;
}

cli::Result<int> run(cli::Context& context, const Options& options, const CLI::App& command) {
  const auto begin = std::chrono::steady_clock::now();
  Flags flags = flags_of(options, command);
  // `arbiter --data DIR serve` means the same directory.
  if (!flags.contains("data") && !context.settings.data_directory.empty()) {
    flags["data"] = {context.settings.data_directory};
  }
  std::string file = options.config_file;
  if (const char* named = std::getenv("ARBITER_CONFIG"); file.empty() && named) file = named;
  auto config = load_config(
      file, [](const char* name) { return std::getenv(name); }, flags);
  if (!config) return base::fail(config.error());
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin);
  return serve({std::move(*config), file, took.count(), misspelt_variables(variables()), options.exit_with_parent});
}

}  // namespace

void add_serve_command(cli::Commands& commands) {
  auto options = std::make_shared<Options>();
  auto command = std::make_shared<CLI::App*>(nullptr);
  *command =
      commands.add("serve",
                   {"Run the server; it keeps everything in one data directory",
                    "  arbiter serve\n  arbiter serve --listen 127.0.0.1:0 --data /var/lib/arbiter\n"
                    "  arbiter serve --config arbiter.yaml        see arbiter.example.yaml for every key"},
                   [&context = commands.context(), options, command] { return run(context, *options, **command); });
  (*command)
      ->add_option("--config", options->config_file,
                   "A configuration file; flags and environment go before it [ARBITER_CONFIG]")
      ->type_name("FILE");
  (*command)->add_flag(
      "--exit-with-parent", options->exit_with_parent,
      "Stop when the process that started this one ends: for programs that start a server of their own, so "
      "there is no key and no variable for it");
  for (const auto& key : keys()) add_key(**command, *options, key);
}

void add_generator_commands(cli::Commands& commands) {
  commands
      .add("api-table", {"The table of operations for docs/api.md"},
           []() -> cli::Result<int> {
             std::fputs(api::operations_markdown().c_str(), stdout);
             return 0;
           })
      ->group("");
  commands
      .add("openapi", {"The OpenAPI document, as GET /openapi.json gives it"},
           []() -> cli::Result<int> {
             std::puts(api::openapi_document(ARBITER_VERSION).c_str());
             return 0;
           })
      ->group("");
  commands
      .add("config-example", {"The text of arbiter.example.yaml"},
           []() -> cli::Result<int> {
             std::fputs(config_yaml(Config{}).c_str(), stdout);
             return 0;
           })
      ->group("");
}

base::Result<void> check_config(const std::string& path) {
  Config config;
  if (auto read = read_file(path, config); !read) return read;
  auto checked = check_together(config);
  if (!checked) return base::fail({checked.error().code, path + ": " + checked.error().message});
  return {};
}

}  // namespace arbiter::server
