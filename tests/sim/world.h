// The world of one namespace: a clock that is moved, a store that keeps what was committed, and everything that the
// namespace asked for and has not got yet. Each step does one of these things, chosen by chance; faults come by chance.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "counts.h"
#include "engine/namespace.h"
#include "random.h"
#include "receivers.h"
#include "store/memory/memory_store.h"
#include "verdict.h"

namespace arbiter::sim {

// So many leases the clients ask for at once.
inline constexpr std::int64_t kLeasesAtOnce = 8;

// How often a fault comes, in per mille of the occasions.
struct FaultRates {
  std::int64_t fail_before = 0, fail_after = 0, no_space = 0, io_error = 0, fence = 0;  // of a commit
  std::int64_t crash = 0, stop = 0, take_over = 0, stall = 0, wall_jump = 0;            // of a step
  std::int64_t open_fails = 0, recovery_fails = 0;                                      // of an opening
  std::int64_t slow = 0;         // percent: a commit waits rather than goes on
  std::int64_t clock_ticks = 0;  // percent: a reading of the clock finds it moved on
};

struct Setup {
  core::CoreLimits limits;
  engine::NamespaceLimits engine_limits;
  FaultRates faults;
};

// Who watches the world.
class Watcher {
 public:
  virtual ~Watcher() = default;
  // These events are in the log now, and were not before.
  // An attempt of an effect begins; what became of one is durable.
  virtual void starts(const core::EffectOrder& order) = 0;
  virtual void settled(const core::SettleEffect& settle) = 0;
  virtual void written(const std::vector<store::EventRow>& rows) = 0;
  // The log ends with a whole batch.
  virtual void is_whole() = 0;
  virtual void published(const std::vector<store::EventRow>& rows) = 0;
  // A namespace was loaded at this time, with the log up to `head`.
  virtual void loaded(std::int64_t now, store::Position head) = 0;
  // It was closed while nobody used it, and opens because somebody does or something is due.
  virtual void comes_back(std::int64_t now) = 0;
  // It serves from now on.
  virtual void opened(std::int64_t now) = 0;
  // The process is gone, and every answer that it still owed.
  virtual void died(bool gracefully) = 0;
};

class World final : public engine::Environment {
 public:
  struct Stall {
    std::int64_t from, to;
  };

  World(Random& random, const Setup& setup, Counts& counts, Verdict& verdict, Watcher& watcher);
  ~World() override;

  // Does one of the things that wait to be done; false when there is none.
  bool step();
  // Does all of them, without letting time pass.
  void settle();
  // Lets time pass, unless something is overdue; false when it must be done first.
  bool advance(std::int64_t ms);
  void maybe_fault();
  // Closes the namespace, sometimes, when nobody uses it.
  void maybe_close();
  // Somebody is about to ask for something.
  void want();

  void crash();
  void begin_stop();
  void take_over();
  void stall(std::int64_t ms);
  void jump_wall(std::int64_t ms);
  void stop_faults();
  void count(Kind kind, std::string_view name) { counts_.add(kind, name); }

  [[nodiscard]] engine::Namespace& get() { return *namespace_; }
  [[nodiscard]] bool is_open() const { return namespace_->is_open(); }
  [[nodiscard]] bool is_at_rest() const { return opening_ == Opening::kAtRest; }
  [[nodiscard]] bool is_stopping() const { return stopping_; }
  [[nodiscard]] Verdict& verdict() { return verdict_; }
  [[nodiscard]] base::Now peek() const;
  [[nodiscard]] std::int64_t next_timer() const { return timer_; }
  [[nodiscard]] Receivers& receivers() { return receivers_; }
  [[nodiscard]] store::Reader& reader() { return watching_->reader(); }
  [[nodiscard]] store::Journal& watching() { return *watching_; }
  [[nodiscard]] std::uint64_t closings() const { return closings_; }  // how often it closed, or the process died
  // How long the engine stood still in (from, to].
  [[nodiscard]] std::int64_t stalled(std::int64_t from, std::int64_t to) const;
  [[nodiscard]] std::int64_t wall_max() const { return wall_max_; }
  // What the wall clock may have shown when the namespace's time was `now`: two values when it jumped just then.
  struct Range {
    std::int64_t low, high;
  };
  [[nodiscard]] Range wall_at(std::int64_t now) const;
  // The wall clock, as far as the engine must have noticed: a jump shows with its next look.
  [[nodiscard]] std::int64_t noticed_wall() const;

