// Questions that agents ask people in the middle of a task.
//
// The task is suspended by its own worker while something it asked is open: its time stands still and its slot is
// free, its lease stays. It goes on by itself with the last answer, expiry or withdrawal.
#include "base/ids.h"
#include "core/core.h"
#include "core/views.h"

namespace arbiter::core {

using base::ErrorCode;
using base::fail;

namespace {

std::optional<std::string> text_of(const auto& text) {
  return text ? std::optional<std::string>(text->value) : std::nullopt;
}

bool is_option(const auto& options, const std::string& answer) {
  return options.empty() ||
         std::any_of(options.begin(), options.end(), [&](const auto& o) { return o.value == answer; });
}

std::string list_of(const auto& options) {
  std::string out;
  for (const auto& option : options) out += (out.empty() ? "" : ", ") + option.value;
  return out;
}

bool is_same(const QuestionAsked& a, const QuestionAsked& b) {
  return a.task == b.task && a.text == b.text && a.options == b.options && a.default_ == b.default_ &&
         a.details == b.details;
}

}  // namespace

Core::Answer Core::on(const AskQuestion& c, Ticket) {
  base::FieldErrors errors;
  if (c.default_ && !is_option(c.options, c.default_->value)) {
    errors.add("default", "must be one of the options: " + list_of(c.options));
  }
  if (static_cast<std::int64_t>(c.details.size()) > state_.limits.inbox.details_bytes_max) {
    errors.add("details", "has more than " + std::to_string(state_.limits.inbox.details_bytes_max) + " bytes");
  }
  if (!errors.empty()) return fail({ErrorCode::kInvalidRequest, "Some fields are not valid.", errors.take()});
  auto found = leased_task(c.id.value, c.lease.value);
  if (!found) return fail(found.error());
  Task& task = **found;
  QuestionAsked e;
  e.task = c.id;
  e.lease = task.lease->number;
  e.worker.value = task.lease->worker->id;
  e.queue.value = task.queue->name;
  e.text = c.text.value;
  e.options = c.options;
  e.default_ = text_of(c.default_);
  e.details = c.details;
  if (c.expires_in_ms) e.expires_at = Timestamp{now_.now.ms + c.expires_in_ms->value};
  if (c.question_id) {
    if (const Question* known = state_.inbox.find_question(c.question_id->value)) {
      // What was answered stays so for the attempts that follow; anything else ended with its attempt.
      const bool is_current = known->asked.lease == e.lease || known->state == QuestionState::kAnswered;
      if (is_current && is_same(known->asked, e)) return Reply(AskReply{view_of(*known), /*created=*/false});
      return fail({ErrorCode::kIdConflict,
                   "Question " + known->id +
                       " exists already: it asks something else, or an earlier attempt asked it in vain."});
    }
  }
  if (auto room = check_may_ask(task); !room) return fail(room.error());
  const auto p = state_.position + 1;
  e.id = c.question_id ? *c.question_id
                       : Name(base::type_id("question", now_.now, base::random_at(state_.seed, p, 0),
                                            base::random_at(state_.seed, p, 1)));
  const Name id = e.id;
  emit(std::move(e));
  if (task.state == TaskState::kRunning) {
    emit(TaskSuspended{c.id, task.lease->number, /*by_holder=*/true, id.value, /*for_question=*/true});
  }
  return Reply(AskReply{view_of(*state_.inbox.find_question(id.value)), /*created=*/true});
}

base::Result<void> Core::check_may_ask(const Task& task) const {
  const bool waits = task.state == TaskState::kSuspended && task.lease->suspension.for_question;
  if (task.state != TaskState::kRunning && !waits) {
    return fail({ErrorCode::kInvalidState,
                 "Only a running task can ask; task " + task.id + " is " + base::to_text(task.state) + "."});
  }
  const InboxLimits& limits = state_.limits.inbox;
  if (static_cast<std::int64_t>(state_.inbox.open_questions_of(task.id)) >= limits.questions_of_task_max) {
    return fail({ErrorCode::kInvalidState, "Task " + task.id + " has " + std::to_string(limits.questions_of_task_max) +
                                               " open questions already; wait for an answer first."});
  }
  if (state_.inbox.counts().questions >= limits.questions_max) {
    return fail({ErrorCode::kOverloaded,
                 std::to_string(limits.questions_max) + " questions wait for answers already; answer some first.",
                 {},
                 60'000});
  }
  return {};
}

Core::Answer Core::on(const GetQuestion& c, Ticket ticket) {
  const Question* question = state_.inbox.find_question(c.id.value);
  if (!question) return fail(no_question(c.id.value));
  if (c.wait_ms == 0 || question->state != QuestionState::kOpen) return Reply(view_of(*question));
  if (static_cast<std::int64_t>(waiters_.size()) >= state_.limits.waiters_max) {
    return fail({ErrorCode::kOverloaded, "Too many requests are waiting; use fewer or shorter waits.", {}, 1'000});
  }
  Waiter* waiter = park(ticket, Waiter::Kind::kQuestion, c.wait_ms);
  waiter->question = question->id;
  question_watchers_.emplace(question->id, waiter);
  return std::nullopt;
}

Core::Answer Core::on(const AnswerQuestion& c, Ticket) {
  const Question* question = state_.inbox.find_question(c.id.value);
  if (!question) return fail(no_question(c.id.value));
  if (question->state == QuestionState::kAnswered && question->answer == c.answer.value) {
    return Reply(view_of(*question));
  }
  if (question->state != QuestionState::kOpen || state_.inbox.orphans().contains(question->id)) {
    const bool answered = question->state == QuestionState::kAnswered;
    const std::string how =
        answered ? "was answered already, by " + question->answered_by.value_or("somebody") + ": " + *question->answer
                 : "is not open any more";
    return fail({ErrorCode::kInvalidState, "Question " + question->id + " " + how + "."});
  }
  if (!is_option(question->asked.options, c.answer.value)) {
    return fail({ErrorCode::kInvalidRequest,
                 "Some fields are not valid.",
                 {{"answer", "must be one of: " + list_of(question->asked.options)}}});
  }
  emit(QuestionAnswered{c.id, question->asked.task, c.answer.value, text_of(c.comment), actor_.name});
  go_on_after(*question);
  return Reply(view_of(*question));
}

base::Error Core::no_question(const std::string& id) {
  return {ErrorCode::kNotFound, "There is no question " + id +
                                    ". The latest ended ones are kept, older ones are in the "
                                    "event log."};
}

// Of many that end at once only the latest are kept.
base::Result<Reply> Core::question_reply(const std::string& id) const {
  const Question* question = state_.inbox.find_question(id);
  if (!question) return fail(no_question(id));
  return Reply(view_of(*question));
}

// ---- reactions ------------------------------------------------------------------------------------------------

void Core::fire(const Question& question) {
  emit(QuestionExpired{Name(question.id), question.asked.task, question.asked.default_});
  go_on_after(question);
}

void Core::withdraw_orphans() {
  while (!state_.inbox.orphans().empty() && budget_left() > 0) {
    const Question& question = *state_.inbox.find_question(*state_.inbox.orphans().begin());
    emit(QuestionWithdrawn{Name(question.id), question.asked.task, "The attempt that asked is over."});
  }
}

// The task goes on once nothing that it asked is open, unless it does already.
void Core::go_on_after(const Question& question) {
  Task* task = state_.find_task(question.asked.task.value);
  if (!task || !task->lease || task->lease->number != question.asked.lease) return;
  if (task->state != TaskState::kSuspended || !task->lease->suspension.for_question) return;
  if (state_.inbox.open_questions_of(task->id) > 0) return;
  const std::int64_t rested = now_.now.ms - task->lease->suspension.since;
  emit(TaskResumed{Name(task->id), task->lease->number, std::max<std::int64_t>(0, rested)});
}

}  // namespace arbiter::core
