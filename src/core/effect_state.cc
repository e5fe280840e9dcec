// What events do to effects. Nothing here can be refused.
#include <algorithm>

#include "base/check.h"
#include "core/state.h"

namespace arbiter::core {

std::string quiet_key(std::string_view notifier, std::string_view cause) {
  return std::string(notifier).append("\n").append(cause);
}

Effect* State::find_effect(std::string_view id) {
  const auto it = effects.find(id);
  return it == effects.end() ? nullptr : &it->second;
}

bool State::is_quiet(std::string_view notifier, std::string_view cause, std::int64_t now) const {
  const auto [first, last] = effect_index.by_cause.equal_range(quiet_key(notifier, cause));
  return std::any_of(first, last, [&](const auto& entry) {
    return entry.second->state != EffectState::kDelivered || entry.second->quiet_until > now;
  });
}

void State::arm(Effect& effect) {
  switch (effect.state) {
    case EffectState::kWaiting:
      return timers.set(effect, effect.next_at);
    case EffectState::kStarted:
      return timers.set(effect, effect.under_way ? effect.next_at : last_time);
    case EffectState::kDelivered:
      return timers.set(effect, std::max(effect.quiet_until, effect.ended_at + limits.effect_shown_ms));
    case EffectState::kGivenUp:
      return timers.set(effect, effect.ended_at + limits.effect_kept_ms);
  }
}

void State::hold_back(Effect& effect) {
  timers.remove(effect);
  effect_index.lanes[effect.notifier].held.insert(effect.created);
}

void State::touch(Effect& effect) {
  if (effect.dirty) return;
  effect.dirty = true;
  dirty_effects_.emplace_back(effect.id);
}

// ---- indexes --------------------------------------------------------------------------------------------------

// By the state that it has now; unindex() before that changes.
void State::index(Effect& effect) {
  const bool is_open = effect.state == EffectState::kWaiting || effect.state == EffectState::kStarted;
  if (effect.state == EffectState::kGivenUp) {
    effect_index.given_up.insert(effect.created);
  } else {
    effect_index.by_cause.emplace(quiet_key(effect.notifier, effect.cause), &effect);
  }
  if (is_open && effect.position) effect_index.events.insert(effect.position);
}

void State::unindex(Effect& effect) {
  effect_index.given_up.erase(effect.created);
  const auto [first, last] = effect_index.by_cause.equal_range(quiet_key(effect.notifier, effect.cause));
  const auto its = std::find_if(first, last, [&](const auto& entry) { return entry.second == &effect; });
  if (its != last) effect_index.by_cause.erase(its);
  const bool is_open = effect.state == EffectState::kWaiting || effect.state == EffectState::kStarted;
  if (is_open && effect.position) effect_index.events.erase(effect_index.events.find(effect.position));
  const auto lane = effect_index.lanes.find(effect.notifier);
  if (lane != effect_index.lanes.end()) lane->second.held.erase(effect.created);
}

// Whoever was held back longest comes next. Also after one that was not under way: it may have been called to begin,
// and does not now. Who is called in vain is held back again.
void State::end_attempt(Effect& effect) {
  EffectLane& lane = effect_index.lanes[effect.notifier];
  if (std::exchange(effect.under_way, false)) {
    --effect_index.running;
    --lane.running;
  }
  lane.held.erase(effect.created);
  if (lane.held.empty()) return;
  Effect* next = effect_index.by_creation.at(*lane.held.begin());
  lane.held.erase(lane.held.begin());
  timers.set(*next, last_time);
}

// ---- events ---------------------------------------------------------------------------------------------------

void State::on(const EffectCreated& e, const Event& event) {
  const auto [it, created] = effects.try_emplace(e.id.value);
  CHECK(created);
  Effect& effect = it->second;
  effect.id = it->first;
  effect.notifier = e.notifier.value;
  effect.cause = e.cause;
  effect.type = e.type;
  effect.title = e.title;
  effect.severity = e.severity;
  effect.created = event.position;
  effect.position = e.position ? static_cast<Position>(*e.position) : 0;
  effect.created_at = effect.next_at = event.time.ms;
  effect_index.by_creation.emplace(effect.created, &effect);
  index(effect);
  touch(effect);
  arm(effect);
  ++totals.effects_created;
}

void State::on(const EffectStarted& e, const Event&) {
  Effect& effect = *find_effect(e.id.value);
  unindex(effect);
  effect.state = EffectState::kStarted;
  effect.attempt = e.attempt;
  effect.next_at = e.until.ms;
  if (!std::exchange(effect.under_way, true)) {
    ++effect_index.lanes[effect.notifier].running;
    ++effect_index.running;
  }
  index(effect);
  touch(effect);
  arm(effect);
}

void State::on(const EffectDelivered& e, const Event& event) {
  Effect& effect = *find_effect(e.id.value);
  end_attempt(effect);
  unindex(effect);
  effect.state = EffectState::kDelivered;
  effect.quiet_until = e.quiet_until.ms;
  effect.ended_at = event.time.ms;
  index(effect);
  touch(effect);
  arm(effect);
  ++totals.effects_delivered;
}

void State::on(const EffectFailed& e, const Event&) {
  Effect& effect = *find_effect(e.id.value);
  end_attempt(effect);
  unindex(effect);
  effect.state = EffectState::kWaiting;
  ++effect.failures;
  effect.error = e.error;
  effect.next_at = e.retry_at.ms;
  index(effect);
  touch(effect);
  arm(effect);
  ++totals.effects_failed;
}

void State::on(const EffectGivenUp& e, const Event& event) {
  Effect& effect = *find_effect(e.id.value);
  if (effect.state == EffectState::kStarted) {
    ++effect.failures;
    ++totals.effects_failed;
  }
  end_attempt(effect);
  unindex(effect);
  effect.state = EffectState::kGivenUp;
  effect.error = e.error;
  effect.ended_at = event.time.ms;
  index(effect);
  touch(effect);
  arm(effect);
  ++totals.effects_given_up;
}

void State::on(const EffectRetried& e, const Event& event) {
  Effect& effect = *find_effect(e.id.value);
  unindex(effect);
  effect.state = EffectState::kWaiting;
  effect.failures = 0;
  effect.ended_at = 0;
  effect.next_at = event.time.ms;
  index(effect);
  touch(effect);
  arm(effect);
}

void State::on(const EffectRemoved& e, const Event&) {
  Effect& effect = *find_effect(e.id.value);
  timers.remove(effect);
  unindex(effect);
  effect_index.by_creation.erase(effect.created);
  other_changes_.push_back({.kind = "effect", .id = e.id.value, .body = {}, .deleted = true});
  effects.erase(effects.find(e.id.value));
}

void State::on(const EffectDropped&, const Event&) {}

}  // namespace arbiter::core
