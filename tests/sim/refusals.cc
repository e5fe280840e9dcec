// The refusals' half of Answers.
#include <algorithm>
#include <set>

#include "answers.h"
#include "specs.h"

namespace arbiter::sim {

using base::ErrorCode;

#define RULE(condition, promise, text)       \
  do {                                       \
    if (!(condition)) broken(promise, text); \
  } while (false)

namespace {

std::vector<const core::TaskSpec*> specs_of(const core::Command& command) {
  std::vector<const core::TaskSpec*> specs;
  if (const auto* one = std::get_if<core::SubmitTask>(&command)) specs.push_back(one);
  if (const auto* batch = std::get_if<core::SubmitBatch>(&command)) {
    for (const auto& spec : batch->tasks) specs.push_back(&spec);
  }
  return specs;
}

// The task that the command is about.
std::string task_of(const core::Command& command) {
  return std::visit(
      [](const auto& c) -> std::string {
        using C = std::decay_t<decltype(c)>;
        if constexpr (std::is_same_v<C, core::GetTask> || std::is_same_v<C, core::CancelTask> ||
                      std::is_same_v<C, core::RetryTask> || std::is_same_v<C, core::SuspendTask> ||
                      std::is_same_v<C, core::ResumeTask> || requires { c.lease.value.size(); }) {
          return c.id.value;
        } else if constexpr (std::is_same_v<C, core::GetGraph>) {
          return c.task_id ? c.task_id->value : "";
        } else {
          return "";
        }
      },
      command);
}

// The schedule that the command is about.
std::string schedule_of(const core::Command& command) {
  if (const auto* c = std::get_if<core::GetSchedule>(&command)) return c->name.value;
  if (const auto* c = std::get_if<core::PauseSchedule>(&command)) return c->name.value;
  if (const auto* c = std::get_if<core::ResumeSchedule>(&command)) return c->name.value;
  if (const auto* c = std::get_if<core::RunSchedule>(&command)) return c->name.value;
  if (const auto* c = std::get_if<core::DeleteSchedule>(&command)) return c->name.value;
  return "";
}

std::string lease_of(const core::Command& command) {
  return std::visit(
      [](const auto& c) -> std::string {
        if constexpr (requires { c.lease.value.size(); }) {
          return c.lease.value;
        } else if constexpr (std::is_same_v<std::decay_t<decltype(c)>, core::SuspendTask> ||
                             std::is_same_v<std::decay_t<decltype(c)>, core::ResumeTask>) {
          return c.lease ? c.lease->value : "";
        } else {
          return "";
        }
      },
      command);
}

}  // namespace

void Answers::not_found(const core::Command& command) {
  if (const std::string name = schedule_of(command); !name.empty()) return no_schedule(name);
  if (not_found_in_inbox(command)) return;
  if (std::holds_alternative<core::GetBudget>(command) || std::holds_alternative<core::RaiseBudget>(command) ||
      std::holds_alternative<core::DeleteBudget>(command)) {
    return no_budget(command);
  }
  if (const auto* c = std::get_if<core::GetTaskType>(&command)) return no_type(c->name.value);
  if (const auto* c = std::get_if<core::GetEffect>(&command)) return no_effect(c->id.value);
  if (const auto* c = std::get_if<core::RetryEffect>(&command)) return no_effect(c->id.value);
  if (const auto* c = std::get_if<core::TestNotifier>(&command)) {
    const auto& all = setup_.limits.notifiers;
    RULE(std::none_of(all.begin(), all.end(), [&](const auto& n) { return n.name == c->name.value; }), "3",
         "notifier " + c->name.value + " is configured, but is said not to be");
    return;
  }
  if (const auto* c = std::get_if<core::DeleteTaskType>(&command)) return no_type(c->name.value);
  const std::string id = task_of(command);
  const TaskModel* t = id.empty() ? nullptr : model_.task(id);
  RULE(!t || t->submitted > low(), "1", "task " + id + " is in the log, but is said not to exist");
}

// A payload or a result that a schema of that time did not let in.
bool Answers::breaks_schema(const core::Command& command) {
  const auto had = [&](const std::string& type, std::string_view what) {
    return model_.types[type].history.any(low(), high(),
                                          [&](const std::string& f) { return f.find(what) != std::string::npos; });
  };
  for (const auto* spec : specs_of(command)) {
    if (!had(spec->type.value, "payloadSchema") || fits_payload_schema(spec->payload)) continue;
    world_.count(Kind::kReaction, "payload refused by schema");
    return true;
  }
  if (const auto* schedule = std::get_if<core::SetSchedule>(&command)) {
    return had(schedule->task.type.value, "payloadSchema") && !fits_payload_schema(schedule->task.payload);
  }
  // The schedule may have had a task of another type then.
  if (std::holds_alternative<core::RunSchedule>(command)) {
    return std::any_of(kTypes.begin(), kTypes.end(),
                       [&](const auto& type) { return had(type.value, "payloadSchema"); });
  }
  const auto report = report_of(command);
  const TaskModel* t = report ? model_.task(report->task_id.value) : nullptr;
  if (!t || !had(t->spec.type.value, "resultSchema") || fits_result_schema(report->result)) return false;
  world_.count(Kind::kReaction, "result refused by schema");
  return true;
}

// There is no such budget, or its subject had spent nothing or ended.
void Answers::no_budget(const core::Command& command) {
  if (std::holds_alternative<core::RaiseBudget>(command) && std::get<core::RaiseBudget>(command).subject) return;
  const std::string name = std::visit(
      [](const auto& c) -> std::string {
        if constexpr (requires { c.name.value; }) return c.name.value;
        return "";
      },
      command);
  const auto& history = model_.budgets.all[name].definition;
  RULE(!history.all(low(), high(), [](const auto& f) { return !f.empty(); }), "1",
       "budget " + name + " exists, but is said not to");
}

// It names no subject where there are several, another one than there is, or a kind without a limit.
bool Answers::may_be_bad_raise(const core::Command& command) {
  const auto* c = std::get_if<core::RaiseBudget>(&command);
  if (!c) return false;
  return model_.budgets.all[c->name.value].definition.any(low(), high(), [&](const std::string& f) {
    const auto spec = base::from_json_text<core::BudgetSpec>(f.empty() ? "{}" : f);
    const bool no_limit = (c->tokens && !spec->tokens) || (c->cost && !spec->cost) || (c->attempts && !spec->attempts);
    const bool one = spec->subject || spec->scope == core::BudgetScope::kNamespace;
    const std::string only = spec->subject ? spec->subject->value : "namespace";
    return no_limit || (one ? c->subject && c->subject->value != only : !c->subject);
  });
}

void Answers::no_type(const std::string& name) {
  RULE(!model_.types[name].history.all(low(), high(), [](const auto& f) { return !f.empty(); }), "1",
       "type " + name + " is defined, but is said not to be");
}

void Answers::no_effect(const std::string& id) {
  const auto found = model_.effects.find(id);
  const bool always = found != model_.effects.end() &&
                      found->second.history.all(low(), high(), [](const auto& f) { return f.has_value(); });
  RULE(!always, "1", "effect " + id + " exists, but is said not to");
}

void Answers::no_schedule(const std::string& name) {
  const auto found = model_.schedules.find(name);
  const bool always = found != model_.schedules.end() &&
                      found->second.history.all(low(), high(), [](const auto& f) { return f.has_value(); });
  RULE(!always, "1", "schedule " + name + " exists, but is said not to");
}

void Answers::no_run_now(const core::RunSchedule& c) {
  const auto& runs = model_.runs[c.name.value];
  const bool was_live = std::any_of(runs.begin(), runs.end(), [&](const TaskModel* t) {
    return t->history.any(low(), high(), [](const TaskFacts& f) { return !core::is_ended(f.state); });
  });
  RULE(was_live, "3", "no run of " + c.name.value + " is live, but it cannot be run");
  world_.count(Kind::kReaction, "run now refused");
}

// A schedule whose last time may have passed when the request came.
bool Answers::has_ended(const core::Command& command) const {
  const auto* c = std::get_if<core::SetSchedule>(&command);
  return c && c->end_at && c->end_at->ms <= world_.wall_max() + 3'600'000;
}

// Two members of a batch ask for one unique key.
bool Answers::names_key_twice(const core::Command& command) {
  std::set<std::string> keys;
  const auto specs = specs_of(command);
  return std::any_of(specs.begin(), specs.end(), [&](const core::TaskSpec* spec) {
    return spec->unique_key && !keys.insert(spec->unique_key->value).second;
  });
}

// A pause that was over before it began.
bool Answers::pauses_in_the_past(const core::Command& command) const {
  return std::visit(
      [&](const auto& c) {
        if constexpr (requires { c.until; }) {
          return c.until && c.until->ms <= world_.wall_max();
        } else {
          return false;
        }
      },
      command);
}

// The lease must not have been current all the time.
void Answers::stale(const std::string& id, const std::string& lease) {
  const TaskModel* t = model_.task(id);
  if (!t) return;
  const auto held = [&](const TaskFacts& f) { return std::to_string(f.lease) == lease; };
  RULE(!t->history.all(low(), high(), held), "3", "lease " + lease + " of " + id + " is current, but was refused");
  // An outcome that this very lease recorded is answered again, until another attempt recorded its own.
  const auto report = report_of(sent_->asked->command);
  if (!report || t->ends.empty() || t->ends.back().position > low()) return;
  const LeaseEnd& last = t->ends.back();
  const bool by_worker = last.reason == core::Reason::kReported || last.reason == core::Reason::kNotRetryable ||
                         last.reason == core::Reason::kReleased;
  const bool later = t->history.any(low(), high(), [&](const TaskFacts& f) { return f.lease > last.lease; });
  RULE(std::to_string(last.lease) != lease || !by_worker || later || last.ending == Ending::kCancelled, "9",
       "lease " + lease + " of " + id + " recorded an outcome, but repeating it is refused as stale");
}

void Answers::conflict(const core::Report& report) {
  const TaskModel* t = task(report.task_id.value);
  if (!t) return;
  const auto same = [&](const LeaseEnd& end) {
    return std::to_string(end.lease) == report.lease.value && end.ending == Ending::kCompleted &&
           report.outcome == core::Outcome::kCompleted && end.result == completion(report);
  };
  const auto any = [&](const LeaseEnd& end) { return std::to_string(end.lease) == report.lease.value; };
  RULE(std::any_of(t->ends.begin(), t->ends.end(), any), "9", "conflicts with an outcome that is not in the log");
  RULE(std::none_of(t->ends.begin(), t->ends.end(), same), "9", "the outcome is the recorded one, but is refused");
}

void Answers::id_conflict(const core::Command& command) {
  if (const auto* asked = std::get_if<core::AskQuestion>(&command)) {
    RULE(asked->question_id && model_.inbox.questions.contains(asked->question_id->value), "9",
         "is refused for a question that does not exist");
    return;
  }
  const auto specs = specs_of(command);
  const bool other = std::any_of(specs.begin(), specs.end(), [&](const core::TaskSpec* spec) {
    const TaskModel* t = spec->id ? model_.task(spec->id->value) : nullptr;
    if (!t || !is_from(*spec, *t)) return t != nullptr;
    // A value that is given is another definition than the same one from the type.
    const auto& versions = model_.types[spec->type.value].versions;
    return std::any_of(versions.begin(), versions.end(),
                       [](const auto& version) { return version.second.defaults != core::TypeDefaults{}; });
  });
  RULE(other, "9", "is refused for an id whose task is the same, or does not exist");
}

void Answers::duplicate(const core::Command& command) {
  const auto specs = specs_of(command);
  const bool held = std::any_of(specs.begin(), specs.end(), [&](const core::TaskSpec* spec) {
    if (!spec->unique_key || spec->on_duplicate != core::OnDuplicate::kRefuse) return false;
    return model_.limits.unique_history[spec->unique_key->value].any(
        low(), high(), [](const std::string& holder) { return !holder.empty(); });
  });
  RULE(held, "9", "is refused as a duplicate, but nobody holds its unique key");
}

void Answers::unknown_dependency(const core::Command& command) {
  const auto specs = specs_of(command);
  const auto known = [&](const std::string& id) {
    const TaskModel* t = model_.task(id);
    if (t && t->submitted <= low()) return true;
    return std::any_of(specs.begin(), specs.end(), [&](const auto* spec) { return spec->id && spec->id->value == id; });
  };
  // A member whose unique key another task holds may stand for that task: then there is none under its own id.
  const bool stands_for_other = std::any_of(specs.begin(), specs.end(), [](const core::TaskSpec* spec) {
    return spec->id && spec->unique_key && spec->on_duplicate == core::OnDuplicate::kExisting;
  });
  if (stands_for_other) return;
  const bool unknown = std::any_of(specs.begin(), specs.end(), [&](const core::TaskSpec* spec) {
    return std::any_of(spec->depends_on.begin(), spec->depends_on.end(),
                       [&](const auto& id) { return !known(id.value); });
  });
  RULE(unknown, "1", "all dependencies exist, but one is said to be unknown");
}

void Answers::lineage(const core::Command& command) {
  std::map<std::string, std::int64_t> used;
  for (const auto* spec : specs_of(command)) {
    const TaskModel* parent = spec->parent_id ? model_.task(spec->parent_id->value) : nullptr;
    if (parent) ++used[parent->root];
  }
  const bool full = std::any_of(used.begin(), used.end(), [&](const auto& root) {
    return model_.task(root.first)->lineage_used + root.second > setup_.limits.lineage_max;
  });
  RULE(full, "8", "no lineage is full");
}

void Answers::wrong_state(const core::Command& command) {
  if (wrong_state_in_inbox(command)) return;
  if (const auto* set = std::get_if<core::SetBudget>(&command)) {
    const core::BudgetSpec& spec = *set;
    const auto other = [&](const std::string& f) {
      const auto has = base::from_json_text<core::BudgetSpec>(f.empty() ? "{}" : f);
      return !f.empty() && (has->scope != spec.scope || has->subject != spec.subject || has->period != spec.period);
    };
    RULE(model_.budgets.all[set->name.value].definition.any(low(), high(), other), "3",
         "budget " + set->name.value + " counts the same, but cannot be set");
    return;
  }
  const TaskModel* t = model_.task(task_of(command));
  if (!t) return;
  if (std::holds_alternative<core::CancelTask>(command)) {
    RULE(t->history.any(low(), high(), [](const TaskFacts& f) { return core::is_ended(f.state); }), "3",
         t->id + " cannot be cancelled, but has not ended");
  } else if (std::holds_alternative<core::RetryTask>(command)) {
    RULE(t->history.any(low(), high(), [](const TaskFacts& f) { return f.state != TaskState::kFailed; }), "3",
         t->id + " has failed, but cannot be retried");
  } else if (std::holds_alternative<core::SuspendTask>(command) || std::holds_alternative<core::ResumeTask>(command)) {
    const auto* resume = std::get_if<core::ResumeTask>(&command);
    const bool may_be_refused = t->history.any(low(), high(), [&](const TaskFacts& f) {
      const bool rests = f.state == TaskState::kSuspended;
      return (f.state != TaskState::kRunning && !rests) || (rests && resume && resume->lease);
    });
    RULE(may_be_refused, "3", t->id + " can neither rest nor go on, but was running");
  } else {
    RULE(t->history.any(low(), high(), [](const TaskFacts& f) { return f.state == TaskState::kAssigned; }), "3",
         t->id + " cannot be completed, but was not merely assigned");
  }
}

bool Answers::lost_parent(const core::Command& command) const {
  const auto specs = specs_of(command);
  return std::any_of(specs.begin(), specs.end(), [&](const core::TaskSpec* spec) {
    const TaskModel* parent = spec->parent_id ? model_.task(spec->parent_id->value) : nullptr;
    return spec->parent_id && (!parent || parent->submitted > low());
  });
}

void Answers::no_worker(const std::string& id) {
  const WorkerModel& worker = model_.workers[id];
  const bool always = worker.history.all(low(), high(), [](const auto& w) { return w.has_value(); });
  RULE(!always, "1", "worker " + id + " is registered, but is said to be unknown");
}

void Answers::unavailable() {
  const bool closed =
      !sent_->was_open || !world_.is_open() || world_.closings() != sent_->closings || world_.is_stopping();
  RULE(closed, "3", "is refused as unavailable, but the store works");
}

bool Answers::may_be_token(const std::string& name) const {
  return std::any_of(model_.tokens.begin(), model_.tokens.end(), [&](const auto& entry) {
    const bool meant = entry.second.name == name || "tok_" + entry.first.substr(0, 16) == name;
    return meant && entry.second.valid.any(low(), high(), std::identity{});
  });
}

bool Answers::is_token(const std::string& name) const {
  return std::any_of(model_.tokens.begin(), model_.tokens.end(), [&](const auto& entry) {
    const bool meant = entry.second.name == name || "tok_" + entry.first.substr(0, 16) == name;
    return meant && entry.second.valid.all(low(), high(), std::identity{});
  });
}

void Answers::token_refused(const core::Command& command, ErrorCode code) {
  if (const auto* c = std::get_if<core::CreateToken>(&command)) {
    const auto& expires_at = c->token.expires_at;
    if (code == ErrorCode::kInvalidRequest) {
      RULE(sent_->asked->bad || (expires_at && expires_at->ms <= world_.wall_max()), "3", "is refused as invalid");
    } else {
      // The request may have been sent twice; then it is its own token that is there.
      RULE(code == ErrorCode::kIdConflict && (may_be_token(c->token.name.value) || sent_->asked->sends > 1), "3",
           "is refused, though the name is free");
    }
    return;
  }
  const std::string& name = std::get<core::RevokeToken>(command).name.value;
  if (code == ErrorCode::kNotFound) {
    RULE(!is_token(name), "3", "there is a token " + name);
    return;
  }
  const bool last = model_.lasting_tokens.any(low(), high(), [](int count) { return count <= 1; });
  RULE(code == ErrorCode::kInvalidState && last, "3", "is refused, though other tokens do not expire");
}

void Answers::replaced(const WorkerName& name) {
  const bool current = model_.workers[name.id].history.all(
      low(), high(), [&](const auto& w) { return w && name.session && w->session == *name.session; });
  RULE(!current, "3", "the session is current, but was refused as replaced");
}

void Answers::unauthorized(const core::Command& command) {
  const auto* added = std::get_if<core::AddToken>(&command);
  const auto token = model_.tokens.find(added ? added->hash : std::get<core::FindToken>(command).hash);
  if (token == model_.tokens.end() || (token->second.expires && token->second.expires <= world_.wall_max())) return;
  RULE(!token->second.valid.all(low(), high(), std::identity{}), "1", "the token is in the log, but unknown");
}

void Answers::too_large(const core::Command& command, const base::Error& error) {
  if (const auto report = report_of(command)) {
    RULE(static_cast<std::int64_t>(report->result.size()) > setup_.limits.result_bytes_max, "8",
         "a small result is refused as too large");
    return;
  }
  RULE(sent_->asked->bad, "8", "is refused: " + error.message);
}

void Answers::drained() {
  const bool any = std::any_of(model_.queues.begin(), model_.queues.end(), [&](const auto& queue) {
    return queue.second.history.any(low(), high(), [](const QueueFacts& f) { return f.draining; });
  });
  RULE(any, "8", "is refused for a queue that is drained, but none is");
}

void Answers::refusal(const core::Command& command, const base::Error& error) {
  const Asked& asked = *sent_->asked;
  if (std::holds_alternative<core::CreateToken>(command) || std::holds_alternative<core::RevokeToken>(command)) {
    if (error.code != ErrorCode::kIdempotencyMismatch && error.code != ErrorCode::kStoreUnavailable &&
        error.code != ErrorCode::kShuttingDown && error.code != ErrorCode::kOverloaded) {
      return token_refused(command, error.code);
    }
  }
  switch (error.code) {
    case ErrorCode::kInvalidRequest:
      RULE(asked.bad || breaks_schema(command) || lost_parent(command) || names_key_twice(command) ||
               pauses_in_the_past(command) || has_ended(command) || invalid_in_inbox(command) ||
               may_be_bad_raise(command),
           "3", "is refused as invalid: " + error.message);
      return;
    case ErrorCode::kNotFound:
      if (std::holds_alternative<core::GetKey>(command) || std::holds_alternative<core::ResumeKey>(command)) return;
      return not_found(command);
    case ErrorCode::kIdConflict:
      return id_conflict(command);
    case ErrorCode::kDuplicateTask:
      return duplicate(command);
    case ErrorCode::kStaleLease:
      return stale(task_of(command), lease_of(command));
    case ErrorCode::kOutcomeConflict:
      if (const auto report = report_of(command)) return conflict(*report);
      return broken("9", "is no outcome, but conflicts with one");
    case ErrorCode::kInvalidState:
      if (const auto* c = std::get_if<core::RunSchedule>(&command)) return no_run_now(*c);
      if (const auto* c = std::get_if<core::RetryEffect>(&command)) {
        RULE(model_.effects[c->id.value].history.any(
                 low(), high(), [](const auto& f) { return f && f->state == core::EffectState::kDelivered; }),
             "3", "effect " + c->id.value + " is not delivered, but cannot be tried again");
        return;
      }
      return wrong_state(command);
    case ErrorCode::kUnknownWorker:
      return no_worker(worker_of(command).id);
    case ErrorCode::kSessionReplaced:
      return replaced(worker_of(command));
    case ErrorCode::kUnknownDependency:
      return unknown_dependency(command);
    case ErrorCode::kLineageLimit:
      return lineage(command);
    case ErrorCode::kIdempotencyMismatch: {
      const auto known = keys_.find(asked.key);
      RULE(known == keys_.end() || known->second.first != asked.fingerprint, "9",
           "the request is the one of its key, but was refused as another");
      return;
    }
    case ErrorCode::kStoreUnavailable:
    case ErrorCode::kShuttingDown:
      return unavailable();
    case ErrorCode::kUnauthorized:
      return unauthorized(command);
    case ErrorCode::kTooLarge:
      return too_large(command, error);
    case ErrorCode::kDependencyCycle:
      RULE(asked.bad, "8", "is refused: " + error.message);
      return;
    case ErrorCode::kBudgetExhausted:
      RULE(model_.budgets.refuses.any(low(), high(), std::identity{}), "8",
           "is refused for a budget that is used up, but none is");
      return;
    case ErrorCode::kQueueDraining:
      return drained();
    case ErrorCode::kQueueFull:
    case ErrorCode::kOverloaded:
      return;
    default:
      broken("8", "got an error that no client should see: " + std::string(base::info(error.code).name));
  }
}

#undef RULE

}  // namespace arbiter::sim
