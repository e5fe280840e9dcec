// arbiter task lease | start | suspend | resume | progress | log | complete | fail | release | extend | exec: working
// on tasks by hand. TASK and
// --lease default to ARBITER_TASK_ID and ARBITER_LEASE, so that a program under a worker needs to name neither.
#include <CLI/CLI.hpp>
#include <cstdlib>

#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/task_views.h"
#include "worker/exec_task.h"

namespace arbiter::cli {
namespace {

using base::fail;

struct LeaseOptions {
  std::string worker;
  int max = 1;
  std::string wait = "0";
  std::string lease = "30s";
  std::vector<std::string> types;
  std::vector<std::string> queues;
  bool no_start = false;
};

Result<int> lease(Context& context, const LeaseOptions& o) {
  auto wait = duration_argument(o.wait, "--wait");
  if (!wait) return fail(wait.error());
  auto length = duration_argument(o.lease, "--lease-time");
  if (!length) return fail(length.error());
  json::object body{
      {"workerId", o.worker}, {"max", o.max}, {"waitMs", *wait}, {"leaseMs", *length}, {"start", !o.no_start}};
  if (!o.types.empty()) body["types"] = client::to_array(o.types);
  if (!o.queues.empty()) body["queues"] = client::to_array(o.queues);
  auto http = context.server();
  if (!http) return fail(http.error());
  auto answer = (*http)->post("/api/v1/tasks/lease", body, {.timeout_ms = static_cast<int>(*wait) + 10'000});
  if (!answer) return fail(answer.error());
  context.show(*answer, [&](const json::value& value) {
    Table table({"TASK", "TYPE", "LEASE", ">ATTEMPT", ">EXPIRES", "PAYLOAD"});
    for (const auto& one : items(value, "leases")) {
      const auto& task = at(one, "task");
      table.add({text(task, "id"), text(task, "type"), text(one, "lease"), text(one, "attempt"), age(one, "expiresAt"),
                 shortened(text(task, "payload"), 60)});
    }
    return table.empty() ? std::string("Nothing to do.\n") : table.text(context.colours());
  });
  return 0;
}

void add_lease(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  auto o = std::make_shared<LeaseOptions>();
  auto* command = commands.add(noun, "lease",
                               {"Take tasks to work on, for a registered worker",
                                "  arbiter worker register me --capability review\n"
                                "  arbiter task lease --worker me --wait 30s -o json"},
                               [&context, o] { return lease(context, *o); });
  command->add_option("--worker", o->worker, "Who takes them")->required()->envname("ARBITER_WORKER");
  command->add_option("--max", o->max, "At most so many")->check(CLI::Range(1, 1'000))->capture_default_str();
  command->add_option("--wait", o->wait, "Wait so long for work (at most 60s)");
  command->add_option("--lease-time", o->lease, "How long without a heartbeat or extension")->capture_default_str();
  command->add_option("--type", o->types, "Only these types");
  command->add_option("--queue", o->queues, "Only from these queues");
  command->add_flag("--no-start", o->no_start, "Leave them assigned until `arbiter task start`");
}

struct HandOptions {
  std::string task;
  std::string lease;
};

CLI::Option* add_hand_options(CLI::App* command, HandOptions& o) {
  command->add_option("task", o.task, "The task [ARBITER_TASK_ID]")->required()->envname("ARBITER_TASK_ID");
  return command->add_option("--lease", o.lease, "The lease it is held under [ARBITER_LEASE]")
      ->envname("ARBITER_LEASE");
}

using MakeBody = std::function<Result<json::object>()>;

// One verb on a leased task: a body of its own besides the lease, and the answer's state as what people see.
CLI::App* add_verb(Commands& commands, CLI::App* noun, const std::string& verb, const Help& help, MakeBody make) {
  Context& context = commands.context();
  auto o = std::make_shared<HandOptions>();
  auto* command = commands.add(noun, verb, help, [&context, o, verb, make = std::move(make)]() -> Result<int> {
    auto body = make();
    if (!body) return fail(body.error());
    (*body)["lease"] = o->lease;
    auto answer = context.post(task_path(o->task) + "/" + verb, *body);
    if (!answer) return fail(answer.error());
    const auto line = [&](const json::value& value) {
      const bool cancel = at(value, "cancelRequested") == json::value(true);
      return o->task + ": " + text(value, "state") + (cancel ? " (its cancellation is requested: stop)" : "");
    };
    // Under a worker stdout is the task's result, and stderr its log: no place for a remark of ours on either.
    const bool inside_a_task = std::getenv("ARBITER_LEASE") != nullptr;
    if (context.format == Format::kJson || !inside_a_task) context.show(*answer, line);
    return 0;
  });
  add_hand_options(command, *o)->required();
  return command;
}

struct Outcome {
  std::string result, usage, message, code, details, reason, percent, quality, length;
  std::vector<std::string> lines;
  bool final = false;
};

Result<void> put_json(json::object& body, std::string_view key, const std::string& value, std::string_view flag) {
  if (value.empty()) return {};
  auto parsed = read_json_argument(value, flag);
  if (!parsed) return fail(parsed.error());
  body[key] = std::move(*parsed);
  return {};
}

Result<void> put_number(json::object& body, std::string_view key, const std::string& value, std::string_view flag) {
  return put_json(body, key, value, flag);
}

Result<json::object> completion(const Outcome& o) {
  json::object body;
  if (auto put = put_json(body, "result", o.result, "--result"); !put) return fail(put.error());
  if (auto put = put_json(body, "usage", o.usage, "--usage"); !put) return fail(put.error());
  if (auto put = put_number(body, "qualityScore", o.quality, "--quality"); !put) return fail(put.error());
  return body;
}

Result<json::object> failure(const Outcome& o) {
  json::object error{{"message", o.message}};
  if (!o.code.empty()) error["code"] = o.code;
  if (auto put = put_json(error, "details", o.details, "--details"); !put) return fail(put.error());
  json::object body{{"error", std::move(error)}, {"retryable", !o.final}};
  if (auto put = put_json(body, "usage", o.usage, "--usage"); !put) return fail(put.error());
  return body;
}

Result<json::object> progress(const Outcome& o) {
  json::object body;
  if (auto put = put_number(body, "percent", o.percent, "--percent"); !put) return fail(put.error());
  if (!o.message.empty()) body["message"] = o.message;
  return body;
}

Result<json::object> log_lines(const Outcome& o) {
  auto lines = o.lines;
  if (lines.empty()) {
    auto content = read_file("-");
    if (!content) return fail(content.error());
    lines = CLI::detail::split(*content, '\n');
    if (!lines.empty() && lines.back().empty()) lines.pop_back();
  }
  return json::object{{"lines", client::to_array(lines)}};
}

void add_outcomes(Commands& commands, CLI::App* noun) {
  auto o = std::make_shared<Outcome>();
  auto* complete =
      add_verb(commands, noun, "complete",
               {"Report that a task is done", "  arbiter task complete build-1 --lease 17 --result '{\"ok\": true}'"},
               [o] { return completion(*o); });
  complete->add_option("--result", o->result, "What came of it: JSON, @FILE, or - for stdin");
  complete->add_option("--quality", o->quality, "How good it is, 0 to 1");
  complete->add_option("--usage", o->usage, "What it took: {\"inputTokens\": N, \"outputTokens\": N, \"cost\": N}");
  auto* failed = add_verb(
      commands, noun, "fail",
      {"Report that an attempt failed", "  arbiter task fail build-1 --lease 17 --message 'no compiler' --final"},
      [o] { return failure(*o); });
  failed->add_option("-m,--message", o->message, "What went wrong")->required();
  failed->add_option("--code", o->code, "A short name for it");
  failed->add_option("--details", o->details, "More about it: JSON, @FILE, or -");
  failed->add_option("--usage", o->usage, "What it took: {\"tokens\": N, \"cost\": N}");
  failed->add_flag("--final", o->final, "Trying again is useless");
  auto* release = add_verb(
      commands, noun, "release",
      {"Hand a task back to its queue; the attempt does not count", "  arbiter task release build-1 --lease 17"},
      [o]() -> Result<json::object> {
        json::object body;
        if (!o->reason.empty()) body["reason"] = o->reason;
        return body;
      });
  release->add_option("--reason", o->reason, "Why, for the record");
}

// By its own program (which knows the lease) or by somebody else (who does not, and stops the program).
void add_rests(Commands& commands, CLI::App* noun) {
  struct Options {
    HandOptions hand;
    std::string reason;
  };
  Context& context = commands.context();
  const auto add = [&](const std::string& verb, const Help& help) {
    auto o = std::make_shared<Options>();
    auto* command = commands.add(noun, verb, help, [&context, o, verb]() -> Result<int> {
      json::object body;
      if (!o->hand.lease.empty()) body["lease"] = o->hand.lease;
      if (!o->reason.empty()) body["reason"] = o->reason;
      auto answer = context.post(task_path(o->hand.task) + "/" + verb, body);
      if (!answer) return fail(answer.error());
      const auto line = [&](const json::value& value) { return o->hand.task + ": " + text(value, "state") + '\n'; };
      const bool inside_a_task = std::getenv("ARBITER_LEASE") != nullptr;
      if (context.format == Format::kJson || !inside_a_task) context.show(*answer, line);
      return 0;
    });
    add_hand_options(command, o->hand);
    return std::pair(command, o);
  };
  const auto [suspend, o] =
      add("suspend", {"Let a running task rest: its time stands still and its worker can take another meanwhile",
                      "  arbiter task suspend build-1 --reason 'the machine is needed'\n"
                      "  arbiter task suspend          # inside a task: its program goes on and waits for something"});
  suspend->add_option("--reason", o->reason, "Why, for the record");
  add("resume", {"Let a suspended task go on", "  arbiter task resume build-1"});
}

void add_signs(Commands& commands, CLI::App* noun) {
  auto o = std::make_shared<Outcome>();
  add_verb(commands, noun, "start",
           {"Begin a task that was leased with --no-start", "  arbiter task start build-1 --lease 17"},
           []() -> Result<json::object> { return json::object{}; });
  add_rests(commands, noun);
  auto* progressed = add_verb(commands, noun, "progress",
                              {"Say how far a task is", "  arbiter task progress --percent 40 --message 'tests run'"},
                              [o] { return progress(*o); });
  progressed->add_option("--percent", o->percent, "0 to 100");
  progressed->add_option("-m,--message", o->message, "What is being done");
  auto* log = add_verb(commands, noun, "log",
                       {"Add lines to a task's log",
                        "  make 2>&1 | arbiter task log build-1 --lease 17\n"
                        "  arbiter task log --line 'half way'"},
                       [o] { return log_lines(*o); });
  log->add_option("--line", o->lines, "A line; repeat for more [the lines of stdin]");
  auto* extend = add_verb(commands, noun, "extend",
                          {"Make a lease last longer", "  arbiter task extend build-1 --lease 17 --lease-time 5m"},
                          [o]() -> Result<json::object> {
                            json::object body;
                            if (o->length.empty()) return body;
                            auto ms = duration_argument(o->length, "--lease-time");
                            if (!ms) return fail(ms.error());
                            body["leaseMs"] = *ms;
                            return body;
                          });
  extend->add_option("--lease-time", o->length, "From now on [as long as it was]");
}

// The lease that `task` is held under now, for people who did not write it down.
Result<std::string> present_lease(Context& context, const std::string& task) {
  auto view = context.get(task_path(task));
  if (!view) return fail(view.error());
  if (const auto holder = text(*view, "workerId"); !holder.empty()) {
    auto worker = context.get("/api/v1/workers/" + client::escape(holder));
    if (!worker) return fail(worker.error());
    for (const auto& held : items(*worker, "leases")) {
      if (text(at(held, "task"), "id") == task) return text(held, "lease");
    }
  }
  return fail({base::ErrorCode::kInvalidState, "Task " + task + " is " + text(*view, "state") +
                                                   " and held by nobody; lease it with `arbiter task lease`."});
}

void add_exec(Commands& commands, CLI::App* noun) {
  struct Options {
    HandOptions hand;
    std::vector<std::string> command;
    std::string workdir = "shared";
    std::string work_root;
  };
  Context& context = commands.context();
  auto o = std::make_shared<Options>();
  auto* command = commands.add(noun, "exec",
                               {"Do a leased task with a program: payload on stdin, result from stdout, stderr into "
                                "the log; the lease is renewed "
                                "under it and its end is reported",
                                "  arbiter task exec build-1 -- ./build.sh --fast"},
                               [&context, o]() -> Result<int> {
                                 auto endpoint = client::discover(context.settings);
                                 if (!endpoint) return fail(endpoint.error());
                                 if (o->hand.lease.empty()) {
                                   auto lease = present_lease(context, o->hand.task);
                                   if (!lease) return fail(lease.error());
                                   o->hand.lease = *lease;
                                 }
                                 return worker::exec_task({*endpoint, o->hand.task, o->hand.lease, o->command,
                                                           o->workdir == "fresh", o->work_root});
                               });
  add_hand_options(command, o->hand);
  command->add_option("command", o->command, "The program and its arguments, after --")->required();
  command->add_option("--workdir", o->workdir, "shared, or fresh: an empty directory, removed after it")
      ->check(CLI::IsMember({"shared", "fresh"}));
  command->add_option("--work-root", o->work_root, "Where the fresh directory is made");
}

}  // namespace

void add_task_work_commands(Commands& commands, CLI::App* task) {
  add_lease(commands, task);
  add_signs(commands, task);
  add_outcomes(commands, task);
  add_exec(commands, task);
}

}  // namespace arbiter::cli
