// arbiter run FILE: a whole job with its own workers, and where needed with its own server.
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "base/clock.h"
#include "base/json.h"
#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/job.h"
#include "cli/job_plan.h"
#include "cli/local_fleet.h"
#include "cli/run_record.h"
#include "cli/run_view.h"
#include "cli/table.h"
#include "cli/task_views.h"

namespace arbiter::cli {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using base::fail;

constexpr int kTickMs = 250;
constexpr int kAwayMs = 60'000;  // so long a server that is not ours may be away
constexpr int kStuckMs = 5'000;
constexpr int kQuestionsMs = 1'000;  // so often it is asked what the steps ask
constexpr int kExitInterrupted = 130;
constexpr std::size_t kFailuresShown = 5;
constexpr std::size_t kLogLinesShown = 5;

struct RunOptions {
  std::string file;
  int workers = 0;  // 0: as the file says
  bool resume = false;
};

std::int64_t now_ms() { return base::SystemClock{}.monotonic_ms(); }

std::string full_path(const fs::path& path) {
  std::error_code code;
  const auto full = fs::absolute(path.empty() ? fs::path(".") : path, code);
  std::string text = (code ? path : full).lexically_normal().string();
  while (text.size() > 1 && text.ends_with('/')) text.pop_back();
  return text;
}

int open_signals() {
  sigset_t handled;
  ::sigemptyset(&handled);
  for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) ::sigaddset(&handled, signal);
  ::sigprocmask(SIG_BLOCK, &handled, nullptr);
  return ::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK);
}

class Run {
 public:
  Run(Context& context, const RunOptions& options, Job job)
      : context_(context),
        options_(options),
        job_(std::move(job)),
        data_(full_path(client::data_directory(context.settings))) {}
  ~Run() {
    if (signal_fd_ >= 0) ::close(signal_fd_);
  }

  Result<int> go() {
    if (auto named = name_run(); !named) return fail(named.error());
    signal_fd_ = open_signals();
    if (auto found = find_server(); !found) return fail(found.error());
    if (options_.resume) {
      if (auto found = find_stale_steps(); !found) return fail(found.error());
    }
    tasks_ = plan(job_, record_.run, record_.rounds);
    if (!record_.rounds.empty()) {
      if (auto cancelled = cancel_replaced(); !cancelled) return fail(cancelled.error());
    }
    if (auto submitted = submit(); !submitted) return fail(submitted.error());
    WorkerFleet fleet(fleet_options());
    if (auto started = fleet.start(); !started) return fail(started.error());
    RunView view(context_, tasks_, fleet.names());
    view.say("Run " + record_.run + ": " + std::to_string(tasks_.size()) + " tasks, " +
             std::to_string(fleet.names().size()) + " workers, server " + (*context_.server())->endpoint().url() +
             (server_.running() ? " (its own)" : ""));
    auto followed = follow(view, fleet);
    view.finish();
    fleet.stop();
    if (!followed) return fail(followed.error());
    if (!view.all_ended()) return conclude_early(view);
    record_.finished = true;
    (void)record_.write(full_path(options_.file));
    return conclude(view);
  }

 private:
  Result<void> name_run() {
    std::error_code code;
    fs::create_directories(data_ + "/runs", code);
    if (code)
      return fail({ErrorCode::kInvalidRequest,
                   "`" + data_ + "` cannot be used: " + code.message() + "; name another with --data."});
    record_.path = data_ + "/runs/" + job_.name + ".json";
    auto read = record_.read();
    if (options_.resume) {
      if (!read) return read;
      if (record_.run.empty()) {
        return fail({ErrorCode::kNotFound, "There is no run of `" + job_.name + "` in " + data_ +
                                               "/runs to resume; run it without --resume."});
      }
      return {};
    }
    if (!record_.run.empty() && !record_.finished && context_.format != Format::kJson) {
      context_.print("(The run " + record_.run + " was not finished; --resume would have gone on with it.)");
    }
    record_.run = job_.name + "-" + client::new_key().substr(0, 8);
    record_.rounds.clear();
    record_.finished = false;
    return record_.write(full_path(options_.file));
  }

