// One namespace at work: runs commands through the core, collects what they changed into batches, and lets an answer
// go only when everything it shows is durable. Knows no threads and no clocks: its environment is passed in, so that
// the simulator runs this very code with a clock and a store of its own. Everything here is called on one strand.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>

#include "engine/request.h"
#include "store/journal.h"

namespace arbiter::engine {

// A batch on its way to the journal. encode() turns its events into rows; it needs nothing else, so that it can be
// done on the committer's thread.
struct PendingBatch {
  std::uint64_t number = 0;
  std::vector<core::Event> events;
  store::Batch batch;
  void encode();
};

// Of a change that is no removal.
[[nodiscard]] store::EntityPut to_put(core::EntityChange&& change);

// A namespace as it comes back from the store.
struct Loaded {
  std::unique_ptr<core::Core> core;
  store::JournalState journal;
  std::map<std::string, store::IdempotencyRecord> idempotency;
  std::int64_t at_ms = 0;  // when; the time of leases begins here
};
[[nodiscard]] base::Result<Loaded> load(store::Journal& journal, const core::CoreLimits& limits, base::Now now);

struct NamespaceLimits {
  std::size_t batch_events_max = 2'000;
  std::size_t backlog_max = 20'000;
  std::size_t idempotency_keys_max = store::kIdempotencyKeysMax;
  std::size_t cancelled_max = 10'000;  // dependents that one redrive looks for
  std::int64_t idempotency_ms = 86'400'000;
  std::int64_t stall_ms = 1'000;  // nothing at all for twice as long means that the engine stood still
};

// What a namespace asks of the world. Callbacks come back on the strand.
class Environment {
 public:
  virtual ~Environment() = default;
  [[nodiscard]] virtual base::Now now() = 0;
  // Commits the batch; the answer goes to Namespace::committed().
  virtual void commit(std::unique_ptr<PendingBatch> batch) = 0;
  virtual void lookup(std::vector<store::EntityKey> keys, std::function<void(base::Result<store::Lookup>)> found) = 0;
  virtual void list_ended(store::EndedQuery query, std::function<void(base::Result<store::EndedPage>)> found) = 0;
  virtual void list_events(store::EventQuery query, std::function<void(base::Result<store::EventPage>)> found) = 0;
  // Drops the journal, opens and loads it anew; the answer goes to Namespace::opened(). After kNoSpace only once a
  // probe write has succeeded, after kIoError once the store has recovered it; after kFenced not at all.
  virtual void reopen(base::ErrorCode after) = 0;
  // Calls Namespace::on_timer() at `deadline` (of Now::now, in ms); only the latest call counts.
  virtual void wake_at(std::int64_t deadline) = 0;
  // Runs `job` on the strand after what is queued there already.
  virtual void post(std::function<void()> job) = 0;
  // The events of a batch that has become durable.
  virtual void publish(std::shared_ptr<const std::vector<store::EventRow>> events) = 0;
  // Attempts of effects whose beginning has become durable. What becomes of each comes as a SettleEffect.
  virtual void start_effects(std::vector<core::EffectOrder> orders) = 0;
};

class Namespace {
 public:
  Namespace(Environment& environment, NamespaceLimits limits) : environment_(environment), limits_(limits) {}
  Namespace(const Namespace&) = delete;
  Namespace& operator=(const Namespace&) = delete;

  void opened(base::Result<Loaded> loaded);
  // Says what is being done about it while it is closed, to whoever asks.
  void explain(std::string problem);
  void submit(Ticket ticket, Request request, Done done);
  void forget(Ticket ticket);
  void committed(std::unique_ptr<PendingBatch> batch, base::Result<void> result);
  void on_timer();
  // Nobody uses it: nothing is under way, nobody waits, no worker is live or holds a lease, and nothing is due within
  // `horizon_ms`.
  [[nodiscard]] bool is_at_rest(std::int64_t horizon_ms) const;
  // Only at rest: drops the core, to be opened() again. Gives its next deadline, in milliseconds of Now::now.
  [[nodiscard]] std::int64_t rest();
  // Refuses what comes and answers what waits; returns true when nothing is left to commit.
  bool stop();

