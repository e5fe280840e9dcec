// arbiter queue list | show | pause | resume | set
#include <CLI/CLI.hpp>
#include <cstdio>

#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/usage.h"

namespace arbiter::cli {
namespace {

using base::fail;

std::string path_of(const std::string& name) { return "/api/v1/queues/" + client::escape(name); }

std::string rate(const json::value& queue, std::string_view key) {
  const auto& value = at(queue, key);
  char out[32];
  std::snprintf(out, sizeof out, "%.1f/s", value.is_number() ? value.to_number<double>() : 0.0);
  return out;
}

std::string latency(const json::value& durations) {
  if (number(durations, "samples") == 0) return "";
  return human_duration(number(durations, "p50Ms")) + " / " + human_duration(number(durations, "p99Ms"));
}

std::string oldest(const json::value& queue) {
  const auto& value = at(queue, "oldestAgeMs");
  return value.is_null() ? "" : human_duration(number(queue, "oldestAgeMs"));
}

std::string as_table(const json::array& queues, bool colours) {
  Table table({"QUEUE", "STATE", ">QUEUED", ">PENDING", ">RUNNING", ">MAX", ">OLDEST", ">IN", ">DONE", ">FAILED",
               "WAIT p50/p99", "RUN p50/p99"});
  for (const auto& queue : queues) {
    const bool paused = at(queue, "paused").is_bool() && at(queue, "paused").get_bool();
    const auto& depth = at(queue, "depth");
    table.add({text(queue, "name"), Cell(paused ? "paused" : "open", paused ? Colour::kYellow : Colour::kGreen),
               std::to_string(number(depth, "queued")), std::to_string(number(depth, "pending")),
               std::to_string(number(depth, "running") + number(depth, "assigned")), text(queue, "maxDepth"),
               oldest(queue), rate(queue, "submittedPerSecond"), rate(queue, "completedPerSecond"),
               rate(queue, "failedPerSecond"), latency(at(queue, "wait")), latency(at(queue, "run"))});
  }
  return table.text(colours);
}

Result<int> show_one(Context& context, const Result<json::value>& queue) {
  if (!queue) return fail(queue.error());
  context.show(*queue, [&](const json::value& value) { return as_table({value}, context.colours()); });
  return 0;
}

}  // namespace

void add_queue_commands(Commands& commands) {
  Context& context = commands.context();
  auto* queue = commands.noun("queue", "Queues: how deep and how fast they are; pause, resume, limit them");
  commands.add(queue, "list", {"All queues with their depth, rates and durations", "  arbiter queue list"},
               [&context]() -> Result<int> {
                 auto queues = context.list("/api/v1/queues?limit=1000", 0);
                 if (!queues) return fail(queues.error());
                 context.show(*queues,
                              [&](const json::value& value) { return as_table(items(value), context.colours()); });
                 return 0;
               });
  const auto named = [&](const std::string& verb, const Help& help,
                         std::function<Result<int>(const std::string&)> body) {
    auto name = std::make_shared<std::string>();
    auto* command = commands.add(queue, verb, help, [name, body = std::move(body)] { return body(*name); });
    command->add_option("queue", *name, "The queue's name")->required();
    return command;
  };
  named("show", {"One queue", "  arbiter queue show default"},
        [&context](const auto& name) { return show_one(context, context.get(path_of(name))); });
  named("pause", {"Hand out no more tasks of a queue; running ones go on", "  arbiter queue pause nightly"},
        [&context](const auto& name) {
          return show_one(context, context.post(path_of(name) + "/pause", json::object{}));
        });
  named("resume", {"Hand out tasks of a queue again", "  arbiter queue resume nightly"}, [&context](const auto& name) {
    return show_one(context, context.post(path_of(name) + "/resume", json::object{}));
  });
  auto depth = std::make_shared<std::int64_t>(0);
  named("set", {"Set a queue's limits", "  arbiter queue set default --max-depth 100000"},
        [&context, depth](const auto& name) {
          return show_one(context, context.send("PUT", path_of(name), {{"maxDepth", *depth}}));
        })
      ->add_option("--max-depth", *depth,
                   "Most tasks that may wait in it (0: no limit); more are refused with queue_full")
      ->required()
      ->check(at_least(0));
}

}  // namespace arbiter::cli
