// What waits for a human, as the state keeps it: a part of State with its own indexes and records.
//
//   question: open      -> answered, expired (its time), withdrawn (its attempt ended)
//   incident: open      -> acknowledged, resolved;  acknowledged -> resolved
//   dead task: there    -> gone when it is redriven or dismissed, or when too many or too old ones follow
//
// Ended questions and resolved incidents stay for a while (Limits::kept_max of each), so that who asked can read the
// answer. Everything here belongs to the engine's strand.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/inbox_events.h"
#include "core/timers.h"

namespace arbiter::core {

struct EntityChange;
struct Event;
struct StoredEntity;
struct Task;

struct InboxLimits {
  std::int64_t questions_max = 10'000;  // open ones
  std::int64_t questions_of_task_max = 10;
  std::int64_t incidents_max = 1'000;         // not resolved
  std::int64_t dead_tasks_max = 10'000;       // older ones leave the inbox, not the list of tasks
  std::int64_t dead_task_ms = 30LL * kDayMs;  // older ones leave it too
  std::int64_t kept_max = 1'000;              // ended questions, resolved incidents; at least 1
  std::int64_t details_bytes_max = 4'096;     // of a question's details, an incident's evidence
  // Rules; 0: off.
  std::int64_t queue_age_ms = 3'600'000;  // a task is queued for so long
  std::int64_t dead_tasks_alert = 10;     // tasks of one queue that die within alert_window_ms
  std::int64_t worker_losses_alert = 3;   // losses of one worker within alert_window_ms
  std::int64_t alert_window_ms = 600'000;
};

// What can be in the inbox.
struct InboxEntry {
  InboxKind kind;
  explicit InboxEntry(InboxKind k) : kind(k) {}
  std::string id;
  Position position = 0;  // of the event that brought it
  std::string queue;      // empty: none
  std::optional<std::string> assignee;
  bool dirty = false;
};

struct Question : InboxEntry, TimerNode {
  Question() : InboxEntry(InboxKind::kQuestion), TimerNode(TimerKind::kQuestion) {}
  QuestionAsked asked;
  std::int64_t asked_at = 0;
  std::int64_t expires_at = 0;  // of `now`; 0: never
  QuestionState state = QuestionState::kOpen;
  std::optional<std::string> answer, comment, answered_by, reason;
  std::int64_t ended_at = 0;
  Position ended = 0;
};

struct Incident : InboxEntry {
  Incident() : InboxEntry(InboxKind::kIncident) {}
  IncidentOpened opened;
  IncidentState state = IncidentState::kOpen;
  std::int64_t opened_at = 0, last_at = 0, acknowledged_at = 0, resolved_at = 0;
  std::int64_t count = 1;
  std::optional<std::string> acknowledged_by, resolved_by, comment;
  Position resolved = 0;
};

struct DeadTask : InboxEntry {
  DeadTask() : InboxEntry(InboxKind::kTask) {}
  std::string type;
  std::string message;
  std::int64_t at = 0;
};

class Inbox {
 public:
  Inbox(const InboxLimits& limits, TimerSet& timers) : limits_(limits), timers_(timers) {}
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  // ---- what events do; nothing here can be refused ----
  void on(const QuestionAsked& e, const Event& event);
  void on(const QuestionAnswered& e, const Event& event);
  void on(const QuestionExpired& e, const Event& event);
  void on(const QuestionWithdrawn& e, const Event& event);
  void on(const IncidentOpened& e, const Event& event);
  void on(const IncidentRepeated& e, const Event& event);
  void on(const IncidentAcknowledged& e, const Event& event);
  void on(const IncidentResolved& e, const Event& event);
  void on(const InboxAssigned& e, const Event& event);
  void on(const InboxDismissed& e, const Event& event);
  // A task failed with no attempt left; it was redriven.
  void task_died(const Task& task, std::string message, const Event& event);
  void task_came_back(const std::string& id);
  // The lease of a task is over: what it asked under it is to be withdrawn.
  void lease_ended(const Task& task);

  // ---- look-ups ----
  // By kind and id: `question:...`, `incident:...`, `task:...`; nullptr: there is none.
  [[nodiscard]] InboxEntry* find(std::string_view item) const;
  [[nodiscard]] bool is_open(const InboxEntry& entry) const { return open_.contains(entry.position); }
  [[nodiscard]] Question* find_question(std::string_view id) const;
  [[nodiscard]] Incident* find_incident(std::string_view id) const;
  [[nodiscard]] Incident* unresolved(std::string_view cause) const;  // nullptr: none is open
  [[nodiscard]] const DeadTask* find_dead_task(std::string_view id) const;
  [[nodiscard]] std::size_t open_questions_of(const std::string& task) const;
  [[nodiscard]] const std::map<Position, InboxEntry*>& open() const { return open_; }
  // Ended questions and resolved incidents, by the position of their beginning.
  [[nodiscard]] const std::map<Position, InboxEntry*>& ended() const { return ended_; }
  [[nodiscard]] InboxCounts counts() const;
  // By cause.
  [[nodiscard]] const std::map<std::string, Incident*, std::less<>>& unresolved() const { return unresolved_; }
  [[nodiscard]] bool queue_has_age_incident() const { return age_incidents_ > 0; }
  // Questions whose attempt is over; each is to be withdrawn.
  [[nodiscard]] const std::set<std::string>& orphans() const { return orphans_; }

  // ---- the store's form ----
  [[nodiscard]] base::Result<bool> load(const StoredEntity& entity);  // false: not of a kind that is kept here
  // Once all is loaded: `is_current` says whether the question's lease is still its task's.
  void finish_load(const std::function<bool(const Question&)>& is_current);
  void take_changes(std::vector<EntityChange>& changes);
  void snapshot(std::vector<EntityChange>& all) const;

 private:
  void add(std::unique_ptr<Question> owned);
  void add(std::unique_ptr<Incident> owned);
  void add(std::unique_ptr<DeadTask> owned);
  void end(Question& question, QuestionState state, const Event& event);
  void orphan(Question& question);
  void drop_oldest_ended();
  void drop_old_dead_tasks(std::int64_t now);
  void remove_dead(const std::string& id);
  void touch(InboxEntry& entry);

  const InboxLimits& limits_;
  TimerSet& timers_;
  std::map<std::string, std::unique_ptr<Question>, std::less<>> questions_;
  std::map<std::string, std::unique_ptr<Incident>, std::less<>> incidents_;
  std::map<std::string, std::unique_ptr<DeadTask>, std::less<>> dead_;
  std::map<Position, InboxEntry*> open_;
  std::map<Position, InboxEntry*> ended_;
  std::map<Position, Question*> ended_questions_;  // by the position of their end
  std::map<Position, Incident*> resolved_;         // likewise
  std::map<Position, DeadTask*> dead_by_age_;
  std::map<std::string, Incident*, std::less<>> unresolved_;           // by cause
  std::map<std::string, std::set<std::string>, std::less<>> of_task_;  // open questions
  std::set<std::string> orphans_;
  std::int64_t age_incidents_ = 0;
  std::set<std::string> dirty_;  // items, also those that are gone
};

// `question:ID`, as in tags.
[[nodiscard]] std::string item_of(const InboxEntry& entry);

}  // namespace arbiter::core
