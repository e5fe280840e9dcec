// The store's form of an effect, both ways.
#include "base/check.h"
#include "core/state.h"

namespace arbiter::core {
namespace {

struct EffectRecord {
  static constexpr bool kSparse = true;
  std::string notifier;
  std::string cause;
  std::string type;
  std::string title;
  Severity severity = Severity::kInfo;
  EffectState state = EffectState::kWaiting;
  std::string error;
  std::int64_t created_position = 0;
  std::int64_t position = 0;
  std::int64_t attempt = 0;
  std::int64_t failures = 0;
  std::int64_t created_ms = 0;
  std::int64_t quiet_until_ms = 0;
  std::int64_t next_ms = 0;  // while it waits
  std::int64_t ended_ms = 0;
};
BOOST_DESCRIBE_STRUCT(EffectRecord, (),
                      (notifier, cause, type, title, severity, state, error, created_position, position, attempt,
                       failures, created_ms, quiet_until_ms, next_ms, ended_ms))

}  // namespace

EntityChange State::effect_change(const Effect& e) {
  EffectRecord r;
  r.notifier = e.notifier;
  r.cause = e.cause;
  r.type = e.type;
  r.title = e.title;
  r.severity = e.severity;
  r.state = e.state;
  r.error = e.error;
  r.created_position = static_cast<std::int64_t>(e.created);
  r.position = static_cast<std::int64_t>(e.position);
  r.attempt = e.attempt;
  r.failures = e.failures;
  r.created_ms = e.created_at;
  r.quiet_until_ms = e.quiet_until;
  if (e.state == EffectState::kWaiting) r.next_ms = e.next_at;
  r.ended_ms = e.ended_at;
  return {.kind = "effect", .id = std::string(e.id), .body = base::to_json(r)};
}

// One that is gone by now left its removal with the other changes.
void State::take_effects(std::vector<EntityChange>& changes) {
  for (const auto& id : dirty_effects_) {
    Effect* effect = find_effect(id);
    if (!effect || !std::exchange(effect->dirty, false)) continue;
    changes.push_back(effect_change(*effect));
  }
  dirty_effects_.clear();
}

base::Result<void> State::load_effect(const StoredEntity& entity) {
  auto record = base::from_json_text<EffectRecord>(entity.body);
  if (!record) return base::fail(unreadable(entity, record.error()));
  EffectRecord& r = *record;
  const auto [it, created] = effects.try_emplace(std::string(entity.id));
  CHECK(created);
  Effect& e = it->second;
  e.id = it->first;
  e.notifier = std::move(r.notifier);
  e.cause = std::move(r.cause);
  e.type = std::move(r.type);
  e.title = std::move(r.title);
  e.severity = r.severity;
  e.state = r.state;
  e.error = std::move(r.error);
  e.created = static_cast<Position>(r.created_position);
  e.position = static_cast<Position>(r.position);
  e.attempt = r.attempt;
  e.failures = r.failures;
  e.created_at = r.created_ms;
  e.quiet_until = r.quiet_until_ms;
  e.next_at = r.next_ms;
  e.ended_at = r.ended_ms;
  effect_index.by_creation.emplace(e.created, &e);
  index(e);
  return {};
}

}  // namespace arbiter::core
