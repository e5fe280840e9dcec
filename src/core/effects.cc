// Effects: which events bring them, when their attempts begin and what becomes of them. effect.h has the states.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/ids.h"
#include "core/alarm.h"
#include "core/core.h"

namespace arbiter::core {

using base::ErrorCode;
using base::fail;

namespace {

constexpr std::int64_t kAnswerGraceMs = 10'000;  // for its answer, beyond its own time and as much to wait its turn
constexpr std::int64_t kDropToldMs = 60'000;     // how often the log says that effects are dropped
constexpr double kJitter = 0.2;
constexpr const char* kTestType = "NOTIFIER.TEST";

EffectView view_of(const Effect& e) {
  EffectView view;
  view.id = Name(std::string(e.id));
  view.notifier = Name(e.notifier);
  view.state = e.state;
  view.type = e.type;
  view.severity = e.severity;
  view.cause = e.cause;
  view.title = e.title;
  if (e.position) view.position = static_cast<std::int64_t>(e.position);
  view.attempt = e.attempt;
  view.failures = e.failures;
  if (!e.error.empty()) view.error = e.error;
  view.created_at = {e.created_at};
  if (e.state == EffectState::kWaiting) view.next_at = Timestamp{e.next_at};
  if (e.ended_at) view.ended_at = Timestamp{e.ended_at};
  return view;
}

base::Error no_effect(const std::string& id) {
  return {ErrorCode::kNotFound,
          "There is no effect " + id + ". One that is delivered is kept for its quiet time only."};
}

}  // namespace

// ---- which events bring them ----------------------------------------------------------------------------------

const Notifier* Core::find_notifier(std::string_view name) const {
  const auto& all = state_.limits.notifiers;
  const auto found = std::find_if(all.begin(), all.end(), [&](const Notifier& n) { return n.name == name; });
  return found == all.end() ? nullptr : &*found;
}

// Those that were given up make room.
bool Core::has_room_for_effects() const {
  const auto kept = state_.effects.size() - state_.effect_index.given_up.size() + due_effects_.size();
  return static_cast<std::int64_t>(kept) < state_.limits.effects_max;
}

// Called with every event, once it is applied. They are created at the end of the step, in the same commit.
void Core::note_effects(const Event& event) {
  const auto& all = state_.limits.notifiers;
  if (is_about_effects(event.body)) return;
  const bool is_for_all = needs_human(event.body);
  if (!is_for_all && std::all_of(all.begin(), all.end(), [](const Notifier& n) { return n.types.empty(); })) return;
  const std::string type = type_of(event.body);
  const Alarm alarm = alarm_of(event.body, state_);
  for (const Notifier& notifier : all) {
    if (!notifier.wants(type, alarm.severity, alarm.needs_human)) continue;
    std::string key = quiet_key(notifier.name, alarm.cause);
    const bool once = notifier.quiet_ms > 0;
    if (once && (due_keys_.contains(key) || state_.is_quiet(notifier.name, alarm.cause, now_.now.ms))) {
      ++state_.totals.effects_quiet;
      continue;
    }
    if (!has_room_for_effects()) {
      note_drop(notifier, alarm.cause);
      continue;
    }
    if (once) due_keys_.insert(std::move(key));
    due_effects_.push_back(EffectCreated{{},
                                         Name(notifier.name),
                                         type,
                                         alarm.severity,
                                         alarm.cause,
                                         alarm.title,
                                         static_cast<std::int64_t>(event.position)});
  }
}

// Says so in the log, but not with every one.
void Core::note_drop(const Notifier& notifier, const std::string& cause) {
  ++state_.totals.effects_dropped;
  Drops& drops = drops_[notifier.name];
  ++drops.count;
  if (drops.told_at && now_.now.ms - drops.told_at < kDropToldMs) return;
  due_drops_.push_back({Name(notifier.name), cause, drops.count});
  drops = {now_.now.ms, 0};
}

void Core::create_effects() {
  for (EffectCreated& created : std::exchange(due_effects_, {})) {
    const bool is_full = static_cast<std::int64_t>(state_.effects.size()) >= state_.limits.effects_max;
    if (is_full && !state_.effect_index.given_up.empty()) {
      const Effect* oldest = state_.effect_index.by_creation.at(*state_.effect_index.given_up.begin());
      emit(EffectRemoved{Name(std::string(oldest->id))});
    }
    const Position position = state_.position + 1;
    created.id = Name(base::type_id("effect", now_.now, base::random_at(state_.seed, position, 0),
                                    base::random_at(state_.seed, position, 1)));
    emit(std::move(created));
  }
  for (EffectDropped& dropped : std::exchange(due_drops_, {})) emit(std::move(dropped));
  due_keys_.clear();
}

// ---- attempts -------------------------------------------------------------------------------------------------

void Core::fire(Effect& effect) {
  switch (effect.state) {
    case EffectState::kWaiting:
      return start(effect);
    case EffectState::kStarted:
      // One that an earlier process started: nobody knows what became of it, so it is done again under its id.
      if (!effect.under_way) return start(effect);
      return fail_effect(effect, "There was no answer in time.");
    case EffectState::kDelivered:
    case EffectState::kGivenUp:
      return emit(EffectRemoved{Name(std::string(effect.id))});
  }
}

void Core::start(Effect& effect) {
  const Notifier* notifier = find_notifier(effect.notifier);
  Name id(std::string(effect.id));
  if (!notifier) {
    return emit(EffectGivenUp{std::move(id), effect.attempt, "Notifier " + effect.notifier + " is not configured."});
  }
  const auto lane = state_.effect_index.lanes.find(effect.notifier);
  if (lane != state_.effect_index.lanes.end() && lane->second.running >= kNotifierRunningMax) {
    return state_.hold_back(effect);
  }
  emit(EffectStarted{std::move(id), effect.attempt + 1, {now_.now.ms + 2 * notifier->timeout_ms + kAnswerGraceMs}});
}

void Core::fail_effect(Effect& effect, std::string error) {
  const Notifier* notifier = find_notifier(effect.notifier);
  Name id(std::string(effect.id));
  if (!notifier || effect.failures + 1 >= notifier->attempts_max) {
    return emit(EffectGivenUp{std::move(id), effect.attempt, std::move(error)});
  }
  const double raw = static_cast<double>(notifier->backoff_ms) * std::pow(2.0, static_cast<double>(effect.failures));
  const auto longest = static_cast<double>(notifier->backoff_max_ms);
  const double random = base::unit(base::random_at(state_.seed, state_.position + 1, 0));
  const double wait = std::min(std::min(raw, longest) * (1.0 + kJitter * (2.0 * random - 1.0)), longest);
  emit(EffectFailed{std::move(id), effect.attempt, std::move(error), {now_.now.ms + static_cast<std::int64_t>(wait)}});
}

// Late answers, of an attempt that is over or of an earlier owner of the namespace, change nothing.
Core::Answer Core::on(const SettleEffect& c, Ticket) {
  Effect* effect = state_.find_effect(c.id);
  if (!effect || effect->state != EffectState::kStarted || effect->attempt != c.attempt) {
    ++state_.totals.effects_late;
    return Reply(Done{});
  }
  if (c.error) {
    fail_effect(*effect, *c.error);
  } else {
    const Notifier* notifier = find_notifier(effect->notifier);
    const std::int64_t quiet_ms = notifier ? notifier->quiet_ms : 0;
    emit(EffectDelivered{Name(c.id), c.attempt, {now_.now.ms + quiet_ms}});
  }
  return Reply(Done{});
}

// ---- what people ask ------------------------------------------------------------------------------------------

// The oldest first. The cursor is the position of the first event of the last one that was looked at.
Core::Answer Core::on(const ListEffects& c, Ticket) {
  Position after = 0;
  if (c.cursor) {
    const std::string& text = c.cursor->value;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), after);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) {
      return fail(
          {ErrorCode::kInvalidRequest, "Some fields are not valid.", {{"cursor", "is not one that a list gave"}}});
    }
  }
  EffectList list;
  std::int64_t scanned = 0;
  for (auto it = state_.effect_index.by_creation.upper_bound(after); it != state_.effect_index.by_creation.end();
       ++it) {
    const bool is_full = static_cast<std::int64_t>(list.items.size()) >= c.limit;
    if (is_full || scanned++ >= state_.limits.scan_max) {
      list.next_cursor = std::to_string(after);
      break;
    }
    after = it->first;
    const Effect& e = *it->second;
    if (!c.state.empty() && std::find(c.state.begin(), c.state.end(), e.state) == c.state.end()) continue;
    if (c.notifier && c.notifier->value != e.notifier) continue;
    list.items.push_back(view_of(e));
  }
  return Reply(std::move(list));
}

