#include "cli/completion/complete.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>
#include <string_view>

namespace arbiter::cli {
namespace {

// Options whose value is a name that the server knows, whatever the command.
const std::map<std::string, Names> kNamedByOption = {
    {"--task", Names::kTasks},       {"--depends-on", Names::kTasks},     {"--parent", Names::kTasks},
    {"--worker", Names::kWorkers},   {"--queue", Names::kQueues},         {"--type", Names::kTypes},
    {"--capability", Names::kTypes}, {"--namespace", Names::kNamespaces}, {"--concurrency-key", Names::kKeys},
    {"--rate-key", Names::kKeys}};

// Arguments whose value is one, by their own name; `name` is one of its noun.
const std::map<std::string, Names> kNamedByArgument = {
    {"task", Names::kTasks},         {"tasks", Names::kTasks},        {"queue", Names::kQueues},
    {"key", Names::kKeys},           {"schedule", Names::kSchedules}, {"type", Names::kTypes},
    {"question", Names::kQuestions}, {"incident", Names::kIncidents}, {"item", Names::kInboxItems},
    {"budget", Names::kBudgets},     {"effect", Names::kEffects},     {"namespace", Names::kNamespaces},
    {"worker", Names::kWorkers}};
const std::map<std::string, Names> kNamedByNoun = {{"worker", Names::kWorkers},     {"token", Names::kTokens},
                                                   {"question", Names::kQuestions}, {"incident", Names::kIncidents},
                                                   {"inbox", Names::kInboxItems},   {"budget", Names::kBudgets},
                                                   {"effect", Names::kEffects}};
// Verbs that make something new, whose name nobody knows yet.
const std::vector<std::string> kMakers = {"create", "register", "open", "import"};

const std::map<std::string, std::vector<std::string>> kStates = {
    {"task", {"pending", "queued", "assigned", "running", "suspended", "completed", "failed", "cancelled"}},
    {"worker", {"live", "draining", "lost", "gone"}},
    {"question", {"open", "answered", "expired", "withdrawn"}},
    {"incident", {"open", "acknowledged", "resolved"}}};

const std::map<std::string, std::vector<std::string>> kValues = {
    {"--severity", {"info", "warning", "critical"}},
    {"--kind", {"question", "incident", "task"}},
    {"--snapshot", {"tasks", "queues", "workers", "inbox"}},
    {"--priority", {"low", "normal", "high", "critical"}}};

const std::vector<std::string> kDirectories = {"--data", "--directory", "--worktree", "--work-root"};

bool is_in(const std::vector<std::string>& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_shown(const CLI::App& command) { return !command.get_group().empty(); }

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// The option that `word` names (`--queue`, `--queue=x`, `-q`) on `app` or, since they fall through, above it.
const CLI::Option* option_of(const CLI::App& app, const std::string& word) {
  const auto name = word.substr(0, word.find('='));
  for (const CLI::App* at = &app; at; at = at->get_parent()) {
    for (const auto* option : at->get_options()) {
      if (name.starts_with("--") ? option->check_lname(name.substr(2)) : option->check_sname(name.substr(1))) {
        return option;
      }
    }
  }
  return nullptr;
}

bool takes_value(const CLI::Option& option) { return option.get_items_expected_max() > 0; }

const CLI::App* command_of(const CLI::App& app, const std::string& word) {
  for (const auto* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_name() == word) return command;
  }
  return nullptr;
}

// The noun of a command, `task` of `arbiter task list`.
std::string noun_of(const CLI::App& command) {
  const CLI::App* at = &command;
  while (at->get_parent() && at->get_parent()->get_parent()) at = at->get_parent();
  return at->get_name();
}

// The values of a closed list, as its check describes them: {a,b}.
std::vector<std::string> closed_list(const CLI::Option& option) {
  const auto type = option.get_type_name();
  const auto open = type.find('{');
  const auto close = type.rfind('}');
  std::vector<std::string> out;
  if (open == std::string::npos || close == std::string::npos) return out;
  std::string word;
  for (const char c : type.substr(open + 1, close - open - 1) + ",") {
    if (c != ',') {
      word += c;
    } else if (!word.empty()) {
      out.push_back(std::exchange(word, ""));
    }
  }
  return out;
}

// How far a command line has come.
struct Position {
  const CLI::App* command = nullptr;
  const CLI::Option* option = nullptr;  // whose value comes next
  std::size_t arguments = 0;
  bool other_program = false;  // after --
};

Position walk(const CLI::App& root, const std::vector<std::string>& words) {
  Position at{&root};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const auto& word = words[i];
    if (at.option) {
      at.option = nullptr;
    } else if (word == "--") {
      at.other_program = true;
      return at;
    } else if (word.size() > 1 && word[0] == '-') {
      const auto* option = option_of(*at.command, word);
      if (option && takes_value(*option) && word.find('=') == std::string::npos) at.option = option;
    } else if (const auto* command = command_of(*at.command, word); command && at.arguments == 0) {
      at.command = command;
    } else {
      ++at.arguments;
    }
  }
  return at;
}

class Completer {
 public:
  Completer(const CLI::App& root, const std::vector<std::string>& words)
      : at_(walk(root, words)), typed_(words.empty() ? "" : words.back()) {}

