// The store's form of each entity, both ways. A record holds what changes; a task's definition lies in the document of
// its TASK.SUBMITTED event and is written once.
#include "base/check.h"
#include "core/state.h"
#include "core/views.h"

namespace arbiter::core {
namespace {

struct LeaseRecord {
  static constexpr bool kSparse = true;
  std::string worker;
  std::int64_t number = 0;
  std::int64_t lease_ms = 0;
  std::int64_t started_ms = 0;
  std::int64_t suspended_since_ms = 0;
  bool suspended_by_holder = false;
  std::optional<std::string> suspend_reason;
  bool suspended_for_question = false;
  std::int64_t suspended_total_ms = 0;
};
BOOST_DESCRIBE_STRUCT(LeaseRecord, (),
                      (worker, number, lease_ms, started_ms, suspended_since_ms, suspended_by_holder, suspend_reason,
                       suspended_for_question, suspended_total_ms))

struct OutcomeRecord {
  static constexpr bool kSparse = true;
  std::int64_t lease = 0;
  Outcome outcome = Outcome::kCompleted;
  bool reported = false;
  std::int64_t fingerprint = 0;
  std::int64_t started_ms = 0;
  std::int64_t ran_ms = 0;
  std::string worker;
  std::string cause;
  std::optional<TaskError> error;
  std::int64_t result_document = 0;
  std::int64_t result_bytes = 0;
  std::optional<double> quality_score;
  std::optional<Usage> usage;
};
BOOST_DESCRIBE_STRUCT(OutcomeRecord, (),
                      (lease, outcome, reported, fingerprint, started_ms, ran_ms, worker, cause, error, result_document,
                       result_bytes, quality_score, usage))

// Cost in millionths.
struct TaskMeterRecord {
  static constexpr bool kSparse = true;
  std::int64_t budget = 0;
  std::int64_t period = 0;
  std::int64_t tokens = 0;
  std::int64_t cost = 0;
  std::int64_t attempts = 0;
  std::int64_t raised_tokens = 0;
  std::int64_t raised_cost = 0;
  std::int64_t raised_attempts = 0;
  BudgetState told = BudgetState::kOpen;
  friend bool operator==(const TaskMeterRecord&, const TaskMeterRecord&) = default;
};
BOOST_DESCRIBE_STRUCT(TaskMeterRecord, (),
                      (budget, period, tokens, cost, attempts, raised_tokens, raised_cost, raised_attempts, told))

struct TaskRecord {
  static constexpr bool kSparse = true;
  TaskState state = TaskState::kPending;
  std::string type;
  std::string queue;
  std::int64_t priority = 5;
  std::int64_t failures = 0;
  std::int64_t max_attempts = 3;
  std::int64_t lineage_used = 0;
  std::optional<Reason> reason;
  std::optional<std::string> cancel_reason;
  bool cancel_requested = false;
  bool plain = false;  // nothing in the definition but type, queue, priority and payload
  std::int64_t created_ms = 0;
  std::int64_t queued_ms = 0;
  std::int64_t retry_ms = 0;
  std::int64_t run_at_ms = 0;
  std::int64_t ended_ms = 0;
  std::int64_t ended_position = 0;
  std::int64_t payload_bytes = 0;
  std::int64_t fingerprint = 0;
  std::optional<std::string> root;
  std::optional<std::string> traceparent;
  std::optional<std::string> concurrency_key;
  std::optional<std::string> rate_key;
  bool unique_over = false;
  std::optional<LeaseRecord> lease;
  std::optional<OutcomeRecord> last;
  std::vector<TaskMeterRecord> meters;
};
BOOST_DESCRIBE_STRUCT(TaskRecord, (),
                      (state, type, queue, priority, failures, max_attempts, lineage_used, reason, cancel_reason,
                       cancel_requested, plain, created_ms, queued_ms, retry_ms, run_at_ms, ended_ms, ended_position,
                       payload_bytes, fingerprint, root, traceparent, concurrency_key, rate_key, unique_over, lease,
                       last, meters))

struct WorkerRecord {
  RegisterWorker definition;
  WorkerState state = WorkerState::kLive;
  bool drains = false;
  std::int64_t session = 1;
  std::int64_t registered_ms = 0;
  std::int64_t lost_ms = 0;
};
BOOST_DESCRIBE_STRUCT(WorkerRecord, (), (definition, state, drains, session, registered_ms, lost_ms))

struct QueueRecord {
  static constexpr bool kSparse = true;
  bool paused = false;
  std::int64_t paused_until_ms = 0;
  bool draining = false;
  std::int64_t max_depth = 0;
  std::int64_t concurrency = 0;
  RateLimit rate;
  KeyLimits key_limits;
};
BOOST_DESCRIBE_STRUCT(QueueRecord, (), (paused, paused_until_ms, draining, max_depth, concurrency, rate, key_limits))

struct KeyRecord {
  static constexpr bool kSparse = true;
  bool paused = false;
  std::int64_t paused_until_ms = 0;
  std::optional<KeyLimits> limits;
};
BOOST_DESCRIBE_STRUCT(KeyRecord, (), (paused, paused_until_ms, limits))

struct BulkRecord {
  BulkAction action = BulkAction::kCancel;
  BulkState state = BulkState::kRunning;
  BulkFilter filter;
  std::optional<std::string> reason;
  std::int64_t scanned = 0;
  std::int64_t done = 0;
  std::int64_t cursor = 0;
  std::int64_t passed = 0;
  std::int64_t started_ms = 0;
  std::int64_t ended_ms = 0;
  std::int64_t position = 0;
};
BOOST_DESCRIBE_STRUCT(BulkRecord, (),
                      (action, state, filter, reason, scanned, done, cursor, passed, started_ms, ended_ms, position))

struct CreatedRecord {
  std::int64_t created_ms = 0;
};
BOOST_DESCRIBE_STRUCT(CreatedRecord, (), (created_ms))

OutcomeRecord outcome_record(const LastOutcome& last) {
  OutcomeRecord r;
  r.lease = last.lease;
  r.outcome = last.outcome;
  r.reported = last.reported;
  r.fingerprint = last.fingerprint;
  r.started_ms = last.started_at;
  r.ran_ms = last.ran_ms;
  r.worker = last.worker;
  r.cause = last.cause;
  r.error = last.error;
  r.result_document = static_cast<std::int64_t>(last.result_document);
  r.result_bytes = last.result_bytes;
  r.quality_score = last.quality_score;
  r.usage = last.usage;
  return r;
}

TaskRecord task_record(const Task& task) {
  TaskRecord r;
  r.state = task.state;
  r.type = task.profile->type.value;
  r.queue = task.queue->name;
  r.priority = task.priority;
  r.failures = task.failures;
  r.max_attempts = task.max_attempts;
  r.lineage_used = task.lineage_used;
  r.reason = task.reason;
  r.cancel_requested = task.cancel_requested;
  r.created_ms = task.created_at;
  r.queued_ms = task.queued_at;
  r.retry_ms = task.retry_at;
  r.ended_ms = task.ended_at;
  r.ended_position = static_cast<std::int64_t>(task.ended_position);
  r.payload_bytes = task.payload_bytes;
  r.fingerprint = task.fingerprint;
  r.plain = !task.extras;
  if (task.trace) r.traceparent = *task.trace;
  if (task.extras) {
    if (!task.extras->root_id.value.empty()) r.root = task.extras->root_id.value;
    if (task.extras->run_at) r.run_at_ms = task.extras->run_at->ms;
    r.cancel_reason = task.extras->cancel_reason;
    r.unique_over = task.extras->unique_over;
  }
  if (task.keys && task.keys->concurrency) r.concurrency_key = task.keys->concurrency->name;
  if (task.keys && task.keys->rate) r.rate_key = task.keys->rate->name;
  if (task.lease) {
    const Suspension& rests = task.lease->suspension;
    r.lease = LeaseRecord{task.lease->worker->id, task.lease->number, task.lease->lease_ms,
                          task.lease->started_at, rests.since,        rests.by_holder,
                          rests.reason,           rests.for_question, task.lease->suspended_ms};
  }
  if (task.last) r.last = outcome_record(*task.last);
  if (!task.meters) return r;
  for (const TaskMeter& m : *task.meters) {
    r.meters.push_back({static_cast<std::int64_t>(m.budget), static_cast<std::int64_t>(m.period), m.spent.tokens,
                        m.spent.cost, m.spent.attempts, m.raised.tokens, m.raised.cost, m.raised.attempts, m.told});
  }
  return r;
}

WorkerRecord worker_record(const Worker& w) {
  return {w.definition, w.state, w.drains, w.session, w.registered_at, w.lost_at};
}

BulkRecord bulk_record(const Bulk& b) {
  return {b.action,
          b.state,
          b.filter,
          b.reason,
          b.scanned,
          b.done,
          b.cursor,
          b.passed,
          b.started_at,
          b.ended_at,
          static_cast<std::int64_t>(b.position)};
}

// Our own records are always readable; anything else means that the store is damaged or newer than we are.
template <typename Record>
base::Result<Record> read(const StoredEntity& entity) {
  auto record = base::from_json_text<Record>(entity.body);
  if (!record) return base::fail(unreadable(entity, record.error()));
  return record;
}

EntityChange change_of(const Task& task, bool held) {
  EntityChange change{.kind = "task", .id = task.id, .body = base::to_json(task_record(task))};
  change.document = task.submitted;
  if (is_ended(task.state) && !held) {
    change.ended = true;
    change.ended_position = task.ended_position;
    change.ended_at = {task.ended_at};
    change.state = base::to_text(task.state);
    change.queue = task.queue->name;
    change.type = task.profile->type.value;
  }
  return change;
}
EntityChange change_of(const Worker& w) {
  return {.kind = "worker", .id = w.id, .body = base::to_json(worker_record(w))};
}
EntityChange change_of(const Queue& q) {
  return {.kind = "queue",
          .id = q.name,
          .body = base::to_json(
              QueueRecord{q.paused, q.paused_until, q.draining, q.max_depth, q.concurrency, q.rate, q.key_limits})};
}
EntityChange change_of(const Key& k) {
  KeyRecord r{k.paused, k.paused_until, {}};
  if (k.configured) r.limits = k.limits;
  return {.kind = "key", .id = k.name, .body = base::to_json(r)};
}
EntityChange change_of(const Bulk& b) {
  EntityChange change{.kind = "bulk", .id = b.id, .body = base::to_json(bulk_record(b))};
  if (b.state == BulkState::kDone) {
    change.ended = true;
    change.ended_position = b.position;
    change.ended_at = {b.ended_at};
    change.state = base::to_text(b.state);
  }
  return change;
}

std::vector<TaskMeter> task_meters(const std::vector<TaskMeterRecord>& records) {
  std::vector<TaskMeter> meters;
  for (const auto& r : records) {
    TaskMeter& m = meters.emplace_back();
    m.budget = static_cast<Position>(r.budget);
    m.period = static_cast<Position>(r.period);
    m.spent.add({r.tokens, r.cost, r.attempts});
    m.raised.add({r.raised_tokens, r.raised_cost, r.raised_attempts});
    m.told = r.told;
  }
  return meters;
}

LastOutcome last_outcome(OutcomeRecord&& r) {
  LastOutcome last;
  last.lease = r.lease;
  last.outcome = r.outcome;
  last.reported = r.reported;
  last.fingerprint = r.fingerprint;
  last.started_at = r.started_ms;
  last.ran_ms = r.ran_ms;
  last.worker = std::move(r.worker);
  last.cause = std::move(r.cause);
  last.error = std::move(r.error);
  last.result_document = static_cast<Position>(r.result_document);
  last.result_bytes = r.result_bytes;
  last.quality_score = r.quality_score;
  last.usage = r.usage;
  return last;
}

}  // namespace

base::Error unreadable(const StoredEntity& entity, const base::Error& why) {
  std::string message = "The stored record of " + std::string(entity.kind) + " " + std::string(entity.id) +
                        " cannot be read: " + why.message;
  for (const auto& field : why.fields) message += " " + field.field + " " + field.message + ".";
  return {base::ErrorCode::kIoError, std::move(message)};
}

std::vector<EntityChange> State::take_changes() {
  std::vector<EntityChange> changes = std::move(other_changes_);
  other_changes_.clear();
  changes.reserve(changes.size() + dirty_tasks_.size());
  for (Task* task : dirty_tasks_) {
    EntityChange change = change_of(*task, is_held(*task));
    change.revived = task->ended_in_store;
    task->ended_in_store = change.ended;
    task->dirty = false;
    changes.push_back(std::move(change));
  }
  dirty_tasks_.clear();
  for (const auto& id : dirty_workers_) {
    if (Worker* worker = find_worker(id)) {
      worker->dirty = false;
      changes.push_back(change_of(*worker));
    }
  }
  dirty_workers_.clear();
  for (Queue* q : dirty_queues_) {
    q->dirty = false;
    changes.push_back(change_of(*q));
  }
  dirty_queues_.clear();
  for (Key* k : dirty_keys_) {
    k->dirty = false;
    changes.push_back(change_of(*k));
  }
  dirty_keys_.clear();
  for (Bulk* bulk : dirty_bulks_) {
    bulk->dirty = false;
    changes.push_back(change_of(*bulk));
  }
  dirty_bulks_.clear();
  take_schedules(changes);
  take_tokens(changes);
  take_types(changes);
  inbox.take_changes(changes);
  take_budgets(changes);
  take_effects(changes);
  return changes;
}

void State::forget_changes() {
  for (Task* task : dirty_tasks_) task->dirty = false;
  for (const auto& id : dirty_workers_) {
    if (Worker* worker = find_worker(id)) worker->dirty = false;
  }
  for (Queue* q : dirty_queues_) q->dirty = false;
  for (Key* k : dirty_keys_) k->dirty = false;
  for (Bulk* bulk : dirty_bulks_) bulk->dirty = false;
  dirty_tasks_.clear();
  dirty_workers_.clear();
  dirty_queues_.clear();
  dirty_keys_.clear();
  dirty_bulks_.clear();
  std::vector<EntityChange> unwanted;
  take_schedules(unwanted);
  take_tokens(unwanted);
  take_types(unwanted);
  inbox.take_changes(unwanted);
  take_budgets(unwanted);
  take_effects(unwanted);
  other_changes_.clear();
}

std::vector<EntityChange> State::snapshot() {
  std::vector<EntityChange> all;
  for (const auto& [id, bulk] : bulks) {
    if (bulk.state == BulkState::kRunning) all.push_back(change_of(bulk));
  }
  for (const auto& [name, at] : namespaces) {
    all.push_back({.kind = "namespace", .id = name, .body = base::to_json(CreatedRecord{at})});
  }
  for (const auto& [name, q] : queues) {
    if (q->configured) all.push_back(change_of(*q));
  }
  for (const auto& [name, k] : keys) {
    if (k->kept) all.push_back(change_of(*k));
  }
  for (const auto& task : tasks) {
    EntityChange change = change_of(*task, is_held(*task));
    if (!change.ended) all.push_back(std::move(change));
  }
  for (const auto& [hash, token] : tokens) all.push_back(token_change(hash));
  for (const auto& [id, worker] : workers) all.push_back(change_of(*worker));
  for (const auto& [name, schedule] : schedules) all.push_back(schedule_change(schedule));
  for (const auto& [name, type] : types) all.push_back(type_change(*type));
  inbox.snapshot(all);
  list_budgets(all);
  for (const auto& [id, effect] : effects) all.push_back(effect_change(effect));
  std::sort(all.begin(), all.end(), [](const EntityChange& a, const EntityChange& b) {
    return std::tie(a.kind, a.id) < std::tie(b.kind, b.id);
  });
  return all;
}

// A quote inside a text is escaped, so this finds the member and nothing else.
bool needs_definition(std::string_view task_body) { return task_body.find("\"plain\":true") == std::string_view::npos; }

// ---- coming back ----------------------------------------------------------------------------------------------

base::Result<Task*> State::load_task(const StoredEntity& entity, bool must_have_ended) {
  auto record = read<TaskRecord>(entity);
  if (!record) return base::fail(std::move(record.error()));
  TaskRecord& r = *record;
  if (must_have_ended && !is_ended(r.state)) {
    return base::fail(unreadable(entity, {base::ErrorCode::kIoError, "It has not ended."}));
  }
  TaskSubmitted submitted;
  submitted.id.value = entity.id;
  static const auto plain = std::make_shared<const TaskSpec>();
  submitted.spec = plain;
  if (!entity.spec.empty() && !r.plain) {
    auto spec = base::from_json_text<TaskSpec>(entity.spec);
    if (!spec) return base::fail(unreadable(entity, spec.error()));
    submitted.spec = std::make_shared<const TaskSpec>(std::move(*spec));
  }
  const auto name_of = [](const std::optional<std::string>& text) {
    return text ? std::optional(Name(*text)) : std::nullopt;
  };
  submitted.type = Name(r.type);
  submitted.queue = Name(r.queue);
  submitted.priority.value = r.priority;
  submitted.fingerprint = r.fingerprint;
  if (r.run_at_ms) submitted.run_at = Timestamp{r.run_at_ms};
  if (r.root) submitted.root_id = Name(*r.root);
  submitted.traceparent = std::move(r.traceparent);
  if (!entity.payload.empty()) submitted.payload = RawJson(entity.payload);
  Task& task =
      add_task(submitted, entity.document, r.created_ms, pair_of(name_of(r.concurrency_key), name_of(r.rate_key)));
  if (r.cancel_requested || r.cancel_reason) extras_of(task);
  if (task.extras) task.extras->cancel_reason = r.cancel_reason;
  if (task.extras) task.extras->unique_over = r.unique_over;
  task.payload_bytes = static_cast<std::uint32_t>(r.payload_bytes);
  task.state = r.state;
  task.failures = static_cast<std::uint16_t>(r.failures);
  task.lineage_used = static_cast<std::uint16_t>(r.lineage_used);
  task.reason = r.reason;
  task.cancel_requested = r.cancel_requested;
  task.queued_at = r.queued_ms;
  task.retry_at = r.retry_ms;
  task.ended_at = r.ended_ms;
  task.ended_position = static_cast<Position>(r.ended_position);
  if (r.lease) {
    task.lease = std::make_unique<Lease>();
    task.lease->number = r.lease->number;
    task.lease->lease_ms = r.lease->lease_ms;
    task.lease->started_at = r.lease->started_ms;
    task.lease->suspension = {r.lease->suspended_since_ms, r.lease->suspended_by_holder,
                              std::move(r.lease->suspend_reason), r.lease->suspended_for_question};
    task.lease->suspended_ms = r.lease->suspended_total_ms;
    auto& worker = workers[r.lease->worker];  // Filled when its own entity comes.
    if (!worker) worker = std::make_unique<Worker>();
    task.lease->worker = worker.get();
  }
  if (r.last) task.last = std::make_unique<LastOutcome>(last_outcome(std::move(*r.last)));
  if (!r.meters.empty()) task.meters = std::make_unique<std::vector<TaskMeter>>(task_meters(r.meters));
  return &task;
}

base::Result<void> State::load_worker(const StoredEntity& entity) {
  auto record = read<WorkerRecord>(entity);
  if (!record) return base::fail(std::move(record.error()));
  WorkerRecord& r = *record;
  auto& worker = workers[std::string(entity.id)];
  if (!worker) worker = std::make_unique<Worker>();
  worker->id = entity.id;
  worker->definition = std::move(r.definition);
  worker->state = r.state;
  worker->drains = r.drains;
  worker->session = r.session;
  worker->registered_at = r.registered_ms;
  worker->lost_at = r.lost_ms;
  return {};
}

base::Result<void> State::load_queue(const StoredEntity& entity) {
  const auto record = read<QueueRecord>(entity);
  if (!record) return base::fail(record.error());
  const QueueRecord& r = *record;
  Queue& q = queue(std::string(entity.id));
  q.paused = r.paused;
  q.paused_until = r.paused_until_ms;
  q.draining = r.draining;
  q.max_depth = r.max_depth;
  q.concurrency = r.concurrency;
  q.rate = r.rate;
  q.key_limits = r.key_limits;
  q.configured = true;
  return {};
}

base::Result<void> State::load_key(const StoredEntity& entity) {
  const auto record = read<KeyRecord>(entity);
  if (!record) return base::fail(record.error());
  const KeyRecord& r = *record;
  Key& k = key(std::string(entity.id));
  k.paused = r.paused;
  k.paused_until = r.paused_until_ms;
  if (!std::exchange(k.kept, true)) ++kept_keys;
  k.configured = r.limits.has_value();
  if (r.limits) k.limits = *r.limits;
  return {};
}

base::Result<void> State::load_bulk(const StoredEntity& entity) {
  auto record = read<BulkRecord>(entity);
  if (!record) return base::fail(std::move(record.error()));
  BulkRecord& r = *record;
  Bulk& bulk = bulks[std::string(entity.id)];
  bulk.id = entity.id;
  bulk.action = r.action;
  bulk.state = r.state;
  bulk.filter = std::move(r.filter);
  bulk.reason = std::move(r.reason);
  bulk.scanned = r.scanned;
  bulk.done = r.done;
  bulk.cursor = r.cursor;
  bulk.passed = r.passed;
  bulk.started_at = r.started_ms;
  bulk.ended_at = r.ended_ms;
  bulk.position = static_cast<Position>(r.position);
  return {};
}

base::Result<void> State::load(const StoredEntity& entity) {
  const auto done = [](const auto& result) { return result ? base::Result<void>{} : base::fail(result.error()); };
  if (entity.kind == "task") {
    auto task = load_task(entity, /*must_have_ended=*/false);
    return done(task);
  }
  if (entity.kind == "worker") return load_worker(entity);
  if (entity.kind == "queue") return load_queue(entity);
  if (entity.kind == "key") return load_key(entity);
  if (entity.kind == "bulk") return load_bulk(entity);
  if (entity.kind == "schedule") return load_schedule(entity);
  if (entity.kind == "task_type") return load_type(entity);
  if (entity.kind == "budget") return load_budget(entity);
  if (entity.kind == "budget_meter") return load_budget_meter(entity);
  if (entity.kind == "effect") return load_effect(entity);
  const std::string id(entity.id);
  if (entity.kind == "namespace") {
    auto record = read<CreatedRecord>(entity);
    if (record) namespaces[id] = record->created_ms;
    return done(record);
  }
  if (entity.kind == "token") return load_token(entity);
  const auto in_inbox = inbox.load(entity);
  return done(in_inbox);
}

base::Result<void> State::admit(const StoredEntity& entity) {
  if (entity.kind != "task") return {};
  Task* task = find_task(entity.id);
  if (!task) {
    auto loaded = load_task(entity, /*must_have_ended=*/true);
    if (!loaded) return base::fail(std::move(loaded.error()));
    task = *loaded;
    task->ended_in_store = true;
  }
  // Whoever asked for it relies on it, also when it was in memory by chance.
  if (is_ended(task->state) && !is_held(*task)) remember_ended(*task);
  return {};
}

void State::link_loaded(std::int64_t now) {
  for (auto it = live.begin(); it != live.end(); ++it) {
    Task& task = *it;
    ++task.queue->depth[static_cast<std::size_t>(task.state)];
    if (task.state == TaskState::kQueued) {
      join_ready(task);
      note_arrival(task);
    }
    // One that was tried already waits for nothing but its backoff.
    if (task.state == TaskState::kPending && task.failures == 0) link_dependencies(task);
    if (task.lease) {
      task.lease->expires_at = now + task.lease->lease_ms;
      task.lease->last_sign_at = now;
      if (task.lease->started_at) task.lease->started_at = std::min(task.lease->started_at, now);
      task.lease->suspension.since = std::min(task.lease->suspension.since, now);
      task.lease->worker->leases.emplace(task.lease->number, &task);
      if (task.state != TaskState::kSuspended) ++task.lease->worker->slots_used;
      ++task.queue->leased;
      if (task.keys && task.keys->concurrency) ++task.keys->concurrency->running;
    }
    if (task.cancel_requested && task.extras) task.extras->cancel_at = now + limits.cancel_grace_ms;
    pin_root(task);
    begin_run(task);
  }
}

void State::open_gates(std::int64_t now) {
  for (auto& [name, queue] : queues) {
    if (queue->paused_until) wall_timers.set(queue->pause_timer, queue->paused_until);
    recheck(*queue, now);
  }
  for (auto& [name, k] : keys) {
    if (k->paused_until) wall_timers.set(k->pause_timer, k->paused_until);
    recheck(*k, now);
  }
}

// Loading went by submission; a retried task was queued after younger ones.
void State::sort_arrivals() {
  for (auto& [name, queue] : queues) {
    std::stable_sort(queue->arrivals.begin(), queue->arrivals.end(),
                     [](const Arrival& a, const Arrival& b) { return a.at < b.at; });
  }
}

void State::finish_load(std::int64_t now) {
  last_time = now;
  if (!tasks.empty() || !queues.empty() || !keys.empty()) meters_empty_at_ = now;
  for (const auto& task : tasks) {
    if (!is_ended(task->state)) live.insert(*task);
  }
  for (auto& [id, worker] : workers) worker->last_seen_at = worker->idle_since = now;
  link_budgets();
  link_loaded(now);
  open_gates(now);
  sort_arrivals();
  for (Task& task : live) arm(task);
  for (auto& [name, schedule] : schedules) arm(schedule);
  for (auto& [id, effect] : effects) arm(effect);
  for (auto& [id, worker] : workers) {
    arm(*worker);
    const bool away = worker->state == WorkerState::kLost || worker->state == WorkerState::kGone;
    if (away && !worker->leases.empty()) {
      lost_workers.push_back({id, static_cast<std::int64_t>(worker->leases.size())});
    }
  }
  for (const auto& task : tasks) claim_unique(*task);  // at most one of each key, so in any order
  inbox.finish_load([this](const Question& question) {
    const Task* task = find_task(question.asked.task.value);
    return task && task->lease && task->lease->number == question.asked.lease;
  });
  // Loading changes nothing: what linking touched is as the store has it, but for ended tasks that nothing keeps.
  for (Task* task : dirty_tasks_) task->dirty = false;
  dirty_tasks_.clear();
  std::vector<Task*> kept;
  for (const auto& task : tasks) {
    if (is_ended(task->state) && !is_held(*task)) kept.push_back(task.get());
  }
  std::sort(kept.begin(), kept.end(), [](Task* a, Task* b) { return a->submitted < b->submitted; });
  for (Task* task : kept) settled(*task);
  link_task_meters();
  settle_incidents();
}

}  // namespace arbiter::core
