// What clients ask about effects, and what they are answered. Part of core/commands.h.
#pragma once

#include <string>
#include <vector>

#include "core/notifier.h"
#include "core/task_commands.h"

namespace arbiter::core {

// waiting: for its (next) attempt. started: an attempt is under way.
BOOST_DEFINE_ENUM_CLASS(EffectState, kWaiting, kStarted, kDelivered, kGivenUp)
inline constexpr std::size_t kEffectStates = 4;

struct EffectView {
  Name id;
  Name notifier;
  EffectState state = EffectState::kWaiting;
  std::string type;  // of the event that it tells of
  Severity severity = Severity::kInfo;
  std::string cause;
  std::string title;
  std::optional<std::int64_t> position;  // of that event
  std::int64_t attempt = 0;              // the latest; 0: none yet
  std::int64_t failures = 0;             // attempts that failed since it was created or retried
  std::optional<std::string> error;      // of the latest that failed
  Timestamp created_at;
  std::optional<Timestamp> next_at;  // waiting: when the next attempt begins
  std::optional<Timestamp> ended_at;
};
BOOST_DESCRIBE_STRUCT(EffectView, (),
                      (id, notifier, state, type, severity, cause, title, position, attempt, failures, error,
                       created_at, next_at, ended_at))

struct ListEffects {
  List<EffectState, 0, kEffectStates> state;
  std::optional<Name> notifier;
  Limit limit{100};
  std::optional<Text<1, 256>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListEffects, (), (state, notifier, limit, cursor))
struct EffectList {
  std::vector<EffectView> items;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(EffectList, (), (items, next_cursor))
struct GetEffect {
  static constexpr std::array kRequired{"id"};
  Name id;
};
BOOST_DESCRIBE_STRUCT(GetEffect, (), (id))
// One that was given up gets fresh attempts; one that waits is tried at once.
struct RetryEffect {
  static constexpr std::array kRequired{"id"};
  Name id;
};
BOOST_DESCRIBE_STRUCT(RetryEffect, (), (id))
// Tells a notifier something, quiet time or not, to see whether it arrives.
struct TestNotifier {
  static constexpr std::array kRequired{"name"};
  Name name;
};
BOOST_DESCRIBE_STRUCT(TestNotifier, (), (name))

// What became of an attempt; from effects/, not reachable from outside. One that is late changes nothing.
struct SettleEffect {
  std::string id;
  std::int64_t attempt = 0;
  std::optional<std::string> error;  // none: it is delivered
};

}  // namespace arbiter::core
