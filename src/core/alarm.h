// What an event means to a person: whether it needs one, how much it matters, and what it is about.
#pragma once

#include "core/state.h"

namespace arbiter::core {

struct Alarm {
  Severity severity = Severity::kInfo;
  bool needs_human = false;
  std::string cause;  // Events of the same cause are told of once in a quiet time.
  std::string title;
};

// Of an event that was applied to `state`.
[[nodiscard]] Alarm alarm_of(const EventBody& body, const State& state);

// Whether alarm_of() will say so; cheap, for every event is asked.
[[nodiscard]] bool needs_human(const EventBody& body);

// Not told to anybody: what becomes of telling.
[[nodiscard]] bool is_about_effects(const EventBody& body);

}  // namespace arbiter::core
