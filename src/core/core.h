// The state machine of one namespace. Commands go in, events come out; no I/O, no clocks, no random devices.
//
// A handler checks everything first, then emits: after the first emit nothing is refused. Everything runs on the
// strand of the namespace. What a command reads of ended tasks that memory no longer holds is brought in beforehand:
// needs() names it, State::admit() takes it.
#pragma once

#include <list>
#include <optional>
#include <unordered_map>

#include "core/due_times.h"
#include "core/incident_rules.h"
#include "core/state.h"

namespace arbiter::core {

using Ticket = std::uint64_t;  // The engine's name for a request whose answer comes later.

struct Wakeup {
  Ticket ticket = 0;
  base::Result<Reply> reply;
};

struct LogLines {
  std::string task;
  std::int64_t attempt = 0;
  Timestamp time;
  std::vector<std::string> lines;
};

// What a redrive of dead tasks by filter looks for next.
struct BulkNeed {
  std::string bulk;
  std::string queue, type;  // empty: any
  Position before = 0;
  bool in_memory = false;  // first those that memory holds, some of which the store does not have among the ended
};

class Core {
 public:
  Core(CoreLimits limits, std::uint64_t seed) : state_(std::move(limits), seed) {}
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  [[nodiscard]] State& state() { return state_; }
  [[nodiscard]] const State& state() const { return state_; }

  // The tasks that `command` names and memory does not hold. May name more once these are admitted.
  [[nodiscard]] std::vector<std::string> needs(const Command& command) const;

  // The dependency of which `command` also wants the tasks that its failure cancelled; their ids are in the log.
  [[nodiscard]] static const std::string* needs_cancelled_by(const Command& command);

  // Empty when the answer will come as a wakeup under `ticket`.
  [[nodiscard]] std::optional<base::Result<Reply>> handle(const Command& command, const Actor& actor, Ticket ticket,
                                                          base::Now now);

  // Nobody waits for that answer any more.
  void drop_waiter(Ticket ticket);

  // One bounded step of what is due: timers and cascades. Call again while has_work().
  void tick(base::Now now);
  [[nodiscard]] bool has_work(base::Now now) const;
  // The next time, in `now` milliseconds, at which tick() has something to do; kNever when there is none.
  [[nodiscard]] std::int64_t next_deadline(base::Now now) const;

  // What a running redrive needs, and its next step with what was found (ids, admitted beforehand).
  [[nodiscard]] std::optional<BulkNeed> bulk_need() const;
  [[nodiscard]] std::vector<std::string> dead_in_memory(const std::string& bulk, std::size_t limit) const;
  void advance_retry(const std::string& bulk, const std::vector<std::string>& ids, Position cursor, bool more,
                     base::Now now);

  // The engine stood still for so long: every lease and heartbeat gets that time back.
  void extend_all(std::int64_t ms);

  [[nodiscard]] std::vector<Event> take_events() { return std::exchange(events_, {}); }
  [[nodiscard]] std::vector<Wakeup> take_wakeups() { return std::exchange(wakeups_, {}); }
  [[nodiscard]] std::vector<LogLines> take_logs() { return std::exchange(logs_, {}); }
  [[nodiscard]] std::size_t waiters() const { return waiters_.size(); }

 private:
  using Answer = std::optional<base::Result<Reply>>;

  // A parked request.
  struct Waiter : TimerNode {
    Waiter() : TimerNode(TimerKind::kWaiter) {}
    Ticket ticket = 0;
    std::int64_t until = 0;
    std::string worker;                 // lease, heartbeat
    std::string task;                   // watch
    std::string question;               // question
    LeaseTasks lease;                   // lease
    std::optional<ReportReply> report;  // lease as part of a report
    Heartbeat heartbeat;                // heartbeat
    enum class Kind : std::uint8_t { kLease, kWatch, kHeartbeat, kQuestion } what = Kind::kWatch;
    std::list<Waiter*>::iterator order;  // lease: its place in lease_waiters_
  };

  // ---- submit.cc ----
  Answer on(const SubmitTask& c, Ticket);
  Answer on(const SubmitBatch& c, Ticket);
  struct Submission;
  enum class Origin : std::uint8_t { kSingle, kBatch, kSchedule };
  [[nodiscard]] base::Result<std::vector<Submitted>> submit(const std::vector<const TaskSpec*>& specs, Origin origin);
  void check_specs(std::vector<Submission>& submissions, base::FieldErrors& errors) const;
  static void check_tags(const std::vector<Submission>& submissions, base::FieldErrors& errors);
  [[nodiscard]] base::Result<void> check_sizes(const std::vector<Submission>& submissions) const;
  void check_dependencies(std::vector<Submission>& submissions, bool batch, base::FieldErrors& unknown) const;
  [[nodiscard]] base::Result<std::vector<std::size_t>> order_by_dependency(
      const std::vector<Submission>& submissions) const;
  [[nodiscard]] static base::Result<void> check_room(const Queue& queue, std::int64_t more);
  void find_duplicates(std::vector<Submission>& submissions, base::FieldErrors& errors) const;
  [[nodiscard]] base::Result<void> check_duplicates(const std::vector<Submission>& submissions) const;
  [[nodiscard]] base::Result<void> check_limits(const std::vector<Submission>& submissions) const;
  void emit_submission(Submission& submission, std::size_t n);
  void replace_holder(const Submission& submission);

