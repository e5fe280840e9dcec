// The store's form of a schedule, both ways.
#include "base/check.h"
#include "core/state.h"

namespace arbiter::core {
namespace {

struct RunRecord {
  static constexpr bool kSparse = true;
  std::string task;
  std::int64_t due_ms = 0;
  std::int64_t fired_ms = 0;
  TaskState state = TaskState::kQueued;
  std::int64_t ended_ms = 0;
  friend bool operator==(const RunRecord&, const RunRecord&) = default;
};
BOOST_DESCRIBE_STRUCT(RunRecord, (), (task, due_ms, fired_ms, state, ended_ms))

struct SkipRecord {
  std::int64_t first_ms = 0;
  std::int64_t last_ms = 0;
  std::int64_t times = 0;
  SkipReason reason = SkipReason::kOverlap;
  std::optional<std::string> message;
};
BOOST_DESCRIBE_STRUCT(SkipRecord, (), (first_ms, last_ms, times, reason, message))

struct ScheduleRecord {
  static constexpr bool kSparse = true;
  RawJson definition;
  bool paused = false;
  std::int64_t position = 0;
  std::int64_t created_ms = 0;
  std::int64_t anchor_ms = 0;
  std::int64_t next_ms = 0;
  std::int64_t last_due_ms = 0;
  std::int64_t fired = 0;
  std::int64_t skipped = 0;
  std::vector<RunRecord> runs;
  std::optional<SkipRecord> last_skip;
};
BOOST_DESCRIBE_STRUCT(ScheduleRecord, (),
                      (definition, paused, position, created_ms, anchor_ms, next_ms, last_due_ms, fired, skipped, runs,
                       last_skip))

std::int64_t ms_of(const std::optional<Timestamp>& time) { return time ? time->ms : 0; }
std::optional<Timestamp> time_of(std::int64_t ms) { return ms ? std::optional(Timestamp{ms}) : std::nullopt; }

}  // namespace

EntityChange State::schedule_change(const Schedule& s) {
  ScheduleRecord r;
  r.definition = s.definition;
  r.paused = s.paused;
  r.position = static_cast<std::int64_t>(s.created);
  r.created_ms = s.created_at;
  r.anchor_ms = s.anchor;
  r.next_ms = s.next;
  r.last_due_ms = s.last_due;
  r.fired = s.fired;
  r.skipped = s.skipped;
  for (const auto& run : s.runs) {
    r.runs.push_back({run.task_id.value, ms_of(run.due_at), run.fired_at.ms, run.state, ms_of(run.ended_at)});
  }
  if (s.last_skip) {
    const ScheduleSkip& skip = *s.last_skip;
    r.last_skip = SkipRecord{skip.first_at.ms, skip.last_at.ms, skip.times, skip.reason, skip.message};
  }
  return {.kind = "schedule", .id = std::string(s.name), .body = base::to_json(r)};
}

// In the order in which they changed first. One that is gone by now left its removal with the other changes.
void State::take_schedules(std::vector<EntityChange>& changes) {
  for (const auto& name : dirty_schedules_) {
    Schedule* schedule = find_schedule(name);
    if (!schedule || !schedule->dirty) continue;
    schedule->dirty = false;
    changes.push_back(schedule_change(*schedule));
  }
  dirty_schedules_.clear();
}

base::Result<void> State::load_schedule(const StoredEntity& entity) {
  auto record = base::from_json_text<ScheduleRecord>(entity.body);
  if (!record) return base::fail(unreadable(entity, record.error()));
  ScheduleRecord& r = *record;
  const auto [it, created] = schedules.try_emplace(std::string(entity.id));
  CHECK(created);
  Schedule& s = it->second;
  s.name = it->first;
  s.definition = r.definition;
  s.paused = r.paused;
  s.created = static_cast<Position>(r.position);
  s.created_at = r.created_ms;
  s.anchor = r.anchor_ms;
  s.next = r.next_ms;
  s.last_due = r.last_due_ms;
  s.fired = r.fired;
  s.skipped = r.skipped;
  for (auto& run : r.runs) {
    s.runs.push_back(
        {Name(std::move(run.task)), time_of(run.due_ms), {run.fired_ms}, run.state, time_of(run.ended_ms)});
  }
  if (r.last_skip) {
    SkipRecord& skip = *r.last_skip;
    s.last_skip = std::make_unique<ScheduleSkip>(
        ScheduleSkip{{skip.first_ms}, {skip.last_ms}, skip.times, skip.reason, std::move(skip.message)});
  }
  return {};
}

}  // namespace arbiter::core