  Completion make() {
    if (at_.other_program) {
      out_.files = true;
    } else if (at_.option) {
      add_values(*at_.option);
    } else if (typed_.starts_with('-') && typed_.find('=') != std::string::npos) {
      const auto* option = option_of(*at_.command, typed_);
      out_.prefix = typed_.substr(0, typed_.find('=') + 1);
      if (option) add_values(*option);
    } else if (typed_.starts_with('-')) {
      add_options();
    } else {
      add_words();
    }
    return std::move(out_);
  }

 private:
  void add(const std::string& word, const std::string& what) {
    if ((out_.prefix + word).starts_with(typed_)) out_.words.push_back({out_.prefix + word, first_line(what)});
  }

  void add_options() {
    for (const CLI::App* app = at_.command; app; app = app->get_parent()) {
      for (const auto* option : app->get_options()) {
        if (option->get_group().empty()) continue;
        for (const auto& name : option->get_lnames()) add("--" + name, option->get_description());
      }
    }
  }

  void add_words() {
    for (const auto* command : at_.command->get_subcommands([](const CLI::App*) { return true; })) {
      if (is_shown(*command)) add(command->get_name(), command->get_description());
    }
    if (const auto* argument = next_argument()) add_argument(*argument);
  }

  // The last one takes all that are left.
  [[nodiscard]] const CLI::Option* next_argument() const {
    std::size_t left = at_.arguments;
    for (const auto* option : at_.command->get_options()) {
      if (!option->get_positional()) continue;
      if (left == 0 || option->get_items_expected_max() > 1) return option;
      --left;
    }
    return nullptr;
  }

  void add_argument(const CLI::Option& option) {
    const auto name = option.get_name(/*positional=*/true);
    const auto noun = noun_of(*at_.command);
    if (name == "file" || name == "command" || name == "backup" || name == "target" || name == "directory") {
      (name == "file" || name == "command" ? out_.files : out_.directories) = true;
    }
    for (const auto& value : closed_list(option)) add(value, "");
    if (is_in(kMakers, at_.command->get_name())) return;
    const auto by_argument = kNamedByArgument.find(name);
    const auto by_noun = kNamedByNoun.find(noun);
    if (by_argument != kNamedByArgument.end()) {
      out_.names = by_argument->second;
    } else if (by_noun != kNamedByNoun.end() && (name == "name" || name == "id")) {
      out_.names = by_noun->second;
    }
  }

  void add_values(const CLI::Option& option) {
    for (const auto& value : closed_list(option)) add(value, "");
    const auto type = option.get_type_name();
    if (type.starts_with("FORMAT")) {
      add("json", "the server's answer, for programs");
      add("table", "for people");
    }
    const auto name = "--" + (option.get_lnames().empty() ? std::string() : option.get_lnames().front());
    if (const auto states = kStates.find(noun_of(*at_.command)); name == "--state" && states != kStates.end()) {
      for (const auto& state : states->second) add(state, "");
    }
    if (const auto values = kValues.find(name); values != kValues.end()) {
      for (const auto& value : values->second) add(value, "");
    }
    if (const auto named = kNamedByOption.find(name); named != kNamedByOption.end()) out_.names = named->second;
    out_.directories = is_in(kDirectories, name) || type.starts_with("DIR");
    out_.files = type.starts_with("FILE") || name.ends_with("-file") || name == "--config";
  }

  const Position at_;
  const std::string typed_;
  Completion out_;
};

}  // namespace

Completion complete(const CLI::App& root, const std::vector<std::string>& words) {
  return Completer(root, words).make();
}

std::string value_of(const std::vector<std::string>& words, const std::string& option) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (words[i] == "--") break;
    if (words[i] == option && i + 2 < words.size()) return words[i + 1];
    if (words[i].starts_with(option + "=")) return words[i].substr(option.size() + 1);
  }
  return "";
}

}  // namespace arbiter::cli
