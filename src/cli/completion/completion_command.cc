// arbiter completion SHELL, and what its scripts ask for.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <set>

#include "cli/characters.h"
#include "cli/cli.h"
#include "cli/completion/complete.h"
#include "cli/completion/scripts.h"
#include "cli/fields.h"

namespace arbiter::cli {
namespace {

constexpr int kServerMs = 400;  // longer nobody waits for a key
constexpr const char* kNamesMax = "200";

// Where the server lists them, and which field of an item is the name.
struct Source {
  const char* path = nullptr;
  const char* field = "name";
  const char* what = "";
};

Source source_of(Names names) {
  switch (names) {
    case Names::kNone:
      return {};
    case Names::kTasks:
      return {"/api/v1/tasks", "id", "state"};
    case Names::kWorkers:
      return {"/api/v1/workers", "id", "state"};
    case Names::kQueues:
      return {"/api/v1/queues"};
    case Names::kKeys:
      return {"/api/v1/keys"};
    case Names::kTypes:
      return {"/api/v1/task-types"};
    case Names::kSchedules:
      return {"/api/v1/schedules"};
    case Names::kNamespaces:
      return {"/api/v1/namespaces"};
    case Names::kTokens:
      return {"/api/v1/tokens"};
    case Names::kQuestions:
      return {"/api/v1/questions", "id", "text"};
    case Names::kIncidents:
      return {"/api/v1/incidents", "id", "title"};
    case Names::kInboxItems:
      return {"/api/v1/inbox", "item", "title"};
    case Names::kBudgets:
      return {"/api/v1/budgets"};
    case Names::kEffects:
      return {"/api/v1/effects", "id", "state"};
  }
  return {};
}

void tell(const Suggestion& suggestion) {
  std::printf("%s\t%s\n", printable(suggestion.word).c_str(), shortened(suggestion.what, 80).c_str());
}

// Nothing when no server answers in time.
void tell_names(Context& context, const Completion& completion, const std::string& typed) {
  const auto source = source_of(completion.names);
  if (!source.path) return;
  auto listed = context.get(source.path + client::query({{"limit", kNamesMax}}), kServerMs);
  if (!listed) return;
  std::set<std::string> told;
  for (const auto& item : items(*listed)) {
    const auto word = completion.prefix + text(item, source.field);
    if (word.starts_with(typed) && told.insert(word).second) tell({word, text(item, source.what)});
  }
}

}  // namespace

int print_completion(const CLI::App& root, Context& context, const std::vector<std::string>& words) {
  const auto typed = words.empty() ? "" : words.back();
  const auto completion = complete(root, words);
  for (const auto& suggestion : completion.words) tell(suggestion);
  if (completion.names != Names::kNone) {
    context.settings = {value_of(words, "--url"), value_of(words, "--token-file"), value_of(words, "--data"),
                        value_of(words, "--namespace"), value_of(words, "--ca-file")};
    tell_names(context, completion, typed);
  }
  if (completion.files) std::puts(":files");
  if (completion.directories) std::puts(":directories");
  return 0;
}

void add_completion_command(Commands& commands) {
  Context& context = commands.context();
  auto shell = std::make_shared<std::string>();
  auto* command = commands.add(
      "completion", {"The script that lets a shell complete commands, options and the names of tasks, queues, workers"},
      [&context, shell]() -> Result<int> {
        context.print(std::string(*shell == "bash" ? kBashScript : *shell == "zsh" ? kZshScript : kFishScript));
        return 0;
      });
  command->footer(
      "Names come from the server that a command would use; without one there are none.\n"
      "Examples:\n"
      "  source <(arbiter completion bash)      for this shell; for every one, once:\n"
      "  mkdir -p ~/.local/share/bash-completion/completions\n"
      "  arbiter completion bash > ~/.local/share/bash-completion/completions/arbiter\n"
      "  arbiter completion zsh > ~/.zfunc/_arbiter      with ~/.zfunc in fpath, before compinit\n"
      "  arbiter completion fish > ~/.config/fish/completions/arbiter.fish");
  command->add_option("shell", *shell, "The shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
}

}  // namespace arbiter::cli
