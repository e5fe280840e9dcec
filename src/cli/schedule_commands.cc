// arbiter schedule set | list | show | next | pause | resume | run | delete
#include <CLI/CLI.hpp>

#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/task_views.h"

namespace arbiter::cli {
namespace {

using base::fail;

struct SetOptions {
  std::string name, cron, every, time_zone, overlap, misfire, misfire_after, start_at, end_at;
  std::string task, type, payload, queue, timeout;
  std::vector<std::string> tags;
  int max_attempts = 0;
};

std::string path_of(const std::string& name) { return "/api/v1/schedules/" + client::escape(name); }

Cell state_cell(const json::value& schedule) {
  const auto state = text(schedule, "state");
  if (state == "active") return {state, Colour::kGreen};
  return {state, state == "paused" ? Colour::kYellow : Colour::kGrey};
}

std::string when_of(const json::value& schedule) {
  const auto cron = text(schedule, "cron");
  return cron.empty() ? "every " + human_duration(number(schedule, "everyMs")) : cron;
}

std::string last_run(const json::value& schedule) {
  const auto& runs = items(schedule, "runs");
  return runs.empty() ? "" : text(runs[0], "state") + ", " + age(runs[0], "firedAt");
}

std::string as_table(const json::array& schedules, bool colours) {
  Table table({"SCHEDULE", "STATE", "WHEN", "ZONE", "NEXT", "LAST RUN", ">LIVE", ">FIRED", ">SKIPPED", "OVERLAP",
               "MISFIRE", "TYPE"});
  for (const auto& schedule : schedules) {
    table.add({text(schedule, "name"), state_cell(schedule), when_of(schedule), text(schedule, "timeZone"),
               age(schedule, "nextAt"), last_run(schedule), text(schedule, "live"), text(schedule, "fired"),
               text(schedule, "skipped"), text(schedule, "overlap"), text(schedule, "misfire"),
               text(at(schedule, "task"), "type")});
  }
  return table.text(colours);
}

std::string runs_table(const json::value& schedule, bool colours) {
  Table table({"RUN", "DUE", "FIRED", "STATE"});
  for (const auto& run : items(schedule, "runs")) {
    const auto state = text(run, "state");
    const auto due = text(run, "dueAt");
    table.add(
        {text(run, "taskId"), due.empty() ? "asked for" : due, text(run, "firedAt"), Cell(state, state_colour(state))});
  }
  return table.empty() ? "" : "\n" + table.text(colours);
}

std::string upcoming_table(const json::value& schedule, bool colours) {
  Table table({"NEXT", ""});
  for (const auto& time : items(schedule, "upcoming")) {
    table.add({text(time), human_age(text(time), wall_now())});
  }
  return table.empty() ? "" : table.text(colours);
}

std::string last_skip(const json::value& schedule) {
  const auto& skip = at(schedule, "lastSkip");
  if (skip.is_null()) return "";
  const auto first = text(skip, "firstAt");
  const auto last = text(skip, "lastAt");
  const auto message = text(skip, "message");
  return "\nLast skipped: " + first + (first == last ? "" : " to " + last + ", " + text(skip, "times") + " times") +
         " (" + text(skip, "reason") + (message.empty() ? "" : ": " + message) + ")\n";
}

std::string as_page(const json::value& schedule, bool colours) {
  const auto upcoming = upcoming_table(schedule, colours);
  return as_table({schedule}, colours) + (upcoming.empty() ? "" : "\n" + upcoming) + runs_table(schedule, colours) +
         last_skip(schedule);
}

Result<int> show_one(Context& context, const Result<json::value>& schedule) {
  if (!schedule) return fail(schedule.error());
  context.show(*schedule, [&](const json::value& value) { return as_table({value}, context.colours()); });
  return 0;
}

// ---- set ------------------------------------------------------------------------------------------------------

Result<void> put_json(json::object& into, const char* key, const std::string& given, const char* flag) {
  if (given.empty()) return {};
  auto value = read_json_argument(given, flag);
  if (!value) return fail(value.error());
  into[key] = std::move(*value);
  return {};
}

Result<void> put_duration(json::object& into, const char* key, const std::string& given, const char* flag) {
  if (given.empty()) return {};
  auto ms = duration_argument(given, flag);
  if (!ms) return fail(ms.error());
  into[key] = *ms;
  return {};
}

void put_text(json::object& into, const char* key, const std::string& given) {
  if (!given.empty()) into[key] = given;
}

// What --task holds, with what the other flags say of it.
Result<json::object> make_task(const SetOptions& o) {
  json::object task;
  if (!o.task.empty()) {
    auto given = read_json_argument(o.task, "--task");
    if (!given) return fail(given.error());
    if (!given->is_object()) return fail({base::ErrorCode::kInvalidRequest, "--task must be a JSON object."});
    task = given->get_object();
  }
  put_text(task, "type", o.type);
  put_text(task, "queue", o.queue);
  if (!o.tags.empty()) task["tags"] = client::to_array(o.tags);
  if (o.max_attempts > 0) task["retry"].emplace_object()["maxAttempts"] = o.max_attempts;
  if (auto ok = put_json(task, "payload", o.payload, "--payload"); !ok) return fail(ok.error());
  if (auto ok = put_duration(task, "timeoutMs", o.timeout, "--timeout"); !ok) return fail(ok.error());
  if (!task.contains("type")) {
    return fail({base::ErrorCode::kInvalidRequest, "Say which task it submits: --type TYPE, or --task JSON."});
  }
  return task;
}

Result<int> set(Context& context, const SetOptions& o) {
  auto task = make_task(o);
  if (!task) return fail(task.error());
  json::object body{{"task", std::move(*task)}};
  put_text(body, "cron", o.cron);
  put_text(body, "timeZone", o.time_zone);
  put_text(body, "overlap", o.overlap);
  put_text(body, "misfire", o.misfire);
  put_text(body, "startAt", o.start_at);
  put_text(body, "endAt", o.end_at);
  if (auto ok = put_duration(body, "everyMs", o.every, "--every"); !ok) return fail(ok.error());
  if (auto ok = put_duration(body, "misfireAfterMs", o.misfire_after, "--misfire-after"); !ok) return fail(ok.error());
  return show_one(context, context.send("PUT", path_of(o.name), body));
}

void add_set(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  auto o = std::make_shared<SetOptions>();
  auto* command =
      commands.add(noun, "set",
                   {"Create a schedule, or change one: what is not said is as in a new one",
                    "  arbiter schedule set nightly --cron '30 2 * * *' --time-zone Europe/Berlin --type shell "
                    "--payload '{\"run\": \"make nightly\"}'\n"
                    "  arbiter schedule set poll --every 30s --type poll --overlap skip --misfire skip\n"
                    "  arbiter schedule set report --cron @weekly --task @report.json --overlap queue --misfire all"},
                   [&context, o] { return set(context, *o); });
  command->add_option("schedule", o->name, "The schedule's name")->required();
  command->add_option("--cron", o->cron,
                      "Minute, hour, day of month, month, day of week, with seconds in front or not; or @daily ...");
  command->add_option("--every", o->every, "An interval instead of --cron: 30s, 5m, 2h");
  command->add_option("--time-zone", o->time_zone, "The IANA zone whose clocks --cron follows [UTC]");
  command->add_option("--overlap", o->overlap, "While a run is live: allow, skip, queue or cancel_running [skip]")
      ->check(CLI::IsMember({"allow", "skip", "queue", "cancel_running"}));
  command->add_option("--misfire", o->misfire, "For times that were missed: skip, once or all [once]")
      ->check(CLI::IsMember({"skip", "once", "all"}));
  command->add_option("--misfire-after", o->misfire_after, "How late a run may be before it counts as missed [1m]");
  command->add_option("--start-at", o->start_at, "No run before this time: 2026-01-31T12:00:00Z");
  command->add_option("--end-at", o->end_at, "No run after this time");
  command->add_option("--type", o->type, "What kind of task it submits");
  command->add_option("-p,--payload", o->payload, "What the worker gets: JSON, @FILE, or - for stdin");
  command->add_option("--queue", o->queue, "The queue of its tasks [default]");
  command->add_option("--timeout", o->timeout, "How long an attempt may take");
  command->add_option("--max-attempts", o->max_attempts, "How often a run is tried [3]")->check(CLI::Range(1, 100));
  command->add_option("--tag", o->tags, "A tag of its tasks; repeat for more");
  command->add_option("--task", o->task, "The whole task as for `task submit`: JSON, @FILE, or -");
}

// ---- the others -----------------------------------------------------------------------------------------------

void add_list(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  auto limit = std::make_shared<std::size_t>(100);
  commands
      .add(noun, "list", {"Schedules by name", "  arbiter schedule list"},
           [&context, limit]() -> Result<int> {
             auto schedules = context.list("/api/v1/schedules", *limit);
             if (!schedules) return fail(schedules.error());
             context.show(*schedules,
                          [&](const json::value& value) { return as_table(items(value), context.colours()); });
             return 0;
           })
      ->add_option("--limit", *limit, "So many at most (0: all) [100]");
}

using Named = std::function<Result<int>(const std::string&)>;

CLI::App* add_named(Commands& commands, CLI::App* noun, const std::string& verb, const Help& help, Named body) {
  auto name = std::make_shared<std::string>();
  auto* command = commands.add(noun, verb, help, [name, body = std::move(body)] { return body(*name); });
  command->add_option("schedule", *name, "The schedule's name")->required();
  return command;
}

void add_looks(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  add_named(
      commands, noun, "show",
      {"A schedule, its next times, its latest runs, and what it skipped last", "  arbiter schedule show nightly"},
      [&context](const auto& name) -> Result<int> {
        auto schedule = context.get(path_of(name));
        if (!schedule) return fail(schedule.error());
        context.show(*schedule, [&](const json::value& value) { return as_page(value, context.colours()); });
        return 0;
      });
  auto count = std::make_shared<int>(10);
  add_named(commands, noun, "next", {"The next times of a schedule", "  arbiter schedule next nightly --count 3"},
            [&context, count](const auto& name) -> Result<int> {
              auto schedule = context.get(path_of(name) + "?upcoming=" + std::to_string(*count));
              if (!schedule) return fail(schedule.error());
              const json::value times = json::object{{"upcoming", items(*schedule, "upcoming")}};
              context.show(times, [&](const json::value& value) {
                const auto table = upcoming_table(value, context.colours());
                return table.empty() ? "It has ended: no time is left.\n" : table;
              });
              return 0;
            })
      ->add_option("--count", *count, "How many [10]")
      ->check(CLI::Range(1, 100));
}

void add_changes(Commands& commands, CLI::App* noun) {
  Context& context = commands.context();
  const auto post = [&context](const char* verb) {
    return [&context, verb](const std::string& name) {
      return show_one(context, context.post(path_of(name) + verb, json::object{}));
    };
  };
  add_named(commands, noun, "pause", {"Let its times pass; its runs go on", "  arbiter schedule pause nightly"},
            post("/pause"));
  add_named(commands, noun, "resume",
            {"Go on with its next time; those that passed are skipped", "  arbiter schedule resume nightly"},
            post("/resume"));
  add_named(
      commands, noun, "run",
      {"Submit its task now, also while it is paused; the overlap policy holds", "  arbiter schedule run nightly"},
      [&context](const auto& name) -> Result<int> {
        auto task = context.post(path_of(name) + "/run", json::object{});
        if (!task) return fail(task.error());
        context.show(*task, [&](const json::value& value) { return tasks_table({value}, context.colours()); });
        return 0;
      });
  add_named(commands, noun, "delete",
            {"Delete a schedule; the tasks that it submitted stay", "  arbiter schedule delete nightly"},
            [&context](const auto& name) -> Result<int> {
              auto done = context.send("DELETE", path_of(name), {});
              if (!done) return fail(done.error());
              context.show(*done, [&](const json::value&) { return "Deleted schedule " + printable(name) + ".\n"; });
              return 0;
            });
}

}  // namespace

void add_schedule_commands(Commands& commands) {
  auto* schedule = commands.noun("schedule", "Schedules: tasks that come again and again, by the wall clock");
  add_set(commands, schedule);
  add_list(commands, schedule);
  add_looks(commands, schedule);
  add_changes(commands, schedule);
}

}  // namespace arbiter::cli