  // ---- tasks.cc ----
  Answer on(const GetTask& c, Ticket ticket);
  Answer on(const ListTasks& c, Ticket);
  Answer on(const GetGraph& c, Ticket);
  Answer on(const CancelTask& c, Ticket);
  Answer on(const RetryTask& c, Ticket);
  void cancel(Task& task, const std::optional<std::string>& message);
  Answer on(const SuspendTask& c, Ticket);
  Answer on(const ResumeTask& c, Ticket);
  [[nodiscard]] base::Result<Task*> task_to_rest(const Name& id, const std::optional<LeaseText>& lease);
  void redrive_dependents(const std::string& id);

  // ---- leases.cc ----
  Answer on(const LeaseTasks& c, Ticket ticket);
  Answer on(const ReturnLeases& c, Ticket);
  [[nodiscard]] base::Result<Worker*> worker_for_request(const std::string& id,
                                                         const std::optional<std::int64_t>& session);
  void see(Worker& worker);  // a sign of life
  std::vector<LeaseView> grant(Worker& worker, const LeaseTasks& c);
  [[nodiscard]] bool can_serve(Worker& worker, const Profile& profile) const;
  LeaseReply lease_reply(Worker& worker, std::vector<LeaseView> leases);
  void dispatch();
  Reply waiter_reply(Waiter& waiter, std::vector<LeaseView> leases);
  [[nodiscard]] static bool has_news(const Worker& worker);

  // ---- reports.cc ----
  Answer on(const StartTask& c, Ticket);
  Answer on(const ReportProgress& c, Ticket);
  Answer on(const AppendLog& c, Ticket);
  Answer on(const CompleteTask& c, Ticket);
  Answer on(const FailTask& c, Ticket);
  Answer on(const ReleaseTask& c, Ticket);
  Answer on(const ExtendLease& c, Ticket);
  Answer on(const ReportTasks& c, Ticket ticket);
  [[nodiscard]] base::Result<Task*> leased_task(const std::string& id, const std::string& lease);
  [[nodiscard]] base::Result<Task*> report(const Report& r, const std::optional<std::string>& message = {});
  void complete(Task& task, const Report& r);

