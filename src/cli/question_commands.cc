// arbiter task ask, and arbiter question list | show | answer: agents ask people.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <thread>

#include "cli/cli.h"
#include "cli/fields.h"
#include "cli/table.h"
#include "cli/task_views.h"

namespace arbiter::cli {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::int64_t kAnswerWaitMs = 10'000;  // of one request; the lease is extended between two of them
constexpr auto kAskAgain = std::chrono::seconds(1);

std::string path_of(const std::string& id) { return "/api/v1/questions/" + client::escape(id); }

std::string as_table(const json::array& questions, bool colours) {
  Table table({"QUESTION", "STATE", "TASK", "WORKER", "FOR", ">AGE", ">EXPIRES", "TEXT", "ANSWER"});
  for (const auto& q : questions) {
    const std::string state = text(q, "state");
    table.add({text(q, "id"), Cell(state, state == "open" ? Colour::kYellow : Colour::kGrey), text(q, "taskId"),
               text(q, "workerId"), text(q, "assignee"), age(q, "askedAt"), state == "open" ? age(q, "expiresAt") : "",
               shortened(text(q, "text"), 60), shortened(text(q, "answer"), 40)});
  }
  return table.empty() ? "No questions.\n" : table.text(colours);
}

std::string as_fields(const json::value& question) {
  Table table({"FIELD", "VALUE"});
  for (const std::string_view key :
       {"id", "state", "text", "details", "options", "default", "answer", "answeredBy", "comment", "taskId", "queue",
        "workerId", "assignee", "askedAt", "expiresAt", "endedAt", "reason"}) {
    const std::string value = text(question, key);
    if (!value.empty()) table.add({std::string(key), value});
  }
  return table.text(false);
}

// ---- task ask -------------------------------------------------------------------------------------------------

struct Ask {
  std::string question, task, lease, default_answer, expires, details, id;
  std::vector<std::string> options;
  bool no_wait = false;
};

Result<json::object> body_of(const Ask& o) {
  json::object body{{"lease", o.lease}, {"text", o.question}};
  if (!o.options.empty()) body["options"] = client::to_array(o.options);
  if (!o.default_answer.empty()) body["default"] = o.default_answer;
  if (!o.id.empty()) body["questionId"] = o.id;
  if (!o.expires.empty()) {
    auto length = duration_argument(o.expires, "--expires");
    if (!length) return fail(length.error());
    body["expiresInMs"] = *length;
  }
  if (!o.details.empty()) {
    auto details = read_json_argument(o.details, "--details");
    if (!details) return fail(details.error());
    body["details"] = std::move(*details);
  }
  return body;
}

bool comes_back(ErrorCode code) {
  return code == ErrorCode::kConnection || code == ErrorCode::kStoreUnavailable || code == ErrorCode::kShuttingDown ||
         code == ErrorCode::kOverloaded;
}

// Waits for as long as it takes, over restarts of the server. The lease is kept meanwhile, whoever else keeps it.
Result<json::value> wait_for_answer(Context& context, const Ask& o, json::value question) {
  const std::string path = path_of(text(question, "id"));
  while (text(question, "state") == "open") {
    auto next = context.get(path + "?waitMs=" + std::to_string(kAnswerWaitMs));
    if (!next && !comes_back(next.error().code)) return fail(next.error());
    if (!next) {
      std::this_thread::sleep_for(kAskAgain);
      continue;
    }
    question = std::move(*next);
    // When the lease is lost the question is withdrawn, and the next round says so.
    if (text(question, "state") == "open") {
      (void)context.post(task_path(o.task) + "/extend", json::object{{"lease", o.lease}});
    }
  }
  return question;
}

Result<int> ask(Context& context, const Ask& o) {
  auto body = body_of(o);
  if (!body) return fail(body.error());
  auto question = context.post(task_path(o.task) + "/ask", *body);
  if (!question) return fail(question.error());
  if (o.no_wait) {
    context.show(*question, [](const json::value& q) { return text(q, "id") + "\n"; });
    return 0;
  }
  if (context.interactive()) {
    std::fprintf(stderr, "Asked as %s; waiting for the answer.\n", text(*question, "id").c_str());
  }
  auto ended = wait_for_answer(context, o, std::move(*question));
  if (!ended) return fail(ended.error());
  const bool has_answer = ended->as_object().contains("answer");
  if (has_answer || context.format == Format::kJson) {
    context.show(*ended, [](const json::value& q) { return text(q, "answer") + "\n"; });
  }
  if (has_answer) return 0;
  const bool expired = text(*ended, "state") == "expired";
  return fail({expired ? ErrorCode::kRequestTimeout : ErrorCode::kInvalidState,
               expired ? "Nobody answered in time, and there is no default."
                       : "The question was withdrawn: " + text(*ended, "reason")});
}

void add_ask(Commands& commands, CLI::App* task) {
  Context& context = commands.context();
  auto o = std::make_shared<Ask>();
  auto* command =
      commands.add(task, "ask",
                   {"Ask a person in the middle of a task, wait, print the answer; the task is suspended meanwhile",
                    "  arbiter task ask 'Delete the old branch?' --option yes --option no --default no --expires 1h\n"
                    "  name=$(arbiter task ask 'What shall the release be called?')"},
                   [&context, o] { return ask(context, *o); });
  command->add_option("text", o->question, "What to ask")->required();
  command->add_option("--task", o->task, "The task that asks [ARBITER_TASK_ID]")
      ->required()
      ->envname("ARBITER_TASK_ID");
  command->add_option("--lease", o->lease, "The lease it is held under [ARBITER_LEASE]")
      ->required()
      ->envname("ARBITER_LEASE");
  command->add_option("--option", o->options, "A possible answer; repeat it. Without any, every text is one");
  command->add_option("--default", o->default_answer, "The answer when nobody gives one in time");
  command->add_option("--expires", o->expires, "Wait so long at most (without it: for ever)");
  command->add_option("--details", o->details, "More for whoever answers, as JSON, @FILE or -");
  command->add_option("--id", o->id, "The question's own id: asked again under it, it is the same question");
  command->add_flag("--no-wait", o->no_wait, "Print the question's id and go on; the task stays suspended");
}

// ---- question -------------------------------------------------------------------------------------------------

struct ListOptions {
  std::vector<std::string> states;
  std::string task, assignee;
  std::size_t limit = 100;
};

Result<int> list(Context& context, const ListOptions& o) {
  std::string query = "/api/v1/questions?";
  for (const auto& state : o.states) query += "state=" + client::escape(state) + "&";
  if (!o.task.empty()) query += "taskId=" + client::escape(o.task) + "&";
  if (!o.assignee.empty()) query += "assignee=" + client::escape(o.assignee) + "&";
  auto questions = context.list(query + "limit=1000", o.limit);
  if (!questions) return fail(questions.error());
  context.show(*questions, [&](const json::value& value) { return as_table(items(value), context.colours()); });
  return 0;
}

struct AnswerOptions {
  std::string id, answer, comment;
};

Result<int> answer(Context& context, const AnswerOptions& o) {
  json::object body{{"answer", o.answer}};
  if (!o.comment.empty()) body["comment"] = o.comment;
  auto question = context.post(path_of(o.id) + "/answer", std::move(body));
  if (!question) return fail(question.error());
  context.show(*question, [](const json::value& q) {
    return "Answered: " + text(q, "answer") + ". Task " + text(q, "taskId") + " goes on.\n";
  });
  return 0;
}

}  // namespace

