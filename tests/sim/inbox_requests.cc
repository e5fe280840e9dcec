// The requests that Clients make up about questions, incidents and the inbox.
#include "clients.h"

namespace arbiter::sim {

namespace {

const std::array<std::string, 3> kCauses{"disk", "network", "licences"};
const std::array<std::string, 2> kPeople{"ada", "bob"};

}  // namespace

core::Command Clients::ask() {
  const Held h = held();
  core::AskQuestion c;
  c.id = h.task;
  c.lease = h.lease;
  c.text = core::QuestionText("Go on?");
  if (random_.percent(50)) {
    c.options.emplace_back("yes");
    c.options.emplace_back("no");
  }
  if (random_.percent(40)) c.default_ = core::AnswerText("no");
  if (random_.percent(60)) c.expires_in_ms = random_.range(100, random_.percent(50) ? 3'000 : 60'000);
  if (random_.percent(20)) c.question_id = core::Name("q" + std::to_string(random_.below(20)));
  if (random_.percent(3)) {
    c.options.clear();
    c.options.emplace_back("yes");
    c.default_ = core::AnswerText("perhaps");
    bad_now_ = true;
  }
  return c;
}

// Mostly one that is open.
core::Name Clients::some_question() {
  std::vector<const std::string*> ids;
  const bool any = random_.percent(15);
  for (const auto& [id, question] : model_.inbox.questions) {
    if (any || question.open()) ids.push_back(&id);
  }
  return ids.empty() ? core::Name("q-of-nobody") : core::Name(*ids[random_.below(ids.size())]);
}

core::Command Clients::question() {
  if (random_.percent(35)) return ask();
  if (random_.percent(50)) {
    core::AnswerQuestion c{some_question(), core::AnswerText(random_.percent(50) ? "yes" : "no"), {}};
    if (random_.one_in(20)) c.answer = core::AnswerText("perhaps");
    if (random_.percent(20)) c.comment = core::Remark("as agreed");
    return c;
  }
  if (random_.percent(70)) return core::GetQuestion{some_question(), wait(50)};
  core::ListQuestions c;
  if (random_.percent(50)) c.state.push_back(static_cast<core::QuestionState>(random_.below(4)));
  if (random_.percent(20)) c.task_id = specs_.any_id();
  if (random_.percent(50)) c.limit = random_.range(1, 5);
  if (random_.percent(30)) c.cursor = std::to_string(random_.range(1, 500));
  return c;
}

core::Name Clients::some_incident() {
  const auto& all = model_.inbox.incidents;
  if (all.empty() || random_.one_in(30)) return core::Name("incident-of-nobody");
  auto it = all.begin();
  std::advance(it, static_cast<std::ptrdiff_t>(random_.below(all.size())));
  return core::Name(it->first);
}

core::Command Clients::incident() {
  switch (random_.below(6)) {
    case 0:
      return core::AcknowledgeIncident{some_incident(), {}};
    case 1:
      return core::ResolveIncident{some_incident(), core::Remark("it works again")};
    case 2:
      return core::GetIncident{some_incident()};
    case 3: {
      core::ListIncidents c;
      if (random_.percent(50)) c.state.push_back(static_cast<core::IncidentState>(random_.below(3)));
      if (random_.percent(30)) c.limit = random_.range(1, 3);
      return c;
    }
    default: {
      core::OpenIncident c;
      c.cause = core::Cause(random_.pick(kCauses));
      c.title = "It does not work";
      c.severity = static_cast<core::Severity>(random_.below(3));
      return c;
    }
  }
}

std::string Clients::some_item() {
  switch (random_.below(3)) {
    case 0:
      return "question:" + some_question().value;
    case 1:
      return "incident:" + some_incident().value;
    default:
      break;
  }
  std::vector<const std::string*> dead;
  for (const auto& [id, history] : model_.inbox.dead) {
    if (history.latest().value_or(false)) dead.push_back(&id);
  }
  return "task:" + (dead.empty() ? specs_.any_id().value : *dead[random_.below(dead.size())]);
}

core::Command Clients::inbox() {
  if (random_.percent(15)) return core::NoteStoreClosed{"The disk was gone.", random_.range(0, 100'000)};
  if (random_.percent(30)) {
    core::AssignInboxItem c{some_item(), {}};
    if (random_.percent(80)) c.assignee = core::Person(random_.pick(kPeople));
    return c;
  }
  if (random_.percent(30)) return core::DismissInboxItem{some_item(), {}};
  core::ListInbox c;
  if (random_.percent(40)) c.kind.push_back(static_cast<core::InboxKind>(random_.below(3)));
  if (random_.percent(20)) c.assignee = core::Person(random_.pick(kPeople));
  if (random_.percent(40)) c.limit = random_.range(1, 5);
  return c;
}

}  // namespace arbiter::sim
