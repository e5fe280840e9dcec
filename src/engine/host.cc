#include "engine/host.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <random>

#include "engine/places.h"

namespace arbiter::engine {

namespace asio = boost::asio;
using base::ErrorCode;
using base::fail;

namespace {

std::int64_t micros_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count();
}
constexpr std::int64_t kTryAgainMs = 1'000;       // a namespace that cannot be opened is not tried more often than so
constexpr std::int64_t kBlobGraceMs = 3'600'000;  // for what is written to be referred to
constexpr std::int64_t kOutageMs = 10'000;        // out of service for so long is an incident, whatever the reason
constexpr int kRetainStepsMax = 200;              // while a namespace closes; what is left is for another time

base::Error not_open() { return {ErrorCode::kStoreUnavailable, "The namespace is not open.", {}, 1'000}; }

}  // namespace

Engine::Use::Use(std::shared_ptr<Host> host) : host_(std::move(host)) {
  if (host_) ++host_->uses_;
}

Engine::Use::~Use() {
  if (host_) --host_->uses_;
}

Engine::Host::Host(Engine& engine, std::string name)
    : engine_(engine),
      name_(std::move(name)),
      strand_(asio::make_strand(engine.io_)),
      committer_(asio::make_strand(engine.threads_->committers.get_executor())),
      timer_(strand_),
      retry_timer_(strand_),
      retention_timer_(strand_),
      namespace_(*this, NamespaceLimits{engine.config_.batch_events_max, engine.config_.backlog_max}),
      is_kept_open_(std::count(engine.config_.keep_open.begin(), engine.config_.keep_open.end(), name_) > 0),
      last_used_ms_(engine.clock_.monotonic_ms() - engine.config_.idle_ms) {
  status_.name = name_;
  base_monotonic_ms_ = engine_.clock_.monotonic_ms();
  base_now_ms_ = engine_.clock_.wall().ms;
}

bool Engine::Host::is_unneeded() const {
  if (phase_ != Phase::kClosed) return false;
  const std::lock_guard lock(status_mutex_);
  return status_.problem.empty();
}

// ---- opening --------------------------------------------------------------------------------------------------

void Engine::Host::open(Use use, std::function<void(base::Result<void>)> ready) {
  asio::post(strand_, [self = shared_from_this(), used = std::move(use), ready = std::move(ready)]() mutable {
    self->when_open(std::move(ready));
  });
}

void Engine::Host::when_open(std::function<void(base::Result<void>)> ready) {
  if (namespace_.is_open()) return ready({});
  if (engine_.stopping_) return ready(fail({ErrorCode::kShuttingDown, "The server is stopping.", {}, 1'000}));
  if (phase_ == Phase::kOpen) {
    return ready(fail({ErrorCode::kStoreUnavailable, namespace_.problem(), {}, 1'000}));
  }
  if (ready_.size() >= engine_.config_.backlog_max) {
    return ready(fail({ErrorCode::kOverloaded, "Too many requests wait for the namespace to open.", {}, 1'000}));
  }
  ready_.push_back(std::move(ready));
  start_opening();
}

// One that closes opens again once it has.
void Engine::Host::start_opening() {
  if (phase_ != Phase::kClosed) return;
  if (broken_ && engine_.clock_.monotonic_ms() - broken_at_ms_ < kTryAgainMs) {
    return answer_waiting(fail(*broken_));
  }
  phase_ = Phase::kWaiting;
  engine_.places_->want(shared_from_this());
}

void Engine::Host::place_given(bool given) {
  asio::post(strand_, [self = shared_from_this(), given] {
    if (given && self->engine_.stopping_) {
      self->phase_ = Phase::kClosed;
      self->engine_.places_->free();
      return self->answer_waiting(fail({ErrorCode::kShuttingDown, "The server is stopping.", {}, 1'000}));
    }
    if (!given) {
      self->phase_ = Phase::kClosed;
      self->answer_waiting(
          fail({ErrorCode::kOverloaded,
                "The namespace " + self->name_ + " is not open, and " + std::to_string(self->engine_.config_.open_max) +
                    " others are in use, which is the limit (limits.openNamespacesMax).",
                {},
                1'000}));
      return;
    }
    self->phase_ = Phase::kOpening;
    asio::post(self->committer_, [self] { self->open_journal(); });
  });
}

void Engine::Host::answer_waiting(const base::Result<void>& outcome) {
  for (auto& ready : std::exchange(ready_, {})) ready(outcome);
  for (auto& one : std::exchange(waiting_, {})) {
    if (outcome) {
      namespace_.submit(one.ticket, std::move(one.request), std::move(one.done));
    } else {
      const bool is_passing =
          outcome.error().code == ErrorCode::kOverloaded || outcome.error().code == ErrorCode::kShuttingDown;
      one.done(fail(is_passing ? outcome.error()
                               : base::Error{ErrorCode::kStoreUnavailable,
                                             "Namespace " + name_ + " cannot be opened: " + outcome.error().message,
                                             {},
                                             1'000}));
    }
  }
}

// Its place goes back; the engine tries again later.
void Engine::Host::not_opened(const base::Error& why) {
  broken_ = why;
  broken_at_ms_ = engine_.clock_.monotonic_ms();
  note_status();
  phase_ = Phase::kClosed;
  answer_waiting(fail(why));
  engine_.closed(*this, Closing::kBroken, engine_.clock_.wall().ms + 10 * kTryAgainMs);
}

void Engine::Host::open_journal() {
  std::random_device device;
  const std::uint64_t seed = (static_cast<std::uint64_t>(device()) << 32) | device();
  {
    const std::lock_guard lock(journal_mutex_);
    journal_.reset();
  }
  auto journal = engine_.store_.open(name_, seed);
  core::CoreLimits limits = engine_.config_.limits;
  limits.notifiers = core::notifiers_of(limits.notifiers, name_);
  base::Result<Loaded> result = journal ? load(**journal, limits, now()) : fail(journal.error());
  last_.epoch = 0;  // It may have grown by now.
  if (journal) last_ = (*journal)->state();
  if (result) {
    set_time(result->journal);
    const std::lock_guard lock(journal_mutex_);
    journal_ = std::move(*journal);
  }
  auto shared = std::make_shared<base::Result<Loaded>>(std::move(result));
  asio::post(strand_, [self = shared_from_this(), shared] { self->loaded(std::move(*shared)); });
}

// Time never goes back behind what the log has seen, whatever the wall clock says now.
void Engine::Host::set_time(store::JournalState state) {
  const std::int64_t behind = state.last_time.ms - now().now.ms;
  if (behind > 0) base_now_ms_ += behind;
}

void Engine::Host::loaded(base::Result<Loaded> result) {
  base::Result<void> outcome;
  if (!result) outcome = fail(result.error());
  has_been_open_ = has_been_open_ || result;
  namespace_.opened(std::move(result));
  if (!outcome && !has_been_open_) {
    not_opened(outcome.error());
    return check_stopped();
  }
  if (std::exchange(broken_, std::nullopt)) tell("The namespace serves again.");
  if (phase_ != Phase::kOpen) {
    phase_ = Phase::kOpen;
    serving_ = true;
    engine_.opened(*this);
  }
  // One that was open comes back when its store does: a full disk may fill again between the probe and the opening.
  if (!outcome) {
    come_back_later(outcome.error().code, outcome.error().message, 0);
  } else if (std::exchange(coming_back_, false)) {
    record_outage();
    tell("The namespace serves again.");
  }
  note_status();
  answer_waiting(outcome);
  note_status();
  if (outcome) schedule_retention();
  check_stopped();
}

// ---- closing --------------------------------------------------------------------------------------------------

void Engine::Host::try_close(std::int64_t horizon_ms, std::function<void(bool)> answer) {
  asio::post(strand_, [self = shared_from_this(), horizon_ms, answer = std::move(answer)] {
    const bool closes = self->can_close(horizon_ms);
    if (closes) self->start_closing();
    answer(closes);
  });
}

bool Engine::Host::can_close(std::int64_t horizon_ms) {
  if (!is_closable() || coming_back_ || stopped_ || engine_.stopping_) return false;
  if (!subscribers_.empty() || !namespace_.is_at_rest(horizon_ms)) return false;
  // From here on reads go to the strand, and wait there until it is open again.
  const std::lock_guard lock(engine_.mutex_);
  if (uses_ > 0) return false;
  serving_ = false;
  return true;
}

std::int64_t Engine::Host::due_of(std::int64_t deadline_ms) {
  if (deadline_ms == core::kNever) return core::kNever;
  const base::Now t = now();
  return t.wall.ms + std::max<std::int64_t>(0, deadline_ms - t.now.ms);
}

void Engine::Host::start_closing() {
  phase_ = Phase::kClosing;
  timer_.cancel();
  retention_timer_.cancel();
  const bool has_events = namespace_.durable_position() > 0;
  const std::int64_t due_ms = due_of(namespace_.rest());
  note_status();
  asio::post(committer_, [self = shared_from_this(), due_ms, has_events] { self->close_journal(due_ms, has_events); });
}

// What retention has to do is done first, since nobody comes by for long.
void Engine::Host::close_journal(std::int64_t due_ms, bool has_events) {
  base::Result<bool> more = true;
  for (int step = 0; step < kRetainStepsMax && more && *more; ++step) more = retain_step();
  if (!more) {
    return asio::post(strand_, [self = shared_from_this(), why = more.error()] { self->closing_failed(why); });
  }
  const std::int64_t wall = engine_.clock_.wall().ms;
  if (*more) {
    due_ms = std::min(due_ms, wall + engine_.config_.idle_ms);
  } else if (has_events && engine_.config_.retention_days > 0) {
    due_ms = std::min(due_ms, wall + engine_.config_.look_again_ms);
  }
  {
    const std::lock_guard lock(journal_mutex_);
    journal_.reset();
  }
  // Else the next start opens it to learn it.
  if (auto kept = engine_.store_.rest(name_, {due_ms}); !kept) tell(kept.error().message);
  asio::post(strand_, [self = shared_from_this(), due_ms] { self->closed(due_ms); });
}

// As after a commit that failed: its memory is gone already.
void Engine::Host::closing_failed(const base::Error& why) {
  phase_ = Phase::kOpen;
  serving_ = true;
  namespace_.explain("The store failed while the namespace was being closed: " + why.message);
  reopen(why.code);
  answer_waiting(fail({ErrorCode::kStoreUnavailable, namespace_.problem(), {}, 1'000}));
  check_stopped();
}

void Engine::Host::closed(std::int64_t due_ms) {
  has_been_open_ = false;
  if (engine_.stopping_) answer_waiting(fail({ErrorCode::kShuttingDown, "The server is stopping.", {}, 1'000}));
  const bool is_wanted = !ready_.empty() || !waiting_.empty() || (!subscribers_.empty() && !engine_.stopping_);
  if (is_wanted) {
    engine_.closed(*this, Closing::kWanted, due_ms);
    phase_ = Phase::kWaiting;
    engine_.places_->want(shared_from_this());
  } else {
    phase_ = Phase::kClosed;
    engine_.closed(*this, Closing::kAtRest, due_ms);
  }
  check_stopped();
}

// ---- what the namespace asks for ------------------------------------------------------------------------------

base::Now Engine::Host::now() {
  const std::int64_t elapsed = engine_.clock_.monotonic_ms() - base_monotonic_ms_;
  return {{base_now_ms_ + elapsed}, engine_.clock_.wall()};
}

void Engine::Host::commit(std::unique_ptr<PendingBatch> batch) {
  auto shared = std::make_shared<std::unique_ptr<PendingBatch>>(std::move(batch));
  asio::post(committer_, [self = shared_from_this(), shared] {
    const auto start = std::chrono::steady_clock::now();
    (*shared)->encode();
    auto result = self->journal_->commit((*shared)->batch);
    self->commit_time_.add(micros_since(start));
    self->batch_events_.add(static_cast<std::int64_t>((*shared)->batch.events.size()));
    asio::post(self->strand_, [self, shared, result = std::move(result)]() mutable {
      self->committed(std::move(*shared), std::move(result));
    });
  });
}

void Engine::Host::committed(std::unique_ptr<PendingBatch> batch, base::Result<void> result) {
  {
    const std::lock_guard lock(status_mutex_);
    ++status_.commits;
    if (!result) ++status_.failed_commits;
    status_.events += batch->events.size();
  }
  if (result && engine_.config_.stages) {
    for (const auto& event : batch->events) {
      if (event.stages) engine_.config_.stages(name_, *event.stages);
    }
  }
  namespace_.committed(std::move(batch), std::move(result));
  note_status();
  check_stopped();
}

void Engine::Host::read(Use use, std::function<void(store::Reader*)> job) {
  touch();
  auto used = std::make_shared<Use>(std::move(use));
  std::function<void(store::Reader*)> counted = [used, job = std::move(job)](store::Reader* reader) { job(reader); };
  used.reset();
  if (serving_ || engine_.stopping_) return read_now(std::move(counted));
  asio::post(strand_, [self = shared_from_this(), counted = std::move(counted)]() mutable {
    self->when_open([self, counted = std::move(counted)](const base::Result<void>&) mutable {
      self->read_now(std::move(counted));
    });
  });
}

void Engine::Host::read_now(std::function<void(store::Reader*)> job) {
  if (!engine_.begin_read()) return job(nullptr);
  asio::post(engine_.threads_->readers, [self = shared_from_this(), job = std::move(job)]() mutable {
    {
      std::shared_ptr<store::Journal> journal;
      {
        const std::lock_guard lock(self->journal_mutex_);
        journal = self->journal_;
      }
      job(journal ? &journal->reader() : nullptr);
      job = nullptr;  // What it holds goes before the engine says that it has stopped.
    }
    self->engine_.end_read();
  });
}

template <typename Query, typename Found>
void Engine::Host::ask_reader(base::Result<Found> (store::Reader::*ask)(const Query&), Query query,
                              std::function<void(base::Result<Found>)> found) {
  read_now([self = shared_from_this(), ask, query = std::move(query), found = std::move(found)](store::Reader* reader) {
    auto result = reader ? (reader->*ask)(query) : base::Result<Found>(fail(not_open()));
    asio::post(self->strand_, [self, found, result = std::move(result)]() mutable { found(std::move(result)); });
  });
}

void Engine::Host::lookup(std::vector<store::EntityKey> keys, std::function<void(base::Result<store::Lookup>)> found) {
  ask_reader(&store::Reader::lookup, std::move(keys), std::move(found));
}

void Engine::Host::list_ended(store::EndedQuery query, std::function<void(base::Result<store::EndedPage>)> found) {
  ask_reader(&store::Reader::ended, std::move(query), std::move(found));
}

void Engine::Host::list_events(store::EventQuery query, std::function<void(base::Result<store::EventPage>)> found) {
  ask_reader(&store::Reader::events, std::move(query), std::move(found));
}

void Engine::Host::reopen(ErrorCode after) {
  first_problem_ = namespace_.problem();
  problem_ = after;
  device_failed_ = after == ErrorCode::kIoError;
  closed_since_ms_ = engine_.clock_.monotonic_ms();
  retry_pause_ms_ = engine_.config_.retry_pause_ms;
  coming_back_ = after != ErrorCode::kFenced;
  tell(first_problem_);
  if (after == ErrorCode::kIoError) {
    namespace_.explain(first_problem_ + " The database is being verified and copied to a fresh file.");
  }
  note_status();
  if (coming_back_) asio::post(committer_, [self = shared_from_this()] { self->come_back(); });
}

// What people have to know of: a device that failed, or that it took long.
void Engine::Host::record_outage() {
  const std::int64_t closed_ms = engine_.clock_.monotonic_ms() - closed_since_ms_;
  if (!device_failed_ && closed_ms < kOutageMs) return;
  Request request;
  request.command = core::NoteStoreClosed{first_problem_, closed_ms};
  request.actor.name = "system";
  engine_.submit(name_, std::move(request), [](const Answer&) {});
}

// What stands between the namespace and its store is overcome, or the next attempt comes later.
void Engine::Host::come_back() {
  if (engine_.stopping_) return;
  const std::int64_t begun = engine_.clock_.monotonic_ms();
  const ErrorCode problem = problem_;
  base::Result<void> overcome;
  if (problem == ErrorCode::kIoError) overcome = recover();
  if (problem == ErrorCode::kNoSpace && journal_) overcome = journal_->probe();
  if (overcome) return open_journal();
  // A failed device stays one whatever stopped its recovery.
  const bool again = problem == ErrorCode::kIoError && overcome.error().code != ErrorCode::kFenced;
  const ErrorCode next = again ? problem : overcome.error().code;
  asio::post(strand_, [self = shared_from_this(), next, why = overcome.error().message,
                       took = engine_.clock_.monotonic_ms() - begun] { self->come_back_later(next, why, took); });
}

base::Result<void> Engine::Host::recover() {
  if (journal_) {
    last_ = journal_->state();
    failed_journal_ = journal_;
    const std::lock_guard lock(journal_mutex_);
    journal_.reset();
  }
  // A read that is under way holds the file; it is short.
  if (!failed_journal_.expired()) return fail({ErrorCode::kIoError, "The failed file is still being read."});
  auto kept = engine_.store_.recover(name_, last_);
  if (!kept) return fail(std::move(kept.error()));
  problem_ = ErrorCode::kUnknown;  // Whatever comes now is another matter.
  asio::post(strand_, [self = shared_from_this(), kept = *kept] {
    {
      const std::lock_guard lock(self->status_mutex_);
      ++self->status_.recoveries;
    }
    self->tell("The database was verified and copied to a fresh file." +
               (kept.empty() ? kept : " What failed is kept as " + kept + "."));
  });
  return {};
}

void Engine::Host::come_back_later(ErrorCode next, const std::string& why, std::int64_t took_ms) {
  problem_ = next;
  coming_back_ = next != ErrorCode::kFenced;
  const std::int64_t pause = std::max(retry_pause_ms_, took_ms);  // A long attempt is not half of all that is done.
  namespace_.explain(first_problem_ + " The last attempt to come back failed: " + why +
                     (coming_back_ ? " The next follows in " + std::to_string(pause) + " ms." : std::string()));
  tell(namespace_.problem());
  note_status();
  if (!coming_back_ || engine_.stopping_) return;
  retry_pause_ms_ = std::min(2 * retry_pause_ms_, engine_.config_.retry_pause_max_ms);
  retry_timer_.expires_after(std::chrono::milliseconds(pause));
  retry_timer_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (!cancelled) asio::post(self->committer_, [self] { self->come_back(); });
  });
}

void Engine::Host::tell(const std::string& what) {
  if (engine_.config_.notice) engine_.config_.notice(name_, what);
}

void Engine::Host::wake_at(std::int64_t deadline) {
  timer_.cancel();
  if (deadline == core::kNever) return;
  const std::int64_t wait = std::max<std::int64_t>(0, deadline - now().now.ms);
  timer_.expires_after(std::chrono::milliseconds(std::min<std::int64_t>(wait, 3'600'000)));
  timer_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (cancelled) return;
    self->namespace_.on_timer();
    self->note_status();
  });
}

void Engine::Host::post(std::function<void()> job) {
  asio::post(strand_, [self = shared_from_this(), job = std::move(job)] { job(); });
}

void Engine::Host::publish(EventBatch events) {
  for (const auto& [id, subscriber] : subscribers_) subscriber(events);
}

void Engine::Host::start_effects(std::vector<core::EffectOrder> orders) {
  if (engine_.config_.effects) engine_.config_.effects(name_, std::move(orders));
}

// ---- retention ------------------------------------------------------------------------------------------------

void Engine::Host::schedule_retention() {
  if (engine_.stopping_ || phase_ != Phase::kOpen) return;
  retention_timer_.expires_after(std::chrono::milliseconds(engine_.config_.retention_interval_ms));
  retention_timer_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (!cancelled) asio::post(self->committer_, [self] { self->retain(); });
  });
}

base::Result<bool> Engine::Host::retain_step() {
  if (!journal_ || engine_.stopping_) return false;
  const base::Now t = now();
  store::RetentionLimits limits;
  limits.now = t.now;
  const std::int64_t days = engine_.config_.retention_days;
  limits.ended_before = {days > 0 ? t.now.ms - days * core::kDayMs : 0};
  limits.blobs_before = {t.now.ms - kBlobGraceMs};
  limits.keep_events_from = keep_events_from_;
  return journal_->retain(limits);
}

// One small step between two commits; the next at once while there is more.
void Engine::Host::retain() {
  if (!journal_ || engine_.stopping_) return;
  auto more = retain_step();
  if (more && *more) {
    asio::post(committer_, [self = shared_from_this()] { self->retain(); });
  } else {
    asio::post(strand_, [self = shared_from_this()] { self->schedule_retention(); });
  }
}

// ---- the rest of the program ----------------------------------------------------------------------------------

void Engine::Host::submit(Use use, Ticket ticket, Request request, Done done) {
  touch();
  // Zero: this one is not measured.
  std::chrono::steady_clock::time_point arrived{};
  if (submits_.fetch_add(1, std::memory_order_relaxed) % kLagSampleEvery == 0) {
    arrived = std::chrono::steady_clock::now();
  }
  asio::post(strand_, [self = shared_from_this(), used = std::move(use), ticket, arrived, request = std::move(request),
                       done = std::move(done)]() mutable {
    if (arrived.time_since_epoch().count() != 0) self->strand_lag_.add(micros_since(arrived));
    if (self->phase_ == Phase::kOpen || self->engine_.stopping_) {
      self->namespace_.submit(ticket, std::move(request), std::move(done));
      return self->note_status();
    }
    if (self->waiting_.size() >= self->engine_.config_.backlog_max) {
      return done(fail({ErrorCode::kOverloaded, "Too many requests wait for the namespace to open.", {}, 1'000}));
    }
    self->waiting_.push_back({ticket, std::move(request), std::move(done)});
    self->start_opening();
  });
}

void Engine::Host::forget(Ticket ticket) {
  asio::post(strand_, [self = shared_from_this(), ticket] {
    std::erase_if(self->waiting_, [&](const Waiting& one) { return one.ticket == ticket; });
    self->namespace_.forget(ticket);
    self->note_status();
  });
}

void Engine::Host::subscribe(Use use, std::uint64_t id, Subscriber subscriber) {
  touch();
  asio::post(strand_,
             [self = shared_from_this(), used = std::move(use), id, subscriber = std::move(subscriber)]() mutable {
               self->subscribers_.emplace(id, std::move(subscriber));
               self->when_open([](const base::Result<void>&) {});
             });
}

void Engine::Host::unsubscribe(std::uint64_t id) {
  touch();
  asio::post(strand_, [self = shared_from_this(), id] { self->subscribers_.erase(id); });
}

void Engine::Host::stop(std::function<void()> stopped) {
  asio::post(strand_, [self = shared_from_this(), stopped = std::move(stopped)]() mutable {
    self->stopped_ = std::move(stopped);
    self->answer_waiting(fail({ErrorCode::kShuttingDown, "The server is stopping.", {}, 1'000}));
    self->timer_.cancel();
    self->retry_timer_.cancel();
    self->retention_timer_.cancel();
    self->was_at_rest_ = self->phase_ == Phase::kOpen && self->namespace_.is_at_rest(0);
    if (self->was_at_rest_) self->due_ms_ = self->due_of(self->namespace_.rest());
    self->namespace_.stop();
    self->check_stopped();
  });
}

void Engine::Host::check_stopped() {
  if (!stopped_ || phase_ == Phase::kOpening || phase_ == Phase::kClosing || !namespace_.stop()) return;
  asio::post(committer_, [self = shared_from_this(), stopped = std::exchange(stopped_, {})] {
    bool was_open = false;
    {
      const std::lock_guard lock(self->journal_mutex_);
      was_open = self->journal_ != nullptr;
      self->journal_.reset();
    }
    if (was_open && self->was_at_rest_) (void)self->engine_.store_.rest(self->name_, {self->due_ms_});
    stopped();
  });
}

void Engine::Host::note_status() {
  const std::lock_guard lock(status_mutex_);
  status_.open = namespace_.is_open();
  status_.problem = broken_                                   ? broken_->message
                    : phase_ == Phase::kOpen && !status_.open ? namespace_.problem()
                                                              : std::string();
  status_.backlog = static_cast<std::int64_t>(namespace_.backlog());
  status_.head = namespace_.durable_position();
  if (core::Core* core = namespace_.core()) {
    status_.live_tasks = static_cast<std::int64_t>(core->state().live.size());
    status_.waiters = static_cast<std::int64_t>(core->waiters());
    const auto& wanted = core->state().effect_index.events;
    keep_events_from_ = wanted.empty() ? 0 : *wanted.begin();
  }
}

NamespaceStatus Engine::Host::status() const {
  NamespaceStatus status;
  {
    const std::lock_guard lock(status_mutex_);
    status = status_;
  }
  status.commit_time = commit_time_.read();
  status.commit_micros = static_cast<std::uint64_t>(status.commit_time.sum);
  status.strand_lag = strand_lag_.read();
  status.batch_events = batch_events_.read();
  return status;
}

void Engine::Host::report(std::function<void(NamespaceReport)> done) {
  asio::post(strand_, [self = shared_from_this(), done = std::move(done)] {
    core::Core* core = self->namespace_.core();
    if (core) return done(report_of(self->name_, *core, self->now()));
    NamespaceReport closed;
    closed.name = self->name_;
    done(std::move(closed));
  });
}

}  // namespace arbiter::engine
