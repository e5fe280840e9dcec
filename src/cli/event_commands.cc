// arbiter events query | tail
#include <CLI/CLI.hpp>
#include <chrono>
#include <thread>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/table.h"

namespace arbiter::cli {
namespace {

using base::fail;

constexpr int kSilenceMs = 60'000;  // the server sends a comment more often than that
constexpr int kReconnectTries = 8;
constexpr std::chrono::milliseconds kReconnectPause{250};

struct Filter {
  std::string after;
  std::string types;
  std::string tags;
  std::string task;
  std::string snapshot;
  std::int64_t limit = 100;
  // The tags to ask for, the task's among them.
  [[nodiscard]] std::string all_tags() const {
    if (task.empty()) return tags;
    return "task:" + task + (tags.empty() ? "" : "," + tags);
  }
};

void add_filter(CLI::App* command, Filter& filter) {
  command->add_option("--after", filter.after, "Only events after this position");
  command->add_option("--types,--type", filter.types,
                      "Only these types, separated by commas: TASK.COMPLETED.SUCCESS,...");
  command->add_option("--tags,--tag", filter.tags,
                      "Only events with all of these tags, separated by commas: task:ID,worker:W");
  command->add_option("--task", filter.task, "Only events of this task");
}

std::string time_of(const json::value& event) {
  const auto time = text(event, "time");
  return time.size() > 19 ? time.substr(11, 12) : time;
}

std::string line_of(const json::value& event, bool colours) {
  return coloured(time_of(event), Colour::kGrey, colours) + "  " + text(event, "position") + "  " +
         coloured(text(event, "type"), Colour::kCyan, colours) + "  " + printable(text(event, "tags")) + "  " +
         shortened(json::serialize(at(event, "data")), 200);
}

std::string snapshot_line(const json::value& snapshot) {
  std::string line = "state at position " + text(snapshot, "position") + ":";
  for (const char* part : {"tasks", "queues", "workers"}) {
    const auto& list = at(snapshot, part);
    if (list.is_array()) line += " " + std::to_string(list.get_array().size()) + " " + part;
  }
  return line;
}

Result<int> query_events(Context& context, const Filter& filter) {
  const auto path =
      "/api/v1/events" + client::query({{"after", filter.after},
                                        {"types", filter.types},
                                        {"tags", filter.all_tags()},
                                        {"limit", std::to_string(std::min<std::int64_t>(filter.limit, 1'000))}});
  auto events = context.get(path);
  if (!events) return fail(events.error());
  context.show(*events, [&](const json::value& value) {
    Table table({">POSITION", "TIME", "TYPE", "TAGS", "DATA"});
    for (const auto& event : items(value)) {
      table.add({text(event, "position"), text(event, "time"), text(event, "type"), text(event, "tags"),
                 shortened(json::serialize(at(event, "data")), 100)});
    }
    return table.text(context.colours());
  });
  return 0;
}

Result<int> tail_events(Context& context, Filter filter) {
  auto http = context.server();
  if (!http) return fail(http.error());
  for (int failures = 0;;) {
    const auto path = "/api/v1/events/stream" + client::query({{"after", filter.after},
                                                               {"types", filter.types},
                                                               {"tags", filter.tags},
                                                               {"task", filter.task},
                                                               {"snapshot", filter.snapshot}});
    auto end = (*http)->events(path, kSilenceMs, [&](const client::ServerEvent& event) {
      failures = 0;
      if (!event.id.empty()) filter.after = event.id;
      filter.snapshot.clear();  // From now on the events tell what changes.
      auto value = base::parse_json(event.data);
      // A reader that was too slow comes back after its last event.
      if (event.type == "lagging") return true;
      if (event.type == "snapshot") {
        if (value) context.show(*value, snapshot_line);
        return true;
      }
      if (value) context.show(*value, [&](const json::value& v) { return line_of(v, context.colours()); });
      return true;
    });
    if (end) return 0;
    // A stream that broke goes on after the last event that was printed.
    if (end.error().code != base::ErrorCode::kConnection || ++failures > kReconnectTries) return fail(end.error());
    std::this_thread::sleep_for(kReconnectPause * failures);
  }
}

}  // namespace

void add_event_commands(Commands& commands) {
  Context& context = commands.context();
  auto* events = commands.noun("events", "The log of everything that happened");
  auto query = std::make_shared<Filter>();
  auto* query_command = commands.add(
      events, "query",
      {"Events of the past, oldest first",
       "  arbiter events query --tags task:build-1\n  arbiter events query --after 1000 --limit 50 -o json"},
      [&context, query] { return query_events(context, *query); });
  add_filter(query_command, *query);
  query_command->add_option("--limit", query->limit, "At most so many")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  auto tail = std::make_shared<Filter>();
  auto* tail_command = commands.add(
      events, "tail",
      {"Events as they happen, until interrupted",
       "  arbiter events tail --types TASK.FAILED.PERMANENT\n  arbiter events tail --task build-1 --after 0\n"
       "  arbiter events tail --snapshot queues,workers -o json"},
      [&context, tail] { return tail_events(context, *tail); });
  add_filter(tail_command, *tail);
  tail_command->add_option("--snapshot", tail->snapshot,
                           "Begin with the present state of these, separated by commas: tasks,queues,workers");
}

}  // namespace arbiter::cli