  // The server that was named; else one that runs on our data directory; else one of our own.
  Result<void> find_server() {
    const char* named = std::getenv("ARBITER_URL");
    const bool must = !context_.settings.url.empty() || (named && *named);
    client::Settings settings = context_.settings;
    settings.data_directory = data_;
    auto endpoint = client::discover(settings);
    if (!endpoint) return fail(endpoint.error());
    if (must || !client::url_in(data_).empty()) {
      client::Http http(*endpoint);
      auto version = http.get("/api/v1/version", must ? 5'000 : 1'000);
      if (!version && must) return fail(version.error());
      if (version) {
        context_.use(*endpoint);
        return {};
      }
    }
    if (auto started = server_.start(data_, data_ + "/runs/server.log"); !started) return started;
    client::Endpoint own = server_.endpoint();
    own.namespace_name = endpoint->namespace_name;
    context_.use(own);
    return {};
  }

  // Tasks that are done once more count what they need as it is then, so what failed is tried again before them.
  Result<void> submit() {
    std::vector<const PlannedTask*> first;
    std::vector<const PlannedTask*> again;
    for (const auto& planned : tasks_) (record_.rounds.contains(planned.step) ? again : first).push_back(&planned);
    if (auto submitted = submit(first); !submitted) return submitted;
    if (options_.resume) {
      if (auto retried = retry_failed(); !retried) return retried;
    }
    return submit(again);
  }

