// What limits, pauses and unique keys allow, seen from the log alone: counts of what is leased, times of what was
// started, who holds which unique key. Part of the model; shared with nothing in core.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>

#include "core/events.h"
#include "history.h"

namespace arbiter::sim {

struct TaskModel;

// Of a queue, or of a key in both its roles.
struct GateModel {
  bool paused = false;
  std::int64_t paused_until = 0;
  std::int64_t running = 0;
  std::int64_t resumed_at = 0;  // when a timed pause ended; 0: none did
  std::int64_t starts_since_resume = 0;
  core::RateLimit rate;             // under which the starts below were made
  std::deque<std::int64_t> starts;  // of the tasks that it limits
};

struct KeyFacts {
  bool paused = false;
  core::KeyLimits limits;
  friend bool operator==(const KeyFacts&, const KeyFacts&) = default;
};

class LimitsModel {
 public:
  struct QueueLimits {
    std::int64_t concurrency = 0;
    core::RateLimit rate;
    core::KeyLimits key_limits;
  };
  std::map<std::string, GateModel, std::less<>> queues;
  std::map<std::string, QueueLimits, std::less<>> queue_limits;
  std::map<std::string, GateModel, std::less<>> keys;
  std::map<std::string, core::KeyLimits, std::less<>> key_limits;  // of configured keys
  std::map<std::string, History<KeyFacts>, std::less<>> key_history;
  std::map<std::string, std::string, std::less<>> unique;                   // key -> the task that holds it
  std::map<std::string, History<std::string>, std::less<>> unique_history;  // "" while nobody holds it

  // What `task` may not be started for at `now`; empty: nothing.
  [[nodiscard]] std::string forbids(const core::TaskSpec& spec, std::int64_t now);
  // Surely nothing holds it back at `now`, not even an interval that began anew with the reload at `loaded`.
  [[nodiscard]] bool is_free(const core::TaskSpec& spec, std::int64_t now, std::int64_t loaded);
  // A limit that comes with time, a rate or a slow start, may hold it back.
  [[nodiscard]] bool is_metered(const core::TaskSpec& spec);

  void start(const core::TaskSpec& spec, std::int64_t now);
  void end(const core::TaskSpec& spec);
  void reload();  // slow starts are forgotten
  void claim(const TaskModel& task, core::Position position);
  void drop_claim(const TaskModel& task, core::Position position);

  void on(const core::QueueConfigured& e);
  void on(const core::KeyConfigured& e, core::Position position);
  void pause(GateModel& gate, const std::optional<core::Timestamp>& until);
  void resume(GateModel& gate, core::Reason reason, std::int64_t now);
  void note_key(const std::string& name, core::Position position);

 private:
  [[nodiscard]] const core::KeyLimits& limits_of(const std::string& key, const std::string& queue);
};

}  // namespace arbiter::sim
