// The operation table. To add an operation: describe its request and reply, write its handler, add a row.
#include <array>

#include "api/answer_schema.h"
#include "api/call.h"
#include "api/events.h"
#include "api/server_operations.h"
#include "api/service.h"
#include "api/session.h"
#include "api/task_list.h"
#include "api/token_operations.h"
#include "base/check.h"
#include "core/commands.h"
#include "core/graph.h"

namespace arbiter::api {
namespace {

using namespace core;  // NOLINT(google-build-using-namespace): the table is about nothing else
using Table = std::vector<Operation>;

template <typename Command>
bool waits(const Command& command) {
  if constexpr (std::is_same_v<Command, GetTask>) {
    return command.wait_ms && *command.wait_ms > 0;
  } else if constexpr (std::is_same_v<Command, ReportTasks>) {
    return command.lease && command.lease->wait_ms > 0;
  } else if constexpr (requires { command.wait_ms; }) {
    return command.wait_ms > 0;
  } else {
    return false;
  }
}

// The handler of an operation that is one command of the core.
template <typename Command>
void run_command(Service& service, const CallPtr& call) {
  auto command = call->decode<Command>();
  if (!command) return call->refuse(command.error());
  if constexpr (std::is_same_v<Command, ReportTasks>) link_reports(*call, *command);
  const bool may_wait = waits(*command);
  service.execute(call, std::move(*command), may_wait);
}

void run_graph_dot(Service& service, const CallPtr& call) {
  auto command = call->decode<GetGraph>();
  if (!command) return call->refuse(command.error());
  service.execute(call, std::move(*command), /*waits=*/false, [call](engine::Answer answer) {
    if (!answer) return call->refuse(answer.error());
    net::Response response;
    response.content_type = "text/vnd.graphviz";
    response.body = to_dot(std::get<Graph>(std::get<Reply>(*answer)));
    call->reply(std::move(response));
  });
}

struct Empty {};
BOOST_DESCRIBE_STRUCT(Empty, (), ())

using Run = void (*)(Service&, const CallPtr&);

// Where and how: the part of a row that says nothing of types.
struct Line {
  std::string_view name, method, path;
  Permission permission;
  std::string_view help;
  Success success = Success::kOk;
  Scope scope = Scope::kNamespace;
  BodySize body = BodySize::kSmall;
  std::string_view content_type = "application/json";
};

template <typename Request>
Operation& add(Table& table, const Line& line, Run run) {
  Operation row;
  row.name = line.name;
  row.method = line.method;
  row.path = line.path;
  row.permission = line.permission;
  row.help = line.help;
  row.success = line.success;
  row.scope = line.scope;
  row.body = line.body;
  row.content_type = line.content_type;
  row.fields = fields_of<Request>(line.path);
  row.request_schema = &base::schema<Request>;
  row.run = run;
  row.index = table.size();
  table.push_back(std::move(row));
  return table.back();
}

template <typename Request, typename Reply>
void add(Table& table, const Line& line, Run run) {
  add<Request>(table, line, run).reply_schema = &answer_schema<Reply>;
}
template <typename Request, typename Reply>
void add(Table& table, const Line& line) {
  add<Request, Reply>(table, line, &run_command<Request>);
}

constexpr auto kRead = Permission::kRead;
constexpr auto kWrite = Permission::kWrite;

void add_tasks(Table& t) {
  add<SubmitTask, TaskView>(t, {"tasks.submit", "POST", "/api/v1/tasks", kWrite, "Submit a task", Success::kCreated});
  add<ListTasks, TaskList>(
      t, {"tasks.list", "GET", "/api/v1/tasks", kRead, "List tasks, newest first: live ones, then ended ones"},
      &run_list_tasks);
  add<SubmitBatch, SubmitReply>(
      t, {"tasks.batch", "POST", "/api/v1/tasks/batch", kWrite, "Submit up to 1,000 tasks, all or none",
          Success::kCreated, Scope::kNamespace, BodySize::kLarge});
  add<StartBulk, BulkView>(t, {"tasks.bulk", "POST", "/api/v1/tasks/bulk", kWrite,
                               "Cancel or retry all tasks that a filter matches", Success::kAccepted});
  add<GetBulk, BulkView>(t, {"tasks.get_bulk", "GET", "/api/v1/tasks/bulk/{id}", kRead, "How far a bulk change is"});
  add<LeaseTasks, LeaseReply>(
      t, {"tasks.lease", "POST", "/api/v1/tasks/lease", kWrite, "Take tasks to work on; waits up to waitMs for some"});
  add<ReportTasks, ReportReply>(t, {"tasks.report", "POST", "/api/v1/tasks/report", kWrite,
                                    "Report many outcomes and take the next tasks in one round trip", Success::kOk,
                                    Scope::kNamespace, BodySize::kLarge});
  add<GetTask, TaskView>(
      t, {"tasks.get", "GET", "/api/v1/tasks/{id}", kRead, "A task; with waitMs the answer comes when it has ended"});
  add<GetHistory, EventList>(
      t, {"tasks.history", "GET", "/api/v1/tasks/{id}/history", kRead, "Every transition of a task, oldest first"},
      &run_get_history);
  add<GetLog, LogView>(t, {"tasks.logs", "GET", "/api/v1/tasks/{id}/logs", kRead, "The log lines of a task"},
                       &run_get_log);
  add<CancelTask, TaskView>(t, {"tasks.cancel", "POST", "/api/v1/tasks/{id}/cancel", kWrite, "Cancel a task"});
  add<RetryTask, TaskView>(
      t, {"tasks.retry", "POST", "/api/v1/tasks/{id}/retry", kWrite, "Give a failed task fresh attempts"});
}

void add_leased_tasks(Table& t) {
  add<StartTask, LeaseStatus>(
      t, {"tasks.start", "POST", "/api/v1/tasks/{id}/start", kWrite, "Begin a task that was leased with start: false"});
  add<SuspendTask, TaskView>(t, {"tasks.suspend", "POST", "/api/v1/tasks/{id}/suspend", kWrite,
                                 "Let a running task rest: its time stands still, its slot is free, its lease stays"});
  add<ResumeTask, TaskView>(
      t, {"tasks.resume", "POST", "/api/v1/tasks/{id}/resume", kWrite, "Let a suspended task go on"});
  add<ReportProgress, LeaseStatus>(
      t, {"tasks.progress", "POST", "/api/v1/tasks/{id}/progress", kWrite, "Say how far a leased task is"});
  add<AppendLog, LeaseStatus>(
      t, {"tasks.log", "POST", "/api/v1/tasks/{id}/log", kWrite, "Add lines to the log of a leased task", Success::kOk,
          Scope::kNamespace, BodySize::kLarge});
  add<CompleteTask, TaskView>(
      t, {"tasks.complete", "POST", "/api/v1/tasks/{id}/complete", kWrite, "Report that a leased task is done",
          Success::kOk, Scope::kNamespace, BodySize::kLarge});
  add<FailTask, TaskView>(
      t, {"tasks.fail", "POST", "/api/v1/tasks/{id}/fail", kWrite, "Report that an attempt has failed"});
  add<ReleaseTask, TaskView>(t, {"tasks.release", "POST", "/api/v1/tasks/{id}/release", kWrite,
                                 "Hand a leased task back to its queue, uncounted"});
  add<ExtendLease, LeaseStatus>(
      t, {"tasks.extend", "POST", "/api/v1/tasks/{id}/extend", kWrite, "Make a lease last longer"});
}

void add_workers(Table& t) {
  add<RegisterWorker, WorkerView>(
      t, {"workers.register", "POST", "/api/v1/workers", kWrite,
          "Register a worker; a newer session of the same name takes over", Success::kCreated});
  add<ListWorkers, WorkerList>(t, {"workers.list", "GET", "/api/v1/workers", kRead, "List workers by name"});
  add<GetWorker, WorkerView>(t, {"workers.get", "GET", "/api/v1/workers/{id}", kRead, "A worker with its leases"});
  add<Heartbeat, HeartbeatReply>(t, {"workers.heartbeat", "POST", "/api/v1/workers/{id}/heartbeat", kWrite,
                                     "A sign of life: renews the worker's leases, tells what was cancelled"});
  add<DrainWorker, WorkerView>(t, {"workers.drain", "POST", "/api/v1/workers/{id}/drain", kWrite,
                                   "Give a worker no more tasks; it finishes what it has"});
  add<DeregisterWorker, Done>(
      t, {"workers.deregister", "DELETE", "/api/v1/workers/{id}", kWrite, "Remove a worker; its tasks go to others"});
}

void add_queues(Table& t) {
  add<ListQueues, QueueList>(t, {"queues.list", "GET", "/api/v1/queues", kRead, "List queues with their statistics"});
  add<GetQueue, QueueView>(
      t, {"queues.get", "GET", "/api/v1/queues/{name}", kRead, "Depth, age, rates and durations of a queue"});
  add<ConfigureQueue, QueueView>(
      t, {"queues.configure", "PUT", "/api/v1/queues/{name}", kWrite, "Set how many tasks a queue may hold and start"});
  add<PauseQueue, QueueView>(t, {"queues.pause", "POST", "/api/v1/queues/{name}/pause", kWrite,
                                 "Hand out no more tasks of a queue, for a time or until it is resumed"});
  add<ResumeQueue, QueueView>(t, {"queues.resume", "POST", "/api/v1/queues/{name}/resume", kWrite,
                                  "Hand out tasks of a queue again, and take new ones"});
  add<DrainQueue, QueueView>(t, {"queues.drain", "POST", "/api/v1/queues/{name}/drain", kWrite,
                                 "Take no new tasks into a queue; those in it are worked off"});
  add<GetGraph, Graph>(t,
                       {"graph.get", "GET", "/api/v1/graph", kRead,
                        "Dependencies with states, a topological order and the critical path by measured durations"});
  add<GetGraph>(t,
                {"graph.dot", "GET", "/api/v1/graph.dot", kRead, "The same as a graph of Graphviz (DOT)", Success::kOk,
                 Scope::kNamespace, BodySize::kSmall, "text/vnd.graphviz"},
                &run_graph_dot);
  add<ListCascades, CascadeList>(t, {"cascades.list", "GET", "/api/v1/cascades", kRead,
                                     "What is being done in many steps: lost workers, dependents, bulk changes"});
}

void add_schedules(Table& t) {
  add<SetSchedule, ScheduleView>(
      t, {"schedules.set", "PUT", "/api/v1/schedules/{name}", kWrite,
          "Create or change a schedule: when, and which task it submits then", Success::kCreated});
  add<ListSchedules, ScheduleList>(
      t, {"schedules.list", "GET", "/api/v1/schedules", kRead, "List schedules by name, without payloads"});
  add<GetSchedule, ScheduleView>(t, {"schedules.get", "GET", "/api/v1/schedules/{name}", kRead,
                                     "A schedule with its latest runs and its next times"});
  add<PauseSchedule, ScheduleView>(
      t, {"schedules.pause", "POST", "/api/v1/schedules/{name}/pause", kWrite, "Let a schedule's times pass"});
  add<ResumeSchedule, ScheduleView>(t, {"schedules.resume", "POST", "/api/v1/schedules/{name}/resume", kWrite,
                                        "Let a schedule go on with its next time"});
  add<RunSchedule, TaskView>(t, {"schedules.run", "POST", "/api/v1/schedules/{name}/run", kWrite,
                                 "Submit a schedule's task now, beside its times", Success::kCreated});
  add<DeleteSchedule, Done>(
      t, {"schedules.delete", "DELETE", "/api/v1/schedules/{name}", kWrite, "Delete a schedule; its runs stay"});
}

void add_effects(Table& t) {
  add<ListEffects, EffectList>(t, {"effects.list", "GET", "/api/v1/effects", kRead,
                                   "List effects (notifications), oldest first: open ones, and others for a while"});
  add<GetEffect, EffectView>(t, {"effects.get", "GET", "/api/v1/effects/{id}", kRead, "An effect with its attempts"});
  add<RetryEffect, EffectView>(t, {"effects.retry", "POST", "/api/v1/effects/{id}/retry", kWrite,
                                   "Try an effect now; one that was given up gets fresh attempts"});
  add<TestNotifier, EffectView>(t, {"notifiers.test", "POST", "/api/v1/notifiers/{name}/test", kWrite,
                                    "Send a test to a notifier, to see whether it arrives"});
}

void add_task_types(Table& t) {
  add<SetTaskType, TaskTypeView>(
      t, {"task_types.set", "PUT", "/api/v1/task-types/{name}", kWrite,
          "Say what tasks of a type have by default, and what their payloads and results must look like",
          Success::kCreated});
  add<ListTaskTypes, TaskTypeList>(
      t, {"task_types.list", "GET", "/api/v1/task-types", kRead, "List the defined types by name, without schemas"});
  add<GetTaskType, TaskTypeView>(
      t, {"task_types.get", "GET", "/api/v1/task-types/{name}", kRead, "What is defined for a type"});
  add<DeleteTaskType, Done>(t, {"task_types.delete", "DELETE", "/api/v1/task-types/{name}", kWrite,
                                "Forget what is defined for a type; its tasks stay"});
}

void add_questions(Table& t) {
  add<AskQuestion, QuestionView>(
      t, {"tasks.ask", "POST", "/api/v1/tasks/{id}/ask", kWrite,
          "Ask a person in the middle of a task, which is suspended until the answer", Success::kCreated});
  add<ListQuestions, QuestionList>(
      t, {"questions.list", "GET", "/api/v1/questions", kRead, "List questions, newest first: open and ended ones"});
  add<GetQuestion, QuestionView>(t, {"questions.get", "GET", "/api/v1/questions/{id}", kRead,
                                     "A question; with waitMs the answer comes when it is open no longer"});
  add<AnswerQuestion, QuestionView>(
      t, {"questions.answer", "POST", "/api/v1/questions/{id}/answer", kWrite, "Answer a question; its task goes on"});
}

void add_inbox(Table& t) {
  add<OpenIncident, IncidentView>(
      t, {"incidents.open", "POST", "/api/v1/incidents", kWrite,
          "Open an incident, or count the open one of the same cause once more", Success::kCreated});
  add<ListIncidents, IncidentList>(t, {"incidents.list", "GET", "/api/v1/incidents", kRead,
                                       "List incidents, newest first: those that are open and resolved ones"});
  add<GetIncident, IncidentView>(
      t, {"incidents.get", "GET", "/api/v1/incidents/{id}", kRead, "An incident with its evidence"});
  add<AcknowledgeIncident, IncidentView>(t, {"incidents.acknowledge", "POST", "/api/v1/incidents/{id}/acknowledge",
                                             kWrite, "Say that somebody looks after an incident"});
  add<ResolveIncident, IncidentView>(
      t, {"incidents.resolve", "POST", "/api/v1/incidents/{id}/resolve", kWrite, "Say that an incident is over"});
  add<ListInbox, InboxList>(t, {"inbox.list", "GET", "/api/v1/inbox", kRead,
                                "All that waits for a human: open questions, incidents, dead tasks"});
  add<AssignInboxItem, InboxItem>(
      t, {"inbox.assign", "POST", "/api/v1/inbox/{item}/assign", kWrite, "Give an item of the inbox to somebody"});
  add<DismissInboxItem, Done>(
      t, {"inbox.dismiss", "POST", "/api/v1/inbox/{item}/dismiss", kWrite, "Take a dead task out of the inbox"});
}

void add_keys(Table& t) {
  add<ListKeys, KeyList>(t, {"keys.list", "GET", "/api/v1/keys", kRead, "List the keys of limits with what they hold"});
  add<GetKey, KeyView>(t, {"keys.get", "GET", "/api/v1/keys/{name}", kRead, "The limits of a key and what it holds"});
  add<ConfigureKey, KeyView>(
      t, {"keys.configure", "PUT", "/api/v1/keys/{name}", kWrite, "Set concurrency, rate and weight of a key"});
  add<PauseKey, KeyView>(t, {"keys.pause", "POST", "/api/v1/keys/{name}/pause", kWrite,
                             "Start no more tasks with a key, for a time or until it is resumed"});
  add<ResumeKey, KeyView>(
      t, {"keys.resume", "POST", "/api/v1/keys/{name}/resume", kWrite, "Start tasks with a key again"});
}

void add_budgets(Table& t) {
  add<SetBudget, BudgetView>(t,
                             {"budgets.set", "PUT", "/api/v1/budgets/{name}", kWrite,
                              "Create a budget of tokens, cost and attempts, or change its limits", Success::kCreated});
  add<ListBudgets, BudgetList>(
      t, {"budgets.list", "GET", "/api/v1/budgets", kRead, "List budgets by name, each with its fullest meters"});
  add<GetBudget, BudgetView>(
      t, {"budgets.get", "GET", "/api/v1/budgets/{name}", kRead, "A budget with what is spent of it"});
  add<RaiseBudget, BudgetView>(t, {"budgets.raise", "POST", "/api/v1/budgets/{name}/raise", kWrite,
                                   "Allow more of a budget until its period is over; what waited goes on"});
  add<DeleteBudget, Done>(
      t, {"budgets.delete", "DELETE", "/api/v1/budgets/{name}", kWrite, "Delete a budget; what waited goes on"});
}

void add_events(Table& t) {
  add<QueryEvents, EventList>(t, {"events.query", "GET", "/api/v1/events", kRead, "Read the event log, oldest first"},
                              &run_query_events);
  add<StreamEvents>(
      t,
      {"events.stream", "GET", "/api/v1/events/stream", kRead, "Events as they happen, as server-sent events",
       Success::kOk, Scope::kNamespace, BodySize::kSmall, "text/event-stream"},
      &run_stream_events);
  add<Empty>(t,
             {"events.socket", "GET", "/ws", kRead, "Events as they happen, over a WebSocket with many subscriptions",
              Success::kSwitching},
             &run_web_socket);
}

void add_tokens(Table& t) {
  constexpr auto kAdminOnly = Permission::kAdmin;
  add<NewToken, CreatedToken>(
      t,
      {"tokens.create", "POST", "/api/v1/tokens", kAdminOnly, "Create an access token; its secret is shown this once",
       Success::kCreated, Scope::kSystem},
      &run_create_token);
  add<ListTokens, TokenList>(
      t,
      {"tokens.list", "GET", "/api/v1/tokens", kAdminOnly, "List access tokens by name", Success::kOk, Scope::kSystem},
      &run_list_tokens);
  add<RevokeToken, TokenView>(
      t,
      {"tokens.revoke", "DELETE", "/api/v1/tokens/{name}", kAdminOnly,
       "Revoke an access token; requests and streams under it end", Success::kOk, Scope::kSystem},
      &run_revoke_token);
}

void add_session(Table& t) {
  add<CreateSession, SessionView>(t,
                                  {"session.create", "POST", "/api/v1/session", Permission::kNone,
                                   "Sign a browser in: a valid token goes into a cookie that its scripts cannot read",
                                   Success::kOk, Scope::kServer},
                                  &run_create_session);
  add<Empty, SessionView>(
      t, {"session.get", "GET", "/api/v1/session", kRead, "Whose token this is", Success::kOk, Scope::kServer},
      &run_get_session);
  add<Empty, Done>(t,
                   {"session.delete", "DELETE", "/api/v1/session", Permission::kNone, "Sign a browser out",
                    Success::kOk, Scope::kServer},
                   &run_delete_session);
}

void add_server(Table& t) {
  const auto server = [](std::string_view name, std::string_view path, Permission permission, std::string_view help) {
    return Line{name, "GET", path, permission, help, Success::kOk, Scope::kServer};
  };
  add<CreateNamespace, NamespaceView>(t,
                                      {"namespaces.create", "POST", "/api/v1/namespaces", Permission::kAdmin,
                                       "Create a namespace", Success::kCreated, Scope::kSystem},
                                      &run_create_namespace);
  add<ListNamespaces, NamespaceList>(
      t, {"namespaces.list", "GET", "/api/v1/namespaces", kRead, "List namespaces", Success::kOk, Scope::kSystem});
  add<Empty, VersionView>(t, server("server.version", "/api/v1/version", kRead, "The server's version"), &run_version);
  add<Empty>(t, server("server.config", "/api/v1/config", Permission::kAdmin, "The effective configuration"),
             &run_config);
  add<Empty, StatusView>(
      t, server("server.status", "/api/v1/status", kRead, "Uptime, memory and the state of every namespace"),
      &run_status);
  add<Empty, Health>(t, server("server.live", "/livez", Permission::kNone, "Whether the process answers"), &run_live);
  add<Empty, Health>(t,
                     server("server.ready", "/readyz", Permission::kNone,
                            "Whether requests are served; 503 as soon as the server stops"),
                     &run_ready);
  add<Empty, Health>(t, server("server.health", "/health", Permission::kRead, "All checks, always 200"), &run_health);
  Line metrics = server("server.metrics", "/metrics", kRead, "Metrics in Prometheus' text format");
  metrics.content_type = "text/plain";
  add<Empty>(t, metrics, &run_metrics);
  add<GetMetricsHistory, MetricsHistory>(t,
                                         {"metrics.history", "GET", "/api/v1/metrics/history", kRead,
                                          "Samples of the last hours: of the server, a namespace and its queues"},
                                         &run_metrics_history);
  add<Empty>(t, server("server.openapi", "/openapi.json", Permission::kRead, "The OpenAPI 3.1 document"), &run_openapi);
}

Table make_table() {
  Table table;
  add_tasks(table);
  add_leased_tasks(table);
  add_workers(table);
  add_queues(table);
  add_schedules(table);
  add_keys(table);
  add_task_types(table);
  add_questions(table);
  add_inbox(table);
  add_budgets(table);
  add_effects(table);
  add_events(table);
  add_tokens(table);
  add_session(table);
  add_server(table);
  return table;
}

}  // namespace

const std::vector<Operation>& operations() {
  static const Table table = make_table();
  return table;
}

std::string operations_markdown() {
  std::string out = "| operation | request | token may | what it does |\n| --- | --- | --- | --- |\n";
  for (const auto& row : operations()) {
    out += "| `" + std::string(row.name) + "` | `" + std::string(row.method) + " " + std::string(row.path) + "` | " +
           base::to_text(row.permission) + " | " + std::string(row.help) + " |\n";
  }
  return out;
}

}  // namespace arbiter::api
