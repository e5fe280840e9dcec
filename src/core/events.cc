#include "core/events.h"

namespace arbiter::core {
namespace {

template <typename T>
std::string tag(std::string_view kind, const T& id) {
  return std::string(kind) + ':' + std::string(id);
}

// The fixed part of each event type: its name and the kind of thing it is about.
template <typename Body>
struct Traits;
#define ARBITER_EVENT(Body, name, kind)             \
  template <>                                       \
  struct Traits<Body> {                             \
    static constexpr std::string_view kType = name; \
    static constexpr std::string_view kKind = kind; \
  };
ARBITER_EVENT(TaskSubmitted, "TASK.SUBMITTED.SUCCESS", "task")
ARBITER_EVENT(TaskQueued, "TASK.QUEUED.SUCCESS", "task")
ARBITER_EVENT(TaskAssigned, "TASK.ASSIGNED.SUCCESS", "task")
ARBITER_EVENT(TaskStarted, "TASK.STARTED.SUCCESS", "task")
ARBITER_EVENT(TaskCompleted, "TASK.COMPLETED.SUCCESS", "task")
ARBITER_EVENT(TaskFailed, "TASK.FAILED.PERMANENT", "task")
ARBITER_EVENT(TaskReleased, "TASK.RELEASED.SUCCESS", "task")
ARBITER_EVENT(TaskSuspended, "TASK.SUSPENDED.SUCCESS", "task")
ARBITER_EVENT(TaskResumed, "TASK.RESUMED.SUCCESS", "task")
ARBITER_EVENT(TaskCancelRequested, "TASK.CANCEL.REQUESTED", "task")
ARBITER_EVENT(TaskCancelled, "TASK.CANCELLED.SUCCESS", "task")
ARBITER_EVENT(TaskUniqueExpired, "TASK.UNIQUE.EXPIRED", "task")
ARBITER_EVENT(TaskRedriven, "TASK.REDRIVEN.SUCCESS", "task")
ARBITER_EVENT(WorkerRegistered, "WORKER.REGISTERED.SUCCESS", "worker")
ARBITER_EVENT(WorkerDraining, "WORKER.DRAINING.STARTED", "worker")
ARBITER_EVENT(WorkerLost, "WORKER.LOST.TIMEOUT", "worker")
ARBITER_EVENT(WorkerReturned, "WORKER.RETURNED.SUCCESS", "worker")
ARBITER_EVENT(WorkerDeregistered, "WORKER.DEREGISTERED.SUCCESS", "worker")
ARBITER_EVENT(QueueConfigured, "QUEUE.CONFIGURED.SUCCESS", "queue")
ARBITER_EVENT(QueuePaused, "QUEUE.PAUSED.SUCCESS", "queue")
ARBITER_EVENT(QueueResumed, "QUEUE.RESUMED.SUCCESS", "queue")
ARBITER_EVENT(QueueDraining, "QUEUE.DRAINING.STARTED", "queue")
ARBITER_EVENT(KeyConfigured, "KEY.CONFIGURED.SUCCESS", "key")
ARBITER_EVENT(KeyPaused, "KEY.PAUSED.SUCCESS", "key")
ARBITER_EVENT(KeyResumed, "KEY.RESUMED.SUCCESS", "key")
ARBITER_EVENT(BulkStarted, "BULK.STARTED.SUCCESS", "bulk")
ARBITER_EVENT(BulkAdvanced, "BULK.ADVANCED.SUCCESS", "bulk")
ARBITER_EVENT(NamespaceCreated, "NAMESPACE.CREATED.SUCCESS", "namespace")
ARBITER_EVENT(TokenCreated, "TOKEN.CREATED.SUCCESS", "token")
ARBITER_EVENT(TokenRevoked, "TOKEN.REVOKED.SUCCESS", "token")
ARBITER_EVENT(TokenExpired, "TOKEN.EXPIRED.SUCCESS", "token")
ARBITER_EVENT(TokenUsed, "TOKEN.USED.SUCCESS", "token")
ARBITER_EVENT(ServerLifecycle, "SERVER.LIFECYCLE.SUCCESS", "server")
ARBITER_EVENT(ScheduleSet, "SCHEDULE.SET.SUCCESS", "schedule")
ARBITER_EVENT(SchedulePaused, "SCHEDULE.PAUSED.SUCCESS", "schedule")
ARBITER_EVENT(ScheduleResumed, "SCHEDULE.RESUMED.SUCCESS", "schedule")
ARBITER_EVENT(ScheduleDeleted, "SCHEDULE.DELETED.SUCCESS", "schedule")
ARBITER_EVENT(ScheduleFired, "SCHEDULE.FIRED.SUCCESS", "schedule")
ARBITER_EVENT(ScheduleSkipped, "SCHEDULE.SKIPPED.SUCCESS", "schedule")
ARBITER_EVENT(TaskTypeSet, "TASKTYPE.SET.SUCCESS", "task_type")
ARBITER_EVENT(TaskTypeDeleted, "TASKTYPE.DELETED.SUCCESS", "task_type")
ARBITER_EVENT(QuestionAsked, "QUESTION.ASKED.SUCCESS", "question")
ARBITER_EVENT(QuestionAnswered, "QUESTION.ANSWERED.SUCCESS", "question")
ARBITER_EVENT(QuestionExpired, "QUESTION.EXPIRED.TIMEOUT", "question")
ARBITER_EVENT(QuestionWithdrawn, "QUESTION.WITHDRAWN.SUCCESS", "question")
ARBITER_EVENT(IncidentOpened, "INCIDENT.OPENED.SUCCESS", "incident")
ARBITER_EVENT(IncidentRepeated, "INCIDENT.REPEATED.SUCCESS", "incident")
ARBITER_EVENT(IncidentAcknowledged, "INCIDENT.ACKNOWLEDGED.SUCCESS", "incident")
ARBITER_EVENT(IncidentResolved, "INCIDENT.RESOLVED.SUCCESS", "incident")
ARBITER_EVENT(InboxAssigned, "INBOX.ASSIGNED.SUCCESS", "inbox")
ARBITER_EVENT(InboxDismissed, "INBOX.DISMISSED.SUCCESS", "inbox")
ARBITER_EVENT(BudgetSet, "BUDGET.SET.SUCCESS", "budget")
ARBITER_EVENT(BudgetDeleted, "BUDGET.DELETED.SUCCESS", "budget")
ARBITER_EVENT(BudgetWarned, "BUDGET.WARNED.SUCCESS", "budget")
ARBITER_EVENT(BudgetExhausted, "BUDGET.EXHAUSTED.SUCCESS", "budget")
ARBITER_EVENT(BudgetRaised, "BUDGET.RAISED.SUCCESS", "budget")
ARBITER_EVENT(BudgetReset, "BUDGET.RESET.SUCCESS", "budget")
ARBITER_EVENT(EffectCreated, "EFFECT.CREATED.SUCCESS", "effect")
ARBITER_EVENT(EffectStarted, "EFFECT.STARTED.SUCCESS", "effect")
ARBITER_EVENT(EffectDelivered, "EFFECT.DELIVERED.SUCCESS", "effect")
ARBITER_EVENT(EffectFailed, "EFFECT.FAILED.RETRY", "effect")
ARBITER_EVENT(EffectGivenUp, "EFFECT.GIVEN_UP.PERMANENT", "effect")
ARBITER_EVENT(EffectRetried, "EFFECT.RETRIED.SUCCESS", "effect")
ARBITER_EVENT(EffectRemoved, "EFFECT.REMOVED.SUCCESS", "effect")
ARBITER_EVENT(EffectDropped, "EFFECT.DROPPED.LIMIT", "notifier")
#undef ARBITER_EVENT

constexpr std::string_view kRetryType = "TASK.FAILED.RETRY";

template <typename Body>
const std::string& id_of(const Body& body) {
  if constexpr (requires { body.id; }) {
    return body.id.value;
  } else if constexpr (requires { body.hash; }) {  // of a token
    return body.name;
  } else if constexpr (requires { body.name; }) {
    return body.name.value;
  } else if constexpr (requires { body.item; }) {
    return body.item;
  } else {
    return body.what;
  }
}

template <typename Body>
std::string name_of(const Body& body) {
  if constexpr (std::is_same_v<Body, TaskFailed>) {
    if (body.state == TaskState::kPending) return std::string(kRetryType);
  }
  if constexpr (std::is_same_v<Body, ServerLifecycle>) return "SERVER." + body.what + ".SUCCESS";
  return std::string(Traits<Body>::kType);
}

// Tags beyond the event's own entity. A plain task's only tag row is its worker's, at the assignment.
template <typename Body>
std::vector<std::string> tags_of(const Body& body) {
  std::vector<std::string> tags;
  if constexpr (std::is_same_v<Body, TaskSubmitted>) {
    for (const auto& t : body.spec->tags) tags.push_back(t.value);
    if (body.spec->parent_id) tags.push_back(tag("parent", body.spec->parent_id->value));
    if (body.root_id) tags.push_back(tag("root", body.root_id->value));
  }
  if constexpr (std::is_same_v<Body, TaskAssigned>) tags.push_back(tag("worker", body.worker.value));
  if constexpr (std::is_same_v<Body, TaskFailed>) {
    if (body.worker) tags.push_back(tag("worker", body.worker->value));
  }
  if constexpr (
      requires { body.task; } && requires { body.id; })
    tags.push_back(tag("task", body.task.value));
  if constexpr (std::is_same_v<Body, QuestionAsked>) {
    tags.push_back(tag("worker", body.worker.value));
    tags.push_back(tag("queue", body.queue.value));
  }
  if constexpr (std::is_same_v<Body, IncidentOpened>) {
    if (body.task_id) tags.push_back(tag("task", body.task_id->value));
    if (body.worker_id) tags.push_back(tag("worker", body.worker_id->value));
    if (body.queue) tags.push_back(tag("queue", body.queue->value));
  }
  if constexpr (std::is_same_v<Body, EffectCreated>) tags.push_back(tag("notifier", body.notifier.value));
  if constexpr (std::is_same_v<Body, TaskCancelled>) {
    if (body.dependency) tags.push_back(tag("dependency", body.dependency->value));
  }
  if constexpr (requires { body.scope; }) {  // a meter of a budget
    if (body.scope == BudgetScope::kTask || body.scope == BudgetScope::kLineage) {
      tags.push_back(tag("task", body.subject));
    }
    if (body.scope == BudgetScope::kWorker) tags.push_back(tag("worker", body.subject));
    if (body.scope == BudgetScope::kQueue) tags.push_back(tag("queue", body.subject));
  }
  return tags;
}

// What happens to an item of the inbox is about the thing itself.
template <typename Body>
std::string entity_tag(const Body& body) {
  if constexpr (Traits<Body>::kKind == "inbox") {
    return id_of(body);
  } else {
    return tag(Traits<Body>::kKind, id_of(body));
  }
}

std::string metadata_of(const Event& event) {
  std::string out = "{\"actor\":";
  base::write_string(event.actor, out);
  if (!event.request_id.empty()) {
    out += ",\"requestId\":";
    base::write_string(event.request_id, out);
  }
  if (!event.trace.empty()) {
    out += ",\"traceparent\":";
    base::write_string(event.trace, out);
  }
  out += '}';
  return out;
}

template <typename Body>
base::Result<Event> read_body(const EventRecord& record) {
  auto body = base::from_json_text<Body>(record.data);
  if (!body) return base::fail(body.error());
  if constexpr (std::is_same_v<Body, TaskSubmitted>) {
    auto spec = base::from_json_text<TaskSpec>(record.document_spec);
    if (!spec) return base::fail(spec.error());
    body->spec = std::make_shared<const TaskSpec>(std::move(*spec));
    body->payload = RawJson(record.document_body);
  }
  if constexpr (std::is_same_v<Body, TaskCompleted>) body->result = RawJson(record.document_body);
  return Event{record.position, record.time, std::move(*body), {}, {}};
}

template <std::size_t I = 0>
base::Result<Event> read_any(const EventRecord& record) {
  if constexpr (I == std::variant_size_v<EventBody>) {
    return base::fail({base::ErrorCode::kInternal, "unknown event type " + record.type});
  } else {
    using Body = std::variant_alternative_t<I, EventBody>;
    const bool mine = record.type == Traits<Body>::kType ||
                      (std::is_same_v<Body, TaskFailed> && record.type == kRetryType) ||
                      (std::is_same_v<Body, ServerLifecycle> && record.type.starts_with("SERVER."));
    return mine ? read_body<Body>(record) : read_any<I + 1>(record);
  }
}

}  // namespace

std::string type_of(const EventBody& body) {
  return std::visit([](const auto& b) { return name_of(b); }, body);
}

std::string entity_of(const EventBody& body) {
  return std::visit([](const auto& b) { return entity_tag(b); }, body);
}

EventRecord to_record(const Event& event) {
  EventRecord record;
  record.position = event.position;
  record.time = event.time;
  record.metadata = metadata_of(event);
  std::visit(
      [&](const auto& body) {
        using Body = std::decay_t<decltype(body)>;
        record.type = name_of(body);
        // What happens to an item of the inbox is about the thing itself.
        record.entity = entity_tag(body);
        record.tags = tags_of(body);
        base::encode(body, record.data);
        if constexpr (std::is_same_v<Body, TaskSubmitted>) {
          record.has_document = true;
          base::encode(*body.spec, record.document_spec);
          record.document_body = body.payload.text();
        }
        if constexpr (std::is_same_v<Body, TaskCompleted>) {
          record.has_document = !body.result.empty();
          record.document_body = body.result.text();
        }
      },
      event.body);
  return record;
}

base::Result<Event> from_record(const EventRecord& record) { return read_any(record); }

std::vector<std::pair<std::string, std::string>> event_types(base::Schemas& schemas) {
  std::vector<std::pair<std::string, std::string>> types;
  boost::mp11::mp_for_each<boost::mp11::mp_transform<std::type_identity, EventBody>>([&](auto identity) {
    using Body = typename decltype(identity)::type;
    (void)base::schema<Body>(schemas);
    const std::string schema_name(base::JsonCodec<Body>::type_name());
    if constexpr (std::is_same_v<Body, ServerLifecycle>) {
      types.emplace_back("SERVER.STARTED.SUCCESS", schema_name);
      types.emplace_back("SERVER.STOPPED.SUCCESS", schema_name);
      types.emplace_back("SERVER.RESTORED.SUCCESS", schema_name);
    } else {
      types.emplace_back(Traits<Body>::kType, schema_name);
    }
    if constexpr (std::is_same_v<Body, TaskFailed>) types.emplace_back(kRetryType, schema_name);
  });
  return types;
}

}  // namespace arbiter::core
