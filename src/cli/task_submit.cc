// arbiter task submit | batch
#include <CLI/CLI.hpp>

#include "base/json.h"
#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/task_views.h"

namespace arbiter::cli {
namespace {

using base::fail;

constexpr std::size_t kBatchTasksMax = 1'000;

struct SubmitOptions {
  std::string type, id, queue, payload, priority, on_dependency_failure, run_at, delay, timeout, stall, deadline,
      backoff, max_backoff, worker, metadata, parent, concurrency_key, rate_key, unique_key, unique_scope,
      unique_window, on_duplicate;
  std::vector<std::string> depends_on, capabilities, languages, labels, tags;
  int max_attempts = 0;
  bool wait = false;
};

// Puts what was given into `body`; the first bad value is the error.
class Body {
 public:
  void put(std::string_view key, const std::string& value) {
    if (!value.empty()) object_[key] = value;
  }
  void put(std::string_view key, const std::vector<std::string>& values) {
    if (!values.empty()) object_[key] = client::to_array(values);
  }
  void put_duration(std::string_view key, const std::string& value, std::string_view flag) {
    if (value.empty()) return;
    auto ms = duration_argument(value, flag);
    if (!ms) return keep(ms.error());
    object_[key] = *ms;
  }
  void put_json(std::string_view key, const std::string& value, std::string_view flag) {
    if (value.empty()) return;
    auto parsed = read_json_argument(value, flag);
    if (!parsed) return keep(parsed.error());
    object_[key] = std::move(*parsed);
  }
  void put(std::string_view key, json::object part) {
    if (!part.empty()) object_[key] = std::move(part);
  }
  void keep(const base::Error& error) {
    if (!error_) error_ = error;
  }
  [[nodiscard]] Result<json::object> take() {
    if (error_) return fail(*error_);
    return std::move(object_);
  }

