// Effects as the log tells them.
#include <algorithm>

#include "model.h"

namespace arbiter::sim {

using core::EffectState;

bool Model::is_quiet(const std::string& notifier, const std::string& cause, std::int64_t now) const {
  return std::any_of(effects.begin(), effects.end(), [&](const auto& entry) {
    const EffectModel& e = entry.second;
    if (!e.exists || e.notifier != notifier || e.cause != cause || e.now.state == EffectState::kGivenUp) return false;
    return e.now.state != EffectState::kDelivered || e.quiet_until > now;
  });
}

std::int64_t Model::effects_there() const {
  return std::count_if(effects.begin(), effects.end(), [](const auto& entry) { return entry.second.exists; });
}

std::int64_t Model::effects_kept() const {
  return std::count_if(effects.begin(), effects.end(), [](const auto& entry) {
    return entry.second.exists && entry.second.now.state != EffectState::kGivenUp;
  });
}

std::int64_t Model::running_effects(const std::string& notifier, std::size_t of_load) const {
  return std::count_if(effects.begin(), effects.end(), [&](const auto& entry) {
    const EffectModel& e = entry.second;
    return e.exists && e.notifier == notifier && e.now.state == EffectState::kStarted && e.load == of_load;
  });
}

void Model::note(EffectModel& effect, const core::Event& event) {
  effect.history.set(event.position, effect.exists ? std::optional(effect.now) : std::nullopt);
}

void Model::on(const core::EffectCreated& e, const core::Event& event) {
  EffectModel& effect = effects[e.id.value];
  effect.notifier = e.notifier.value;
  effect.cause = e.cause;
  effect.next_at = event.time.ms;
  note(effect, event);
}
void Model::on(const core::EffectStarted& e, const core::Event& event) {
  EffectModel& effect = effects[e.id.value];
  effect.now.state = EffectState::kStarted;
  effect.now.attempt = e.attempt;
  effect.next_at = e.until.ms;
  effect.load = load;
  note(effect, event);
}
void Model::on(const core::EffectDelivered& e, const core::Event& event) {
  EffectModel& effect = effects[e.id.value];
  effect.now.state = EffectState::kDelivered;
  effect.quiet_until = e.quiet_until.ms;
  effect.ended_at = event.time.ms;
  note(effect, event);
}
void Model::on(const core::EffectFailed& e, const core::Event& event) {
  EffectModel& effect = effects[e.id.value];
  effect.now.state = EffectState::kWaiting;
  ++effect.now.failures;
  effect.next_at = e.retry_at.ms;
  note(effect, event);
}
void Model::on(const core::EffectGivenUp& e, const core::Event& event) {
  EffectModel& effect = effects[e.id.value];
  effect.now.state = EffectState::kGivenUp;
  ++effect.now.failures;
  effect.ended_at = event.time.ms;
  note(effect, event);
}
void Model::on(const core::EffectRetried& e, const core::Event& event) {
  EffectModel& effect = effects[e.id.value];
  effect.now.state = EffectState::kWaiting;
  effect.now.failures = 0;
  effect.next_at = event.time.ms;
  note(effect, event);
}
void Model::on(const core::EffectRemoved& e, const core::Event& event) {
  EffectModel& effect = effects[e.id.value];
  effect.exists = false;
  note(effect, event);
}

}  // namespace arbiter::sim
