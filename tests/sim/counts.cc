#include "counts.h"

#include <cstdio>

#include "core/events.h"

namespace arbiter::sim {
namespace {

constexpr std::array<std::string_view, kKinds> kKindNames{"commands", "events", "reactions", "faults", "error codes"};

constexpr std::array<std::string_view, std::variant_size_v<core::Command>> kCommandNames{
    "SubmitTask",       "SubmitBatch",     "GetTask",          "ListTasks",
    "GetGraph",         "CancelTask",      "RetryTask",        "StartBulk",
    "GetBulk",          "LeaseTasks",      "StartTask",        "SuspendTask",
    "ResumeTask",       "ReportProgress",  "AppendLog",        "CompleteTask",
    "FailTask",         "ReleaseTask",     "ExtendLease",      "ReportTasks",
    "ReturnLeases",     "RegisterWorker",  "ListWorkers",      "GetWorker",
    "Heartbeat",        "DrainWorker",     "DeregisterWorker", "ListQueues",
    "GetQueue",         "ConfigureQueue",  "PauseQueue",       "ResumeQueue",
    "DrainQueue",       "ListKeys",        "GetKey",           "ConfigureKey",
    "PauseKey",         "ResumeKey",       "TakeSnapshot",     "CreateNamespace",
    "ListNamespaces",   "AddToken",        "FindToken",        "CreateToken",
    "ListTokens",       "RevokeToken",     "NoteTokenUses",    "RecordLifecycle",
    "SetSchedule",      "GetSchedule",     "ListSchedules",    "PauseSchedule",
    "ResumeSchedule",   "RunSchedule",     "DeleteSchedule",   "SetTaskType",
    "GetTaskType",      "ListTaskTypes",   "DeleteTaskType",   "ListCascades",
    "AskQuestion",      "GetQuestion",     "ListQuestions",    "AnswerQuestion",
    "OpenIncident",     "GetIncident",     "ListIncidents",    "AcknowledgeIncident",
    "ResolveIncident",  "NoteStoreClosed", "ListInbox",        "AssignInboxItem",
    "DismissInboxItem", "SetBudget",       "GetBudget",        "ListBudgets",
    "RaiseBudget",      "DeleteBudget",    "ListEffects",      "GetEffect",
    "RetryEffect",      "TestNotifier",    "SettleEffect"};
static_assert(std::is_same_v<std::variant_alternative_t<21, core::Command>, core::RegisterWorker>);
static_assert(std::is_same_v<std::variant_alternative_t<47, core::Command>, core::RecordLifecycle>);
static_assert(std::is_same_v<std::variant_alternative_t<54, core::Command>, core::DeleteSchedule>);
static_assert(std::is_same_v<std::variant_alternative_t<69, core::Command>, core::NoteStoreClosed>);
static_assert(std::is_same_v<std::variant_alternative_t<58, core::Command>, core::DeleteTaskType>);
static_assert(std::is_same_v<std::variant_alternative_t<77, core::Command>, core::DeleteBudget>);

static_assert(std::is_same_v<std::variant_alternative_t<82, core::Command>, core::SettleEffect>);

constexpr std::array<std::string_view, 79> kReactions{"closed at rest",
                                                      "opened when due",
                                                      "opened on demand",
                                                      "token expired",
                                                      "queued: dependencies",
                                                      "queued: time",
                                                      "queued: backoff",
                                                      "failed: lease_expired",
                                                      "failed: worker_lost",
                                                      "failed: timeout",
                                                      "failed: stalled",
                                                      "failed: deadline",
                                                      "failed: dependency_failed",
                                                      "failed: lineage_limit",
                                                      "failed: not_retryable",
                                                      "failed: reported",
                                                      "cancelled: requested",
                                                      "cancelled: reported",
                                                      "cancelled: cancel_grace",
                                                      "cancelled: dependency_failed",
                                                      "cancelled: worker_lost",
                                                      "released: released",
                                                      "released: undelivered",
                                                      "released: worker left",
                                                      "bulk cancel step",
                                                      "bulk retry step",
                                                      "grant to a waiting worker",
                                                      "waited in vain",
                                                      "cascade went on",
                                                      "ended task brought back",
                                                      "stall given back",
                                                      "recovered",
                                                      "fired: due",
                                                      "fired: late",
                                                      "fired: requested",
                                                      "skipped: overlap",
                                                      "skipped: misfire",
                                                      "skipped: misfire_limit",
                                                      "skipped: runs_limit",
                                                      "skipped: paused",
                                                      "skipped: refused",
                                                      "run now refused",

                                                      "pause is over",
                                                      "unique key passed on",
                                                      "resumed after a rest",
                                                      "idle worker drained",
                                                      "lost worker removed",
                                                      "default of a type",
                                                      "payload refused by schema",
                                                      "result refused by schema",
                                                      "suspended for a question",
                                                      "question expired",
                                                      "question withdrawn",
                                                      "incident: reported",
                                                      "incident: dead_tasks",
                                                      "incident: worker_flapping",
                                                      "incident: queue_age",
                                                      "incident: store_closed",
                                                      "incident: budget",
                                                      "failed: budget",
                                                      "used-up budget raised",
                                                      "task warned",
                                                      "task exhausted",
                                                      "lineage warned",
                                                      "lineage exhausted",
                                                      "worker warned",
                                                      "worker exhausted",
                                                      "queue warned",
                                                      "queue exhausted",
                                                      "key warned",
                                                      "key exhausted",
                                                      "namespace warned",
                                                      "namespace exhausted",
                                                      "effect: quiet",
                                                      "effect: started again",
                                                      "effect: no answer in time",
                                                      "effect: made room",
                                                      "effect: answer too late",
                                                      "effect: held back"};

constexpr std::array<std::string_view, 20> kFaults{"commit failed before",
                                                   "commit failed after",
                                                   "no space",
                                                   "io error before",
                                                   "io error after",
                                                   "recovery failed",
                                                   "fenced",
                                                   "crash at rest",
                                                   "crash, batch lost",
                                                   "crash, batch kept",
                                                   "crash while opening",
                                                   "open failed",
                                                   "stall",
                                                   "wall clock forward",
                                                   "wall clock back",
                                                   "slow commit",
                                                   "late timer",
                                                   "client left",
                                                   "graceful stop",
                                                   "namespace taken over"};

constexpr std::array<std::string_view, 21> kErrors{
    "invalid_request",  "not_found",     "id_conflict",          "duplicate_task",    "stale_lease",
    "outcome_conflict", "invalid_state", "unknown_worker",       "session_replaced",  "unknown_dependency",
    "dependency_cycle", "lineage_limit", "budget_exhausted",     "too_large",         "queue_full",
    "queue_draining",   "overloaded",    "idempotency_mismatch", "store_unavailable", "unauthorized",
    "shutting_down"};

}  // namespace

std::string_view name_of(const core::Command& command) { return kCommandNames[command.index()]; }

void Counts::add(Kind kind, std::string_view name, std::uint64_t times) {
  auto& names = by_name_[static_cast<std::size_t>(kind)];
  const auto found = names.find(name);
  if (found == names.end()) {
    names.emplace(name, times);
  } else {
    found->second += times;
  }
}

void Counts::merge(const Counts& other) {
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    for (const auto& [name, times] : other.by_name_[kind]) add(static_cast<Kind>(kind), name, times);
  }
}

void Counts::expect_all() {
  for (const auto name : kCommandNames) add(Kind::kCommand, name, 0);
  base::Schemas schemas;
  for (const auto& [type, schema] : core::event_types(schemas)) add(Kind::kEvent, type, 0);
  for (const auto name : kReactions) add(Kind::kReaction, name, 0);
  for (const auto name : kFaults) add(Kind::kFault, name, 0);
  for (const auto name : kErrors) add(Kind::kError, name, 0);
}

void Counts::print() const {
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    std::printf("%s:\n", std::string(kKindNames[kind]).c_str());
    for (const auto& [name, times] : by_name_[kind]) {
      std::printf("  %-32s %12llu\n", name.c_str(), static_cast<unsigned long long>(times));
    }
  }
}

std::string Counts::missing() const {
  std::string out;
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    for (const auto& [name, times] : by_name_[kind]) {
      if (times == 0) out += "  " + std::string(kKindNames[kind]) + ": " + name + '\n';
    }
  }
  return out;
}

}  // namespace arbiter::sim
