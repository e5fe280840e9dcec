// Incidents: opened by agents, people and the rules of the server; one per cause at a time.
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

base::Error no_incident(const std::string& id) {
  return {ErrorCode::kNotFound, "There is no incident " + id +
                                    ". The latest resolved ones are kept, older ones are in "
                                    "the event log."};
}

}  // namespace

void Core::open_incident(const IncidentReport& report) {
  if (const Incident* open = state_.inbox.unresolved(report.cause)) {
    emit(IncidentRepeated{Name(open->id), report.cause, std::max(open->opened.severity, report.severity), report.title,
                          report.evidence});
    return;
  }
  // Over the limit the newest ones are left out: those that are there need somebody first. The log has their reasons.
  if (state_.inbox.counts().incidents >= state_.limits.inbox.incidents_max) return;
  const auto p = state_.position + 1;
  emit(IncidentOpened{
      Name(base::type_id("incident", now_.now, base::random_at(state_.seed, p, 0), base::random_at(state_.seed, p, 1))),
      report.cause, report.rule, report.severity, report.title, report.evidence, report.task_id, report.queue,
      report.worker_id, actor_.name});
}

void Core::resolve_incident(std::string_view cause, std::string comment) {
  const Incident* open = state_.inbox.unresolved(cause);
  if (open) emit(IncidentResolved{Name(open->id), std::string(cause), std::move(comment), actor_.name});
}

Core::Answer Core::on(const OpenIncident& c, Ticket) {
  if (static_cast<std::int64_t>(c.evidence.size()) > state_.limits.inbox.details_bytes_max) {
    return fail({ErrorCode::kInvalidRequest,
                 "Some fields are not valid.",
                 {{"evidence", "has more than " + std::to_string(state_.limits.inbox.details_bytes_max) + " bytes"}}});
  }
  const Incident* open = state_.inbox.unresolved(c.cause.value);
  if (!open && state_.inbox.counts().incidents >= state_.limits.inbox.incidents_max) {
    return fail({ErrorCode::kOverloaded,
                 std::to_string(state_.limits.inbox.incidents_max) + " incidents are open already; resolve some first.",
                 {},
                 60'000});
  }
  open_incident(
      {c.cause.value, IncidentRule::kReported, c.severity, c.title.value, c.evidence, c.task_id, c.queue, c.worker_id});
  return Reply(OpenIncidentReply{view_of(*state_.inbox.unresolved(c.cause.value)), /*created=*/open == nullptr});
}

Core::Answer Core::on(const GetIncident& c, Ticket) {
  const Incident* incident = state_.inbox.find_incident(c.id.value);
  if (!incident) return fail(no_incident(c.id.value));
  return Reply(view_of(*incident));
}

Core::Answer Core::on(const AcknowledgeIncident& c, Ticket) {
  const Incident* incident = state_.inbox.find_incident(c.id.value);
  if (!incident) return fail(no_incident(c.id.value));
  if (incident->state == IncidentState::kResolved) {
    return fail({ErrorCode::kInvalidState, "Incident " + incident->id + " is resolved already."});
  }
  if (incident->state == IncidentState::kOpen) emit(IncidentAcknowledged{c.id, text_of(c.comment), actor_.name});
  return Reply(view_of(*incident));
}

Core::Answer Core::on(const ResolveIncident& c, Ticket) {
  const Incident* incident = state_.inbox.find_incident(c.id.value);
  if (!incident) return fail(no_incident(c.id.value));
  if (incident->state != IncidentState::kResolved) {
    emit(IncidentResolved{c.id, incident->opened.cause, text_of(c.comment), actor_.name});
  }
  return Reply(view_of(*incident));
}

Core::Answer Core::on(const NoteStoreClosed& c, Ticket) {
  std::string evidence = "{\"problem\":";
  base::write_string(c.problem, evidence);
  evidence += ",\"closedMs\":" + std::to_string(c.closed_ms) + "}";
  open_incident({.cause = "store_closed",
                 .rule = IncidentRule::kStoreClosed,
                 .severity = Severity::kCritical,
                 .title = "The namespace did not serve for " + std::to_string(c.closed_ms / 1'000) +
                          " s: its store had failed. Examine the disk.",
                 .evidence = RawJson(evidence)});
  return Reply(Done{});
}

}  // namespace arbiter::core
