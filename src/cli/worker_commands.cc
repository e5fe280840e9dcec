// arbiter worker run | list | show | drain | register | heartbeat | deregister
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <climits>

#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "worker/worker.h"

namespace arbiter::cli {
namespace {

using base::fail;

constexpr const char* kRunFooter =
    "Each task's program gets the task's payload (JSON) on stdin. What it writes to stdout is the result: JSON if it\n"
    "parses (a number only if no reader changes it: 42 and 1.5, not 1.10 or 12e6), else a string; more than 8 MiB "
    "fails\n"
    "the task for good. Each line on stderr goes to the task's log at once and counts as progress. Exit code 0 "
    "completes\n"
    "the task, 65 fails it for good, any other fails the attempt (the task's retry policy decides).\n"
    "Environment: ARBITER_TASK_ID, ARBITER_TASK_TYPE, ARBITER_ATTEMPT, ARBITER_LEASE, ARBITER_WORKER, ARBITER_URL,\n"
    "ARBITER_TOKEN, ARBITER_NAMESPACE, TRACEPARENT. On timeout, cancellation or a lost lease everything that the "
    "program started "
    "is\n"
    "ended: SIGTERM, and SIGKILL after 5 s. SIGTERM to the worker lets running tasks finish; a second one ends it "
    "now.\n"
    "With --shell the payload is {\"run\": \"shell text\", \"env\": {...}, \"timeoutMs\": N, \"retryFailure\": false}, "
    "run by\n"
    "/bin/sh -ec.\n";

struct RunOptions {
  worker::WorkerOptions worker;
  std::vector<std::string> labels;
  std::string workdir = "shared";
  std::string keep = "24h";
  std::string drain = "30s";
  std::string lease = "30s";
  std::string connect = "10s";
  std::string idle;
  bool shell = false;
};

Result<void> put_idle(const std::string& idle, worker::Registration& registration) {
  if (idle.empty()) return {};
  auto ms = duration_argument(idle, "--idle");
  if (!ms) return fail(ms.error());
  registration.idle_ms = static_cast<int>(std::min<std::int64_t>(*ms, INT_MAX));
  return {};
}

std::string host_and_pid(const char* between) {
  char host[HOST_NAME_MAX + 1] = {};
  ::gethostname(host, HOST_NAME_MAX);
  return std::string(host) + between + std::to_string(::getpid());
}

Result<int> run(Context& context, const RunOptions& given) {
  worker::WorkerOptions options = given.worker;
  auto endpoint = client::discover(context.settings);
  if (!endpoint) return fail(endpoint.error());
  options.endpoint = *endpoint;
  if (given.shell == !options.command.empty()) {
    return fail({base::ErrorCode::kInvalidRequest, "Say what tasks run: --exec COMMAND, or --shell; one of them."});
  }
  auto& registration = options.registration;
  if (registration.name.empty()) registration.name = host_and_pid("-");
  if (registration.location.empty()) registration.location = host_and_pid(" pid ");
  if (registration.capabilities.empty() && given.shell) registration.capabilities = {"shell"};
  if (registration.capabilities.empty()) {
    return fail({base::ErrorCode::kInvalidRequest, "Say which types of task it can do: --capability TYPE (or '*')."});
  }
  auto labels = pairs_argument(given.labels, "--label");
  if (!labels) return fail(labels.error());
  for (const auto& [key, value] : *labels) registration.labels[std::string(key)] = text(value);
  const std::pair<const std::string*, int*> durations[] = {
      {&given.drain, &options.drain_ms}, {&given.lease, &registration.lease_ms}, {&given.connect, &options.connect_ms}};
  if (auto ok = put_idle(given.idle, registration); !ok) return fail(ok.error());
  for (const auto& [from, to] : durations) {
    auto ms = duration_argument(*from, "A duration");
    if (!ms) return fail(ms.error());
    *to = static_cast<int>(std::min<std::int64_t>(*ms, INT_MAX));
  }
  options.fresh = given.workdir == "fresh";
  auto& worktree = options.worktree;
  if (!worktree.repository.empty() && (options.fresh || !options.directory.empty())) {
    return fail({base::ErrorCode::kInvalidRequest,
                 "--worktree says where programs start: leave --workdir and --directory out."});
  }
  auto keep = duration_argument(given.keep, "--keep-worktrees");
  if (!keep) return fail(keep.error());
  worktree.keep_ms = *keep;
  return worker::run_worker(options);
}

void add_run(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  auto o = std::make_shared<RunOptions>();
  auto* command = commands.add(noun, "run", {"Be a worker: run a program for each task"},
                               [&context, o] { return run(context, *o); });
  command->footer(std::string(kRunFooter) +
                  "Examples:\n"
                  "  arbiter worker run --capability review --exec './review.sh' -j 4\n"
                  "  arbiter worker run --shell --name w1 --workdir fresh\n"
                  "  arbiter worker run --capability code --exec './agent.sh' --worktree ~/src/shop -j 4\n"
                  "  arbiter worker run --capability '*' --queue gpu --label zone=a --exec 'python3 agent.py'");
  auto& registration = o->worker.registration;
  command->add_option("--name", registration.name, "The worker's name and id; the newest of a name wins [host-pid]");
  command->add_option("--capability", registration.capabilities, "A type of task it can do, or '*'; repeat for more");
  command->add_option("--language", registration.languages, "A language it knows; repeat for more");
  command->add_option("--label", o->labels, "key=value that tasks can ask for; repeat for more");
  command->add_option("--queue", registration.queues, "A queue it takes tasks from; repeat for more [all]");
  command->add_option("--type,--types", registration.types, "Of its capabilities, only these types")->delimiter(',');
  command->add_option("-j,--concurrency", registration.max_concurrent, "How many tasks at a time")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  command->add_option("--location", registration.location, "Where it is, for people [its machine and process]");
  command->add_option("--exec", o->worker.command, "The program, run by /bin/sh -c");
  command->add_flag("--shell", o->shell, "The program is in the payload: {\"run\": \"...\"}");
  command->add_option("--directory", o->worker.directory, "Where programs start [here]");
  command->add_option("--workdir", o->workdir, "shared, or fresh: an empty directory per task, removed after it")
      ->check(CLI::IsMember({"shared", "fresh"}))
      ->capture_default_str();
  command->add_option("--worktree", o->worker.worktree.repository,
                      "A git repository: each task gets a worktree of its own, on the branch arbiter/TASK");
  command->add_option("--worktree-ref", o->worker.worktree.ref, "The commit that those branches begin at")
      ->capture_default_str();
  command
      ->add_option("--keep-worktrees", o->keep,
                   "How long the worktree of a failed task stays, or one with changes that are not committed")
      ->capture_default_str();
  command->add_option("--work-root", o->worker.work_root,
                      "Where fresh directories and worktrees are made [$TMPDIR/arbiter-work-UID]");
  command->add_option("--drain", o->drain, "How long SIGTERM waits for running tasks")->capture_default_str();
  command->add_option("--lease", o->lease, "How long a lease lasts without a heartbeat")->capture_default_str();
  command->add_option("--idle", o->idle, "End after so long without a task [never]");
  command->add_option("--connect", o->connect, "How long to try to reach the server at first")->capture_default_str();
  command->add_flag("--release-inherited", o->worker.release_inherited,
                    "Hand the tasks of a dead worker of this name back without counting the attempt");
  command->add_flag("-q,--quiet", o->worker.quiet, "Say nothing on stderr");
}

std::string workers_table(const json::array& workers, bool colours) {
  Table table(
      {"WORKER", "STATE", ">RUNNING", ">MAX", ">DONE", ">FAILED", ">SEEN", "CAPABILITIES", "QUEUES", "LOCATION"});
  for (const auto& one : workers) {
    const auto state = text(one, "state");
    table.add({text(one, "id"), Cell(state, state_colour(state)), text(one, "running"), text(one, "maxConcurrent"),
               text(one, "completed"), text(one, "failed"), age(one, "lastSeenAt"),
               shortened(text(one, "capabilities"), 40), shortened(text(one, "queues"), 30), text(one, "location")});
  }
  return table.text(colours);
}

std::string worker_details(const json::value& worker, bool colours) {
  std::string out = workers_table({worker}, colours);
  const auto& leases = items(worker, "leases");
  if (leases.empty()) return out;
  Table table({"TASK", "TYPE", "LEASE", ">ATTEMPT", ">EXPIRES"});
  for (const auto& lease : leases) {
    const auto& task = at(lease, "task");
    table.add(
        {text(task, "id"), text(task, "type"), text(lease, "lease"), text(lease, "attempt"), age(lease, "expiresAt")});
  }
  return out + "\n" + table.text(colours);
}

Result<int> show_one(Context& context, const Result<json::value>& worker) {
  if (!worker) return fail(worker.error());
  context.show(*worker, [&](const json::value& value) { return worker_details(value, context.colours()); });
  return 0;
}

std::string path_of(const std::string& name) { return "/api/v1/workers/" + client::escape(name); }

void add_list(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  struct Filter {
    std::string state;
    std::string capability;
  };
  auto filter = std::make_shared<Filter>();
  auto* list = commands.add(
      noun, "list", {"All workers", "  arbiter worker list --state live"}, [&context, filter]() -> Result<int> {
        auto workers = context.list(
            "/api/v1/workers" +
                client::query({{"state", filter->state}, {"capability", filter->capability}, {"limit", "1000"}}),
            0);
        if (!workers) return fail(workers.error());
        context.show(*workers,
                     [&](const json::value& value) { return workers_table(items(value), context.colours()); });
        return 0;
      });
  list->add_option("--state", filter->state, "live, draining, lost or gone; several with commas");
  list->add_option("--capability", filter->capability, "Only workers that can do this type");
}

struct RegisterOptions {
  worker::Registration registration;
  std::vector<std::string> labels;
  std::string idle;
};

Result<int> register_worker(Context& context, const RegisterOptions& o) {
  const auto& registration = o.registration;
  json::object body{{"name", registration.name},
                    {"capabilities", client::to_array(registration.capabilities)},
                    {"maxConcurrent", registration.max_concurrent}};
  if (!registration.languages.empty()) body["languages"] = client::to_array(registration.languages);
  if (!registration.queues.empty()) body["queues"] = client::to_array(registration.queues);
  if (!registration.location.empty()) body["location"] = registration.location;
  worker::Registration timed;
  if (auto ok = put_idle(o.idle, timed); !ok) return fail(ok.error());
  if (timed.idle_ms > 0) body["idleMs"] = timed.idle_ms;
  auto labels = pairs_argument(o.labels, "--label");
  if (!labels) return fail(labels.error());
  if (!labels->empty()) body["labels"] = std::move(*labels);
  return show_one(context, context.post("/api/v1/workers", body));
}

void add_register(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  auto o = std::make_shared<RegisterOptions>();
  auto* command = commands.add(noun, "register",
                               {"Make a worker known by hand, for programs that lease by commands",
                                "  arbiter worker register me --capability review\n"
                                "  arbiter task lease --worker me -o json"},
                               [&context, o] { return register_worker(context, *o); });
  command->add_option("name,--name", o->registration.name, "Its name and id")->required();
  command->add_option("--capability", o->registration.capabilities, "A type of task it can do, or '*'")->required();
  command->add_option("--language", o->registration.languages, "A language it knows");
  command->add_option("--label", o->labels, "key=value");
  command->add_option("--queue", o->registration.queues, "A queue it takes tasks from [all]");
  command->add_option("--max-concurrent", o->registration.max_concurrent, "How many tasks at a time")
      ->capture_default_str();
  command->add_option("--location", o->registration.location, "Where it is, for people");
  command->add_option("--idle", o->idle, "Drain it after so long without a task [never]");
}

void add_heartbeat(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  struct Options {
    std::string name;
    std::string wait = "0";
    std::int64_t session = 0;
  };
  auto o = std::make_shared<Options>();
  auto* command = commands.add(
      noun, "heartbeat",
      {"Show that a worker lives, renew its leases, hear of cancellations", "  arbiter worker heartbeat me --wait 8s"},
      [&context, o]() -> Result<int> {
        auto wait = duration_argument(o->wait, "--wait");
        if (!wait) return fail(wait.error());
        json::object body{{"waitMs", *wait}};
        if (o->session > 0) body["session"] = o->session;
        auto answer = context.post(path_of(o->name) + "/heartbeat", body, static_cast<int>(*wait) + 10'000);
        if (!answer) return fail(answer.error());
        context.show(*answer, [](const json::value& value) {
          std::string out = "heard; " + text(value, "running") + " running\n";
          for (const auto& one : items(value, "cancellations")) out += "cancel: " + text(one, "taskId") + "\n";
          if (at(value, "drain") == json::value(true)) out += "the server asks this worker to drain\n";
          return out;
        });
        return 0;
      });
  command->add_option("name", o->name, "The worker")->required();
  command->add_option("--wait", o->wait, "Wait so long for a cancellation (at most 60s)");
  command->add_option("--session", o->session, "The session that registering answered");
}

}  // namespace

void add_worker_commands(Commands& commands) {
  Context& context = commands.context();
  auto* noun = commands.noun("worker", "Workers: be one, see them, drain them");
  add_run(commands, noun);
  add_list(commands, noun);
  add_register(commands, noun);
  add_heartbeat(commands, noun);
  const auto named = [&](const std::string& verb, const Help& help,
                         std::function<Result<json::value>(const std::string&)> ask) {
    auto name = std::make_shared<std::string>();
    commands.add(noun, verb, help, [&context, name, ask = std::move(ask)] { return show_one(context, ask(*name)); })
        ->add_option("name", *name, "The worker")
        ->required();
  };
  named("show", {"One worker and what it is doing", "  arbiter worker show w1"},
        [&context](const auto& name) { return context.get(path_of(name)); });
  named("drain", {"Give a worker no more tasks; what it runs goes on", "  arbiter worker drain w1"},
        [&context](const auto& name) { return context.post(path_of(name) + "/drain", json::object{}); });
  named("deregister",
        {"Take a worker off the list; its tasks go back to their queues", "  arbiter worker deregister me"},
        [&context](const auto& name) -> Result<json::value> {
          // What is shown is the worker as it was.
          auto worker = context.get(path_of(name));
          if (!worker) return worker;
          auto gone = context.send("DELETE", path_of(name), nullptr);
          if (!gone) return gone;
          worker->as_object()["state"] = "gone";
          return worker;
        });
}

}  // namespace arbiter::cli