 private:
  json::object object_;
  std::optional<base::Error> error_;
};

json::value priority_value(const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos && text.size() < 4;
  return digits ? json::value(std::stoi(text)) : json::value(text);
}

Result<json::object> make_task(const SubmitOptions& o) {
  Body requirements;
  requirements.put("capabilities", o.capabilities);
  requirements.put("languages", o.languages);
  requirements.put("workerId", o.worker);
  if (auto labels = pairs_argument(o.labels, "--label")) {
    requirements.put("labels", std::move(*labels));
  } else {
    requirements.keep(labels.error());
  }
  auto required = requirements.take();
  if (!required) return required;
  Body retry;
  retry.put_duration("backoffMs", o.backoff, "--backoff");
  retry.put_duration("maxBackoffMs", o.max_backoff, "--max-backoff");
  auto retry_policy = retry.take();
  if (!retry_policy) return retry_policy;
  if (o.max_attempts > 0) (*retry_policy)["maxAttempts"] = o.max_attempts;

  Body body;
  body.put("type", o.type);
  body.put("id", o.id);
  body.put("queue", o.queue);
  body.put("onDependencyFailure", o.on_dependency_failure);
  body.put("runAt", o.run_at);
  body.put("deadline", o.deadline);
  body.put("parentId", o.parent);
  body.put("concurrencyKey", o.concurrency_key);
  body.put("rateKey", o.rate_key);
  body.put("uniqueKey", o.unique_key);
  body.put("uniqueScope", o.unique_window.empty() ? o.unique_scope : "window");
  body.put("onDuplicate", o.on_duplicate);
  body.put_duration("uniqueWindowMs", o.unique_window, "--unique-window");
  body.put("dependsOn", o.depends_on);
  body.put("tags", o.tags);
  body.put_json("payload", o.payload, "--payload");
  body.put_json("metadata", o.metadata, "--metadata");
  body.put_duration("delayMs", o.delay, "--delay");
  body.put_duration("timeoutMs", o.timeout, "--timeout");
  body.put_duration("stallMs", o.stall, "--stall");
  body.put("requirements", std::move(*required));
  body.put("retry", std::move(*retry_policy));
  auto task = body.take();
  if (task && !o.priority.empty()) (*task)["priority"] = priority_value(o.priority);
  return task;
}

Result<int> submit(Context& context, const SubmitOptions& o) {
  auto body = make_task(o);
  if (!body) return fail(body.error());
  auto task = context.post("/api/v1/tasks", *body);
  if (!task) return fail(task.error());
  if (o.wait) {
    task = await_end(context, text(*task, "id"), -1);
    if (!task) return fail(task.error());
  }
  context.show(*task, [&](const json::value& value) {
    std::string out = tasks_table({value}, context.colours());
    if (o.wait && !at(value, "result").is_null()) out += "\n" + text(value, "result") + "\n";
    return out;
  });
  return o.wait ? exit_code_of(*task) : 0;
}

void add_flags(CLI::App* command, SubmitOptions& o) {
  command->add_option("type,--type", o.type, "What kind of work it is: workers offer types as capabilities")
      ->required();
  command->add_option("-p,--payload", o.payload, "What the worker gets: JSON, @FILE, or - for stdin");
  command->add_option("--id", o.id, "The task's id; submitting the same again changes nothing");
  command->add_option("--queue", o.queue, "[default]");
  command->add_option("--priority", o.priority, "1..10 (10 first), or low, normal, high, critical");
  command->add_option("--depends-on,--after", o.depends_on, "Tasks that must end first, separated by commas")
      ->delimiter(',');
  command->add_option("--on-dependency-failure", o.on_dependency_failure, "When one of them fails: cancel, fail or run")
      ->check(CLI::IsMember({"cancel", "fail", "run"}));
  command->add_option("--delay", o.delay, "Not before this time has passed: 10s, 5m, 2h");
  command->add_option("--run-at", o.run_at, "Not before this time: 2026-01-31T12:00:00Z");
  command->add_option("--timeout", o.timeout, "How long an attempt may take");
  command->add_option("--stall", o.stall, "How long an attempt may go without a sign of progress");
  command->add_option("--deadline", o.deadline, "When it must have ended: 2026-01-31T12:00:00Z");
  command->add_option("--max-attempts", o.max_attempts, "How often it is tried [3]")->check(CLI::Range(1, 100));
  command->add_option("--backoff", o.backoff, "The pause before the second attempt; doubles for each more [1s]");
  command->add_option("--max-backoff", o.max_backoff, "The longest such pause [1m]");
  command->add_option("--capability", o.capabilities, "What its worker must be able to do, besides the type");
  command->add_option("--language", o.languages, "A language that its worker must know");
  command->add_option("--label", o.labels, "key=value that its worker must have");
  command->add_option("--worker", o.worker, "The only worker that may do it");
  command->add_option("--tag", o.tags, "A tag to find it by; repeat for more");
  command->add_option("--metadata", o.metadata, "Anything to keep with it: JSON, @FILE, or -");
  command->add_option("--concurrency-key", o.concurrency_key,
                      "The key whose concurrency limit and share it counts under");
  command->add_option("--rate-key", o.rate_key, "The key whose rate limit it counts under");
  command->add_option("--unique-key", o.unique_key, "At most one task holds this key; see --unique-scope");
  command
      ->add_option("--unique-scope", o.unique_scope, "How long it holds it: while queued, or until it ended [running]")
      ->check(CLI::IsMember({"queued", "running"}));
  command->add_option("--unique-window", o.unique_window, "It holds it for this time from now on, ended or not");
  command->add_option("--on-duplicate", o.on_duplicate, "When another task holds the key: refuse, existing or replace")
      ->check(CLI::IsMember({"refuse", "existing", "replace"}));
  command->add_option("--parent", o.parent, "The task that it belongs to");
  command->add_flag("--wait", o.wait, "Wait for its end and print its result; exit code 0 only when it completed");
}

// {"tasks": [...]}, a list of tasks, or one task per line.
Result<json::array> read_tasks(const std::string& path) {
  auto content = read_file(path);
  if (!content) return fail(content.error());
  auto whole = base::parse_json(*content);
  if (whole && whole->is_array()) return whole->get_array();
  if (whole && at(*whole, "tasks").is_array()) return at(*whole, "tasks").get_array();
  json::array tasks;
  std::size_t number = 0;
  for (const auto& line : CLI::detail::split(*content, '\n')) {
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    auto task = base::parse_json(line);
    if (!task) {
      return fail(
          {base::ErrorCode::kInvalidRequest, path + ":" + std::to_string(number) +
                                                 ": is not JSON. The file holds {\"tasks\": [...]}, a list of " +
                                                 "tasks, or one task per line."});
    }
    tasks.push_back(std::move(*task));
  }
  return tasks;
}

Result<int> submit_batch(Context& context, const std::string& path) {
  auto tasks = read_tasks(path);
  if (!tasks) return fail(tasks.error());
  if (tasks->empty() || tasks->size() > kBatchTasksMax) {
    return fail({base::ErrorCode::kInvalidRequest,
                 "A batch has 1 to 1000 tasks; `" + path + "` has " + std::to_string(tasks->size()) + "."});
  }
  auto answer = context.post("/api/v1/tasks/batch", {{"tasks", std::move(*tasks)}}, 60'000);
  if (!answer) return fail(answer.error());
  context.show(*answer, [&](const json::value& value) {
    Table table({"TASK", "STATE", "NEW"});
    for (const auto& task : items(value, "tasks")) {
      const auto state = text(task, "state");
      table.add({text(task, "id"), Cell(state, state_colour(state)),
                 at(task, "created") == json::value(true) ? "yes" : "no"});
    }
    return table.text(context.colours());
  });
  return 0;
}

}  // namespace

void add_task_submit_commands(Commands& commands, CLI::App* task) {
  Context& context = commands.context();
  auto o = std::make_shared<SubmitOptions>();
  auto* command =
      commands.add(task, "submit",
                   {"Submit one task",
                    "  arbiter task submit shell --payload '{\"run\": \"make test\"}' --wait\n"
                    "  arbiter task submit review --id pr-17 --payload @pr.json --priority high --timeout 10m\n"
                    "  arbiter task submit deploy --depends-on build,test --max-attempts 1"},
                   [&context, o] { return submit(context, *o); });
  add_flags(command, *o);
  auto path = std::make_shared<std::string>();
  commands
      .add(task, "batch",
           {"Submit up to 1,000 tasks, all or none; they may depend on each other in any order",
            "  arbiter task batch tasks.json\n"
            "  printf '%s\\n' '{\"id\":\"a\",\"type\":\"shell\"}' '{\"type\":\"shell\",\"dependsOn\":[\"a\"]}' | "
            "arbiter task batch -"},
           [&context, path] { return submit_batch(context, *path); })
      ->add_option("file", *path, "{\"tasks\": [...]}, a list, or one task per line; - for stdin")
      ->required();
}

}  // namespace arbiter::cli
