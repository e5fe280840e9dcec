#include "engine/host.h"

#include <boost/asio/post.hpp>
#include <chrono>
#include <random>

namespace arbiter::engine {

namespace asio = boost::asio;
using base::ErrorCode;
using base::fail;

namespace {

std::int64_t micros_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - start).count();
}

base::Error not_open() { return {ErrorCode::kStoreUnavailable, "The namespace is not open.", {}, 1'000}; }

}  // namespace

Engine::Host::Host(Engine& engine, std::string name)
    : engine_(engine),
      name_(std::move(name)),
      strand_(asio::make_strand(engine.io_)),
      committer_(asio::make_strand(engine.threads_->committers.get_executor())),
      timer_(strand_),
      retry_timer_(strand_),
      retention_timer_(strand_),
      namespace_(*this, NamespaceLimits{engine.config_.batch_events_max, engine.config_.backlog_max}) {
  status_.name = name_;
  base_monotonic_ms_ = engine_.clock_.monotonic_ms();
  base_now_ms_ = engine_.clock_.wall().ms;
}

// ---- opening --------------------------------------------------------------------------------------------------

void Engine::Host::open(std::function<void(base::Result<void>)> ready) {
  asio::post(strand_, [self = shared_from_this(), ready = std::move(ready)]() mutable {
    if (self->namespace_.is_open()) return ready({});
    if (self->coming_back_) {
      return ready(fail({ErrorCode::kStoreUnavailable, self->namespace_.problem(), {}, 1'000}));
    }
    self->ready_.push_back(std::move(ready));
    if (self->opening_) return;
    self->opening_ = true;
    asio::post(self->committer_, [self] { self->open_journal(); });
  });
}

void Engine::Host::open_journal() {
  std::random_device device;
  const std::uint64_t seed = (static_cast<std::uint64_t>(device()) << 32) | device();
  {
    const std::lock_guard lock(journal_mutex_);
    journal_.reset();
  }
  auto journal = engine_.store_.open(name_, seed);
  base::Result<Loaded> result = journal ? load(**journal, engine_.config_.limits, now()) : fail(journal.error());
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
  opening_ = false;
  base::Result<void> outcome;
  if (!result) outcome = fail(result.error());
  has_been_open_ = has_been_open_ || result;
  namespace_.opened(std::move(result));
  // One that was open comes back when its store does: a full disk may fill again between the probe and the opening.
  if (!outcome && has_been_open_) {
    come_back_later(outcome.error().code, outcome.error().message, 0);
  } else if (std::exchange(coming_back_, false)) {
    tell("The namespace serves again.");
  }
  note_status();
  for (auto& ready : std::exchange(ready_, {})) ready(outcome);
  if (outcome) schedule_retention();
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
  namespace_.committed(std::move(batch), std::move(result));
  note_status();
  check_stopped();
}

void Engine::Host::read(std::function<void(store::Reader*)> job) {
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
  read([self = shared_from_this(), ask, query = std::move(query), found = std::move(found)](store::Reader* reader) {
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
  retry_pause_ms_ = engine_.config_.retry_pause_ms;
  coming_back_ = after != ErrorCode::kFenced;
  tell(first_problem_);
  if (after == ErrorCode::kIoError) {
    namespace_.explain(first_problem_ + " The database is being verified and copied to a fresh file.");
  }
  note_status();
  if (coming_back_) asio::post(committer_, [self = shared_from_this()] { self->come_back(); });
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

// ---- retention ------------------------------------------------------------------------------------------------

void Engine::Host::schedule_retention() {
  if (engine_.stopping_) return;
  retention_timer_.expires_after(std::chrono::milliseconds(engine_.config_.retention_interval_ms));
  retention_timer_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (!cancelled) asio::post(self->committer_, [self] { self->retain(); });
  });
}

// One small step between two commits; the next at once while there is more.
void Engine::Host::retain() {
  if (!journal_ || engine_.stopping_) return;
  const base::Now t = now();
  store::RetentionLimits limits;
  limits.now = t.now;
  const std::int64_t days = engine_.config_.retention_days;
  limits.ended_before = {days > 0 ? t.now.ms - days * core::kDayMs : 0};
  auto more = journal_->retain(limits);
  if (more && *more) {
    asio::post(committer_, [self = shared_from_this()] { self->retain(); });
  } else {
    asio::post(strand_, [self = shared_from_this()] { self->schedule_retention(); });
  }
}

// ---- the rest of the program ----------------------------------------------------------------------------------

void Engine::Host::submit(Ticket ticket, Request request, Done done) {
  // Zero: this one is not measured.
  std::chrono::steady_clock::time_point arrived{};
  if (submits_.fetch_add(1, std::memory_order_relaxed) % kLagSampleEvery == 0) {
    arrived = std::chrono::steady_clock::now();
  }
  asio::post(strand_, [self = shared_from_this(), ticket, arrived, request = std::move(request),
                       done = std::move(done)]() mutable {
    if (arrived.time_since_epoch().count() != 0) self->strand_lag_.add(micros_since(arrived));
    self->namespace_.submit(ticket, std::move(request), std::move(done));
    self->note_status();
  });
}

void Engine::Host::forget(Ticket ticket) {
  asio::post(strand_, [self = shared_from_this(), ticket] {
    self->namespace_.forget(ticket);
    self->note_status();
  });
}

void Engine::Host::subscribe(std::uint64_t id, Subscriber subscriber) {
  asio::post(strand_, [self = shared_from_this(), id, subscriber = std::move(subscriber)]() mutable {
    self->subscribers_.emplace(id, std::move(subscriber));
  });
}

void Engine::Host::unsubscribe(std::uint64_t id) {
  asio::post(strand_, [self = shared_from_this(), id] { self->subscribers_.erase(id); });
}

void Engine::Host::stop(std::function<void()> stopped) {
  asio::post(strand_, [self = shared_from_this(), stopped = std::move(stopped)]() mutable {
    self->stopped_ = std::move(stopped);
    self->timer_.cancel();
    self->retry_timer_.cancel();
    self->retention_timer_.cancel();
    self->namespace_.stop();
    self->check_stopped();
  });
}

void Engine::Host::check_stopped() {
  if (!stopped_ || !namespace_.stop()) return;
  asio::post(committer_, [self = shared_from_this(), stopped = std::exchange(stopped_, {})] {
    {
      const std::lock_guard lock(self->journal_mutex_);
      self->journal_.reset();
    }
    stopped();
  });
}

void Engine::Host::note_status() {
  const std::lock_guard lock(status_mutex_);
  status_.open = namespace_.is_open();
  status_.problem = namespace_.problem();
  status_.backlog = static_cast<std::int64_t>(namespace_.backlog());
  status_.head = namespace_.durable_position();
  if (core::Core* core = namespace_.core()) {
    status_.live_tasks = static_cast<std::int64_t>(core->state().live.size());
    status_.waiters = static_cast<std::int64_t>(core->waiters());
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
