#include "core/alarm.h"

namespace arbiter::core {
namespace {

constexpr std::size_t kTitleBytesMax = 300;

// At most so many bytes, and no half of a character.
std::string shortened(std::string text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  constexpr std::string_view kMore = "...";
  std::size_t end = bytes_max - kMore.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  text.resize(end);
  return text.append(kMore);
}

// A queue whose tasks die one after the other is one thing to look at.
Alarm of_dead(const TaskFailed& e, const Task& task) {
  std::string title =
      "Task " + task.id + " (" + task.profile->type.value + ") on queue " + task.queue->name + " is dead";
  if (e.error) title += ": " + e.error->message.value;
  return {Severity::kWarning, true, "dead_tasks:" + task.queue->name, shortened(std::move(title), kTitleBytesMax)};
}

// Each question is one of its own.
Alarm of_question(const QuestionAsked& e) {
  std::string title = "Worker " + e.worker.value + " asks about task " + e.task.value + ": " + e.text;
  return {Severity::kWarning, true, "question:" + e.id.value, shortened(std::move(title), kTitleBytesMax)};
}

Alarm of_incident(const IncidentOpened& e) {
  return {e.severity, true, "incident:" + e.cause, shortened(e.title, kTitleBytesMax)};
}

std::string subject_of(const BudgetFigures& e) {
  std::string text = "Budget " + e.name.value;
  if (e.subject == kOtherSubjects) return text + " for the subjects that share its last meter";
  if (e.scope == BudgetScope::kNamespace) return text;
  return text + " for " + base::to_text(e.scope) + " " + e.subject;
}

std::string cause_of(const BudgetFigures& e, std::string_view level) {
  return budget_cause(e.name.value, e.subject).append(" ").append(level);
}

// One that failed with what it depends on needs nobody: that does.
const TaskFailed* death_in(const EventBody& body) {
  const auto* failed = std::get_if<TaskFailed>(&body);
  const bool is_dead = failed && failed->state == TaskState::kFailed && failed->reason != Reason::kDependencyFailed;
  return is_dead ? failed : nullptr;
}

}  // namespace

Alarm alarm_of(const EventBody& body, const State& state) {
  if (const auto* failed = death_in(body)) {
    if (const Task* task = state.find_task(failed->id.value)) return of_dead(*failed, *task);
  }
  if (const auto* asked = std::get_if<QuestionAsked>(&body)) return of_question(*asked);
  if (const auto* opened = std::get_if<IncidentOpened>(&body)) return of_incident(*opened);
  if (const auto* warned = std::get_if<BudgetWarned>(&body)) {
    return {Severity::kWarning, true, cause_of(*warned, "warned"), subject_of(*warned) + " is nearly used up"};
  }
  // Whom that holds up is in the incident that is opened then.
  if (const auto* exhausted = std::get_if<BudgetExhausted>(&body)) {
    return {Severity::kCritical, false, cause_of(*exhausted, "exhausted"), subject_of(*exhausted) + " is used up"};
  }
  std::string what = type_of(body) + ' ' + entity_of(body);
  return {Severity::kInfo, false, what, what};
}

bool needs_human(const EventBody& body) {
  return death_in(body) || std::holds_alternative<QuestionAsked>(body) ||
         std::holds_alternative<IncidentOpened>(body) || std::holds_alternative<BudgetWarned>(body);
}

bool is_about_effects(const EventBody& body) {
  return std::holds_alternative<EffectCreated>(body) || std::holds_alternative<EffectStarted>(body) ||
         std::holds_alternative<EffectDelivered>(body) || std::holds_alternative<EffectFailed>(body) ||
         std::holds_alternative<EffectGivenUp>(body) || std::holds_alternative<EffectRetried>(body) ||
         std::holds_alternative<EffectRemoved>(body) || std::holds_alternative<EffectDropped>(body);
}

}  // namespace arbiter::core