  // ---- workers.cc ----
  Answer on(const RegisterWorker& c, Ticket);
  Answer on(const ListWorkers& c, Ticket);
  Answer on(const GetWorker& c, Ticket);
  Answer on(const Heartbeat& c, Ticket ticket);
  Answer on(const DrainWorker& c, Ticket);
  Answer on(const DeregisterWorker& c, Ticket);
  void wake_replaced(const Worker& worker);
  HeartbeatReply heartbeat_reply(const Heartbeat& c, const Worker& worker) const;
  void renew_named(Worker& worker, const List<LeaseText, 0, 10'000>& named);
  [[nodiscard]] static bool has_news(const Heartbeat& c, const HeartbeatReply& reply);

  // ---- queues.cc ----
  Answer on(const ListQueues& c, Ticket);
  Answer on(const GetQueue& c, Ticket);
  Answer on(const ConfigureQueue& c, Ticket);
  Answer on(const PauseQueue& c, Ticket);
  Answer on(const ResumeQueue& c, Ticket);
  Answer on(const DrainQueue& c, Ticket);
  Answer on(const StartBulk& c, Ticket);
  Answer on(const GetBulk& c, Ticket);
  Answer on(const ListCascades& c, Ticket);

  // ---- snapshot.cc ----
  Answer on(const TakeSnapshot& c, Ticket ticket);

  // ---- schedules.cc ----
  Answer on(const SetSchedule& c, Ticket);
  Answer on(const GetSchedule& c, Ticket);
  Answer on(const ListSchedules& c, Ticket);
  Answer on(const PauseSchedule& c, Ticket);
  Answer on(const ResumeSchedule& c, Ticket);
  Answer on(const RunSchedule& c, Ticket);
  Answer on(const DeleteSchedule& c, Ticket);
  [[nodiscard]] base::Result<Schedule*> known_schedule(const Name& name);
  [[nodiscard]] base::Result<void> check_schedule_limits(const Name& name, std::size_t bytes) const;

  // ---- firing.cc: what a schedule does when it is due ----
  void fire(Schedule& schedule);
  void settle(Schedule& schedule);
  bool skip_missed(Schedule& schedule, const ScheduleSpec& spec, const DueTimes& times);
  void skip(Schedule& schedule, const DueTimes& times, std::int64_t last, SkipReason reason,
            std::optional<std::string> message = {});
  [[nodiscard]] std::string new_trace(const Schedule& schedule, std::uint64_t which) const;
  void fire_due(Schedule& schedule, const ScheduleSpec& spec, const DueTimes& times);
  [[nodiscard]] bool cancel_runs(const std::vector<Task*>& runs, std::string_view schedule, bool all);
  [[nodiscard]] std::optional<SkipReason> overlap(const ScheduleSpec& spec, std::size_t live) const;
  [[nodiscard]] base::Result<std::string> submit_run(const Schedule& schedule, const ScheduleSpec& spec,
                                                     std::optional<std::int64_t> due);

  // ---- effects.cc ----
  Answer on(const ListEffects& c, Ticket);
  Answer on(const GetEffect& c, Ticket);
  Answer on(const RetryEffect& c, Ticket);
  Answer on(const TestNotifier& c, Ticket);
  Answer on(const SettleEffect& c, Ticket);
  [[nodiscard]] const Notifier* find_notifier(std::string_view name) const;
  [[nodiscard]] bool has_room_for_effects() const;
  void note_effects(const Event& event);
  void note_drop(const Notifier& notifier, const std::string& cause);
  void create_effects();
  void fire(Effect& effect);
  void start(Effect& effect);
  void fail_effect(Effect& effect, std::string error);

  // ---- keys.cc ----
  Answer on(const ListKeys& c, Ticket);
  Answer on(const GetKey& c, Ticket);
  Answer on(const ConfigureKey& c, Ticket);
  Answer on(const PauseKey& c, Ticket);
  Answer on(const ResumeKey& c, Ticket);
  [[nodiscard]] base::Result<void> check_keys(const Name& name) const;
  // When a pause ends, of the wall clock; empty: when it is resumed.
  [[nodiscard]] base::Result<std::optional<Timestamp>> pause_end(
      const std::optional<Timestamp>& until, const std::optional<Int<1, 365 * kDayMs>>& for_ms) const;

  // ---- type_registry.cc ----
  Answer on(const SetTaskType& c, Ticket);
  Answer on(const GetTaskType& c, Ticket);
  Answer on(const ListTaskTypes& c, Ticket);
  Answer on(const DeleteTaskType& c, Ticket);
  // The definition with what its type says about what it leaves open; empty: the type says nothing.
  [[nodiscard]] std::optional<TaskSpec> with_defaults(const TaskSpec& given) const;
  void check_payload(const TaskSpec& spec, const std::string& path, base::FieldErrors& errors) const;
  [[nodiscard]] base::Result<void> check_result(const Task& task, const RawJson& result) const;

  // ---- questions.cc ----
  Answer on(const AskQuestion& c, Ticket);
  Answer on(const GetQuestion& c, Ticket ticket);
  Answer on(const AnswerQuestion& c, Ticket);
  [[nodiscard]] base::Result<void> check_may_ask(const Task& task) const;
  [[nodiscard]] static base::Error no_question(const std::string& id);
  [[nodiscard]] base::Result<Reply> question_reply(const std::string& id) const;
  void fire(const Question& question);
  void withdraw_orphans();
  void go_on_after(const Question& question);

  // ---- incidents.cc ----
  Answer on(const OpenIncident& c, Ticket);
  Answer on(const GetIncident& c, Ticket);
  Answer on(const AcknowledgeIncident& c, Ticket);
  Answer on(const ResolveIncident& c, Ticket);
  Answer on(const NoteStoreClosed& c, Ticket);
  // Opens an incident, or counts the open one of the same cause once more.
  void open_incident(const IncidentReport& report);
  // Resolves the open one of this cause, if there is one.
  void resolve_incident(std::string_view cause, std::string comment);

  // ---- incident_rules.cc ----
  void watch_rules();
  void fire_queue_ages();
  void resolve_queue_ages();
  [[nodiscard]] bool is_too_old(Queue& queue);

  // ---- inbox.cc ----
  Answer on(const ListQuestions& c, Ticket);
  Answer on(const ListIncidents& c, Ticket);
  Answer on(const ListInbox& c, Ticket);
  Answer on(const AssignInboxItem& c, Ticket);
  Answer on(const DismissInboxItem& c, Ticket);
  [[nodiscard]] static base::Error not_in_inbox(const std::string& item);

  // ---- budgets.cc ----
  Answer on(const SetBudget& c, Ticket);
  Answer on(const GetBudget& c, Ticket);
  Answer on(const ListBudgets& c, Ticket);
  Answer on(const RaiseBudget& c, Ticket);
  Answer on(const DeleteBudget& c, Ticket);
  [[nodiscard]] base::Result<Budget*> known_budget(const Name& name);
  [[nodiscard]] base::Result<void> check_budget_limits(const BudgetSpec& spec) const;
  [[nodiscard]] base::Result<std::string> subject_to_raise(const Budget& budget, const RaiseBudget& c) const;
  [[nodiscard]] base::Result<void> check_budgets(const TaskSpec& spec, const Task* root) const;
  void fire(Budget& budget);
  void tell_budgets();
  void tell_meter(const MeterName& name);

  // ---- catalogue.cc ----
  Answer on(const CreateNamespace& c, Ticket);
  Answer on(const ListNamespaces& c, Ticket);
  Answer on(const RecordLifecycle& c, Ticket);

  // ---- tokens.cc ----
  Answer on(const AddToken& c, Ticket);
  Answer on(const FindToken& c, Ticket);
  Answer on(const CreateToken& c, Ticket);
  Answer on(const ListTokens& c, Ticket);
  Answer on(const RevokeToken& c, Ticket);
  Answer on(const NoteTokenUses& c, Ticket);
  [[nodiscard]] const Token* live_token(const std::string& name) const;
  void drop_expired(const std::string& name);

  // ---- reactions.cc: who reacts to what ----
  void react();
  void fire_timers();
  void fire(Task& task);
  void fire_wall(Task& task);
  [[nodiscard]] bool is_silent(const Worker& worker) const;
  void fire(Worker& worker);
  void fire(Waiter& waiter);
  void fire(TaskExtras::UniqueTimer& timer);
  void end_pause(GateTimer& timer);
  void take_leases_of_lost_workers();
  void tell_dependents();
  void tell_dependent(Task& dependent, Task& dependency);
  void advance_cancels();
  void advance_cancel(Bulk& bulk);
  [[nodiscard]] bool is_redriven_by(const Bulk& bulk, const Task& task) const;
  void make_ready(Task& task, Reason reason);
  // Ends the current attempt uncounted: back to its queue, or cancelled if that was asked for.
  void hand_back(Task& task, Reason reason, std::optional<std::string> message = {});
  // Ends the current attempt without success: retried, dead, or cancelled if that was asked for.
  void fail_attempt(Task& task, Reason reason, bool retryable, std::optional<TaskError> error, std::int64_t fingerprint,
                    std::optional<Usage> usage);
  [[nodiscard]] std::int64_t backoff_ms(const Task& task) const;

  // ---- trace.cc ----
  [[nodiscard]] std::vector<TaskStage> stages_ended_by(const EventBody& event) const;
  [[nodiscard]] const std::string& trace_of(const EventBody& event) const;

  // ---- core.cc ----
  void emit(EventBody body);
  // One that is created may take the place of another.
  static constexpr std::size_t kEventsPerEffect = 2;
  [[nodiscard]] std::int64_t budget_left() const {
    return state_.limits.cascade_events_max -
           static_cast<std::int64_t>(events_.size() - step_start_ + kEventsPerEffect * due_effects_.size());
  }
  Waiter* park(Ticket ticket, Waiter::Kind what, std::int64_t wait_ms);
  void unpark(Waiter& waiter);
  void wake(Waiter& waiter, base::Result<Reply> reply);
  void wake_waiters();
  void note_news(const Event& event);
  void tell_news(const std::string& worker);
  void begin_step(const Actor& actor, base::Now now);

  State state_;
  base::Now now_;
  Actor actor_;
  std::size_t step_start_ = 0;
  std::vector<Event> events_;
  std::vector<Wakeup> wakeups_;
  std::vector<LogLines> logs_;

  std::unordered_map<Ticket, std::unique_ptr<Waiter>> waiters_;
  std::list<Waiter*> lease_waiters_;                                 // longest waiting first
  std::unordered_multimap<std::string, Waiter*> watchers_;           // by task
  std::unordered_multimap<std::string, Waiter*> listeners_;          // heartbeats and leases, by worker
  std::unordered_multimap<std::string, Waiter*> question_watchers_;  // by question
  Tally deaths_, losses_;                                            // of tasks by queue, of workers
  std::vector<std::string> ended_now_;                               // tasks with watchers that ended in this step
  std::vector<std::string> questions_ended_now_;                     // with watchers
  std::vector<std::string> workers_with_news_;
  // What this step brings with it once it is done, and the keys of what is to be told once.
  std::vector<EffectCreated> due_effects_;
  std::vector<EffectDropped> due_drops_;
  std::set<std::string, std::less<>> due_keys_;
  struct Drops {
    std::int64_t told_at = 0;  // 0: never
    std::int64_t count = 0;    // since then
  };
  std::map<std::string, Drops, std::less<>> drops_;  // volatile; by notifier
};

}  // namespace arbiter::core
