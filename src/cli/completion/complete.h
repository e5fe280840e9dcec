// What may stand where the cursor is on a command line that is being typed. It is read from the tree of commands, so
// that no list of them can grow old.
#pragma once

#include <string>
#include <vector>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace arbiter::cli {

struct Suggestion {
  std::string word;
  std::string what{};  // for shells that show it
};

// What only the server knows.
enum class Names {
  kNone,
  kTasks,
  kWorkers,
  kQueues,
  kKeys,
  kTypes,
  kSchedules,
  kNamespaces,
  kTokens,
  kQuestions,
  kIncidents,
  kInboxItems,
  kBudgets,
  kEffects
};

struct Completion {
  std::vector<Suggestion> words;  // those that begin like the last word
  Names names = Names::kNone;     // and the names of these
  std::string prefix{};           // what stands before the name in the last word: `--queue=`
  bool files = false;
  bool directories = false;
};

// `words`: what stands after the program's name up to the cursor; the last one, which may be empty, is being typed.
[[nodiscard]] Completion complete(const CLI::App& root, const std::vector<std::string>& words);

// The value that `words` give to a global option, such as `--data`; empty when they give none.
[[nodiscard]] std::string value_of(const std::vector<std::string>& words, const std::string& option);

}  // namespace arbiter::cli
