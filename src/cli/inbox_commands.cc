// arbiter inbox list | assign | dismiss, and arbiter incident open | list | show | acknowledge | resolve: what waits
// for a human.
#include <CLI/CLI.hpp>

#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/table.h"

namespace arbiter::cli {
namespace {

using base::fail;

Colour severity_colour(const std::string& severity) {
  if (severity == "critical") return Colour::kRed;
  return severity == "warning" ? Colour::kYellow : Colour::kNone;
}

std::string query_of(std::string_view key, const std::vector<std::string>& values) {
  std::string out;
  for (const auto& value : values) out += std::string(key) + "=" + client::escape(value) + "&";
  return out;
}
std::string query_of(std::string_view key, const std::string& value) {
  return value.empty() ? "" : std::string(key) + "=" + client::escape(value) + "&";
}

// ---- inbox ----------------------------------------------------------------------------------------------------

std::string inbox_table(const json::array& list, bool colours) {
  Table table({"ITEM", "SEVERITY", "STATE", "FOR", ">AGE", ">EXPIRES", "TASK", "WHAT", "OPTIONS"});
  for (const auto& item : list) {
    const std::string severity = text(item, "severity");
    table.add({text(item, "item"), Cell(severity, severity_colour(severity)), text(item, "state"),
               text(item, "assignee"), age(item, "createdAt"), age(item, "expiresAt"), text(item, "taskId"),
               shortened(text(item, "title"), 70), shortened(text(item, "options"), 40)});
  }
  return table.empty() ? "Nothing waits for a human.\n" : table.text(colours);
}

struct InboxFilter {
  std::vector<std::string> kinds, severities;
  std::string assignee, queue;
  std::size_t limit = 100;
};

void add_inbox_list(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  auto o = std::make_shared<InboxFilter>();
  auto* command = commands.add(
      noun, "list",
      {"All that waits for a human, newest first: open questions, incidents, dead tasks",
       "  arbiter inbox list\n  arbiter inbox list --kind question --assignee ''"},
      [&context, o]() -> Result<int> {
        auto list = context.list("/api/v1/inbox?" + query_of("kind", o->kinds) + query_of("severity", o->severities) +
                                     query_of("assignee", o->assignee) + query_of("queue", o->queue) + "limit=1000",
                                 o->limit);
        if (!list) return fail(list.error());
        context.show(*list, [&](const json::value& value) { return inbox_table(items(value), context.colours()); });
        return 0;
      });
  command->add_option("--kind", o->kinds, "Only these: question, incident, task");
  command->add_option("--severity", o->severities, "Only these: info, warning, critical");
  command->add_option("--assignee", o->assignee, "Only what is somebody's");
  command->add_option("--queue", o->queue, "Only what concerns a queue");
  command->add_option("--limit", o->limit, "At most so many (0: all)")->capture_default_str();
}

struct ItemOptions {
  std::string item, person, reason;
};

std::string item_path(const std::string& item) { return "/api/v1/inbox/" + client::escape(item); }

void add_inbox_changes(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  auto assigned = std::make_shared<ItemOptions>();
  auto* assign = commands.add(
      noun, "assign",
      {"Say who looks after an item; without a name nobody does any more",
       "  arbiter inbox assign question:release-name ada\n  arbiter inbox assign task:build-7"},
      [&context, assigned]() -> Result<int> {
        json::object body;
        if (!assigned->person.empty()) body["assignee"] = assigned->person;
        auto item = context.post(item_path(assigned->item) + "/assign", std::move(body));
        if (!item) return fail(item.error());
        context.show(*item, [&](const json::value& value) { return inbox_table({value}, context.colours()); });
        return 0;
      });
  assign->add_option("item", assigned->item, "The item, as `inbox list` shows it")->required();
  assign->add_option("person", assigned->person, "Who looks after it");
  auto dismissed = std::make_shared<ItemOptions>();
  auto* dismiss =
      commands.add(noun, "dismiss",
                   {"Take a dead task out of the inbox; it stays failed",
                    "  arbiter inbox dismiss task:build-7 --reason 'done by hand'"},
                   [&context, dismissed]() -> Result<int> {
                     json::object body;
                     if (!dismissed->reason.empty()) body["reason"] = dismissed->reason;
                     auto done = context.post(item_path(dismissed->item) + "/dismiss", std::move(body));
                     if (!done) return fail(done.error());
                     context.show(*done, [&](const json::value&) { return dismissed->item + " is dismissed.\n"; });
                     return 0;
                   });
  dismiss->add_option("item", dismissed->item, "The item, as `inbox list` shows it")->required();
  dismiss->add_option("--reason", dismissed->reason, "Why, for the record");
}

// ---- incidents ------------------------------------------------------------------------------------------------

std::string incident_path(const std::string& id) { return "/api/v1/incidents/" + client::escape(id); }

std::string incident_table(const json::array& list, bool colours) {
  Table table({"INCIDENT", "SEVERITY", "STATE", ">COUNT", "FOR", ">OPENED", ">LAST", "CAUSE", "WHAT"});
  for (const auto& incident : list) {
    const std::string severity = text(incident, "severity");
    table.add({text(incident, "id"), Cell(severity, severity_colour(severity)), text(incident, "state"),
               text(incident, "count"), text(incident, "assignee"), age(incident, "openedAt"), age(incident, "lastAt"),
               shortened(text(incident, "cause"), 40), shortened(text(incident, "title"), 70)});
  }
  return table.empty() ? "No incidents.\n" : table.text(colours);
}

Result<int> show_incident(Context& context, const Result<json::value>& incident) {
  if (!incident) return fail(incident.error());
  context.show(*incident, [&](const json::value& value) { return incident_table({value}, context.colours()); });
  return 0;
}

struct IncidentOptions {
  std::string title, cause, severity = "warning", evidence, task, queue, worker;
};

Result<int> open_incident(Context& context, const IncidentOptions& o) {
  json::object body{{"title", o.title}, {"cause", o.cause.empty() ? o.title : o.cause}, {"severity", o.severity}};
  if (!o.evidence.empty()) {
    auto evidence = read_json_argument(o.evidence, "--evidence");
    if (!evidence) return fail(evidence.error());
    body["evidence"] = std::move(*evidence);
  }
  if (!o.task.empty()) body["taskId"] = o.task;
  if (!o.queue.empty()) body["queue"] = o.queue;
  if (!o.worker.empty()) body["workerId"] = o.worker;
  return show_incident(context, context.post("/api/v1/incidents", std::move(body)));
}

void add_incident_open(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  auto o = std::make_shared<IncidentOptions>();
  auto* command = commands.add(noun, "open",
                               {"Tell people that something is wrong. While one of the same cause is open, it is "
                                "counted on that",
                                "  arbiter incident open 'The licence server does not answer' --cause licences "
                                "--severity critical\n"
                                "  arbiter incident open 'A secret in the diff' --evidence '{\"file\":\"a.env\"}'"},
                               [&context, o] { return open_incident(context, *o); });
  command->add_option("title", o->title, "What is wrong, in one line")->required();
  command->add_option("--cause", o->cause, "What it comes from; one incident is open per cause (else the title)");
  command->add_option("--severity", o->severity, "info, warning or critical")->capture_default_str();
  command->add_option("--evidence", o->evidence, "What shows it, as JSON, @FILE or -");
  command->add_option("--task", o->task, "The task it concerns [ARBITER_TASK_ID]")->envname("ARBITER_TASK_ID");
  command->add_option("--queue", o->queue, "The queue it concerns");
  command->add_option("--worker", o->worker, "The worker it concerns [ARBITER_WORKER]")->envname("ARBITER_WORKER");
}

struct IncidentFilter {
  std::vector<std::string> states, severities;
  std::size_t limit = 100;
};

void add_incident_list(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  auto o = std::make_shared<IncidentFilter>();
  auto* command = commands.add(
      noun, "list", {"Incidents, newest first", "  arbiter incident list --state open --severity critical"},
      [&context, o]() -> Result<int> {
        auto list = context.list(
            "/api/v1/incidents?" + query_of("state", o->states) + query_of("severity", o->severities) + "limit=1000",
            o->limit);
        if (!list) return fail(list.error());
        context.show(*list, [&](const json::value& value) { return incident_table(items(value), context.colours()); });
        return 0;
      });
  command->add_option("--state", o->states, "Only these: open, acknowledged, resolved");
  command->add_option("--severity", o->severities, "Only these: info, warning, critical");
  command->add_option("--limit", o->limit, "At most so many (0: all)")->capture_default_str();
}

void add_incident_changes(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  const auto add = [&](const std::string& verb, const Help& help) {
    auto o = std::make_shared<ItemOptions>();
    auto* command = commands.add(noun, verb, help, [&context, o, verb] {
      json::object body;
      if (!o->reason.empty()) body["comment"] = o->reason;
      return show_incident(context, context.post(incident_path(o->item) + "/" + verb, std::move(body)));
    });
    command->add_option("incident", o->item, "The incident's id")->required();
    command->add_option("--comment", o->reason, "More for the record");
  };
  add("acknowledge", {"Say that somebody looks after an incident", "  arbiter incident acknowledge INCIDENT"});
  add("resolve",
      {"Say that an incident is over", "  arbiter incident resolve INCIDENT --comment 'more workers were started'"});
}

}  // namespace

void add_inbox_commands(Commands& commands) {
  Context& context = commands.context();
  auto* inbox = commands.noun("inbox", "The inbox: all that waits for a human");
  add_inbox_list(commands, inbox);
  add_inbox_changes(commands, inbox);
  auto* incident = commands.noun("incident", "Incidents: what went wrong and needs a human");
  add_incident_open(commands, incident);
  add_incident_list(commands, incident);
  auto shown = std::make_shared<std::string>();
  commands
      .add(incident, "show", {"One incident with its evidence", "  arbiter incident show INCIDENT -o json"},
           [&context, shown]() -> Result<int> {
             auto found = context.get(incident_path(*shown));
             if (!found) return fail(found.error());
             context.show(*found, [](const json::value& value) {
               Table table({"FIELD", "VALUE"});
               for (const auto& member : value.as_object()) {
                 table.add({std::string(member.key()), text(member.value())});
               }
               return table.text(false);
             });
             return 0;
           })
      ->add_option("incident", *shown, "The incident's id")
      ->required();
  add_incident_changes(commands, incident);
}

}  // namespace arbiter::cli
