// The command line `arbiter`: the client's commands, and the place where the program adds its own (serve, bench).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/context.h"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace arbiter::cli {

using base::Result;

// Docs: what a command does in one sentence, and examples that can be copied, one per line.
struct Help {
  std::string what;
  std::string examples{};
};

// The command tree while it is built. A body runs after parsing and answers the exit code, or an error that is printed
// and becomes its exit code (base::info).
class Commands {
 public:
  Commands(CLI::App& root, Context& context) : root_(root), context_(context) {}
  using Body = std::function<Result<int>()>;

  [[nodiscard]] CLI::App* noun(const std::string& name, const std::string& what);
  CLI::App* add(CLI::App* parent, const std::string& name, const Help& help, Body body);
  CLI::App* add(const std::string& name, const Help& help, Body body);  // directly below `arbiter`
  [[nodiscard]] Context& context() { return context_; }
  // The body of the command that was chosen; null when none was.
  [[nodiscard]] const Body* chosen() const;

 private:
  CLI::App& root_;
  Context& context_;
  std::map<const CLI::App*, Body> bodies_;
};

// What the program has beyond the client's commands.
struct Program {
  // Each adds commands of its own, such as `serve` and `bench`.
  std::vector<std::function<void(Commands&)>> commands;
  // `config check FILE`: ok, or every mistake in the file with its line.
  std::function<Result<void>(const std::string& path)> check_config;
};

// The whole program: parses, runs, prints errors to stderr, answers the exit code. Also is the supervisor of a task's
// program when it is called as one. Call before any thread starts.
[[nodiscard]] int run(int argc, char** argv, const Program& program);

// The nouns, each in its own file.
void add_worker_commands(Commands& commands);
void add_task_commands(Commands& commands);
void add_task_submit_commands(Commands& commands, CLI::App* task);
void add_task_work_commands(Commands& commands, CLI::App* task);
void add_question_commands(Commands& commands, CLI::App* task);
void add_inbox_commands(Commands& commands);
void add_queue_commands(Commands& commands);
void add_schedule_commands(Commands& commands);
void add_key_commands(Commands& commands);
void add_budget_commands(Commands& commands);
void add_type_commands(Commands& commands);
void add_cascade_commands(Commands& commands);
void add_effect_commands(Commands& commands);
void add_metrics_commands(Commands& commands);
void add_event_commands(Commands& commands);
void add_token_commands(Commands& commands);
void add_admin_commands(Commands& commands, const Program& program);
void add_run_command(Commands& commands);
void add_bench_command(Commands& commands);
void add_top_command(Commands& commands);
void add_completion_command(Commands& commands);
void add_init_command(Commands& commands);
void add_page_command(Commands& commands);
// What a shell asks while a command line is being typed; answers the exit code.
[[nodiscard]] int print_completion(const CLI::App& root, Context& context, const std::vector<std::string>& words);

}  // namespace arbiter::cli
