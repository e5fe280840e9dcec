#include "cli/usage.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <string_view>

#include "cli/job.h"

namespace arbiter::cli {
namespace {

bool is_word(const std::string& argument) { return !argument.empty() && argument[0] != '-'; }

// The command as far as it was understood.
const CLI::App& deepest(const CLI::App& root) {
  const CLI::App* at = &root;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return *at;
}

std::string path_of(const CLI::App& app) {
  return app.get_parent() ? path_of(*app.get_parent()) + " " + app.get_name() : app.get_name();
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    names.push_back(command->get_name());
  }
  return names;
}

// Those of the command and, since they fall through, of everything above it.
std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) names.push_back("--" + name);
  }
  if (!app.get_parent()) return names;
  for (auto& name : options_of(*app.get_parent())) names.push_back(std::move(name));
  return names;
}

std::string meant(const std::string& word, const std::vector<std::string>& candidates) {
  const auto near = nearest(word, candidates);
  return near.empty() ? "" : " Did you mean `" + near + "`?";
}

std::string unknown_command(const CLI::App& app, const std::string& word) {
  const auto names = commands_of(app);
  std::string text = "`" + path_of(app) + "` has no command `" + word + "`." + meant(word, names) + "\nIts commands:";
  for (const auto& name : names) text += " " + name;
  return text;
}

std::string unknown_arguments(const CLI::App& app, const std::vector<std::string>& arguments) {
  std::string text;
  for (const auto& argument : arguments) {
    if (is_word(argument)) continue;
    const auto name = argument.substr(0, argument.find('='));
    text += (text.empty() ? "" : "\n") + ("`" + path_of(app) + "` has no option `" + name + "`.") +
            meant(name, options_of(app));
  }
  return text.empty() ? "`" + path_of(app) + "` does not expect `" + arguments.front() + "`." : text;
}

}  // namespace

std::string usage_error(const CLI::App& root, const CLI::ParseError& error, const std::string& first_word) {
  const auto unknown = root.remaining(/*recurse=*/true);
  const CLI::App* app = &deepest(root);
  std::string text;
  if (!unknown.empty() && is_word(unknown.front()) && unknown.front() == first_word) {
    app = &root;
    text = unknown_command(root, first_word);
  } else if (!unknown.empty() && is_word(unknown.front()) && !commands_of(*app).empty()) {
    text = unknown_command(*app, unknown.front());
  } else if (!unknown.empty()) {
    text = unknown_arguments(*app, unknown);
  } else if (!commands_of(*app).empty()) {
    return app->get_parent() ? app->help(path_of(*app->get_parent())) : app->help();
  } else {
    text = "`" + path_of(*app) + "`: " + error.what() + ".";
  }
  return text + "\nSee: " + path_of(*app) + " --help\n";
}

bool asks_for_json(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") return false;  // What follows is another program's.
    if (argument == "-ojson" || argument == "-o=json" || argument == "--output=json") return true;
    const bool named = argument == "-o" || argument == "--output";
    if (named && i + 1 < argc && std::string_view(argv[i + 1]) == "json") return true;
  }
  return false;
}

CLI::Validator at_least(std::int64_t low) {
  const auto check = [low](const std::string& text) -> std::string {
    std::int64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool whole = code == std::errc{} && end == text.data() + text.size();
    return whole && value >= low ? "" : "must be a whole number, at least " + std::to_string(low) + ", not " + text;
  };
  return {check, "", "at_least"};
}

}  // namespace arbiter::cli