  Result<void> submit(const std::vector<const PlannedTask*>& planned) {
    for (std::size_t from = 0; from < planned.size(); from += kBatchTasksAtMost) {
      json::array batch;
      for (std::size_t i = from; i < std::min(planned.size(), from + kBatchTasksAtMost); ++i) {
        batch.emplace_back(planned[i]->body);
      }
      auto answer = context_.post("/api/v1/tasks/batch", {{"tasks", std::move(batch)}}, 60'000);
      if (!answer && answer.error().code == ErrorCode::kIdConflict) {
        return fail({ErrorCode::kIdConflict, "The job was changed since run " + record_.run +
                                                 " began, so it cannot go on; start a new run without --resume."});
      }
      if (!answer) return fail(answer.error());
    }
    return {};
  }

  // A step that ran although something it needs had failed is done once more when that is tried again, and with it all
  // that comes after the failed steps: as new tasks, since a completed task stays as it is.
  Result<void> find_stale_steps() {
    auto listed = context_.list(list_path() + "&state=failed,completed", 0);
    if (!listed) return fail(listed.error());
    std::map<std::string, std::string> states;
    for (const auto& task : items(*listed)) states[text(task, "id")] = text(task, "state");
    std::set<std::string> failed;
    std::set<std::string> completed;
    for (const auto& planned : plan(job_, record_.run, record_.rounds)) {
      const auto state = states.find(planned.id);
      if (state != states.end()) (state->second == "failed" ? failed : completed).insert(planned.step);
    }
    const auto after = steps_after(job_, failed);
    const bool stale =
        std::any_of(after.begin(), after.end(), [&](const auto& step) { return completed.contains(step); });
    if (after.empty() || (!stale && record_.rounds.empty())) return {};
    for (const auto& step : after) record_.rounds[step] = std::max<std::int64_t>(1, record_.rounds[step]) + 1;
    return record_.write(full_path(options_.file));
  }

  // What new tasks stand for is not done as well.
  Result<void> cancel_replaced() {
    auto listed = context_.list(list_path() + "&state=pending,queued,assigned,running", 0);
    if (!listed) return fail(listed.error());
    for (const auto& task : items(*listed)) {
      if (is_planned(text(task, "id"))) continue;
      auto cancelled = context_.post(task_path(text(task, "id")) + "/cancel", {{"reason", "done again as a new task"}});
      if (!cancelled && cancelled.error().code != ErrorCode::kInvalidState) return fail(cancelled.error());
    }
    return {};
  }

  [[nodiscard]] bool is_planned(const std::string& id) const {
    return std::any_of(tasks_.begin(), tasks_.end(), [&](const auto& planned) { return planned.id == id; });
  }

  // What failed for good in the run that is resumed gets fresh attempts, and so does what was cancelled because of it
  // (unless that is done as new tasks).
  Result<void> retry_failed() {
    auto failed = context_.list(list_path() + "&state=failed", 0);
    if (!failed) return fail(failed.error());
    for (const auto& task : items(*failed)) {
      if (!is_planned(text(task, "id"))) continue;
      auto retried = context_.post(task_path(text(task, "id")) + "/retry", {{"dependents", record_.rounds.empty()}});
      if (!retried) return fail(retried.error());
    }
    return {};
  }

  [[nodiscard]] std::string list_path() const {
    return "/api/v1/tasks" + client::query({{"tag", run_tag(record_.run)}, {"limit", "1000"}});
  }

  [[nodiscard]] WorkerFleetOptions fleet_options() {
    WorkerFleetOptions fleet;
    fleet.endpoint = (*context_.server())->endpoint();
    fleet.run = record_.run;
    fleet.directory = full_path(fs::path(options_.file).parent_path() / job_.directory);
    fleet.log_file = data_ + "/runs/" + record_.run + ".log";
    std::set<std::string> queues;
    for (const auto& step : job_.steps) {
      if (!step.run.empty()) queues.insert(step.queue.empty() ? run_queue(job_) : step.queue);
    }
    fleet.queues.assign(queues.begin(), queues.end());
    fleet.count = queues.empty() ? 0 : options_.workers > 0 ? options_.workers : job_.workers;
    fleet.environment = {"ARBITER_CALLER_DIRECTORY=" + full_path(".")};
    return fleet;
  }

  // Until all have ended, or a signal says stop.
  Result<void> follow(RunView& view, WorkerFleet& fleet) {
    std::int64_t away_since = 0;
    for (;;) {
      const std::int64_t began = now_ms();
      auto listed = context_.list(list_path(), 0);
      if (listed) {
        away_since = 0;
        view.remark("");
        view.update(items(*listed));
        if (view.all_ended()) return {};
        hint(view);
        tell_questions(view);
      } else {
        if (away_since == 0) away_since = now_ms();
        if (base::info(listed.error().code).exit_code < 6 || now_ms() - away_since > kAwayMs)
          return fail(listed.error());
        view.remark("the server is away; waiting for it");
        view.tick();
      }
      // A list that takes long is asked for less often.
      const auto pause = std::max<std::int64_t>(kTickMs, 5 * (now_ms() - began));
      if (interrupted(static_cast<int>(pause))) return {};
      if (auto kept = keep_alive(view, fleet); !kept) return kept;
    }
  }

  // Sleeps; true when a signal asks to stop.
  [[nodiscard]] bool interrupted(int ms) const {
    pollfd one{signal_fd_, POLLIN, 0};
    (void)::poll(&one, 1, ms);
    signalfd_siginfo signal{};
    bool stop = false;
    while (::read(signal_fd_, &signal, sizeof signal) > 0) stop = stop || signal.ssi_signo != SIGCHLD;
    return stop;
  }

  Result<void> keep_alive(RunView& view, WorkerFleet& fleet) {
    auto revived = server_.revive();
    if (!revived) return fail(revived.error());
    if (*revived) view.say("The server died and was started again; nothing is lost.");
    if (const int workers = fleet.revive(); workers > 0) {
      view.say(std::to_string(workers) + (workers == 1 ? " worker" : " workers") + " died and " +
               (workers == 1 ? "was" : "were") + " started again; what was running is tried again.");
    }
    return {};
  }

  // Says what a step asks a person, once, and how to answer.
  void tell_questions(RunView& view) {
    if (view.counts().suspended == 0 || now_ms() - asked_ms_ < kQuestionsMs) return;
    asked_ms_ = now_ms();
    auto open = context_.list("/api/v1/questions" + client::query({{"state", "open"}, {"limit", "1000"}}), 0);
    if (!open) return;  // The next look will tell.
    for (const auto& question : items(*open)) {
      const auto id = text(question, "id");
      if (!is_planned(text(question, "taskId")) || !told_.insert(id).second) continue;
      std::string options;
      for (const auto& option : items(question, "options")) options += (options.empty() ? "" : " | ") + text(option);
      view.say(coloured(text(question, "taskId") + " asks: ", Colour::kYellow, context_.colours()) +
               printable(text(question, "text")) + (options.empty() ? "" : printable(" [" + options + "]")));
      view.say("  Answer in the dashboard (arbiter page), or: arbiter question answer " + id + " ANSWER");
    }
  }

  // Says once what a job waits for when nothing moves.
  void hint(RunView& view) {
    const auto busy = view.counts().running + view.counts().suspended;
    const auto moved = view.counts().ended() * 1'000'000 + busy;
    if (moved != last_moved_ || busy > 0) {
      last_moved_ = moved;
      still_since_ = now_ms();
      return;
    }
    if (hinted_ || now_ms() - still_since_ < kStuckMs) return;
    for (const auto& [id, task] : view.tasks()) {
      if (text(task, "state") != "queued" || text(task, "type") == "shell") continue;
      hinted_ = true;
      view.say(id + " waits for a worker that can do `" + text(task, "type") + "` on queue `" + text(task, "queue") +
               "`; start one with `arbiter worker run --capability " + text(task, "type") + " --exec ...`.");
      return;
    }
  }

  Result<int> conclude_early(const RunView& view) {
    if (context_.format == Format::kJson) {
      print_json(view, {}, /*interrupted=*/true);
    } else {
      context_.print("Interrupted; nothing is lost. Go on with: arbiter run --resume " + options_.file);
    }
    return kExitInterrupted;
  }

  void print_json(const RunView& view, const std::map<std::string, json::value>& results, bool interrupted) const {
    auto summary = view.summary_json(results);
    summary["run"] = record_.run;
    summary["interrupted"] = interrupted;
    context_.print(json::serialize(summary));
  }

  // Lists carry no results: each task of a step with `show` is asked for by itself.
  Result<std::map<std::string, json::value>> shown_results() {
    std::map<std::string, json::value> results;
    for (const auto& step : job_.steps) {
      if (!step.show) continue;
      for (const auto& planned : tasks_) {
        if (planned.step != step.name) continue;
        auto task = context_.get(task_path(planned.id));
        if (!task) return fail(task.error());
        if (const auto& result = at(*task, "result"); !result.is_null()) results[planned.id] = result;
      }
    }
    return results;
  }

  Result<int> conclude(const RunView& view) {
    const auto& counts = view.counts();
    const bool good = counts.completed == counts.total;
    const auto results = shown_results();
    if (!results) return fail(results.error());
    if (context_.format == Format::kJson) {
      print_json(view, *results, /*interrupted=*/false);
      return good ? 0 : 1;
    }
    context_.print("\n" + view.summary());
    show_failures(view);
    for (const auto& planned : tasks_) {
      const auto shown = results->find(planned.id);
      if (shown == results->end()) continue;
      if (const auto output = text(shown->second); !output.empty()) context_.print("\n" + output);
    }
    const std::string failed =
        std::to_string(counts.failed) + " failed, " + std::to_string(counts.cancelled) + " cancelled";
    context_.print(good ? "\n" + coloured("All " + std::to_string(counts.total) + " tasks completed.", Colour::kGreen,
                                          context_.colours())
                        : "\n" + coloured(failed, Colour::kRed, context_.colours()) + " of " +
                              std::to_string(counts.total) + " tasks. Try them again with: arbiter run --resume " +
                              options_.file);
    return good ? 0 : 1;
  }

  void show_failures(const RunView& view) {
    std::size_t shown = 0;
    for (const auto& planned : tasks_) {
      const auto it = view.tasks().find(planned.id);
      if (it == view.tasks().end() || text(it->second, "state") != "failed" || shown++ >= kFailuresShown) continue;
      context_.print("\n" + coloured(planned.label, Colour::kRed, context_.colours()) +
                     " failed: " + printable(task_remark(it->second)));
      auto log = context_.get(task_path(planned.id) + "/logs?limit=1000");
      if (!log) continue;
      const auto& lines = items(*log);
      for (std::size_t i = lines.size() - std::min(lines.size(), kLogLinesShown); i < lines.size(); ++i) {
        context_.print("    " + printable(text(lines[i], "text")));
      }
    }
  }

  Context& context_;
  const RunOptions& options_;
  const Job job_;
  const std::string data_;
  RunRecord record_;
  LocalServer server_;
  std::vector<PlannedTask> tasks_;
  int signal_fd_ = -1;
  std::size_t last_moved_ = 0;
  std::int64_t still_since_ = 0;
  bool hinted_ = false;
  std::int64_t asked_ms_ = 0;
  std::set<std::string> told_;  // questions
};

Result<int> run_file(Context& context, const RunOptions& options) {
  auto content = read_file(options.file);
  if (!content) return fail(content.error());
  auto stem = fs::path(options.file).stem().string();
  if (!is_step_name(stem)) stem = "job";
  auto job = read_job(*content, options.file, stem);
  if (!job) return fail(job.error());
  return Run(context, options, std::move(*job)).go();
}

constexpr const char* kRunFooter =
    "The file:\n"
    "  name: nightly                  # [the file's name]\n"
    "  workers: 4\n"
    "  directory: ..                  # where steps run, from the file's directory [.]\n"
    "  env: {MODE: fast}\n"
    "  steps:\n"
    "    fetch: {run: 'git fetch', retry: 3, timeout: 1m}\n"
    "    test:\n"
    "      needs: fetch               # or a list\n"
    "      foreach: [unit, e2e]       # one task per item: $ITEM, and ${item} in run, with and env\n"
    "      run: make ${item}\n"
    "    report:\n"
    "      needs: test\n"
    "      on-needs-failure: run      # cancel, fail or run\n"
    "      run: cat $ARBITER_NEEDS/*  # the results of needed steps: files STEP, or STEP.0, STEP.1, ...\n"
    "      show: true                 # its output is printed at the end\n"
    "    review: {type: review, with: {path: src}}   # for workers of your own\n"
    "A step without `retry` is not tried again when its command fails or its time is over, but is when its worker is\n"
    "lost.\n"
    "Examples:\n"
    "  arbiter run examples/repository-checkup/job.yaml\n"
    "  arbiter run --workers 8 --data /var/lib/arbiter nightly.yaml\n"
    "  arbiter run --resume nightly.yaml     # after an interruption, or to try failed steps again";

}  // namespace

void add_run_command(Commands& commands) {
  Context& context = commands.context();
  auto o = std::make_shared<RunOptions>();
  auto* command = commands.add("run", {"Do a job from a YAML file with local workers; brings a server up if none runs"},
                               [&context, o] { return run_file(context, *o); });
  command->footer(kRunFooter);
  command->add_option("file", o->file, "The job")->required();
  command->add_option("-w,--workers", o->workers, "How many local workers [as the file says, else 4]")
      ->check(CLI::Range(1, kWorkersMax));
  command->add_flag("--resume", o->resume, "Go on with the latest run of this job; what failed is tried again");
}

}  // namespace arbiter::cli
