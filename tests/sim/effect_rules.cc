// The rules of effects: each event that a notifier wants brings one, in the same commit and once in a quiet time; each
// attempt is durable before it begins; what becomes of it is what was answered; late answers change nothing.
#include <algorithm>

#include "referee.h"

namespace arbiter::sim {

using core::EffectState;

#define RULE(condition, promise, text)       \
  do {                                       \
    if (!(condition)) broken(promise, text); \
  } while (false)

namespace {

// As docs/guides/notifications.md says it.
bool is_wanted(const core::Notifier& notifier, const std::string& type, core::Severity severity, bool needs_human) {
  if (severity < notifier.least) return false;
  if (notifier.types.empty()) return needs_human;
  return std::any_of(notifier.types.begin(), notifier.types.end(), [&](const std::string& pattern) {
    if (pattern.back() != '*') return pattern == type;
    return type.compare(0, pattern.size() - 1, pattern, 0, pattern.size() - 1) == 0;
  });
}

}  // namespace

// What the event has to bring at the end of its step.
void Referee::note_wanted(const core::Event& event) {
  const std::string type = core::type_of(event.body);
  if (type.starts_with("EFFECT.") || limits_.notifiers.empty()) return;
  core::Severity severity = core::Severity::kInfo;
  std::string cause = type + " " + core::entity_of(event.body);
  const auto* failed = std::get_if<core::TaskFailed>(&event.body);
  const bool is_dead =
      failed && failed->state == TaskState::kFailed && failed->reason != core::Reason::kDependencyFailed;
  if (is_dead) {
    severity = core::Severity::kWarning;
    cause = "dead_tasks:" + model_.task(failed->id.value)->spec.queue.value;
  }
  const auto* asked = std::get_if<core::QuestionAsked>(&event.body);
  if (asked) {
    severity = core::Severity::kWarning;
    cause = "question:" + asked->id.value;
  }
  const auto* opened = std::get_if<core::IncidentOpened>(&event.body);
  if (opened) {
    severity = opened->severity;
    cause = "incident:" + opened->cause;
  }
  const auto* warned = std::get_if<core::BudgetWarned>(&event.body);
  const auto* exhausted = std::get_if<core::BudgetExhausted>(&event.body);
  if (const core::BudgetFigures* figures = warned ? static_cast<const core::BudgetFigures*>(warned) : exhausted) {
    severity = warned ? core::Severity::kWarning : core::Severity::kCritical;
    const bool is_one = figures->scope == core::BudgetScope::kNamespace;
    cause =
        "budget:" + figures->name.value + (is_one ? "" : ":" + figures->subject) + (warned ? " warned" : " exhausted");
  }
  for (const auto& notifier : limits_.notifiers) {
    if (!is_wanted(notifier, type, severity, is_dead || asked || opened || warned)) continue;
    const bool is_owed = std::any_of(owed_effects_.begin(), owed_effects_.end(), [&](const auto& owed) {
      return owed.notifier == notifier.name && owed.cause == cause;
    });
    if (notifier.quiet_ms > 0 && (is_owed || model_.is_quiet(notifier.name, cause, time_))) {
      world_.count(Kind::kReaction, "effect: quiet");
      continue;
    }
    const auto kept = model_.effects_kept() + static_cast<std::int64_t>(owed_effects_.size());
    if (kept >= limits_.effects_max) {
      ++model_.drops[notifier.name];
      continue;
    }
    owed_effects_.push_back({notifier.name, cause, event.position});
  }
}

void Referee::check_owed_effects() {
  if (owed_effects_.empty()) return;
  broken("3", "notifier " + owed_effects_.front().notifier + " is not told of event " +
                  std::to_string(owed_effects_.front().position) + " in its commit");
}

EffectModel* Referee::known_effect(const core::Name& id) {
  const auto found = model_.effects.find(id.value);
  if (found != model_.effects.end() && found->second.exists) return &found->second;
  broken("2", "effect " + id.value + " does not exist");
  return nullptr;
}

const core::Notifier* Referee::notifier_of(const EffectModel& effect) const {
  const auto& all = limits_.notifiers;
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& n) { return n.name == effect.notifier; });
  return found == all.end() ? nullptr : &*found;
}

void Referee::on(const core::EffectCreated& e) {
  RULE(!model_.effects.contains(e.id.value), "9", "effect " + e.id.value + " is created twice");
  RULE(model_.effects_kept() < limits_.effects_max, "8", "there are more effects than effects_max");
  if (!e.position) {
    RULE(e.cause == "test", "3", "effect " + e.id.value + " tells of nothing");
    return;
  }
  const auto owed = std::find_if(owed_effects_.begin(), owed_effects_.end(), [&](const auto& o) {
    return o.notifier == e.notifier.value && o.cause == e.cause && o.position == static_cast<Position>(*e.position);
  });
  if (owed == owed_effects_.end()) {
    return broken("9", "notifier " + e.notifier.value + " is told of " + e.cause + " for no reason, or once too often");
  }
  owed_effects_.erase(owed);
}