  // Durable positions and numbers for status pages.
  [[nodiscard]] std::uint64_t commits() const { return commits_; }
  [[nodiscard]] std::size_t backlog() const { return backlog_.size(); }
  [[nodiscard]] bool is_open() const { return core_ != nullptr; }
  [[nodiscard]] bool is_idle() const { return !committing_ && !has_changes() && backlog_.empty(); }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] core::Core* core() { return core_.get(); }  // for status and checkers
  [[nodiscard]] store::Position durable_position() const { return durable_position_; }

 private:
  struct Pending {
    Request request;
    Done done;
    std::set<std::string> asked{};           // ids already looked up for it
    std::optional<store::Position> since{};  // durable when its first look-up began
    // Tasks whose cancelled dependents are still to be found; empty optional: not begun.
    std::optional<std::vector<std::string>> causes{};
  };
  struct Parked {
    std::uint64_t barrier = 0;  // the batch that has to be durable first
    Done done;
    Answer answer;
    Ticket ticket = 0;
  };

  void admit(Ticket ticket, Pending pending);
  [[nodiscard]] store::Position begin_look_up(Ticket ticket, Pending& pending);
  [[nodiscard]] bool end_look_up(Ticket ticket, store::Position since);
  void look_up(Ticket ticket, Pending pending, std::vector<std::string> ids);
  void look_for_cancelled(Ticket ticket, Pending pending);
  [[nodiscard]] base::Result<void> bring_back(const store::Lookup& found);
  [[nodiscard]] std::vector<std::string> relatives_to_ask(const std::vector<std::string>& ids,
                                                          std::set<std::string>& asked) const;
  void run(Ticket ticket, Pending pending);
  [[nodiscard]] std::optional<Answer> stored_answer(const Request& request) const;
  void store_answer(const Request& request, const core::Reply& reply);
  void forget_oldest_reply();
  [[nodiscard]] base::Result<void> check_key(const Request& request) const;
  void release(Done done, Answer answer, Ticket ticket);
  void collect_changes();
  void collect();
  void run_backlog();
  [[nodiscard]] bool is_full() const { return events_.size() >= limits_.batch_events_max && committing_; }
  [[nodiscard]] bool has_changes() const { return !events_.empty() || !logs_.empty() || !idempotency_.empty(); }
  void start_effects(const std::vector<core::Event>& events);
  void schedule_flush();
  void flush();
  void advance();  // cascades, timers, redrives
  void advance_redrive();
  void retry_redrive();
  struct RedrivePage {
    std::string bulk;
    std::vector<std::string> ids;
    store::Position cursor = 0;
    bool more = false;
    std::set<std::string> asked{};           // roots that were looked up
    std::optional<store::Position> since{};  // durable when its first look-up began
  };
  void redrive(const std::shared_ptr<RedrivePage>& page, std::vector<std::string> missing);
  void arm_timer();
  void notice_stall();
  void evict();
  void close(base::ErrorCode code, const std::string& message);
  [[nodiscard]] base::Error closed_error() const;

  Environment& environment_;
  const NamespaceLimits limits_;
  std::unique_ptr<core::Core> core_;
  store::Epoch epoch_ = 0;
  std::uint64_t generation_ = 0;  // of core_: a late answer of an earlier one is dropped
  std::string problem_ = "The namespace is being opened.";
  bool stopping_ = false;

  // The open batch.
  std::vector<core::Event> events_;
  std::vector<store::LogAppend> logs_;
  std::map<std::string, store::IdempotencyRecord> idempotency_;  // new ones
  std::uint64_t open_batch_ = 1;
  std::uint64_t durable_batch_ = 0;
  store::Position durable_position_ = 0;
  std::uint64_t commits_ = 0;
  bool committing_ = false;
  bool flush_scheduled_ = false;
  bool advance_scheduled_ = false;
  bool redriving_ = false;
  std::int64_t armed_ = core::kNever;
  std::int64_t last_ran_ms_ = 0;
  bool pulsing_ = false;  // the timer comes at least every stall_ms

  std::deque<Parked> parked_;                    // by barrier
  std::unordered_map<Ticket, Pending> waiting_;  // parked in the core
  std::set<std::string> waiting_keys_;           // their idempotency keys
  std::unordered_map<Ticket, bool> looking_up_;  // value: its client left
  std::deque<std::pair<Ticket, Pending>> backlog_;
  std::multiset<store::Position> lookups_;                   // positions at which look-ups began
  std::map<std::string, store::IdempotencyRecord> replies_;  // kept answers by key
  std::multimap<std::int64_t, std::string> replies_by_expiry_;
};

}  // namespace arbiter::engine