void add_question_commands(Commands& commands, CLI::App* task) {
  add_ask(commands, task);
  Context& context = commands.context();
  auto* noun = commands.noun("question", "Questions that agents ask people: list, read, answer them");
  auto listed = std::make_shared<ListOptions>();
  auto* list_command = commands.add(noun, "list", {"Questions, newest first", "  arbiter question list --state open"},
                                    [&context, listed] { return list(context, *listed); });
  list_command->add_option("--state", listed->states, "Only these: open, answered, expired, withdrawn");
  list_command->add_option("--task", listed->task, "Only those of a task");
  list_command->add_option("--assignee", listed->assignee, "Only those that are somebody's");
  list_command->add_option("--limit", listed->limit, "At most so many (0: all)")->capture_default_str();
  auto shown = std::make_shared<std::string>();
  commands
      .add(noun, "show", {"One question, with all that goes with it", "  arbiter question show QUESTION"},
           [&context, shown]() -> Result<int> {
             auto question = context.get(path_of(*shown));
             if (!question) return fail(question.error());
             context.show(*question, as_fields);
             return 0;
           })
      ->add_option("question", *shown, "The question's id")
      ->required();
  auto answered = std::make_shared<AnswerOptions>();
  auto* answer_command = commands.add(
      noun, "answer",
      {"Answer a question; its task goes on", "  arbiter question answer QUESTION yes --comment 'it is merged'"},
      [&context, answered] { return answer(context, *answered); });
  answer_command->add_option("question", answered->id, "The question's id")->required();
  answer_command->add_option("answer", answered->answer, "One of its options, or any text when it has none")
      ->required();
  answer_command->add_option("--comment", answered->comment, "More for the record");
}

}  // namespace arbiter::cli