void Referee::on(const core::EffectStarted& e) {
  const EffectModel* effect = known_effect(e.id);
  if (!effect) return;
  const std::string name = "effect " + e.id.value;
  const bool is_again = effect->now.state == EffectState::kStarted;
  if (is_again) {
    RULE(effect->load != outside_.loads.size(), "9", name + " is started again while its attempt is under way");
    world_.count(Kind::kReaction, "effect: started again");
  } else {
    RULE(effect->now.state == EffectState::kWaiting, "3", name + " is started after its end");
    RULE(effect->next_at <= time_, "3", name + " does not wait for its backoff");
  }
  RULE(e.attempt == effect->now.attempt + 1, "9", name + " skips an attempt, or repeats one");
  RULE(model_.running_effects(effect->notifier, outside_.loads.size()) < core::kNotifierRunningMax, "8",
       "notifier " + effect->notifier + " has too many attempts under way");
}

// The attempt is the current one.
bool Referee::ends_attempt(const EffectModel& effect, const core::Name& id, std::int64_t attempt) {
  RULE(effect.now.state == EffectState::kStarted && effect.now.attempt == attempt, "9",
       "effect " + id.value + " ends attempt " + std::to_string(attempt) + ", which is not under way");
  return !verdict_.failed();
}

void Referee::on(const core::EffectDelivered& e) {
  const EffectModel* effect = known_effect(e.id);
  if (!effect || !ends_attempt(*effect, e.id, e.attempt)) return;
  RULE(world_.receivers().took(e.id.value, e.attempt), "3", "effect " + e.id.value + " is delivered to nobody");
  RULE(e.quiet_until.ms == time_ + notifier_of(*effect)->quiet_ms, "3",
       "the quiet time of " + e.id.value + " is wrong");
}

void Referee::check_failure(const EffectModel& effect, const std::string& id, std::int64_t attempt) {
  if (time_ >= effect.next_at) return world_.count(Kind::kReaction, "effect: no answer in time");
  RULE(world_.receivers().refused(id, attempt), "3",
       "attempt " + std::to_string(attempt) + " of " + id + " did not fail");
}

void Referee::on(const core::EffectFailed& e) {
  const EffectModel* effect = known_effect(e.id);
  if (!effect || !ends_attempt(*effect, e.id, e.attempt)) return;
  check_failure(*effect, e.id.value, e.attempt);
  const core::Notifier& notifier = *notifier_of(*effect);
  RULE(effect->now.failures + 1 < notifier.attempts_max, "3", "effect " + e.id.value + " has too many attempts");
  const std::int64_t wait = e.retry_at.ms - time_;
  RULE(wait >= std::min(notifier.backoff_ms, notifier.backoff_max_ms) * 4 / 5 - 1 && wait <= notifier.backoff_max_ms,
       "3", "effect " + e.id.value + " waits " + std::to_string(wait) + " ms");
}

void Referee::on(const core::EffectGivenUp& e) {
  const EffectModel* effect = known_effect(e.id);
  if (!effect || !ends_attempt(*effect, e.id, e.attempt)) return;
  check_failure(*effect, e.id.value, e.attempt);
  RULE(effect->now.failures + 1 == notifier_of(*effect)->attempts_max, "3",
       "effect " + e.id.value + " is given up before its last attempt");
}

void Referee::on(const core::EffectRetried& e) {
  const EffectModel* effect = known_effect(e.id);
  if (!effect) return;
  RULE(effect->now.state == EffectState::kWaiting || effect->now.state == EffectState::kGivenUp, "3",
       "effect " + e.id.value + " is tried again though it is delivered or under way");
}

void Referee::on(const core::EffectRemoved& e) {
  const EffectModel* effect = known_effect(e.id);
  if (!effect) return;
  const std::string name = "effect " + e.id.value;
  if (effect->now.state == EffectState::kDelivered) {
    RULE(time_ >= std::max(effect->quiet_until, effect->ended_at + limits_.effect_shown_ms), "9",
         name + " is removed in its quiet time");
    return;
  }
  RULE(effect->now.state == EffectState::kGivenUp, "3", name + " is removed before its end");
  if (time_ >= effect->ended_at + limits_.effect_kept_ms) return;
  RULE(model_.effects_there() >= limits_.effects_max, "8", name + " makes room that nobody needs");
  world_.count(Kind::kReaction, "effect: made room");
}

void Referee::on(const core::EffectDropped& e) {
  std::int64_t& drops = model_.drops[e.name.value];
  RULE(e.dropped >= 1 && e.dropped <= drops, "8", "more effects are said to be dropped than were");
  drops -= e.dropped;
}

#undef RULE

}  // namespace arbiter::sim
