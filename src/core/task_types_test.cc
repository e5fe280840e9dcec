#include "core/task_types.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace arbiter::core {
namespace {

using enum TaskState;

// The words in backticks of each row of the table in the documentation; the first one is the state left. A leased
// task that is running at once passes through `assigned` in one event, so `queued` -> `running` is no step of its own.
std::map<std::string, std::set<std::string>> documented() {
  std::map<std::string, std::set<std::string>> table;
  std::ifstream page(ARBITER_SOURCE_DIR "/docs/ARCHITECTURE.md");
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("<!-- states:")) inside = line.find("begin") != std::string::npos;
    if (!inside || !line.starts_with("| `")) continue;
    std::istringstream words(line);
    std::string word;
    std::getline(words, word, '`');
    std::string from;
    while (std::getline(words, word, '`')) {
      if (from.empty()) {
        from = word;
        table[from];
      } else {
        table[from].insert(word);
      }
      std::getline(words, word, '`');
    }
  }
  table["queued"].erase("running");
  return table;
}

TEST(TaskStates, TheCodeAllowsWhatTheDocumentationSays) {
  const auto table = documented();
  ASSERT_EQ(table.size(), kTaskStates);
  for (std::size_t f = 0; f < kTaskStates; ++f) {
    for (std::size_t t = 0; t < kTaskStates; ++t) {
      const auto from = static_cast<TaskState>(f);
      const auto to = static_cast<TaskState>(t);
      const bool said = table.at(base::to_text(from)).contains(base::to_text(to));
      EXPECT_EQ(allowed(from, to), said) << base::to_text(from) << " -> " << base::to_text(to);
    }
  }
}

}  // namespace
}  // namespace arbiter::core
