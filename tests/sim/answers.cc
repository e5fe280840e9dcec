#include "answers.h"

#include <algorithm>
#include <cmath>

namespace arbiter::sim {

using base::ErrorCode;

#define RULE(condition, promise, text)       \
  do {                                       \
    if (!(condition)) broken(promise, text); \
  } while (false)

void Answers::broken(std::string_view promise, const std::string& what) {
  verdict_.broken(promise, std::string(name_of(sent_->asked->command)) + " #" + std::to_string(sent_->asked->number) +
                               ", sent at log position " + std::to_string(sent_->head) + ", answered at " +
                               std::to_string(model_.position) + ": " + what);
}

const TaskModel* Answers::task(const std::string& id) {
  const TaskModel* found = model_.task(id);
  if (!found) broken("1", "task " + id + " is not in the log");
  return found;
}

void Answers::judge(const Sent& sent, const engine::Answer& answer) {
  sent_ = &sent;
  const Asked& asked = *sent.asked;
  if (!answer) {
    world_.count(Kind::kError, base::info(answer.error().code).name);
    return refusal(asked.command, answer.error());
  }
  RULE(!asked.bad, "8", "was accepted with bad fields");
  if (const auto* reply = std::get_if<engine::StoredReply>(&*answer)) return repeated(*reply);
  const auto& reply = std::get<core::Reply>(*answer);
  if (!asked.key.empty()) {
    const auto [known, first] = keys_.emplace(asked.key, std::pair(asked.fingerprint, stored(reply).body));
    RULE(first, "9", "was done twice under key " + asked.key);
  }
  success(asked.command, reply);
}

// The stored answer of a key: the same as before, and its effect is in the log.
void Answers::repeated(const engine::StoredReply& reply) {
  const Asked& asked = *sent_->asked;
  const auto known = keys_.emplace(asked.key, std::pair(asked.fingerprint, reply.body)).first;
  RULE(known->second.first == asked.fingerprint, "9", "the answer of another request was given for key " + asked.key);
  RULE(known->second.second == reply.body, "9", "key " + asked.key + " was answered in two ways");
  const int marked = marked_tasks(asked);
  const auto found = model_.marked.find(asked.number);
  if (marked) RULE(found != model_.marked.end() && found->second == marked, "9", "its tasks are not in the log once");
}

// ---- what is shown --------------------------------------------------------------------------------------------

void Answers::shows(const core::TokenView& view) {
  const bool durable = std::any_of(model_.tokens.begin(), model_.tokens.end(), [&](const auto& entry) {
    const TokenModel& token = entry.second;
    const bool was_valid = token.valid.any(low(), high(), std::identity{});
    const bool was_revoked = token.valid.any(low(), high(), [](bool valid) { return !valid; });
    return token.name == view.name.value && "tok_" + entry.first.substr(0, 16) == view.id.value &&
           (view.state == core::TokenState::kRevoked ? was_revoked && token.servers_own : was_valid) &&
           token.expires == (view.expires_at ? view.expires_at->ms : 0);
  });
  RULE(durable, "1", "shows token " + view.name.value + " as " + base::to_text(view.state) + ", which is not durable");
}

void Answers::shows_state(const std::string& id, TaskState state) {
  const TaskModel* t = task(id);
  if (!t) return;
  RULE(t->history.any(low(), high(), [&](const TaskFacts& f) { return f.state == state; }), "1",
       "shows " + id + " as " + base::to_text(state) + ", which is not durable");
}

void Answers::check_bodies(const core::TaskView& view, const TaskModel& t) {
  const bool inline_payload = t.spec.payload.size() <= setup_.limits.inline_bytes_max;
  if (!view.payload.empty())
    RULE(view.payload.text() == t.spec.payload.text(), "2", "the payload of " + t.id + " changed");
  if (view.payload.empty() && !t.spec.payload.empty()) {
    RULE(!inline_payload || view.payload_document == t.submitted, "2", "the payload of " + t.id + " is missing");
  }
  if (view.state != TaskState::kCompleted || t.result.empty()) return;
  const bool there = view.result.empty() ? view.result_document == t.ended_position : view.result.text() == t.result;
  RULE(there, "2", "the result of " + t.id + " is missing or another");
}

void Answers::shows(const core::TaskView& view) {
  const TaskModel* t = task(view.id.value);
  if (!t) return;
  const auto same = [&](const TaskFacts& f) {
    const int running = f.lease || f.state == TaskState::kCompleted ? 1 : 0;
    return f.state == view.state && f.failures + running == view.attempt &&
           (f.cancel_requested == view.cancel_requested || !f.lease) && (!f.lease || view.worker_id == f.worker);
  };
  RULE(t->history.any(low(), high(), same), "1",
       "shows " + t->id + " as " + base::to_text(view.state) + ", attempt " + std::to_string(view.attempt) +
           ", which is not durable");
  RULE(view.type == t->spec.type && view.queue == t->spec.queue && view.priority == t->spec.priority &&
           view.max_attempts == t->spec.retry.max_attempts && view.created_at.ms == t->created_at &&
           std::equal(view.depends_on.begin(), view.depends_on.end(), t->spec.depends_on.begin(),
                      t->spec.depends_on.end()),
       "2", "the definition of " + t->id + " changed");
}

void Answers::shows(const core::LeaseView& view, const std::string& worker) {
  shows(view.task);
  const TaskModel* t = task(view.task.id.value);
  if (!t) return;
  const auto held = [&](const TaskFacts& f) {
    return std::to_string(f.lease) == view.lease && f.worker == worker && f.failures + 1 == view.attempt;
  };
  RULE(t->history.any(low(), high(), held), "1", "lease " + view.lease + " of " + t->id + " is not in the log");
}

void Answers::shows(const std::vector<core::LeaseView>& leases, const core::LeaseTasks& request) {
  RULE(static_cast<std::int64_t>(leases.size()) <= request.max, "8", "grants more leases than asked for");
  for (const auto& view : leases) {
    shows(view, request.worker_id.value);
    RULE(view.task.state == (request.start ? TaskState::kRunning : TaskState::kAssigned), "3",
         "a lease is begun against its request");
    check_bodies(view.task, *model_.task(view.task.id.value));
    const auto number = std::stoll(view.lease);
    const auto wants = [&](const TaskModel& t) {
      return (request.types.empty() ||
              std::find(request.types.begin(), request.types.end(), t.spec.type) != request.types.end()) &&
             (request.queues.empty() ||
              std::find(request.queues.begin(), request.queues.end(), t.spec.queue) != request.queues.end());
    };
    const TaskModel& t = *model_.task(view.task.id.value);
    RULE(wants(t), "3", "grants " + t.id + ", which was not asked for");
    if (request.session) {
      const WorkerModel& worker = model_.workers[request.worker_id.value];
      const bool current = worker.history.any(static_cast<Position>(number), static_cast<Position>(number),
                                              [&](const auto& w) { return w && w->session == *request.session; });
      RULE(current, "3", "lease " + view.lease + " was granted to a session that was replaced");
    }
    const auto better = model_.passed_over.find(number);
    if (better == model_.passed_over.end()) continue;
    for (const TaskModel* other : better->second) {
      RULE(!wants(*other), "3", t.id + " was granted before " + other->id + ", which is more urgent or older");
    }
  }
}

// Nothing that is not durable, and everything that was asked for all the time.
void Answers::shows(const std::vector<core::Cancellation>& cancellations, const std::string& worker) {
  std::set<std::string> told;
  for (const auto& c : cancellations) {
    const TaskModel* t = task(c.task_id.value);
    if (!t) return;
    const auto asked = [&](const TaskFacts& f) { return f.cancel_requested && std::to_string(f.lease) == c.lease; };
    RULE(t->history.any(low(), high(), asked), "1", "tells of a cancellation of " + t->id + " that is not durable");
    told.insert(t->id);
  }
  for (const auto& [number, id] : model_.workers[worker].leases) {
    const auto asked = [&, n = number](const TaskFacts& f) { return f.cancel_requested && f.lease == n; };
    const bool always = model_.task(id)->history.all(low(), high(), asked);
    RULE(!always || told.contains(id), "3",
         std::string("does not tell ").append(worker).append(" that ").append(id).append(" is cancelled"));
  }
}

void Answers::shows(const core::LeaseStatus& status, const std::string& id, const std::string& lease) {
  RULE(status.id.value == id && status.lease == lease, "3",
       "was accepted for " + id + " under lease " + lease + ", but the current one is " + status.lease);
  const TaskModel* t = task(id);
  if (!t) return;
  const auto same = [&](const TaskFacts& f) { return std::to_string(f.lease) == lease && f.state == status.state; };
  RULE(t->history.any(low(), high(), same), "1", "was accepted under lease " + lease + " of " + id + ", not current");
}

void Answers::shows(const core::WorkerView& view) {
  const WorkerModel& worker = model_.workers[view.id.value];
  const auto same = [&](const std::optional<WorkerFacts>& f) {
    return f && f->session == view.session && f->state == view.state;
  };
  const bool leaving = view.state == core::WorkerState::kGone;
  RULE(leaving || worker.history.any(low(), high(), same), "1",
       "shows worker " + view.id.value + " as it is not durable");
  for (const auto& lease : view.leases) shows(lease, view.id.value);
}

void Answers::shows(const core::QueueView& view) {
  const QueueModel& queue = model_.queues[view.name.value];
  const QueueFacts seen{view.paused, view.max_depth.value_or(0), view.draining};
  const bool fresh = seen == QueueFacts{} && (queue.live > 0 || queue.now == QueueFacts{});
  const bool same = queue.history.any(low(), high(), [&](const QueueFacts& f) { return f == seen; });
  RULE(same || fresh || seen == QueueFacts{}, "1", "shows queue " + view.name.value + " as it is not durable");
}

void Answers::shows(const core::KeyView& view) {
  const KeyFacts seen{view.paused, {view.concurrency.value_or(0), view.rate.value_or(core::RateLimit{}), view.weight}};
  const auto& history = model_.limits.key_history[view.name.value];
  const bool same = history.any(low(), high(), [&](const KeyFacts& f) {
    return f.paused == seen.paused && f.limits.concurrency == seen.limits.concurrency &&
           f.limits.weight == seen.limits.weight;
  });
  RULE(same || seen == KeyFacts{}, "1", "shows key " + view.name.value + " as it is not durable");
}

void Answers::shows(const core::TaskTypeView& view) {
  const core::TypeDefinition seen{view.description, view.defaults, view.payload_schema, view.result_schema};
  RULE(
      model_.types[view.name.value].history.any(low(), high(), [&](const auto& f) { return f == base::to_json(seen); }),
      "1", "shows type " + view.name.value + " as it is not durable");
}

void Answers::shows(const core::BudgetView& view) {
  BudgetModel& budget = model_.budgets.all[view.name.value];
  RULE(budget.definition.any(low(), high(), [](const auto& f) { return !f.empty(); }), "1",
       "shows budget " + view.name.value + ", which is not in the log");
  for (const auto& meter : view.meters) {
    const Spent seen{meter.tokens, std::llround(meter.cost * 1e6), meter.attempts};
    const bool same = budget.spending[meter.subject].any(low(), high(), [&](const Spent& s) { return s == seen; });
    RULE(same || seen == Spent{}, "1",
         "shows that " + meter.subject + " spent of budget " + view.name.value + " what is not durable");
  }
}

void Answers::shows(const core::BulkView& view) {
  const auto found = model_.bulks.find(view.id.value);
  if (found == model_.bulks.end()) return broken("1", "bulk change " + view.id.value + " is not in the log");
  const BulkFacts seen{view.state, view.scanned, view.done};
  RULE(found->second.history.any(low(), high(), [&](const BulkFacts& f) { return f == seen; }), "1",
       "shows bulk change " + view.id.value + " as it is not durable");
}

void Answers::shows(const core::EffectView& view) {
  const auto found = model_.effects.find(view.id.value);
  if (found == model_.effects.end()) return broken("1", "effect " + view.id.value + " is not in the log");
  const EffectFacts shown{view.state, view.attempt, view.failures};
  RULE(found->second.history.any(low(), high(), [&](const auto& f) { return f == shown; }), "1",
       "shows effect " + view.id.value + " as it is not durable");
}

void Answers::shows(const core::ScheduleView& view) {
  const auto found = model_.schedules.find(view.name.value);
  if (found == model_.schedules.end()) return broken("1", "schedule " + view.name.value + " is not in the log");
  const auto same = [&](const std::optional<ScheduleFacts>& f) {
    const bool paused = view.state == core::ScheduleState::kPaused;
    const std::int64_t next = view.next_at ? view.next_at->ms : 0;
    return f && f->paused == paused && (paused || f->next == next) && f->fired == view.fired &&
           f->skipped == view.skipped;
  };
  RULE(found->second.history.any(low(), high(), same), "1",
       "shows schedule " + view.name.value + " as it is not durable");
  for (const auto& run : view.runs) {
    const TaskModel* t = task(run.task_id.value);
    if (!t) return;
    shows_state(t->id, run.state);
  }
}

// ---- what is acknowledged -------------------------------------------------------------------------------------

// It is what was asked for, with what its type said about the rest at its time.
bool Answers::is_from(const core::TaskSpec& given, const TaskModel& t) const {
  core::TypeDefaults defaults;
  if (const auto type = model_.types.find(given.type.value); type != model_.types.end()) {
    for (const auto& [position, definition] : type->second.versions) {
      if (position < t.submitted) defaults = definition.defaults;
    }
  }
  return text_of(with_defaults(given, defaults)) == text_of(t.spec);
}

void Answers::submitted(const core::TaskSpec& spec, const std::string& id, TaskState state, bool created) {
  const TaskModel* t = task(id);
  if (!t) return;
  shows_state(id, state);
  if (!created && spec.unique_key && spec.on_duplicate == core::OnDuplicate::kExisting &&
      t->spec.unique_key == spec.unique_key) {
    return;
  }
  RULE(!spec.id || spec.id->value == id, "9", "another task was submitted than asked for");
  RULE(is_from(spec, *t), "9", "task " + id + " is not as it was submitted");
  if (created) {
    RULE(created_.insert(id).second, "9", "the creation of " + id + " was acknowledged twice");
    RULE(t->submitted > low(), "9", "task " + id + " is said to be new, but is not");
  }
}

void Answers::acknowledges(const core::SubmitTask& c, const core::SubmitTaskReply& reply) {
  submitted(c, reply.task.id.value, reply.task.state, reply.created);
  shows(reply.task);
  if (!verdict_.failed()) check_bodies(reply.task, *model_.task(reply.task.id.value));
}

void Answers::acknowledges(const core::SubmitBatch& c, const core::SubmitReply& reply) {
  if (c.tasks.size() != reply.tasks.size()) return broken("1", "a batch was answered for another number of tasks");
  for (std::size_t i = 0; i < c.tasks.size(); ++i) {
    submitted(c.tasks[i], reply.tasks[i].id.value, reply.tasks[i].state, reply.tasks[i].created);
  }
}

// An accepted outcome stands in the log, under the lease that was named, as it was said.
void Answers::acknowledges(const core::Report& report) {
  const TaskModel* t = task(report.task_id.value);
  if (!t) return;
  const auto said = [&](const LeaseEnd& end) {
    if (std::to_string(end.lease) != report.lease.value) return false;
    switch (end.ending) {
      case Ending::kCompleted:
        return report.outcome == core::Outcome::kCompleted && end.result == completion(report);
      case Ending::kFailed: {
        const bool by_worker = end.reason == core::Reason::kReported || end.reason == core::Reason::kNotRetryable ||
                               end.reason == core::Reason::kLineageLimit || end.reason == core::Reason::kBudget;
        return report.outcome == core::Outcome::kFailed && by_worker && report.error->message.value == end.error;
      }
      case Ending::kReleased:
        return report.outcome == core::Outcome::kReleased && end.reason == core::Reason::kReleased;
      case Ending::kCancelled:
        return (report.outcome == core::Outcome::kFailed && end.reason == core::Reason::kReported) ||
               (report.outcome == core::Outcome::kFailed && end.reason == core::Reason::kNotRetryable) ||
               (report.outcome == core::Outcome::kReleased && end.reason == core::Reason::kReleased);
    }
    return false;
  };
  RULE(std::any_of(t->ends.begin(), t->ends.end(), said), "3",
       "the outcome " + base::to_text(report.outcome) + " of " + t->id + " under lease " + report.lease.value +
           " was accepted, but is not in the log under that lease");
}

void Answers::acknowledges(const core::ReportTasks& c, const core::ReportReply& reply) {
  if (c.reports.size() != reply.results.size()) return broken("1", "another number of reports was answered");
  for (std::size_t i = 0; i < c.reports.size(); ++i) {
    const core::ReportResult& result = reply.results[i];
    if (result.state) {
      acknowledges(c.reports[i]);
      shows_state(result.task_id.value, *result.state);
    } else {
      const ErrorCode code = base::error_code_named(result.code.value_or(""));
      world_.count(Kind::kError, base::info(code).name);
      if (code == ErrorCode::kStaleLease) stale(c.reports[i].task_id.value, c.reports[i].lease.value);
      if (code == ErrorCode::kOutcomeConflict) conflict(c.reports[i]);
      if (code == ErrorCode::kNotFound) not_found(core::GetTask{c.reports[i].task_id, {}});
    }
  }
  core::LeaseTasks lease;
  lease.worker_id = c.worker_id;
  lease.session = c.session;
  if (c.lease) {
    lease.max = c.lease->max;
    lease.start = c.lease->start;
    lease.types = c.lease->types;
    lease.queues = c.lease->queues;
  }
  RULE(c.lease || reply.leases.empty(), "3", "grants leases that nobody asked for");
  shows(reply.leases, lease);
  shows(reply.cancellations, c.worker_id.value);
}

// Whether the lease was current at some time since the request.
bool Answers::held_somewhere(std::int64_t lease) const {
  const auto task = model_.leased.find(lease);
  return task != model_.leased.end() &&
         model_.task(task->second)->history.any(low(), high(), [&](const TaskFacts& f) { return f.lease == lease; });
}

void Answers::acknowledges(const core::Heartbeat& c, const core::HeartbeatReply& reply) {
  shows(reply.cancellations, c.id.value);
  const WorkerModel& worker = model_.workers[c.id.value];
  RULE(worker.history.any(low(), high(), [&](const auto& w) { return w && w->state == reply.state; }), "1",
       "shows worker " + c.id.value + " as it is not durable");
  if (!c.leases) return;
  for (const auto& named : *c.leases) {
    const auto holder = model_.holders.find(std::stoll(named.value));
    const bool never =
        holder == model_.holders.end() || holder->second != c.id.value || !held_somewhere(std::stoll(named.value));
    const bool said =
        std::any_of(reply.lost.begin(), reply.lost.end(), [&](const auto& l) { return l.lease == named.value; });
    RULE(!never || said, "3", "does not tell that lease " + named.value + " is lost");
  }
  for (const auto& lost : reply.lost) {
    for (const auto& [number, id] : worker.leases) {
      const bool kept = std::to_string(number) == lost.lease && static_cast<Position>(number) <= low();
      RULE(!kept, "3", "says that lease " + lost.lease + " is lost, but it is current");
    }
  }
}

// The lines are in the task's log, whole and in their order.
void Answers::acknowledges(const core::AppendLog& c) {
  std::vector<std::string> lines;
  for (std::uint64_t next = 0;;) {
    const auto page = world_.reader().log(c.id.value, next, store::kPageRowsMax);
    for (const auto& line : page->lines) lines.push_back(line.text);
    if (page->lines.empty() || page->next == next) break;
    next = page->next;
  }
  std::vector<std::string> wanted;
  for (const auto& line : c.lines) wanted.push_back(line.value);
  RULE(std::search(lines.begin(), lines.end(), wanted.begin(), wanted.end()) != lines.end(), "1",
       "log lines of " + c.id.value + " were accepted, but are not stored");
}

void Answers::acknowledges(const core::RegisterWorker& c, const core::RegisterReply& reply) {
  shows(reply.worker);
  const WorkerModel& worker = model_.workers[reply.worker.id.value];
  RULE(!c.name || *c.name == reply.worker.id, "9", "another worker was registered than asked for");
  const bool there = worker.history.any(low() + 1, high(), [&](const auto& w) {
    return w && w->session == reply.worker.session && w->state == core::WorkerState::kLive;
  });
  RULE(there, "1", "the registration of " + reply.worker.id.value + " is not in the log");
}

void Answers::lists(const core::ListTasks& c, const core::TaskList& list) {
  std::set<std::string> listed;
  for (const auto& item : list.items) {
    shows(item);
    listed.insert(item.id.value);
  }
  if (c.cursor || list.next_cursor || verdict_.failed() || c.worker_id || c.tag || c.parent_id) return;
  for (const auto& [id, t] : model_.tasks) {
    if ((c.queue && t.spec.queue != *c.queue) || (c.type && t.spec.type != *c.type)) continue;
    const bool always = t.history.all(low(), high(), [&](const TaskFacts& f) {
      const bool wanted = c.state.empty() || std::find(c.state.begin(), c.state.end(), f.state) != c.state.end();
      return wanted && !core::is_ended(f.state);
    });
    RULE(!always || listed.contains(id), "1", "the list leaves out " + id);
  }
}

// All of a snapshot is true at its one position, so that the events after it complete it.
void Answers::begins(const core::TakeSnapshot& c, const core::SnapshotReply& snapshot) {
  const auto position = static_cast<Position>(snapshot.position);
  RULE(position >= low() && position <= high(), "6", "a snapshot's position is none since its request");
  at_ = position;
  if (snapshot.tasks && c.task) {
    for (const auto& task : *snapshot.tasks) shows(task);
  } else if (snapshot.tasks) {
    core::ListTasks all;
    for (int state = 0; state <= static_cast<int>(TaskState::kSuspended); ++state) {
      all.state.push_back(static_cast<TaskState>(state));
    }
    core::TaskList list{*snapshot.tasks, {}};
    if (!snapshot.truncated.empty()) list.next_cursor = "more";
    lists(all, list);
  }
  for (const auto& queue : snapshot.queues.value_or(std::vector<core::QueueView>{})) shows(queue);
  for (const auto& worker : snapshot.workers.value_or(std::vector<core::WorkerView>{})) shows(worker);
  at_ = 0;
}

void Answers::draws(const core::GetGraph& c, const core::Graph& graph) {
  std::set<std::string> seen;
  RULE(static_cast<std::int64_t>(graph.nodes.size()) <= c.limit, "8", "the graph has more nodes than asked for");
  for (const auto& node : graph.nodes) {
    shows_state(node.id.value, node.state);
    const TaskModel* t = model_.task(node.id.value);
    if (!t) return;
    RULE(std::equal(node.depends_on.begin(), node.depends_on.end(), t->spec.depends_on.begin(),
                    t->spec.depends_on.end()),
         "2", "the graph has other dependencies of " + t->id);
  }
  for (const auto& id : graph.order) {
    for (const auto& d : model_.task(id.value)->spec.depends_on) {
      const bool later =
          !seen.contains(d.value) && std::find(graph.order.begin(), graph.order.end(), d) != graph.order.end();
      RULE(!later, "3", "the order of the graph puts " + id.value + " before its dependency " + d.value);
    }
    seen.insert(id.value);
  }
}

// ---- successes ------------------------------------------------------------------------------------------------

std::optional<core::Report> report_of(const core::Command& command) {
  if (const auto* c = std::get_if<core::CompleteTask>(&command)) {
    return core::Report{c->id, c->lease, core::Outcome::kCompleted, c->result, {}, true, c->quality_score, c->usage};
  }
  if (const auto* c = std::get_if<core::FailTask>(&command)) {
    return core::Report{c->id, c->lease, core::Outcome::kFailed, {}, c->error, c->retryable, {}, c->usage};
  }
  if (const auto* c = std::get_if<core::ReleaseTask>(&command)) {
    return core::Report{c->id, c->lease, core::Outcome::kReleased, {}, {}, true, {}, {}};
  }
  return std::nullopt;
}

void Answers::cancelled(const core::CancelTask& c) {
  const TaskModel* t = task(c.id.value);
  if (!t) return;
  const auto asked = [](const TaskFacts& f) { return f.cancel_requested || core::is_ended(f.state); };
  RULE(t->history.any(low(), high(), asked), "1", "the cancellation of " + t->id + " is not in the log");
}

// Nothing is to be said of ReturnLeases.
template <typename C>
void Answers::success_of_effects(const C& c, const core::Reply& reply) {
  if constexpr (std::is_same_v<C, core::ListEffects>) {
    for (const auto& e : std::get<core::EffectList>(reply).items) {
      shows(e);
      RULE(c.state.empty() || std::find(c.state.begin(), c.state.end(), e.state) != c.state.end(), "8",
           "lists effect " + e.id.value + ", which is in another state");
    }
  } else if constexpr (std::is_same_v<C, core::GetEffect> || std::is_same_v<C, core::TestNotifier>) {
    shows(std::get<core::EffectView>(reply));
  } else if constexpr (std::is_same_v<C, core::RetryEffect>) {
    const auto& view = std::get<core::EffectView>(reply);
    shows(view);
    RULE(view.state == core::EffectState::kWaiting || view.state == core::EffectState::kStarted, "9",
         "an effect that is tried again is shown as over");
  }
}

template <typename C>
void Answers::success_of_types(const C& c, const core::Reply& reply) {
  if constexpr (std::is_same_v<C, core::ListCascades>) {
    for (const auto& cascade : std::get<core::CascadeList>(reply).items) {
      RULE(cascade.done >= 0 && cascade.left.value_or(1) > 0, "8", "shows a cascade that has nothing to do");
    }
  } else if constexpr (std::is_same_v<C, core::SetTaskType>) {
    const core::TypeDefinition& definition = c;
    RULE(model_.types[c.name.value].history.any(low(), high(),
                                                [&](const auto& f) { return f == base::to_json(definition); }),
         "1", "the definition of type " + c.name.value + " is not in the log");
  } else if constexpr (std::is_same_v<C, core::GetTaskType>) {
    shows(std::get<core::TaskTypeView>(reply));
  } else if constexpr (std::is_same_v<C, core::ListTaskTypes>) {
    for (const auto& type : std::get<core::TaskTypeList>(reply).items) {
      RULE(model_.types[type.name.value].history.any(low(), high(), [](const auto& f) { return !f.empty(); }), "1",
           "lists type " + type.name.value + ", which is not defined");
    }
  } else if constexpr (std::is_same_v<C, core::DeleteTaskType>) {
    RULE(model_.types[c.name.value].history.any(low(), high(), [](const auto& f) { return f.empty(); }), "1",
         "that type " + c.name.value + " was deleted is not in the log");
  } else {
    success_of_budgets(c, reply);
  }
}

template <typename C>
void Answers::success_of_budgets(const C& c, const core::Reply& reply) {
  if constexpr (std::is_same_v<C, core::SetBudget>) {
    const core::BudgetSpec& spec = c;
    const auto& history = model_.budgets.all[c.name.value].definition;
    RULE(history.any(low(), high(), [&](const auto& f) { return f == base::to_json(spec); }), "1",
         "the definition of budget " + c.name.value + " is not in the log");
    shows(std::get<core::SetBudgetReply>(reply).budget);
  } else if constexpr (std::is_same_v<C, core::GetBudget> || std::is_same_v<C, core::RaiseBudget>) {
    shows(std::get<core::BudgetView>(reply));
  } else if constexpr (std::is_same_v<C, core::ListBudgets>) {
    for (const auto& budget : std::get<core::BudgetList>(reply).items) shows(budget);
  } else if constexpr (std::is_same_v<C, core::DeleteBudget>) {
    const auto& history = model_.budgets.all[c.name.value].definition;
    RULE(history.any(low(), high(), [](const auto& f) { return f.empty(); }), "1",
         "that budget " + c.name.value + " was deleted is not in the log");
  } else {
    success_of_effects(c, reply);
  }
}

template <typename C>
void Answers::success_of_schedules(const C& c, const core::Reply& reply) {
  if constexpr (std::is_same_v<C, core::SetSchedule>) {
    const core::ScheduleSpec& spec = c;
    const std::string definition = base::to_json(spec);
    const auto found = model_.schedules.find(c.name.value);
    const bool set = found != model_.schedules.end() && found->second.history.any(low(), high(), [&](const auto& f) {
      return f && f->definition == definition;
    });
    RULE(set, "1", "the definition of schedule " + c.name.value + " is not in the log");
    shows(std::get<core::SetScheduleReply>(reply).schedule);
  } else if constexpr (std::is_same_v<C, core::GetSchedule> || std::is_same_v<C, core::PauseSchedule> ||
                       std::is_same_v<C, core::ResumeSchedule>) {
    const auto& view = std::get<core::ScheduleView>(reply);
    shows(view);
    if constexpr (std::is_same_v<C, core::PauseSchedule>)
      RULE(view.state == core::ScheduleState::kPaused, "9", "a paused schedule is shown as not paused");
    if constexpr (std::is_same_v<C, core::ResumeSchedule>)
      RULE(view.state != core::ScheduleState::kPaused, "9", "a resumed schedule is shown as paused");
  } else if constexpr (std::is_same_v<C, core::ListSchedules>) {
    for (const auto& s : std::get<core::ScheduleList>(reply).items) shows(s);
  } else if constexpr (std::is_same_v<C, core::RunSchedule>) {
    const auto& run = std::get<core::SubmitTaskReply>(reply);
    shows(run.task);
    RULE(created_.insert(run.task.id.value).second, "9", "a run of " + c.name.value + " was acknowledged twice");
    const auto& runs = model_.runs[c.name.value];
    const bool is_run =
        std::any_of(runs.begin(), runs.end(), [&](const auto* t) { return t->id == run.task.id.value; });
    RULE(is_run, "1", "the run of " + c.name.value + " is not in the log");
  } else if constexpr (std::is_same_v<C, core::DeleteSchedule>) {
    const auto found = model_.schedules.find(c.name.value);
    const bool gone =
        found != model_.schedules.end() && found->second.history.any(low(), high(), [](const auto& f) { return !f; });
    RULE(gone, "1", "that schedule " + c.name.value + " was deleted is not in the log");
  } else {
    success_of_types(c, reply);
  }
}

template <typename C>
void Answers::success_in_system(const C& c, const core::Reply& reply) {
  if constexpr (std::is_same_v<C, core::CreateNamespace>) {
    RULE(model_.namespaces.contains(c.name.value), "1", "namespace " + c.name.value + " is not in the log");
  } else if constexpr (std::is_same_v<C, core::ListNamespaces>) {
    for (const auto& n : std::get<core::NamespaceList>(reply).items) {
      RULE(model_.namespaces.contains(n.name.value), "1", "lists namespace " + n.name.value + ", which is not durable");
    }
  } else if constexpr (std::is_same_v<C, core::AddToken>) {
    RULE(model_.tokens.contains(c.hash), "1", "token " + c.hash + " is not in the log");
  } else if constexpr (std::is_same_v<C, core::FindToken> || std::is_same_v<C, core::CreateToken>) {
    const auto& view = std::get<core::TokenView>(reply);
    shows(view);
    RULE(view.state == core::TokenState::kLive, "8", "token " + c.hash + " is accepted, but not live");
    const auto found = model_.tokens.find(c.hash);
    const bool valid = found != model_.tokens.end() && found->second.valid.any(low(), high(), std::identity{});
    RULE(valid, "1", "token " + c.hash + " is accepted, but not in the log or revoked");
  } else if constexpr (std::is_same_v<C, core::ListTokens>) {
    for (const auto& t : std::get<core::TokenList>(reply).items) shows(t);
  } else if constexpr (std::is_same_v<C, core::RevokeToken>) {
    const auto& view = std::get<core::TokenView>(reply);
    RULE(view.state == core::TokenState::kRevoked, "9", "a revoked token is shown as another");
    const bool gone = std::any_of(model_.tokens.begin(), model_.tokens.end(), [&](const auto& entry) {
      return entry.second.name == view.name.value &&
             entry.second.valid.any(low(), high(), [](bool valid) { return !valid; });
    });
    RULE(gone, "1", "that token " + c.name.value + " was revoked is not in the log");
  } else if constexpr (std::is_same_v<C, core::NoteTokenUses>) {
    for (const auto& use : c.uses) {
      const auto found = model_.tokens.find(use.hash);
      if (found == model_.tokens.end() || !found->second.valid.all(low(), high(), std::identity{})) continue;
      RULE(found->second.last_used >= use.at.ms, "1", "the use of token " + use.hash + " is not in the log");
    }
  } else if constexpr (std::is_same_v<C, core::RecordLifecycle>) {
    const std::pair<std::string, std::string> wanted(c.what, c.detail);
    const auto& all = model_.lifecycle;
    RULE(std::find(all.begin(), all.end(), wanted) != all.end(), "1", "a lifecycle event is not in the log");
  } else {
    success_of_schedules(c, reply);
  }
}

template <typename C>
void Answers::success_of_keys(const C& c, const core::Reply& reply) {
  if constexpr (std::is_same_v<C, core::TakeSnapshot>) {
    begins(c, std::get<core::SnapshotReply>(reply));
  } else if constexpr (std::is_same_v<C, core::ListKeys>) {
    for (const auto& k : std::get<core::KeyList>(reply).items) shows(k);
  } else if constexpr (std::is_same_v<C, core::GetKey> || std::is_same_v<C, core::ConfigureKey> ||
                       std::is_same_v<C, core::PauseKey> || std::is_same_v<C, core::ResumeKey>) {
    const auto& view = std::get<core::KeyView>(reply);
    shows(view);
    if constexpr (std::is_same_v<C, core::PauseKey>) RULE(view.paused, "9", "a paused key is shown as not paused");
    if constexpr (std::is_same_v<C, core::ResumeKey>) RULE(!view.paused, "9", "a resumed key is shown as paused");
  } else {
    success_in_system(c, reply);
  }
}

template <typename C>
void Answers::success_of_workers(const C& c, const core::Reply& reply) {
  if constexpr (std::is_same_v<C, core::RegisterWorker>) {
    acknowledges(c, std::get<core::RegisterReply>(reply));
  } else if constexpr (std::is_same_v<C, core::ListWorkers>) {
    for (const auto& w : std::get<core::WorkerList>(reply).items) shows(w);
  } else if constexpr (std::is_same_v<C, core::GetWorker> || std::is_same_v<C, core::DrainWorker>) {
    shows(std::get<core::WorkerView>(reply));
  } else if constexpr (std::is_same_v<C, core::Heartbeat>) {
    acknowledges(c, std::get<core::HeartbeatReply>(reply));
  } else if constexpr (std::is_same_v<C, core::DeregisterWorker>) {
    const bool gone = model_.workers[c.id.value].history.any(low(), high(), [](const auto& w) { return !w; });
    RULE(gone, "1", "that " + c.id.value + " left is not in the log");
  } else if constexpr (std::is_same_v<C, core::ListQueues>) {
    for (const auto& q : std::get<core::QueueList>(reply).items) shows(q);
  } else if constexpr (std::is_same_v<C, core::GetQueue> || std::is_same_v<C, core::PauseQueue> ||
                       std::is_same_v<C, core::DrainQueue> || std::is_same_v<C, core::ResumeQueue> ||
                       std::is_same_v<C, core::ConfigureQueue>) {
    const auto& view = std::get<core::QueueView>(reply);
    shows(view);
    if constexpr (std::is_same_v<C, core::PauseQueue>) RULE(view.paused, "9", "a paused queue is shown as not paused");
    if constexpr (std::is_same_v<C, core::ResumeQueue>) {
      RULE(!view.paused && !view.draining, "9", "a resumed queue is shown as paused or drained");
    }
    if constexpr (std::is_same_v<C, core::DrainQueue>) {
      RULE(view.draining, "9", "a drained queue is shown as taking tasks");
    }
    if constexpr (std::is_same_v<C, core::ConfigureQueue>) {
      RULE(!c.max_depth || view.max_depth.value_or(0) == *c.max_depth, "9", "a queue is not as it was configured");
    }
  } else {
    success_of_keys(c, reply);
  }
}

template <typename C>
void Answers::success_of_tasks(const C& c, const core::Reply& reply) {
  if constexpr (std::is_same_v<C, core::SubmitTask>) {
    acknowledges(c, std::get<core::SubmitTaskReply>(reply));
  } else if constexpr (std::is_same_v<C, core::SubmitBatch>) {
    acknowledges(c, std::get<core::SubmitReply>(reply));
  } else if constexpr (std::is_same_v<C, core::GetTask>) {
    const auto& view = std::get<core::TaskView>(reply);
    shows(view);
    if (!verdict_.failed()) check_bodies(view, *model_.task(view.id.value));
  } else if constexpr (std::is_same_v<C, core::ListTasks>) {
    lists(c, std::get<core::TaskList>(reply));
  } else if constexpr (std::is_same_v<C, core::GetGraph>) {
    draws(c, std::get<core::Graph>(reply));
  } else if constexpr (std::is_same_v<C, core::CancelTask>) {
    shows(std::get<core::TaskView>(reply));
    cancelled(c);
  } else if constexpr (std::is_same_v<C, core::RetryTask>) {
    shows(std::get<core::TaskView>(reply));
  } else if constexpr (std::is_same_v<C, core::SuspendTask> || std::is_same_v<C, core::ResumeTask>) {
    const auto& view = std::get<core::TaskView>(reply);
    shows(view);
    const bool rests = std::is_same_v<C, core::SuspendTask>;
    RULE(view.state == (rests ? TaskState::kSuspended : TaskState::kRunning), "9",
         view.id.value + " is shown as " + base::to_text(view.state));
  } else if constexpr (std::is_same_v<C, core::StartBulk> || std::is_same_v<C, core::GetBulk>) {
    shows(std::get<core::BulkView>(reply));
  } else if constexpr (std::is_same_v<C, core::LeaseTasks>) {
    shows(std::get<core::LeaseReply>(reply).leases, c);
    shows(std::get<core::LeaseReply>(reply).cancellations, c.worker_id.value);
  } else if constexpr (std::is_same_v<C, core::StartTask> || std::is_same_v<C, core::ReportProgress> ||
                       std::is_same_v<C, core::ExtendLease>) {
    shows(std::get<core::LeaseStatus>(reply), c.id.value, c.lease.value);
  } else if constexpr (std::is_same_v<C, core::AppendLog>) {
    shows(std::get<core::LeaseStatus>(reply), c.id.value, c.lease.value);
    acknowledges(c);
  } else if constexpr (std::is_same_v<C, core::CompleteTask> || std::is_same_v<C, core::FailTask> ||
                       std::is_same_v<C, core::ReleaseTask>) {
    acknowledges(*report_of(core::Command(c)));
    shows(std::get<core::TaskView>(reply));
  } else if constexpr (std::is_same_v<C, core::ReportTasks>) {
    acknowledges(c, std::get<core::ReportReply>(reply));
  } else {
    success_of_workers(c, reply);
  }
}

void Answers::success(const core::Command& command, const core::Reply& reply) {
  if (success_of_inbox(command, reply)) return;
  std::visit([&](const auto& c) { success_of_tasks(c, reply); }, command);
}

#undef RULE

}  // namespace arbiter::sim