Core::Answer Core::on(const GetEffect& c, Ticket) {
  const Effect* effect = state_.find_effect(c.id.value);
  if (!effect) return fail(no_effect(c.id.value));
  return Reply(view_of(*effect));
}

Core::Answer Core::on(const RetryEffect& c, Ticket) {
  Effect* effect = state_.find_effect(c.id.value);
  if (!effect) return fail(no_effect(c.id.value));
  switch (effect->state) {
    case EffectState::kDelivered:
      return fail({ErrorCode::kInvalidState, "Effect " + c.id.value + " is delivered."});
    case EffectState::kGivenUp:
      if (!find_notifier(effect->notifier)) {
        return fail({ErrorCode::kInvalidState, "Notifier " + effect->notifier + " is not configured any more."});
      }
      emit(EffectRetried{c.id});
      break;
    case EffectState::kWaiting:
      if (effect->next_at > now_.now.ms) emit(EffectRetried{c.id});
      break;
    case EffectState::kStarted:
      break;  // It is being tried.
  }
  return Reply(view_of(*effect));
}

Core::Answer Core::on(const TestNotifier& c, Ticket) {
  if (!find_notifier(c.name.value)) {
    std::string known;
    for (const auto& one : state_.limits.notifiers) known += (known.empty() ? "" : ", ") + one.name;
    return fail({ErrorCode::kNotFound, "There is no notifier " + c.name.value + " for this namespace. " +
                                           (known.empty() ? "The configuration declares none (notifications)."
                                                          : "The configuration declares: " + known + ".")});
  }
  if (!has_room_for_effects()) {
    return fail({ErrorCode::kOverloaded,
                 "There are " + std::to_string(state_.limits.effects_max) + " effects already.",
                 {},
                 10'000});
  }
  due_effects_.push_back(EffectCreated{
      {},
      c.name,
      kTestType,
      Severity::kInfo,
      "test",
      "A test of notifier " + c.name.value + ", asked for by " + (actor_.name.empty() ? "nobody" : actor_.name) + ".",
      {}});
  create_effects();
  return Reply(view_of(*state_.effect_index.by_creation.at(state_.position)));
}

}  // namespace arbiter::core
