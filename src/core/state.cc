#include "core/state.h"

#include <set>

#include "base/check.h"

namespace arbiter::core {

namespace {

constexpr std::size_t kArrivalsSlack = 1'000;  // arrivals that are kept beyond twice the queued tasks

}  // namespace

// ---- the task state machine's indexes -------------------------------------------------------------------------

void Samples::add(std::int64_t ms) {
  if (ring.size() < kMax) {
    ring.push_back(ms);
  } else {
    ring[next++ % kMax] = ms;
  }
}

Durations Samples::summary() const {
  Durations out;
  if (ring.empty()) return out;
  auto sorted = ring;
  std::sort(sorted.begin(), sorted.end());
  const auto at = [&](double q) {
    return static_cast<double>(sorted[static_cast<std::size_t>(q * static_cast<double>(sorted.size() - 1))]);
  };
  out.samples = static_cast<std::int64_t>(sorted.size());
  out.p50_ms = at(0.50);
  out.p95_ms = at(0.95);
  out.p99_ms = at(0.99);
  return out;
}

void Rate::advance(std::int64_t now_ms) {
  const std::int64_t now = now_ms / 1000;
  if (now - second >= static_cast<std::int64_t>(kSeconds)) counts.fill(0);
  for (std::int64_t s = std::max(second + 1, now - static_cast<std::int64_t>(kSeconds) + 1); s <= now; ++s) {
    counts[static_cast<std::size_t>(s) % kSeconds] = 0;
  }
  second = std::max(second, now);
}

void Rate::add(std::int64_t now_ms) {
  advance(now_ms);
  ++counts[static_cast<std::size_t>(second) % kSeconds];
}

double Rate::per_second(std::int64_t now_ms) const {
  Rate copy = *this;
  copy.advance(now_ms);
  double sum = 0;
  for (auto c : copy.counts) sum += c;
  return sum / static_cast<double>(kSeconds);
}

Task* State::find_task(std::string_view id) const {
  const auto it = tasks.find(id);
  return it == tasks.end() ? nullptr : it->get();
}
Worker* State::find_worker(std::string_view id) const {
  const auto it = workers.find(id);
  return it == workers.end() ? nullptr : it->second.get();
}
Queue* State::find_queue(std::string_view name) const {
  const auto it = queues.find(name);
  return it == queues.end() ? nullptr : it->second.get();
}

Queue& State::queue(const std::string& name) {
  auto it = queues.find(name);
  if (it == queues.end()) {
    it = queues.emplace(name, std::make_unique<Queue>(name)).first;
    if (spent_meters_ > 0) recheck(*it->second, last_time);
  }
  return *it->second;
}

const TaskSpec& State::spec_of(const Task& task) const {
  static const TaskSpec plain;
  return task.extras ? *task.extras->spec : plain;
}

TaskExtras& State::extras_of(Task& task) {
  static const auto plain = std::make_shared<const TaskSpec>();
  if (!task.extras) {
    task.extras = std::make_unique<TaskExtras>(task);
    task.extras->spec = plain;
  }
  return *task.extras;
}

Task* State::root_of(Task& task) const {
  if (task.extras && !task.extras->root_id.value.empty()) return find_task(task.extras->root_id.value);
  return &task;
}

Profile& State::profile_of(const Name& type, const Requirements& requirements) {
  std::string key = type.value;
  if (!requirements.empty()) {
    key += '\n';
    base::encode(requirements, key);
  }
  auto it = profiles.find(key);
  if (it == profiles.end()) {
    auto profile = std::make_unique<Profile>();
    profile->id = ++profiles_made_;
    profile->key = key;
    profile->type = type;
    profile->requirements = requirements;
    it = profiles.emplace(std::move(key), std::move(profile)).first;
  }
  return *it->second;
}

void State::note_arrival(Task& task) {
  Queue& queue = *task.queue;
  queue.arrivals.push_back({task.queued_at, task.submitted});
  if (limits.inbox.queue_age_ms > 0 && !queue_age_timer.is_linked()) {
    timers.set(queue_age_timer, task.queued_at + limits.inbox.queue_age_ms);
  }
  const auto queued = static_cast<std::size_t>(queue.depth[static_cast<std::size_t>(TaskState::kQueued)]);
  if (queue.arrivals.size() <= 2 * queued + kArrivalsSlack) return;
  std::erase_if(queue.arrivals, [&](const Arrival& a) { return !is_queued_since(a); });
}

bool State::is_queued_since(const Arrival& arrival) const {
  const auto task = live.find(arrival.task);
  return task != live.end() && task->state == TaskState::kQueued && task->queued_at == arrival.at;
}

std::int64_t State::oldest_arrival(Queue& queue) {
  auto& arrivals = queue.arrivals;
  while (!arrivals.empty() && !is_queued_since(arrivals.front())) arrivals.pop_front();
  return arrivals.empty() ? 0 : arrivals.front().at;
}

// Moves the task from its present state into `to`, in every index.
void State::enter(Task& task, TaskState to) {
  const TaskState from = task.state;
  if (from == TaskState::kQueued) leave_ready(task);
  if (!is_ended(from)) --task.queue->depth[static_cast<std::size_t>(from)];
  if (from == TaskState::kPending) unlink_dependencies(task);
  task.state = to;
  if (!is_ended(to)) ++task.queue->depth[static_cast<std::size_t>(to)];
  if (to == TaskState::kQueued) {
    join_ready(task);
    note_arrival(task);
  }
  touch(task);
}

bool State::ready(const Task& task, base::Now now) const {
  if (task.state != TaskState::kPending || task.retry_at > now.now.ms) return false;
  if (!task.extras) return true;
  if (!task.extras->unmet.empty()) return false;
  return !task.extras->run_at || task.extras->run_at->ms <= now.wall.ms;
}

std::int64_t State::lease_deadline(const Lease& lease) const {
  if (lease.disowned) return lease.expires_at;
  return std::max(lease.expires_at, lease.worker->last_seen_at + lease.lease_ms);
}

void State::arm(Task& task) {
  std::int64_t due = kNever;
  std::int64_t wall = kNever;
  const TaskSpec& spec = spec_of(task);
  if (task.state == TaskState::kPending && (!task.extras || task.extras->unmet.empty())) {
    const bool timed = task.extras && task.extras->run_at;
    if (task.is_backing_off() || !timed) due = std::max(task.retry_at, last_time);
  }
  if (task.lease) {
    due = lease_deadline(*task.lease);
    if (task.lease->started_at && task.state == TaskState::kRunning) {
      if (spec.timeout_ms) due = std::min(due, task.lease->started_at + task.lease->suspended_ms + *spec.timeout_ms);
      if (spec.stall_ms) due = std::min(due, task.lease->last_sign_at + *spec.stall_ms);
    }
    if (task.cancel_requested && task.extras) due = std::min(due, task.extras->cancel_at);
  }
  if (task.extras && !is_ended(task.state)) {
    if (task.state == TaskState::kPending && task.extras->run_at && task.extras->unmet.empty() &&
        !task.is_backing_off()) {
      wall = task.extras->run_at->ms;
    }
    if (spec.deadline) wall = std::min(wall, spec.deadline->ms);
  }
  timers.set(task, due);
  if (task.extras) wall_timers.set(task.extras->wall_timer, wall);
}

std::int64_t State::idle_end(const Worker& worker) {
  const auto& idle_ms = worker.definition.idle_ms;
  return idle_ms && worker.leases.empty() ? worker.idle_since + idle_ms->value : kNever;
}

void State::arm(Worker& worker) {
  std::int64_t due = kNever;
  switch (worker.state) {
    case WorkerState::kLive:
      due = std::min(worker.last_seen_at + limits.worker_lost_ms, idle_end(worker));
      break;
    case WorkerState::kDraining:
      due = worker.last_seen_at + limits.worker_lost_ms;
      break;
    case WorkerState::kLost:
      if (limits.worker_retired_ms > 0 && worker.leases.empty()) due = worker.lost_at + limits.worker_retired_ms;
      break;
    case WorkerState::kGone:
      break;
  }
  timers.set(worker, due);
}

// ---- dependencies ---------------------------------------------------------------------------------------------

// A dependency counts as it is now: met when it is completed, or has ended and the task runs anyway. A failed one stays
// linked, met or not, as long as the task is pending: it may be redriven, and it has to survive a restart until then.
void State::link_dependencies(Task& task) {
  if (!task.extras) return;
  const bool runs_anyway = task.extras->spec->on_dependency_failure == OnDependencyFailure::kRun;
  for (const Name& id : task.extras->spec->depends_on) {
    Task* dependency = find_task(id.value);
    if (!dependency || dependency->state == TaskState::kCompleted) continue;
    if (!dependency->dependents) dependency->dependents = std::make_unique<std::vector<Task*>>();
    auto& list = *dependency->dependents;
    if (!list.empty() && list.back() == &task) continue;  // named twice
    const bool ended = is_ended(dependency->state);
    list.push_back(&task);
    if (ended) hold(*dependency);
    if (ended && runs_anyway) continue;
    task.extras->unmet.push_back(dependency);
    if (ended) unsettled.push_back({dependency->id, 1});
  }
}

void State::unlink_dependencies(Task& task) {
  if (!task.extras) return;
  for (const Name& id : task.extras->spec->depends_on) {
    if (Task* dependency = find_task(id.value)) unlink(task, *dependency);
  }
  task.extras->unmet.clear();
}

// The latest dependents are told first, so looking from the end is short.
void State::unlink(Task& task, Task& dependency) {
  if (!dependency.dependents) return;
  auto& list = *dependency.dependents;
  const auto found = std::find(list.rbegin(), list.rend(), &task);
  if (found == list.rend()) return;
  *found = list.back();
  list.pop_back();
  if (!list.empty()) return;
  dependency.dependents.reset();
  if (is_ended(dependency.state)) settled(dependency);
}

void State::meet(Task& task, Task& dependency) {
  std::erase(task.extras->unmet, &dependency);
  if (dependency.state == TaskState::kCompleted) unlink(task, dependency);
}

void State::settled(Task& task) {
  if (is_held(task)) return hold(task);
  unhold(task);
  touch(task);
  remember_ended(task);
}

void State::hold(Task& ended) {
  touch(ended);
  if (!ended.LiveHook::is_linked()) held.insert(ended);
}

void State::unhold(Task& ended) {
  if (ended.LiveHook::is_linked()) held.erase(held.iterator_to(ended));
}

// ---- ends and memory ------------------------------------------------------------------------------------------

LastOutcome& State::outcome_of(Task& task, base::Timestamp at) {
  task.last = std::make_unique<LastOutcome>();
  if (task.lease) {
    task.last->lease = task.lease->number;
    task.last->started_at = task.lease->started_at;
    task.last->ran_ms = task.lease->ran_ms(at.ms);
    task.last->worker = task.lease->worker->id;
  }
  return *task.last;
}

LastOutcome& State::last_of(Task& task) {
  if (!task.last) task.last = std::make_unique<LastOutcome>();
  return *task.last;
}

const std::string* State::missing_root(const Task& task) const {
  if (!task.extras || task.extras->root_id.value.empty() || find_task(task.extras->root_id.value)) return nullptr;
  return &task.extras->root_id.value;
}

std::vector<std::string> State::missing_relatives(const std::vector<std::string>& ids) const {
  std::set<std::string> missing;
  for (const auto& id : ids) {
    const Task* task = find_task(id);
    if (!task) continue;
    if (const std::string* root = missing_root(*task)) missing.insert(*root);
    if (task->state != TaskState::kCancelled) continue;
    for (const Name& dependency : spec_of(*task).depends_on) {
      if (!find_task(dependency.value)) missing.insert(dependency.value);
    }
  }
  return {missing.begin(), missing.end()};
}

void State::drop_lease(Task& task) {
  if (!task.lease) return;
  inbox.lease_ended(task);
  Worker& worker = *task.lease->worker;
  worker.leases.erase(task.lease->number);
  if (!task.lease->suspension.since) --worker.slots_used;
  task.lease.reset();
  count_end(task);
  if (!worker.leases.empty()) return;
  if (worker.state == WorkerState::kGone) return remove_worker(worker);
  worker.idle_since = last_time;
  if (worker.definition.idle_ms || worker.state == WorkerState::kLost) arm(worker);
}

void State::end_task(Task& task, TaskState to, const Event& event) {
  drop_lease(task);
  enter(task, to);
  task.ended_at = event.time.ms;
  task.ended_position = event.position;
  live.erase(live.iterator_to(task));
  end_run(task);
  arm(task);
  unpin_root(task);
  end_meters(task);
  if (!holds_window(task)) end_claim(task);
  if (task.dependents) unsettled.push_back({task.id, static_cast<std::int64_t>(task.dependents->size())});
  settled(task);
}

void State::remember_ended(Task& task) {
  task.ended_stamp = ++stamps_;
  ended_.push_back({&task, task.ended_stamp, position, last_time});
}

void State::evict(Position floor, std::int64_t now) {
  while (!ended_.empty()) {
    const Ended& oldest = ended_.front();
    const bool stale = oldest.task->ended_stamp != oldest.stamp;
    if (!stale) {
      const bool wanted = static_cast<std::int64_t>(ended_.size()) <= limits.ended_in_memory_max &&
                          oldest.at + limits.ended_in_memory_ms > now;
      if (wanted || oldest.position > floor || oldest.task->dirty) return;
      if (!is_held(*oldest.task)) forget_task(*oldest.task);
    }
    ended_.pop_front();
  }
}

void State::forget_task(Task& task) {
  timers.remove(task);
  forget_meters(task);
  if (task.trace) --traced_tasks;
  if (task.keys) release_pair(*task.keys);
  memory_bytes -= task.memory_bytes;
  if (--task.profile->tasks == 0) profiles.erase(profiles.find(task.profile->key));
  tasks.erase(tasks.find(std::string_view(task.id)));
}

// ---- lineage --------------------------------------------------------------------------------------------------

void State::use_lineage(Task& task) {
  Task* root = root_of(task);
  if (!root) return;
  ++root->lineage_used;
  touch(*root);
}

void State::pin_root(Task& task) {
  if (!task.extras || task.extras->root_id.value.empty() || task.extras->pins_root) return;
  Task* root = root_of(task);
  if (!root) return;
  ++root->pins;
  task.extras->pins_root = true;
  if (is_ended(root->state)) hold(*root);
}

void State::unpin_root(Task& task) {
  if (!task.extras || !task.extras->pins_root) return;
  task.extras->pins_root = false;
  Task* root = root_of(task);
  CHECK(root && root->pins > 0);
  if (--root->pins > 0 || !is_ended(root->state)) return;
  end_meters(*root);
  settled(*root);
}

// ---- changes --------------------------------------------------------------------------------------------------

void State::touch(Task& task) {
  if (task.dirty) return;
  task.dirty = true;
  dirty_tasks_.push_back(&task);
}
void State::touch(Worker& worker) {
  if (worker.dirty) return;
  worker.dirty = true;
  dirty_workers_.push_back(worker.id);
}
void State::touch(Queue& queue) {
  if (queue.dirty) return;
  queue.dirty = true;
  dirty_queues_.push_back(&queue);
}
void State::touch(Key& key) {
  if (!std::exchange(key.kept, true)) ++kept_keys;
  if (key.dirty) return;
  key.dirty = true;
  dirty_keys_.push_back(&key);
}
void State::touch(Bulk& bulk) {
  if (bulk.dirty) return;
  bulk.dirty = true;
  dirty_bulks_.push_back(&bulk);
}

// ---- for handlers ---------------------------------------------------------------------------------------------

bool has_tag(const TaskSpec& spec, std::string_view tag) {
  return std::any_of(spec.tags.begin(), spec.tags.end(), [&](const auto& t) { return t.value == tag; });
}

base::Error no_task(const std::string& id) {
  return {base::ErrorCode::kNotFound,
          "There is no task " + id + ". It may have been deleted after its retention time."};
}

}  // namespace arbiter::core
