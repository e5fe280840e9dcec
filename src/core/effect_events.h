// What can happen to effects. Part of core/events.h.
#pragma once

#include <string>

#include "core/effect_commands.h"

namespace arbiter::core {

// Something outside follows from an event of the same commit; effect.h has the states.
struct EffectCreated {
  Name id;
  Name notifier;
  std::string type;  // of that event
  Severity severity = Severity::kInfo;
  std::string cause;
  std::string title;
  std::optional<std::int64_t> position;  // of that event; none: it is a test
};
BOOST_DESCRIBE_STRUCT(EffectCreated, (), (id, notifier, type, severity, cause, title, position))
struct EffectStarted {
  Name id;
  std::int64_t attempt = 1;
  Timestamp until;  // later than that its answer is late
};
BOOST_DESCRIBE_STRUCT(EffectStarted, (), (id, attempt, until))
struct EffectDelivered {
  Name id;
  std::int64_t attempt = 1;
  Timestamp quiet_until;
};
BOOST_DESCRIBE_STRUCT(EffectDelivered, (), (id, attempt, quiet_until))
struct EffectFailed {
  Name id;
  std::int64_t attempt = 1;
  std::string error;
  Timestamp retry_at;
};
BOOST_DESCRIBE_STRUCT(EffectFailed, (), (id, attempt, error, retry_at))
struct EffectGivenUp {
  Name id;
  std::int64_t attempt = 1;
  std::string error;
};
BOOST_DESCRIBE_STRUCT(EffectGivenUp, (), (id, attempt, error))
struct EffectRetried {
  Name id;
};
BOOST_DESCRIBE_STRUCT(EffectRetried, (), (id))
struct EffectRemoved {
  Name id;
};
BOOST_DESCRIBE_STRUCT(EffectRemoved, (), (id))
// There were too many effects for others to be created: so many, since the last event of this kind.
struct EffectDropped {
  Name name;  // of the notifier
  std::string cause;
  std::int64_t dropped = 1;
};
BOOST_DESCRIBE_STRUCT(EffectDropped, (), (name, cause, dropped))

}  // namespace arbiter::core
