// arbiter task list | show | watch | wait | cancel | retry | logs | history | graph | bulk-cancel | bulk-retry
#include <CLI/CLI.hpp>
#include <chrono>
#include <set>
#include <thread>

#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/task_views.h"
#include "cli/usage.h"

namespace arbiter::cli {
namespace {

using base::fail;

constexpr std::int64_t kWatchMs = 1'000;
constexpr std::chrono::milliseconds kBulkPoll{100};

struct Filter {
  std::string state;
  std::string queue;
  std::string type;
  std::string tag;
};

void add_filter(CLI::App* command, Filter& filter) {
  command->add_option("--state", filter.state, "Only these states, separated by commas: queued,running,failed,...");
  command->add_option("--queue", filter.queue, "Only this queue");
  command->add_option("--type", filter.type, "Only this type");
  command->add_option("--tag", filter.tag, "Only with this tag");
}

void add_list(Commands& commands, CLI::App* noun) {
  struct Options {
    Filter filter;
    std::string worker;
    std::string parent;
    std::size_t limit = 100;
    bool all = false;
  };
  Context& context = commands.context();
  auto o = std::make_shared<Options>();
  auto* command = commands.add(
      noun, "list",
      {"Tasks, newest first",
       "  arbiter task list --state failed\n  arbiter task list --queue nightly --tag run:42 --all -o json"},
      [&context, o]() -> Result<int> {
        const auto limit = o->all ? 1'000 : std::min<std::size_t>(o->limit, 1'000);
        auto tasks = context.list("/api/v1/tasks" + client::query({{"state", o->filter.state},
                                                                   {"queue", o->filter.queue},
                                                                   {"type", o->filter.type},
                                                                   {"tag", o->filter.tag},
                                                                   {"workerId", o->worker},
                                                                   {"parentId", o->parent},
                                                                   {"limit", std::to_string(limit)}}),
                                  o->all ? 0 : o->limit);
        if (!tasks) return fail(tasks.error());
        context.show(*tasks, [&](const json::value& value) { return tasks_table(items(value), context.colours()); });
        return 0;
      });
  add_filter(command, o->filter);
  command->add_option("--worker", o->worker, "Only those that this worker has");
  command->add_option("--parent", o->parent, "Only children of this task");
  command->add_option("--limit", o->limit, "At most so many")->check(at_least(1))->capture_default_str();
  command->add_flag("--all", o->all, "All of them");
}

Result<int> watch(Context& context, const std::string& id) {
  std::string after;
  std::string last;
  for (;;) {
    auto task = await_end(context, id, kWatchMs);
    if (!task) return fail(task.error());
    if (auto printed = print_log(context, id, after); !printed) return fail(printed.error());
    const auto now = text(*task, "state") + " " + text(*task, "attempt") + " " + task_remark(*task);
    if (now != last) {
      context.show(*task, [&](const json::value& value) {
        const auto state = text(value, "state");
        const auto remark = task_remark(value);
        return coloured(state, state_colour(state), context.colours()) + "  try " + text(value, "attempt") +
               (remark.empty() ? "" : "  " + printable(remark));
      });
    }
    last = now;
    if (is_ended(*task)) return exit_code_of(*task);
  }
}

Result<int> wait_for(Context& context, const std::vector<std::string>& ids, const std::string& timeout) {
  auto wait = timeout.empty() ? Result<std::int64_t>(-1) : duration_argument(timeout, "--timeout");
  if (!wait) return fail(wait.error());
  int code = 0;
  json::array tasks;
  for (const auto& id : ids) {
    auto task = await_end(context, id, *wait);
    if (!task) return fail(task.error());
    code = std::max(code, exit_code_of(*task));
    tasks.push_back(std::move(*task));
  }
  context.show(tasks.size() == 1 ? tasks[0] : json::value{{"items", tasks}},
               [&](const json::value&) { return tasks_table(tasks, context.colours()); });
  return code;
}

// Does the same with each task; the first refusal does not keep the others from being tried.
Result<int> for_each_task(Context& context, const std::vector<std::string>& ids, const std::string& verb,
                          const json::object& body) {
  json::array tasks;
  std::optional<base::Error> first;
  for (const auto& id : ids) {
    auto task = context.post(task_path(id) + "/" + verb, body);
    if (task) {
      tasks.push_back(std::move(*task));
    } else {
      context.print_error(task.error());
      if (!first) first = task.error();
    }
  }
  if (!tasks.empty()) {
    context.show(tasks.size() == 1 ? tasks[0] : json::value{{"items", tasks}},
                 [&](const json::value&) { return tasks_table(tasks, context.colours()); });
  }
  return first ? base::info(first->code).exit_code : 0;
}

void add_verbs(Commands& commands, CLI::App* noun) {
  struct Options {
    std::vector<std::string> ids;
    std::string timeout;
    std::string reason;
    bool dependents = false;
  };
  Context& context = commands.context();
  auto wait = std::make_shared<Options>();
  auto* wait_command = commands.add(noun, "wait",
                                    {"Wait until tasks have ended; exit code 0 when all completed, 1 when one did not",
                                     "  arbiter task wait build-1 build-2 --timeout 10m"},
                                    [&context, wait] { return wait_for(context, wait->ids, wait->timeout); });
  wait_command->add_option("tasks", wait->ids, "Their ids")->required();
  wait_command->add_option("--timeout", wait->timeout, "Wait at most so long; exit code 6 when it is over");

  auto cancel = std::make_shared<Options>();
  auto* cancel_command = commands.add(
      noun, "cancel",
      {"Cancel tasks; a running one is told to stop", "  arbiter task cancel build-1 --reason 'wrong branch'"},
      [&context, cancel] {
        json::object body;
        if (!cancel->reason.empty()) body["reason"] = cancel->reason;
        return for_each_task(context, cancel->ids, "cancel", body);
      });
  cancel_command->add_option("tasks", cancel->ids, "Their ids")->required();
  cancel_command->add_option("--reason", cancel->reason, "Why, for the record");

  auto retry = std::make_shared<Options>();
  auto* retry_command = commands.add(
      noun, "retry", {"Try failed tasks again, with fresh attempts", "  arbiter task retry build-1 --dependents"},
      [&context, retry] {
        json::object body;
        if (retry->dependents) body["dependents"] = true;
        return for_each_task(context, retry->ids, "retry", body);
      });
  retry_command->add_option("tasks", retry->ids, "Their ids")->required();
  retry_command->add_flag("--dependents", retry->dependents, "Also what was cancelled because of them");
}

Result<int> logs(Context& context, const std::string& id, std::string after, bool follow) {
  if (!follow) {
    auto printed = print_log(context, id, after);
    return printed ? Result<int>(0) : Result<int>(fail(printed.error()));
  }
  for (;;) {
    auto task = await_end(context, id, kWatchMs);
    if (!task) return fail(task.error());
    if (auto printed = print_log(context, id, after); !printed) return fail(printed.error());
    if (is_ended(*task)) return 0;
  }
}

// Why a transition came, in words: the reason, what was said about it, what follows.
std::string why(const json::value& data) {
  std::vector<std::string> parts;
  const auto add = [&](const std::string& what, const std::string& value) {
    if (!value.empty()) parts.push_back(what + value);
  };
  const auto reason = text(data, "reason");
  add("", reason);
  const auto& error = at(data, "error");
  auto message = text(error, "message");
  if (message.ends_with('.')) message.pop_back();
  add("", message);
  if (const auto code = text(error, "code"); code != reason) add("code ", code);
  add("", text(data, "message"));
  add("", text(data, "text"));  // of a question
  add("", text(data, "answer"));
  add("", text(data, "comment"));
  add("by ", text(data, "dependency"));
  add("again at ", text(data, "retryAt"));
  add("not before ", text(data, "notBefore"));
  add("not before ", text(data, "runAt"));
  std::string out;
  for (const auto& part : parts) out += (out.empty() ? "" : "; ") + part;
  return out;
}

std::string history_table(const json::value& history, bool colours) {
  Table table({"TIME", "EVENT", ">TRY", "WORKER", "BY", "WHY"});
  for (const auto& event : items(history)) {
    const auto& data = at(event, "data");
    table.add({text(event, "time"), text(event, "type"), text(data, "attempt"), text(data, "worker"),
               text(at(event, "metadata"), "actor"), shortened(why(data), 200)});
  }
  return table.text(colours);
}

std::string graph_table(const json::value& graph, bool colours) {
  std::map<std::string, const json::value*> nodes;
  for (const auto& node : items(graph, "nodes")) nodes[text(node, "id")] = &node;
  std::set<std::string> critical;
  for (const auto& id : items(graph, "criticalPath")) critical.insert(text(id));
  Table table({"TASK", "TYPE", "STATE", ">TIME", "", "AFTER"});
  for (const auto& id : items(graph, "order")) {
    const auto it = nodes.find(text(id));
    if (it == nodes.end()) continue;
    const auto state = text(*it->second, "state");
    const std::int64_t took = number(*it->second, "durationMs");
    const bool estimated = at(*it->second, "estimated") == json::value(true);
    const bool on_path = critical.size() > 1 && critical.contains(it->first);
    table.add({it->first, text(*it->second, "type"), Cell(state, state_colour(state)),
               took ? (estimated ? "~" : "") + human_duration(took) : "", on_path ? "*" : "",
               shortened(text(*it->second, "dependsOn"), 80)});
  }
  std::string out = table.text(colours);
  if (critical.size() > 1) {
    out += "\n* critical path: " + human_duration(number(graph, "criticalPathMs")) + " over " +
           std::to_string(critical.size()) + " tasks\n";
  }
  return out;
}

void add_views(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  const auto with_id = [&](const std::string& verb, const Help& help,
                           std::function<Result<int>(const std::string&)> body) {
    auto id = std::make_shared<std::string>();
    auto* command = commands.add(noun, verb, help, [id, body = std::move(body)] { return body(*id); });
    command->add_option("task", *id, "Its id")->required();
    return command;
  };
  with_id("show", {"One task with everything that is known of it", "  arbiter task show build-1"},
          [&context](const auto& id) -> Result<int> {
            auto task = context.get(task_path(id));
            if (!task) return fail(task.error());
            context.show(*task, [&](const json::value& value) { return task_details(value, context.colours()); });
            return 0;
          });
  with_id("watch", {"A task's states and log lines as they come, until it ends", "  arbiter task watch build-1"},
          [&context](const auto& id) { return watch(context, id); });
  with_id("history", {"Every transition of a task: when, why, by whom", "  arbiter task history build-1"},
          [&context](const auto& id) -> Result<int> {
            auto history = context.get(task_path(id) + "/history");
            if (!history) return fail(history.error());
            context.show(*history, [&](const json::value& value) { return history_table(value, context.colours()); });
            return 0;
          });
  struct LogOptions {
    std::string after;
    bool follow = false;
  };
  auto o = std::make_shared<LogOptions>();
  auto* log = with_id("logs", {"The lines that a task's worker logged", "  arbiter task logs build-1 -f"},
                      [&context, o](const auto& id) { return logs(context, id, o->after, o->follow); });
  log->add_flag("-f,--follow", o->follow, "Go on with new lines until the task ends");
  log->add_option("--after", o->after, "Only lines after this sequence number");
}

Result<int> print_dot(Context& context, const std::string& query) {
  auto http = context.server();
  if (!http) return fail(http.error());
  auto dot = (*http)->send("GET", "/api/v1/graph.dot" + query, "", {});
  if (!dot) return fail(dot.error());
  if (dot->status != 200) return fail(client::problem(*dot));
  context.print(dot->body);
  return 0;
}

void add_graph(Commands& commands, CLI::App* noun) {
  struct Options {
    std::string task;
    std::string tag;
    bool dot = false;
  };
  Context& context = commands.context();
  auto o = std::make_shared<Options>();
  auto* command = commands.add(
      noun, "graph",
      {"Which task waits for which, in an order in which they can run, and which chain takes longest",
       "  arbiter task graph build-1\n  arbiter task graph --tag run:42 -o json\n"
       "  arbiter task graph --dot | dot -Tsvg > graph.svg"},
      [&context, o]() -> Result<int> {
        if (o->dot) return print_dot(context, client::query({{"taskId", o->task}, {"tag", o->tag}}));
        auto graph = context.get("/api/v1/graph" + client::query({{"taskId", o->task}, {"tag", o->tag}}));
        if (!graph) return fail(graph.error());
        context.show(*graph, [&](const json::value& value) { return graph_table(value, context.colours()); });
        return 0;
      });
  command->add_option("task", o->task, "Only what is connected with this task");
  command->add_option("--tag", o->tag, "Only tasks with this tag");
  command->add_flag("--dot", o->dot, "As a graph of Graphviz");
}

std::string bulk_line(const json::value& bulk) {
  return text(bulk, "id") + ": " + text(bulk, "state") + ", " + text(bulk, "done") + " changed\n";
}

Result<int> bulk(Context& context, const std::string& action, const Filter& filter, bool all, bool no_wait) {
  json::object chosen;
  if (!filter.queue.empty()) chosen["queue"] = filter.queue;
  if (!filter.type.empty()) chosen["type"] = filter.type;
  if (!filter.tag.empty()) chosen["tag"] = filter.tag;
  if (!filter.state.empty()) {
    json::array states;
    for (const auto& state : CLI::detail::split(filter.state, ',')) states.emplace_back(state);
    chosen["state"] = std::move(states);
  }
  if (chosen.empty() && !all) {
    return fail({base::ErrorCode::kInvalidRequest,
                 "Say which tasks: --state, --queue, --type or --tag; or --all for every one of the namespace."});
  }
  auto started = context.post("/api/v1/tasks/bulk", {{"action", action}, {"filter", std::move(chosen)}});
  if (!started) return fail(started.error());
  json::value last = std::move(*started);
  while (!no_wait && text(last, "state") == "running") {
    std::this_thread::sleep_for(kBulkPoll);
    auto next = context.get("/api/v1/tasks/bulk/" + client::escape(text(last, "id")));
    if (!next) return fail(next.error());
    last = std::move(*next);
  }
  context.show(last, bulk_line);
  return 0;
}

void add_bulk(Commands& commands, CLI::App* noun, const std::string& action, const std::string& what) {
  struct Options {
    Filter filter;
    bool all = false;
    bool no_wait = false;
  };
  Context& context = commands.context();
  auto o = std::make_shared<Options>();
  auto* command = commands.add(noun, "bulk-" + action, {what, "  arbiter task bulk-" + action + " --queue nightly"},
                               [&context, o, action] { return bulk(context, action, o->filter, o->all, o->no_wait); });
  add_filter(command, o->filter);
  command->add_flag("--all", o->all, "Every task of the namespace");
  command->add_flag("--no-wait", o->no_wait, "Do not wait until it is done");
}

}  // namespace

void add_task_commands(Commands& commands) {
  auto* noun = commands.noun("task", "Tasks: submit them, follow them, work on them by hand");
  add_task_submit_commands(commands, noun);
  add_list(commands, noun);
  add_views(commands, noun);
  add_verbs(commands, noun);
  add_graph(commands, noun);
  add_bulk(commands, noun, "cancel", "Cancel every task that a filter chooses");
  add_bulk(commands, noun, "retry", "Try every failed task that a filter chooses again");
  add_task_work_commands(commands, noun);
  add_question_commands(commands, noun);
}

}  // namespace arbiter::cli
