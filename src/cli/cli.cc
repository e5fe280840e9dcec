#include "cli/cli.h"

#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/completion/scripts.h"
#include "cli/usage.h"
#include "worker/supervisor.h"
#include "worker/worktree.h"

namespace arbiter::cli {
namespace {

constexpr const char* kDescription =
    "Arbiter coordinates fleets of agents and workers: it keeps their tasks, hands them out, and loses nothing.";

constexpr const char* kFooter =
    "Start here:\n"
    "  arbiter serve                                    a server on http://127.0.0.1:7420, data in ./arbiter-data\n"
    "  arbiter worker run --shell --capability shell    a worker that runs shell commands\n"
    "  arbiter task submit shell --payload '{\"run\": \"date\"}' --wait\n"
    "  arbiter run examples/repository-checkup/job.yaml    a whole job with its own workers\n"
    "Every command explains itself with --help.\n"
    "Exit codes: 0 done, 1 failed, 2 bad usage or input, 3 not found, 4 conflict, 5 not allowed, 6 try again later,\n"
    "7 no server.";

void add_global_options(CLI::App& root, Context& context) {
  root.add_option("--url", context.settings.url,
                  "The server's address [ARBITER_URL, else DATA/server.url, where a running server writes it, else "
                  "http://127.0.0.1:7420]")
      ->type_name("URL");
  root.add_option(
          "--ca-file", context.settings.ca_file,
          "PEM file of the authorities that may have signed the server's certificate [ARBITER_CA_FILE, else the "
          "system's]")
      ->type_name("FILE");
  root.add_option("--token-file", context.settings.token_file,
                  "A file with the access token [ARBITER_TOKEN_FILE, ARBITER_TOKEN, else DATA/admin.token]")
      ->type_name("FILE");
  root.add_option("--data", context.settings.data_directory, "The data directory [ARBITER_DATA, else ./arbiter-data]")
      ->type_name("DIR");
  root.add_option("--namespace", context.settings.namespace_name, "The namespace [ARBITER_NAMESPACE, else default]")
      ->type_name("NAME");
  const std::map<std::string, Format> formats{{"table", Format::kTable}, {"json", Format::kJson}};
  root.add_option("-o,--output", context.format, "How to print: table (for people) or json (the server's answer)")
      ->type_name("FORMAT")
      ->transform(CLI::CheckedTransformer(formats).description(""));
  root.add_flag("--no-color", context.no_colour, "No colours, even on a terminal");
}

// The edge: what a library throws ends here.
Result<int> run_body(const Commands::Body& body) {
  try {
    return body();
  } catch (const std::exception& error) {
    return base::fail({base::ErrorCode::kInternal, std::string("Something went wrong inside: ") + error.what() + "."});
  }
}

int refuse(Context& context, std::string usage, bool as_json) {
  const auto code = base::ErrorCode::kInvalidRequest;
  if (as_json) {
    context.format = Format::kJson;
    while (usage.ends_with('\n')) usage.pop_back();
    context.print_error({code, std::move(usage)});
  } else {
    std::fputs(usage.c_str(), stderr);
  }
  return base::info(code).exit_code;
}

}  // namespace

CLI::App* Commands::noun(const std::string& name, const std::string& what) {
  auto* command = root_.add_subcommand(name, what);
  command->require_subcommand(1);
  return command;
}

CLI::App* Commands::add(CLI::App* parent, const std::string& name, const Help& help, Body body) {
  auto* command = parent->add_subcommand(name, help.what);
  if (!help.examples.empty()) command->footer("Examples:\n" + help.examples);
  bodies_[command] = std::move(body);
  return command;
}

CLI::App* Commands::add(const std::string& name, const Help& help, Body body) {
  return add(&root_, name, help, std::move(body));
}

const Commands::Body* Commands::chosen() const {
  const CLI::App* at = &root_;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  const auto it = bodies_.find(at);
  return it == bodies_.end() ? nullptr : &it->second;
}

int run(int argc, char** argv, const Program& program) {
  if (argc > 1 && argv[1] == worker::kSupervisorCommand) return worker::run_supervisor(argc, argv);
  if (argc > 1 && argv[1] == worker::kWorktreeCommand) return worker::run_in_worktree(argc, argv);
  ::signal(SIGPIPE, SIG_IGN);
  CLI::App root(kDescription, "arbiter");
  root.footer(kFooter);
  root.require_subcommand(1);
  root.fallthrough();
  root.set_help_all_flag("--help-all", "The help of every command");
  Context context;
  add_global_options(root, context);
  Commands commands(root, context);
  for (const auto& add : program.commands) add(commands);
  add_run_command(commands);
  add_top_command(commands);
  add_init_command(commands);
  add_page_command(commands);
  add_bench_command(commands);
  add_task_commands(commands);
  add_worker_commands(commands);
  add_queue_commands(commands);
  add_inbox_commands(commands);
  add_schedule_commands(commands);
  add_effect_commands(commands);
  add_key_commands(commands);
  add_budget_commands(commands);
  add_type_commands(commands);
  add_cascade_commands(commands);
  add_metrics_commands(commands);
  add_event_commands(commands);
  add_token_commands(commands);
  add_admin_commands(commands, program);
  add_completion_command(commands);
  if (argc > 1 && argv[1] == kCompleteCommand) return print_completion(root, context, {argv + 2, argv + argc});
  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return root.exit(error);  // --help
    return refuse(context, usage_error(root, error, argc > 1 ? argv[1] : ""), asks_for_json(argc, argv));
  }
  const auto* body = commands.chosen();
  if (!body) return base::info(base::ErrorCode::kInvalidRequest).exit_code;
  const auto done = run_body(*body);
  if (done) return *done;
  context.print_error(done.error());
  return base::info(done.error().code).exit_code;
}

}  // namespace arbiter::cli
