#include "model.h"

#include <algorithm>
#include <charconv>

namespace arbiter::sim {

std::uint64_t marker_of(const core::TaskSpec& spec) {
  constexpr std::string_view kStart = "{\"m\":";
  const std::string_view text = spec.payload.text();
  std::uint64_t marker = 0;
  if (!text.starts_with(kStart)) return 0;
  std::from_chars(text.data() + kStart.size(), text.data() + text.size(), marker);
  return marker;
}

bool may_serve(const std::string& id, const core::RegisterWorker& worker, const core::TaskSpec& spec) {
  const auto has = [](const auto& list, const std::string& wanted) {
    return std::any_of(list.begin(), list.end(), [&](const auto& item) { return item.value == wanted; });
  };
  if (!has(worker.capabilities, "*") && !has(worker.capabilities, spec.type.value)) return false;
  if (!worker.queues.empty() && !has(worker.queues, spec.queue.value)) return false;
  const core::Requirements& wants = spec.requirements;
  for (const auto& c : wants.capabilities) {
    if (!has(worker.capabilities, c.value)) return false;
  }
  for (const auto& l : wants.languages) {
    if (!has(worker.languages, l.value)) return false;
  }
  for (const auto& label : wants.labels) {
    const auto found = worker.labels.find(label.first);
    if (found == worker.labels.end() || found->second != label.second) return false;
  }
  return !wants.worker_id || wants.worker_id->value == id;
}

core::TaskSpec with_defaults(core::TaskSpec given, const core::TypeDefaults& defaults) {
  if (defaults.queue && !given.queue.given) given.queue = *defaults.queue;
  if (defaults.priority && !given.priority.given) given.priority = *defaults.priority;
  if (defaults.retry && !given.retry.given) given.retry = *defaults.retry;
  if (defaults.timeout_ms && !given.timeout_ms) given.timeout_ms = defaults.timeout_ms;
  if (defaults.stall_ms && !given.stall_ms) given.stall_ms = defaults.stall_ms;
  return given;
}

std::string text_of(const core::TaskSpec& spec) { return base::to_json(spec); }

TaskModel* Model::task(std::string_view id) {
  const auto found = tasks.find(id);
  return found == tasks.end() ? nullptr : &found->second;
}
const TaskModel* Model::task(std::string_view id) const {
  const auto found = tasks.find(id);
  return found == tasks.end() ? nullptr : &found->second;
}
TaskModel* Model::root_of(const TaskModel& t) { return task(t.root); }

void Model::apply(const core::Event& event) {
  position = event.position;
  last_time = event.time.ms;
  std::visit(
      [&](const auto& body) {
        if constexpr (requires { inbox.on(body, event); }) {
          inbox.on(body, event);
        } else {
          on(body, event);
        }
      },
      event.body);
}

void Model::move(TaskModel& task, TaskState to, const core::Event& event) {
  const std::pair<int, Position> place{-static_cast<int>(task.spec.priority.value), task.submitted};
  if (task.now.state == TaskState::kQueued) queued.erase(place);
  const bool was_live = task.live();
  task.now.state = to;
  task.now.lease = task.lease ? task.lease->number : 0;
  task.now.worker = task.lease ? task.lease->worker : "";
  if (to == TaskState::kQueued) queued[place] = &task;
  if (to == TaskState::kQueued) task.released = true;
  queues[task.spec.queue.value].live += static_cast<int>(task.live()) - static_cast<int>(was_live);
  if (!task.live() && task.spec.unique_scope != core::UniqueScope::kWindow) limits.drop_claim(task, event.position);
  if (!task.live()) {
    task.ended_position = event.position;
    task.ever_ended = true;
    task.ever_failed = task.ever_failed || to != TaskState::kCompleted;
    task.now.cancel_requested = task.now.cancel_requested && to == TaskState::kCancelled;
  }
  task.history.set(event.position, task.now);
}

std::string completion(std::string_view result, std::optional<double> score, const std::optional<core::Usage>& usage) {
  std::string text(result);
  if (score) text += " score " + std::to_string(*score);
  if (usage) text += " usage " + base::to_json(*usage);
  return text;
}

std::string completion(const core::Report& report) {
  const auto score = report.quality_score ? std::optional(report.quality_score->value) : std::nullopt;
  return completion(report.result.text(), score, report.usage);
}

void Model::end_lease(TaskModel& task, LeaseEnd end) {
  if (!task.lease) return;
  task.ends.push_back(std::move(end));
  WorkerModel& worker = workers[task.lease->worker];
  worker.leases.erase(task.lease->number);
  if (task.lease->suspended_at) --worker.resting;
  if (worker.leases.empty()) worker.idle_since = last_time;
  task.lease.reset();
  limits.end(task.spec);
}

// ---- spending -------------------------------------------------------------------------------------------------

Spender Model::spender(const TaskModel& task, const std::string& worker) {
  Spender who{task.id, task.root, worker, task.spec.queue.value, {}};
  if (task.spec.concurrency_key) who.key = task.spec.concurrency_key->value;
  return who;
}

bool Model::is_live_lineage(const std::string& root) const {
  const auto members = lineages.find(root);
  return members != lineages.end() && !members->second.empty();
}

// What was said of a lineage of which nothing was live is said again.
void Model::begin_spending(const TaskModel& task) {
  if (!is_live_lineage(task.root)) budgets.forget_told(core::BudgetScope::kLineage, task.root);
  lineages[task.root].insert(task.id);
  budgets.forget_told(core::BudgetScope::kTask, task.id);
}

// What the end of an attempt, or of a task, brings. Of what has ended only what that very report brought is still told.
void Model::end_spending(const TaskModel& task, const std::optional<std::string>& worker,
                         const std::optional<core::Usage>& usage, const core::Event& event) {
  if (!task.live()) lineages[task.root].erase(task.id);
  const bool reported = worker && usage;
  if (reported) budgets.use(spender(task, *worker), usage, event.position);
  if (task.live() || reported) return;
  budgets.settle_told(core::BudgetScope::kTask, task.id);
  if (!is_live_lineage(task.root)) budgets.settle_told(core::BudgetScope::kLineage, task.root);
}

std::optional<std::string> Model::worker_of(const TaskModel& task) {
  return task.lease ? std::optional(task.lease->worker) : std::nullopt;
}

// ---- tasks ----------------------------------------------------------------------------------------------------

void Model::on(const core::TaskSubmitted& e, const core::Event& event) {
  TaskModel& task = tasks[e.id.value];
  task.id = e.id.value;
  task.spec = *e.spec;
  task.spec.payload = e.payload;
  task.marker = marker_of(task.spec);
  // One that may stand for another task need not come with its request.
  const bool optional = task.spec.unique_key && task.spec.on_duplicate == core::OnDuplicate::kExisting;
  if (task.marker && !optional) ++marked[task.marker];
  task.submitted = event.position;
  task.created_at = event.time.ms;
  if (e.not_before) task.not_before = e.not_before->ms;
  task.root = task.id;
  if (task.spec.parent_id) {
    task.root = tasks[task.spec.parent_id->value].root;
    ++tasks[task.root].lineage_used;
  }
  ++queues[e.queue.value].live;
  if (const auto schedule = core::schedule_of(task.spec); !schedule.empty()) {
    runs[std::string(schedule)].push_back(&task);
  }
  limits.claim(task, event.position);
  begin_spending(task);
  move(task, e.state, event);
}

void Model::on(const core::TaskQueued& e, const core::Event& event) {
  TaskModel& task = tasks[e.id.value];
  task.not_before = 0;
  move(task, TaskState::kQueued, event);
}

void Model::on(const core::TaskAssigned& e, const core::Event& event) {
  TaskModel& task = tasks[e.id.value];
  task.lease = TaskModel::Lease{e.worker.value, e.lease, e.lease_ms, event.time.ms,
                                e.state == TaskState::kRunning ? event.time.ms : 0};
  workers[e.worker.value].leases[e.lease] = task.id;
  holders[e.lease] = e.worker.value;
  leased[e.lease] = task.id;
  limits.start(task.spec, event.time.ms);
  budgets.start(spender(task, e.worker.value), event.position);
  if (task.spec.unique_scope == core::UniqueScope::kQueued) limits.drop_claim(task, event.position);
  move(task, e.state, event);
}

void Model::on(const core::TaskStarted& e, const core::Event& event) {
  TaskModel& task = tasks[e.id.value];
  if (task.lease) task.lease->started_at = event.time.ms;
  move(task, TaskState::kRunning, event);
}

void Model::on(const core::TaskCompleted& e, const core::Event& event) {
  TaskModel& task = tasks[e.id.value];
  task.result = e.result.text();
  const auto worker = worker_of(task);
  end_lease(task, {e.lease, Ending::kCompleted, core::Reason::kReported,
                   completion(task.result, e.quality_score, e.usage), "", event.position});
  move(task, TaskState::kCompleted, event);
  end_spending(task, worker, e.usage, event);
}

void Model::on(const core::TaskFailed& e, const core::Event& event) {
  TaskModel& task = tasks[e.id.value];
  const auto worker = worker_of(task);
  end_lease(task, {e.lease, Ending::kFailed, e.reason, "", e.error ? e.error->message.value : "", event.position});
  if (e.counted) ++task.now.failures;
  task.now.cancel_requested = false;
  if (e.state == TaskState::kPending) {
    task.not_before = e.retry_at ? e.retry_at->ms : event.time.ms;
    if (TaskModel* root = root_of(task)) ++root->lineage_used;
  }
  move(task, e.state, event);
  end_spending(task, worker, e.usage, event);
  if (e.state != TaskState::kFailed || e.reason == core::Reason::kDependencyFailed) return;
  inbox.dead[task.id].set(event.position, true);
  inbox.deaths.push_back({task.spec.queue.value, event.time.ms});
}

void Model::on(const core::TaskReleased& e, const core::Event& event) {
  TaskModel& task = tasks[e.id.value];
  if (e.reason == core::Reason::kUndelivered && task.lease) {
    budgets.give_back(spender(task, task.lease->worker), e.lease, event.position);
  }
  end_lease(task, {e.lease, Ending::kReleased, e.reason, "", "", event.position});
  move(task, TaskState::kQueued, event);
}

void Model::on(const core::TaskSuspended& e, const core::Event& event) {
  TaskModel& task = tasks[e.id.value];
  if (task.lease) {
    task.lease->suspended_at = event.time.ms;
    task.lease->by_holder = e.by_holder;
    task.lease->for_question = e.for_question;
    ++workers[task.lease->worker].resting;
  }
  move(task, TaskState::kSuspended, event);
}

void Model::on(const core::TaskResumed& e, const core::Event& event) {
  TaskModel& task = tasks[e.id.value];
  if (task.lease) {
    task.lease->suspended_ms += event.time.ms - std::exchange(task.lease->suspended_at, 0);
    task.lease->resumed_at = event.time.ms;
    --workers[task.lease->worker].resting;
  }
  move(task, TaskState::kRunning, event);
}

void Model::on(const core::TaskCancelRequested& e, const core::Event& event) {
  TaskModel& task = tasks[e.id.value];
  task.now.cancel_requested = true;
  task.cancel_at = event.time.ms;
  task.history.set(event.position, task.now);
}

void Model::on(const core::TaskCancelled& e, const core::Event& event) {
  TaskModel& task = tasks[e.id.value];
  const auto worker = worker_of(task);
  end_lease(task, {e.lease, Ending::kCancelled, e.reason, "", "", event.position});
  task.cancelled_by = e.dependency ? e.dependency->value : "";
  move(task, TaskState::kCancelled, event);
  end_spending(task, worker, e.usage, event);
}

void Model::on(const core::TaskUniqueExpired& e, const core::Event& event) {
  limits.drop_claim(tasks[e.id.value], event.position);
}

void Model::on(const core::TaskRedriven& e, const core::Event& event) {
  TaskModel& task = tasks[e.id.value];
  if (inbox.dead.contains(task.id)) inbox.dead[task.id].set(event.position, false);
  const bool claims = task.spec.unique_key && task.spec.unique_scope != core::UniqueScope::kWindow;
  if (claims && !limits.unique.contains(task.spec.unique_key->value)) limits.claim(task, event.position);
  task.now.failures = 0;
  task.not_before = 0;
  task.ever_redriven = true;
  task.released = e.state == TaskState::kQueued;
  task.now.cancel_requested = false;
  begin_spending(task);
  move(task, e.state, event);
}

// ---- workers --------------------------------------------------------------------------------------------------

void Model::note(WorkerModel& worker, const core::Event& event) {
  worker.history.set(event.position, worker.exists ? std::optional(worker.now) : std::nullopt);
}

void Model::on(const core::WorkerRegistered& e, const core::Event& event) {
  WorkerModel& worker = workers[e.id.value];
  worker.exists = true;
  worker.definition = e.definition;
  worker.now = {core::WorkerState::kLive, e.session};
  worker.drains = false;
  worker.alive_at = worker.idle_since = event.time.ms;
  note(worker, event);
}
void Model::on(const core::WorkerDraining& e, const core::Event& event) {
  WorkerModel& worker = workers[e.id.value];
  worker.now.state = core::WorkerState::kDraining;
  worker.drains = true;
  note(worker, event);
}
void Model::on(const core::WorkerLost& e, const core::Event& event) {
  WorkerModel& worker = workers[e.id.value];
  inbox.losses.push_back({e.id.value, event.time.ms});
  worker.now.state = core::WorkerState::kLost;
  worker.lost_at = event.time.ms;
  note(worker, event);
}
void Model::on(const core::WorkerReturned& e, const core::Event& event) {
  WorkerModel& worker = workers[e.id.value];
  worker.now.state = worker.drains ? core::WorkerState::kDraining : core::WorkerState::kLive;
  worker.alive_at = worker.idle_since = event.time.ms;
  note(worker, event);
}
void Model::on(const core::WorkerDeregistered& e, const core::Event& event) {
  WorkerModel& worker = workers[e.id.value];
  worker.now.state = core::WorkerState::kGone;
  worker.exists = false;
  note(worker, event);
}

// ---- queues, bulk changes, catalogue --------------------------------------------------------------------------

void Model::on(const core::QueueConfigured& e, const core::Event& event) {
  QueueModel& queue = queues[e.name.value];
  queue.now.max_depth = e.max_depth;
  limits.on(e);
  queue.history.set(event.position, queue.now);
}
void Model::on(const core::QueuePaused& e, const core::Event& event) {
  QueueModel& queue = queues[e.name.value];
  queue.now.paused = true;
  limits.pause(limits.queues[e.name.value], e.until);
  queue.history.set(event.position, queue.now);
}
void Model::on(const core::QueueResumed& e, const core::Event& event) {
  QueueModel& queue = queues[e.name.value];
  queue.now.paused = false;
  queue.now.draining = queue.now.draining && e.reason == core::Reason::kTime;
  limits.resume(limits.queues[e.name.value], e.reason, event.time.ms);
  queue.history.set(event.position, queue.now);
}
void Model::on(const core::QueueDraining& e, const core::Event& event) {
  QueueModel& queue = queues[e.name.value];
  queue.now.draining = true;
  queue.history.set(event.position, queue.now);
}
void Model::on(const core::KeyConfigured& e, const core::Event& event) { limits.on(e, event.position); }
void Model::on(const core::KeyPaused& e, const core::Event& event) {
  limits.pause(limits.keys[e.name.value], e.until);
  limits.note_key(e.name.value, event.position);
}
void Model::on(const core::KeyResumed& e, const core::Event& event) {
  limits.resume(limits.keys[e.name.value], e.reason, event.time.ms);
  limits.note_key(e.name.value, event.position);
}
void Model::on(const core::BulkStarted& e, const core::Event& event) {
  BulkModel& bulk = bulks[e.id.value];
  bulk.started = e;
  bulk.position = event.position;
  bulk.history.set(event.position, bulk.now);
}
void Model::on(const core::BulkAdvanced& e, const core::Event& event) {
  BulkModel& bulk = bulks[e.id.value];
  bulk.now.state = e.state;
  bulk.now.scanned += e.scanned;
  bulk.now.done += e.done;
  bulk.history.set(event.position, bulk.now);
}
void Model::on(const core::NamespaceCreated& e, const core::Event& event) {
  namespaces.emplace(e.name.value, event.position);
}
void Model::on(const core::TokenCreated& e, const core::Event& event) {
  TokenModel& token = tokens[e.hash];
  token.name = e.name;
  token.created = event.position;
  token.expires = e.expires_at ? e.expires_at->ms : 0;
  token.servers_own = !e.created_by;
  token.valid.set(event.position, true);
  lasting_tokens.set(event.position, count_lasting());
}
void Model::on(const core::TokenRevoked& e, const core::Event& event) {
  tokens[e.hash].valid.set(event.position, false);
  lasting_tokens.set(event.position, count_lasting());
}
void Model::on(const core::TokenExpired& e, const core::Event& event) {
  tokens[e.hash].valid.set(event.position, false);
}
void Model::on(const core::TokenUsed& e, const core::Event&) { tokens[e.hash].last_used = e.at.ms; }

int Model::count_lasting() const {
  return static_cast<int>(std::count_if(tokens.begin(), tokens.end(), [&](const auto& entry) {
    return entry.second.expires == 0 && entry.second.is_valid();
  }));
}

// ---- schedules ------------------------------------------------------------------------------------------------

std::vector<const TaskModel*> Model::live_runs(const std::string& schedule, const std::string& but) const {
  std::vector<const TaskModel*> live;
  const auto found = runs.find(schedule);
  if (found == runs.end()) return live;
  for (const TaskModel* task : found->second) {
    if (task->live() && task->id != but) live.push_back(task);
  }
  return live;
}

void Model::note(ScheduleModel& schedule, const core::Event& event) {
  schedule.history.set(event.position, schedule.exists ? std::optional(schedule.now) : std::nullopt);
}

void Model::on(const core::ScheduleSet& e, const core::Event& event) {
  ScheduleModel& schedule = schedules[e.name.value];
  if (!schedule.exists) {
    schedule.now = {};
    schedule.last_due = 0;
  }
  schedule.exists = true;
  schedule.spec = *base::from_json_text<core::ScheduleSpec>(e.definition.text());
  schedule.anchor = e.anchor_at.ms;
  schedule.now.definition = base::to_json(schedule.spec);
  schedule.now.next = e.next_at ? e.next_at->ms : 0;
  note(schedule, event);
}
void Model::on(const core::SchedulePaused& e, const core::Event& event) {
  ScheduleModel& schedule = schedules[e.name.value];
  schedule.now.paused = true;
  note(schedule, event);
}
void Model::on(const core::ScheduleResumed& e, const core::Event& event) {
  ScheduleModel& schedule = schedules[e.name.value];
  schedule.now.paused = false;
  note(schedule, event);
}
void Model::on(const core::ScheduleDeleted& e, const core::Event& event) {
  ScheduleModel& schedule = schedules[e.name.value];
  schedule.exists = false;
  note(schedule, event);
}
void Model::on(const core::ScheduleFired& e, const core::Event& event) {
  ScheduleModel& schedule = schedules[e.name.value];
  ++schedule.now.fired;
  if (e.due_at) {
    schedule.last_due = e.due_at->ms;
    schedule.now.next = e.next_at ? e.next_at->ms : 0;
  }
  note(schedule, event);
}
void Model::on(const core::ScheduleSkipped& e, const core::Event& event) {
  ScheduleModel& schedule = schedules[e.name.value];
  schedule.now.skipped += e.times;
  schedule.last_due = e.last_at.ms;
  schedule.now.next = e.next_at ? e.next_at->ms : 0;
  note(schedule, event);
}
void Model::on(const core::TaskTypeSet& e, const core::Event& event) {
  TypeModel& type = types[e.name.value];
  type.now = base::from_json_text<core::TypeDefinition>(e.definition.text()).value();
  type.versions.emplace_back(event.position, *type.now);
  type.history.set(event.position, base::to_json(*type.now));
}
void Model::on(const core::TaskTypeDeleted& e, const core::Event& event) {
  TypeModel& type = types[e.name.value];
  type.now.reset();
  type.versions.emplace_back(event.position, core::TypeDefinition{});
  type.history.set(event.position, "");
}
void Model::on(const core::ServerLifecycle& e, const core::Event&) { lifecycle.emplace_back(e.what, e.detail); }

}  // namespace arbiter::sim
