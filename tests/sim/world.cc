#include "world.h"

#include <algorithm>

namespace arbiter::sim {

using base::ErrorCode;
using base::fail;
using store::Fault;

namespace {

// So late is a timer or a posted job at most, while the process is not stalled.
constexpr std::int64_t kLateMs = 400;
constexpr const char* kName = "default";
constexpr std::int64_t kSoonMs = 2'000;  // What is due so soon keeps it open, and it opens so much before.

}  // namespace

World::World(Random& random, const Setup& setup, Counts& counts, Verdict& verdict, Watcher& watcher)
    : random_(random),
      setup_(setup),
      faults_(setup.faults),
      counts_(counts),
      verdict_(verdict),
      watcher_(watcher),
      wall_max_(clock_.wall().ms),
      receivers_(random) {
  auto opened = store_.open(kName, random_.next());
  watching_ = std::move(*opened);
  store_.set_recovery_hook([this] {
    return recovery_fails_ ? base::Result<void>(fail({ErrorCode::kIoError, "The device fails."}))
                           : base::Result<void>();
  });
  store_.set_fault_hook([this](const store::Batch&) { return std::exchange(next_fault_, Fault::kNone); });
  start_process();
}

World::~World() = default;

// ---- time -----------------------------------------------------------------------------------------------------

base::Now World::peek() const { return {{base_now_ + clock_.monotonic_ms() - base_monotonic_}, clock_.wall()}; }

void World::move_clock(std::int64_t ms) {
  clock_.advance(ms);
  wall_max_ = std::max(wall_max_, clock_.wall().ms);
}

base::Now World::now() {
  if (faults_.clock_ticks && random_.percent(faults_.clock_ticks)) {
    move_clock(random_.range(1, 3));
  }
  return peek();
}

bool World::advance(std::int64_t ms) {
  const std::int64_t now = peek().now.ms;
  std::int64_t limit = core::kNever;
  if (timer_ != core::kNever) limit = timer_ + kLateMs;
  if (!posts_.empty()) limit = std::min(limit, posts_.front().at + kLateMs);
  if (opening_ == Opening::kAtRest) limit = std::min(limit, due_in_rest());
  if (limit <= now) return false;
  move_clock(std::min(ms, limit - now));
  return true;
}

void World::stall(std::int64_t ms) {
  const std::int64_t from = peek().now.ms;
  move_clock(ms);
  stalls_.push_back({from, from + ms});
  counts_.add(Kind::kFault, "stall");
}

std::int64_t World::stalled(std::int64_t from, std::int64_t to) const {
  std::int64_t sum = 0;
  for (const auto& s : stalls_) sum += std::max<std::int64_t>(0, std::min(to, s.to) - std::max(from, s.from));
  return sum;
}

// Called right after either clock was set.
void World::note_offset() {
  const base::Now now = peek();
  offsets_.push_back({now.now.ms, core::kNever, now.wall.ms - now.now.ms});
}

World::Range World::wall_at(std::int64_t now) const {
  Range range{core::kNever, 0};
  for (const Offset& o : offsets_) {
    if (now < o.from || now > o.to) continue;
    range.low = std::min(range.low, now + o.ahead);
    range.high = std::max(range.high, now + o.ahead);
  }
  return range;
}

void World::jump_wall(std::int64_t ms) {
  offsets_.back().to = peek().now.ms;
  wall_before_jump_ = noticed_wall();
  jumped_at_ = clock_.monotonic_ms();
  clock_.jump_wall(ms);
  note_offset();
  wall_max_ = std::max(wall_max_, clock_.wall().ms);
  counts_.add(Kind::kFault, ms > 0 ? "wall clock forward" : "wall clock back");
}

std::int64_t World::noticed_wall() const {
  const std::int64_t wall = clock_.wall().ms;
  return clock_.monotonic_ms() - jumped_at_ > 3'000 ? wall : std::min(wall, wall_before_jump_);
}

// ---- the process ----------------------------------------------------------------------------------------------

void World::start_process() {
  if (!offsets_.empty()) offsets_.back().to = peek().now.ms;
  base_monotonic_ = clock_.monotonic_ms();
  stalls_.clear();  // they were on another clock
  base_now_ = clock_.wall().ms;
  note_offset();
  stopping_ = false;
  namespace_ = std::make_unique<engine::Namespace>(*this, setup_.engine_limits);
  opening_ = Opening::kAsked;
}

void World::end_process(bool gracefully) {
  ++closings_;
  posts_.clear();
  reads_.clear();
  flight_.reset();
  loaded_.reset();
  timer_ = core::kNever;
  namespace_.reset();
  journal_.reset();
  opening_ = Opening::kNone;
  store_.restart();
  receivers_.process_died();
  watcher_.died(gracefully);
  start_process();
}

void World::crash() {
  if (!flight_) {
    counts_.add(Kind::kFault, opening_ == Opening::kNone ? "crash at rest" : "crash while opening");
  } else if (!flight_->written && random_.percent(50)) {
    counts_.add(Kind::kFault, "crash, batch lost");
  } else {
    counts_.add(Kind::kFault, "crash, batch kept");
    if (!flight_->written) write(*flight_, Fault::kNone);
  }
  end_process(/*gracefully=*/false);
  if (random_.percent(50)) move_clock(random_.range(0, 20'000));
}

void World::begin_stop() {
  if (stopping_) return;
  counts_.add(Kind::kFault, "graceful stop");
  stopping_ = true;
  namespace_->stop();
}

void World::take_over() {
  counts_.add(Kind::kFault, "namespace taken over");
  (void)store_.open(kName, 0);
}

void World::stop_faults() {
  faults_ = {};
  store_.set_no_space(false);
  no_space_ = false;
}

void World::maybe_fault() {
  const auto comes = [&](std::int64_t rate) { return rate > 0 && random_.range(0, 999) < rate; };
  if (comes(faults_.crash)) return crash();
  if (comes(faults_.stop)) return begin_stop();
  if (comes(faults_.take_over)) return take_over();
  if (comes(faults_.stall)) return stall(random_.range(3'000, 60'000));
  if (comes(faults_.wall_jump)) jump_wall(random_.range(-3'600'000, 3'600'000));
}

// ---- at rest --------------------------------------------------------------------------------------------------

void World::maybe_close() {
  if (opening_ != Opening::kNone || stopping_ || flight_ || !reads_.empty() || !random_.percent(20)) return;
  if (!namespace_->is_at_rest(kSoonMs)) return;
  const std::int64_t deadline = namespace_->rest();
  const base::Now now = peek();
  due_now_ = deadline;
  due_wall_ = deadline == core::kNever ? core::kNever : now.wall.ms + (deadline - now.now.ms);
  ++closings_;
  timer_ = core::kNever;
  journal_.reset();
  opening_ = Opening::kAtRest;
  counts_.add(Kind::kReaction, "closed at rest");
}

std::int64_t World::due_in_rest() const {
  const base::Now now = peek();
  const std::int64_t by_wall = due_wall_ == core::kNever ? core::kNever : now.now.ms + (due_wall_ - now.wall.ms);
  const std::int64_t due = std::min(due_now_, by_wall);
  return due == core::kNever ? due : due - kSoonMs;
}

void World::want() {
  if (opening_ == Opening::kAtRest) come_back();
}

void World::come_back() {
  counts_.add(Kind::kReaction, due_in_rest() <= peek().now.ms ? "opened when due" : "opened on demand");
  opening_ = Opening::kAsked;
  watcher_.comes_back(peek().now.ms);
}

// ---- what the namespace asks for ------------------------------------------------------------------------------

void World::commit(std::unique_ptr<engine::PendingBatch> batch) {
  EXPECT_RULE(verdict_, !flight_, "1", "a second commit began while one was in flight");
  flight_.emplace(InFlight{std::move(batch), false, {}});
}

void World::lookup(std::vector<store::EntityKey> keys, std::function<void(base::Result<store::Lookup>)> found) {
  auto result = std::make_shared<base::Result<store::Lookup>>();
  reads_.push_back({[this, keys = std::move(keys), result] { *result = reader().lookup(keys); },
                    [this, found = std::move(found), result] {
                      const auto ended = [](const store::FoundEntity& e) { return e.ended; };
                      if (*result && std::any_of((*result)->found.begin(), (*result)->found.end(), ended)) {
                        counts_.add(Kind::kReaction, "ended task brought back");
                      }
                      found(std::move(*result));
                    }});
}

void World::list_ended(store::EndedQuery query, std::function<void(base::Result<store::EndedPage>)> found) {
  auto result = std::make_shared<base::Result<store::EndedPage>>();
  reads_.push_back({[this, query = std::move(query), result] { *result = reader().ended(query); },
                    [found = std::move(found), result] { found(std::move(*result)); }});
}

void World::list_events(store::EventQuery query, std::function<void(base::Result<store::EventPage>)> found) {
  auto result = std::make_shared<base::Result<store::EventPage>>();
  reads_.push_back({[this, query = std::move(query), result] { *result = reader().events(query); },
                    [found = std::move(found), result] { found(std::move(*result)); }});
}

void World::reopen(ErrorCode after) {
  ++closings_;
  EXPECT_RULE(verdict_, opening_ == Opening::kNone, "1", "reopened while it was being opened");
  if (after == ErrorCode::kNoSpace) {
    opening_ = Opening::kProbing;
  } else if (after == ErrorCode::kIoError) {
    opening_ = Opening::kRecovering;
    last_ = journal_->state();
    journal_.reset();
  } else if (after == ErrorCode::kFenced) {
    opening_ = Opening::kDead;
  } else {
    opening_ = Opening::kAsked;
  }
}

void World::wake_at(std::int64_t deadline) { timer_ = deadline; }

void World::post(std::function<void()> job) { posts_.push_back({peek().now.ms, std::move(job)}); }

void World::publish(std::shared_ptr<const std::vector<store::EventRow>> events) { watcher_.published(*events); }

void World::start_effects(std::vector<core::EffectOrder> orders) {
  for (const auto& order : orders) {
    watcher_.starts(order);
    EXPECT_RULE(verdict_, receivers_.tell(order, peek().now.ms), "9",
                "attempt " + std::to_string(order.attempt) + " of effect " + order.id +
                    " is made twice, or its id means something else now");
  }
}

// ---- doing it -------------------------------------------------------------------------------------------------

bool World::step() {
  if (stopping_ && !flight_ && reads_.empty() && (opening_ != Opening::kNone || namespace_->stop())) {
    end_process(/*gracefully=*/opening_ == Opening::kNone);
    return true;
  }
  if (opening_ == Opening::kAtRest && due_in_rest() <= peek().now.ms) {
    come_back();
    return true;
  }
  const bool due = timer_ <= peek().now.ms;
  const std::size_t posts = posts_.empty() ? 0 : 4;
  const std::size_t commits = flight_ ? 2 : 0;
  const std::size_t reads = std::min<std::size_t>(reads_.size(), 3);
  const std::size_t opens = opening_ == Opening::kNone || opening_ == Opening::kAtRest ? 0 : 3;
  const std::size_t timers = due ? 2 : 0;
  const std::size_t answers = std::min<std::size_t>(receivers_.answers_due(peek().now.ms), 2);
  const std::size_t all = posts + commits + reads + opens + timers + answers;
  if (all == 0) return false;
  const std::size_t n = random_.below(all);
  if (n < posts) {
    run_post();
  } else if (n < posts + commits) {
    step_commit();
  } else if (n < posts + commits + reads) {
    step_read();
  } else if (n < posts + commits + reads + opens) {
    step_opening();
  } else if (n < posts + commits + reads + opens + answers) {
    step_answer();
  } else {
    run_timer();
  }
  return true;
}

void World::settle() {
  for (int i = 0; i < 200'000 && !verdict_.failed(); ++i) {
    if (!step()) return;
  }
  verdict_.broken("8", "the namespace never comes to rest");
}

// What one step of a cascade may emit is bounded; each of its events may open an incident or withdraw a question, and
// what waits for leases comes on top.
void World::run_post() {
  const auto job = std::move(posts_.front().job);
  posts_.pop_front();
  core::Core* core = namespace_->core();
  const auto before = core ? core->state().position : 0;
  const auto waiters = core ? core->waiters() : 0;
  job();
  core = namespace_->core();
  if (!core || before == 0 || core->state().position == before) return;
  const auto emitted = static_cast<std::int64_t>(core->state().position - before);
  const core::State& state = core->state();
  if (!state.unsettled.empty() || !state.lost_workers.empty()) counts_.add(Kind::kReaction, "cascade went on");
  const auto granted = static_cast<std::int64_t>(waiters) * kLeasesAtOnce;
  // Each of the last events may bring an effect for each notifier, and that may make room or be dropped.
  const auto of_each = 1 + 3 * static_cast<std::int64_t>(setup_.limits.notifiers.size());
  EXPECT_RULE(verdict_, emitted <= 2 * setup_.limits.cascade_events_max + (5 + granted) * of_each, "8",
              "one step of a cascade emitted " + std::to_string(emitted) + " events; cascade_events_max is " +
                  std::to_string(setup_.limits.cascade_events_max));
}

void World::run_timer() {
  if (peek().now.ms > timer_) counts_.add(Kind::kFault, "late timer");
  timer_ = core::kNever;
  const auto heard = [&] {
    std::int64_t sum = 0;
    if (core::Core* core = namespace_->core()) {
      for (const auto& [id, worker] : core->state().workers) sum += worker->last_seen_at;
    }
    return sum;
  };
  const std::int64_t before = heard();
  namespace_->on_timer();
  // Nothing but time given back changes by a timer when a worker was last heard of.
  if (heard() > before) counts_.add(Kind::kReaction, "stall given back");
}

Fault World::choose_fault() {
  std::int64_t n = random_.range(0, 999);
  const auto comes = [&](std::int64_t rate) { return (n -= rate) < 0; };
  if (comes(faults_.fail_before)) return Fault::kFailBefore;
  if (comes(faults_.fail_after)) return Fault::kFailAfter;
  if (comes(faults_.no_space)) return Fault::kNoSpace;
  if (comes(faults_.io_error)) return random_.percent(50) ? Fault::kIoError : Fault::kIoErrorAfter;
  if (comes(faults_.fence)) return Fault::kFence;
  return Fault::kNone;
}

void World::write(InFlight& flight, Fault fault) {
  if (fault == Fault::kNoSpace) {
    no_space_ = true;
    store_.set_no_space(true);
  }
  next_fault_ = fault;
  flight.batch->encode();
  flight.result = journal_->commit(flight.batch->batch);
  next_fault_ = Fault::kNone;
  flight.written = true;
  if (fault == Fault::kFailBefore) counts_.add(Kind::kFault, "commit failed before");
  if (fault == Fault::kFailAfter) counts_.add(Kind::kFault, "commit failed after");
  if (fault == Fault::kNoSpace) counts_.add(Kind::kFault, "no space");
  if (fault == Fault::kIoError) counts_.add(Kind::kFault, "io error before");
  if (fault == Fault::kIoErrorAfter) counts_.add(Kind::kFault, "io error after");
  if (!flight.result && flight.result.error().code == ErrorCode::kFenced) counts_.add(Kind::kFault, "fenced");
  note_written();
}

void World::note_written() {
  for (bool more = true; more;) {
    store::EventQuery query;
    query.after = seen_;
    query.limit = store::kPageRowsMax;
    const auto page = reader().events(query);
    if (page->events.empty()) break;
    seen_ = page->events.back().position;
    more = page->more;
    watcher_.written(page->events);
  }
  watcher_.is_whole();
}

void World::step_commit() {
  if (random_.percent(faults_.slow)) return counts_.add(Kind::kFault, "slow commit");
  if (!flight_->written) return write(*flight_, choose_fault());
  InFlight done = std::move(*flight_);
  flight_.reset();
  namespace_->committed(std::move(done.batch), std::move(done.result));
}

void World::step_read() {
  const std::size_t i = random_.below(reads_.size());
  if (reads_[i].perform) {
    reads_[i].perform();
    reads_[i].perform = nullptr;
    return;
  }
  const auto answer = std::move(reads_[i].answer);
  reads_.erase(reads_.begin() + static_cast<std::ptrdiff_t>(i));
  answer();
}

// One that comes too late changes nothing.
void World::step_answer() {
  auto settle = receivers_.answer(peek().now.ms);
  want();
  counts_.add(Kind::kCommand, name_of(core::Command(*settle)));
  core::Core* core = namespace_->core();
  const auto late = [&] { return core ? core->state().totals.effects_late : 0; };
  const auto before = late();
  namespace_->submit(++answers_, {*settle, {"system", ""}}, [this, settled = *settle](const engine::Answer& answer) {
    if (answer) watcher_.settled(settled);
  });
  if (late() > before) counts_.add(Kind::kReaction, "effect: answer too late");
}

void World::step_opening() {
  switch (opening_) {
    case Opening::kNone:
    case Opening::kAtRest:
      return;
    case Opening::kDead:
      return end_process(/*gracefully=*/false);
    case Opening::kProbing:
      if (no_space_ && random_.percent(20)) {
        no_space_ = false;
        store_.set_no_space(false);
      }
      if (const auto probed = journal_->probe()) {
        opening_ = Opening::kAsked;
      } else if (probed.error().code == ErrorCode::kFenced) {
        opening_ = Opening::kDead;
      }
      return;
    case Opening::kRecovering:
      return recover();
    case Opening::kAsked:
      return open_journal();
    case Opening::kLoaded:
      opening_ = Opening::kNone;
      const bool ok = loaded_->has_value();
      namespace_->opened(std::move(*loaded_));
      loaded_.reset();
      if (ok) watcher_.opened(peek().now.ms);
      if (!ok) opening_ = Opening::kDead;
      return;
  }
}

// The process lives on, the namespace is closed until its data are sound.
void World::recover() {
  EXPECT_RULE(verdict_, !store_.open(kName, 0).has_value(), "1", "a failed device was used again before its recovery");
  recovery_fails_ = faults_.recovery_fails && random_.range(0, 999) < faults_.recovery_fails;
  const auto recovered = store_.recover(kName, last_);
  if (recovery_fails_) return counts_.add(Kind::kFault, "recovery failed");
  if (!recovered && recovered.error().code == ErrorCode::kFenced) {
    opening_ = Opening::kDead;
    return;
  }
  EXPECT_RULE(verdict_, recovered.has_value(), "1", "what was committed is not there after a failure of the device");
  counts_.add(Kind::kReaction, "recovered");
  opening_ = Opening::kAsked;
}

void World::open_journal() {
  opening_ = Opening::kLoaded;
  if (faults_.open_fails && random_.range(0, 999) < faults_.open_fails) {
    counts_.add(Kind::kFault, "open failed");
    loaded_.emplace(fail({ErrorCode::kUnknown, "The store does not answer."}));
    return;
  }
  journal_.reset();
  auto journal = store_.open(kName, 0);
  journal_ = std::move(*journal);
  loaded_.emplace(engine::load(*journal_, setup_.limits, peek()));
  const std::int64_t behind = (*loaded_)->journal.last_time.ms - peek().now.ms;
  if (behind > 0) {
    offsets_.back().to = peek().now.ms;
    base_now_ += behind;
    note_offset();
  }
  watcher_.loaded(peek().now.ms, (*loaded_)->journal.head);
}

}  // namespace arbiter::sim
