// What the core keeps in memory of an effect: something outside that follows from an event. It is created with the
// event, in the same commit, and its id is the idempotency key outside.
//
//   waiting    -> started                       its time has come and its notifier is not busy   EFFECT.STARTED
//   started    -> delivered                     the attempt succeeded                            EFFECT.DELIVERED
//   started    -> waiting                       it failed, or gave no answer in time             EFFECT.FAILED
//   started    -> given up                      the same, and it was the last attempt            EFFECT.GIVEN_UP
//   started    -> started, the next attempt     the server came back; the outcome is not known   EFFECT.STARTED
//   waiting    -> given up                      its notifier is not configured any more          EFFECT.GIVEN_UP
//   given up   -> waiting                       somebody asked for it                            EFFECT.RETRIED
//   delivered  -> gone                          the quiet time of its cause is over              EFFECT.REMOVED
//   given up   -> gone                          nobody looked at it for long, or it makes room   EFFECT.REMOVED
//
// Each attempt has a number that is never used twice, durable before the attempt begins: whoever owned the namespace
// earlier, or answers late, names an attempt that is not the current one. So effects need no epoch beside it.
#pragma once

#include <map>
#include <set>

#include "core/effect_commands.h"
#include "core/timers.h"

namespace arbiter::core {

struct Effect : TimerNode {
  Effect() : TimerNode(TimerKind::kEffect) {}
  std::string_view id;  // of the map's key
  std::string notifier;
  std::string cause;
  std::string type;
  std::string title;
  std::string error;
  Severity severity = Severity::kInfo;
  EffectState state = EffectState::kWaiting;
  bool under_way = false;  // volatile: the attempt was started by this process
  bool dirty = false;
  Position created = 0;   // position of its first event
  Position position = 0;  // of the event that it tells of; 0: of none
  std::int64_t attempt = 0;
  std::int64_t failures = 0;
  std::int64_t created_at = 0;
  std::int64_t quiet_until = 0;  // delivered: until then nothing else is told of its cause
  std::int64_t next_at = 0;      // waiting: the next attempt; started: when its answer is late
  std::int64_t ended_at = 0;
};

// Derived: the effects of one notifier.
struct EffectLane {
  std::int64_t running = 0;  // under way
  std::set<Position> held;   // due, and there are too many under way; by `created`
};

// Derived: what State looks effects up by.
struct EffectIndex {
  std::map<std::string, EffectLane, std::less<>> lanes;  // by notifier
  std::map<Position, Effect*> by_creation;
  std::multimap<std::string, Effect*, std::less<>> by_cause;  // by quiet_key(); not those that were given up
  std::set<Position> given_up;                                // by creation
  std::multiset<Position> events;                             // what open effects tell of: retention leaves these
  std::int64_t running = 0;                                   // attempts under way
};

// An attempt that begins, for effects/.
struct EffectOrder {
  std::string id;
  std::int64_t attempt = 0;
  std::string notifier;
  std::string type;
  std::string cause;
  std::string title;
  Severity severity = Severity::kInfo;
  Position position = 0;  // of the event that it tells of; 0: of none
  Timestamp created_at;
};

}  // namespace arbiter::core