 private:
  enum class Opening : std::uint8_t { kNone, kAsked, kLoaded, kProbing, kRecovering, kDead, kAtRest };
  struct InFlight {
    std::unique_ptr<engine::PendingBatch> batch;
    bool written = false;
    base::Result<void> result;
  };
  struct Read {
    std::function<void()> perform;  // empty once done
    std::function<void()> answer;
  };
  struct Posted {
    std::int64_t at;
    std::function<void()> job;
  };

  [[nodiscard]] base::Now now() override;
  void commit(std::unique_ptr<engine::PendingBatch> batch) override;
  void lookup(std::vector<store::EntityKey> keys, std::function<void(base::Result<store::Lookup>)> found) override;
  void list_ended(store::EndedQuery query, std::function<void(base::Result<store::EndedPage>)> found) override;
  void list_events(store::EventQuery query, std::function<void(base::Result<store::EventPage>)> found) override;
  void reopen(base::ErrorCode after) override;
  void wake_at(std::int64_t deadline) override;
  void post(std::function<void()> job) override;
  void publish(std::shared_ptr<const std::vector<store::EventRow>> events) override;
  void start_effects(std::vector<core::EffectOrder> orders) override;

  void move_clock(std::int64_t ms);
  void note_offset();
  void start_process();
  void end_process(bool gracefully);
  void run_post();
  void run_timer();
  void step_commit();
  void step_read();
  void step_answer();
  void step_opening();
  [[nodiscard]] std::int64_t due_in_rest() const;  // of the namespace's time
  void come_back();
  void recover();
  void open_journal();
  void write(InFlight& flight, store::Fault fault);
  void note_written();
  [[nodiscard]] store::Fault choose_fault();

  Random& random_;
  const Setup& setup_;
  FaultRates faults_;
  Counts& counts_;
  Verdict& verdict_;
  Watcher& watcher_;

  base::ManualClock clock_;
  std::int64_t base_now_ = 0;
  std::int64_t base_monotonic_ = 0;
  std::int64_t wall_max_ = 0;
  std::int64_t jumped_at_ = -1'000'000;  // of the monotonic clock
  std::int64_t wall_before_jump_ = 0;
  // The wall clock is so far ahead of the namespace's time, from that time on; the latest until now.
  struct Offset {
    std::int64_t from, to, ahead;
  };
  std::vector<Offset> offsets_;
  std::vector<Stall> stalls_;

  store::MemoryStore store_;
  store::Fault next_fault_ = store::Fault::kNone;
  bool no_space_ = false;
  bool recovery_fails_ = false;
  store::JournalState last_;                  // what the journal knew that failed
  std::unique_ptr<store::Journal> watching_;  // only its reader and load() are used
  store::Position seen_ = 0;

  std::unique_ptr<store::Journal> journal_;
  std::unique_ptr<engine::Namespace> namespace_;
  std::deque<Posted> posts_;
  std::optional<InFlight> flight_;
  std::vector<Read> reads_;
  Opening opening_ = Opening::kNone;
  // While it is at rest: when something is due, by both clocks. Whichever comes first opens it.
  std::int64_t due_now_ = core::kNever;
  std::int64_t due_wall_ = core::kNever;
  std::optional<base::Result<engine::Loaded>> loaded_;
  std::int64_t timer_ = core::kNever;
  bool stopping_ = false;
  std::uint64_t closings_ = 0;
  Receivers receivers_;
  engine::Ticket answers_ = engine::Ticket{1} << 40U;  // none of the clients'
};

}  // namespace arbiter::sim
