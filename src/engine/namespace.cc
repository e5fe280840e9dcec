#include "engine/namespace.h"

#include "base/check.h"

namespace arbiter::engine {

using base::ErrorCode;
using base::fail;

namespace {

constexpr std::int64_t kEvictionPauseMs = 1'000;  // what is old may have to stay for a while
constexpr std::int64_t kRedrivePageMax = 500;     // dead tasks that one step of a redrive looks at

}  // namespace

// ---- opening and closing --------------------------------------------------------------------------------------

void Namespace::opened(base::Result<Loaded> loaded) {
  if (!loaded) {
    problem_ = loaded.error().message;
    return;
  }
  core_ = std::move(loaded->core);
  epoch_ = loaded->journal.epoch;
  ++generation_;
  problem_.clear();
  durable_position_ = loaded->journal.head;
  durable_batch_ = open_batch_ - 1;
  replies_ = std::move(loaded->idempotency);
  replies_by_expiry_.clear();
  for (const auto& [key, record] : replies_) replies_by_expiry_.emplace(record.expires_at.ms, key);
  while (replies_.size() > limits_.idempotency_keys_max) forget_oldest_reply();
  armed_ = core::kNever;
  pulsing_ = true;
  last_ran_ms_ = loaded->at_ms;
  notice_stall();
  collect();
}

void Namespace::explain(std::string problem) {
  if (!core_) problem_ = std::move(problem);
}

base::Error Namespace::closed_error() const {
  if (stopping_) return {ErrorCode::kShuttingDown, "The server is stopping; try again in a moment.", {}, 1'000};
  return {ErrorCode::kStoreUnavailable, problem_ + " The request can be repeated.", {}, 1'000};
}

// Memory may show what the store does not have: all of it goes, and so does every answer that waited.
void Namespace::close(ErrorCode code, const std::string& message) {
  problem_ = message;
  ++generation_;
  core_.reset();
  events_.clear();
  logs_.clear();
  idempotency_.clear();
  lookups_.clear();
  looking_up_.clear();
  redriving_ = false;
  ++open_batch_;
  std::vector<Done> unanswered;
  unanswered.reserve(parked_.size() + waiting_.size() + backlog_.size());
  for (auto& p : parked_) unanswered.push_back(std::move(p.done));
  for (auto& [ticket, p] : waiting_) unanswered.push_back(std::move(p.done));
  for (auto& [ticket, p] : backlog_) unanswered.push_back(std::move(p.done));
  parked_.clear();
  waiting_.clear();
  waiting_keys_.clear();
  backlog_.clear();
  for (auto& done : unanswered) done(fail(closed_error()));
  environment_.reopen(code);
}

bool Namespace::is_at_rest(std::int64_t horizon_ms) const {
  if (!core_ || !is_idle() || redriving_ || flush_scheduled_ || advance_scheduled_) return false;
  if (!parked_.empty() || !waiting_.empty() || !looking_up_.empty() || !lookups_.empty()) return false;
  const base::Now now = environment_.now();
  if (core_->waiters() > 0 || core_->has_work(now)) return false;
  if (core_->state().effect_index.running > 0) return false;  // Their answers are on the way.
  if (core_->next_deadline(now) - horizon_ms <= now.now.ms) return false;
  for (const auto& [id, bulk] : core_->state().bulks) {
    if (bulk.state == core::BulkState::kRunning) return false;
  }
  for (const auto& [id, worker] : core_->state().workers) {
    const bool is_here = worker->state == core::WorkerState::kLive || worker->state == core::WorkerState::kDraining;
    if (is_here || !worker->leases.empty()) return false;
  }
  return true;
}

std::int64_t Namespace::rest() {
  CHECK(core_ != nullptr);
  CHECK(is_idle());
  const std::int64_t deadline = core_->next_deadline(environment_.now());
  ++generation_;
  core_.reset();
  replies_.clear();
  replies_by_expiry_.clear();
  problem_ = "The namespace is being opened.";
  return deadline;
}

bool Namespace::stop() {
  stopping_ = true;
  std::vector<Pending> unanswered;
  for (auto& [ticket, p] : waiting_) {
    if (core_) core_->drop_waiter(ticket);
    unanswered.push_back(std::move(p));
  }
  waiting_.clear();
  waiting_keys_.clear();
  for (auto& p : unanswered) p.done(fail(closed_error()));
  return is_idle();
}

// ---- requests -------------------------------------------------------------------------------------------------

void Namespace::submit(Ticket ticket, Request request, Done done) {
  if (!core_ || stopping_) return done(fail(closed_error()));
  notice_stall();
  if (is_full() || !backlog_.empty()) {
    if (backlog_.size() >= limits_.backlog_max) {
      return done(fail({ErrorCode::kOverloaded, "Too many requests are waiting for the store.", {}, 1'000}));
    }
    backlog_.emplace_back(ticket, Pending{std::move(request), std::move(done)});
    return;
  }
  admit(ticket, {std::move(request), std::move(done)});
}

// What the command names and memory does not hold is read from the store first, each id once.
void Namespace::admit(Ticket ticket, Pending pending) {
  std::vector<std::string> missing;
  for (auto& id : core_->needs(pending.request.command)) {
    if (pending.asked.insert(id).second) missing.push_back(std::move(id));
  }
  if (missing.empty()) {
    const std::string* cause = core::Core::needs_cancelled_by(pending.request.command);
    if (cause && !pending.causes) pending.causes.emplace({*cause});
    if (pending.causes && !pending.causes->empty()) return look_for_cancelled(ticket, std::move(pending));
    if (pending.causes) missing = relatives_to_ask({pending.asked.begin(), pending.asked.end()}, pending.asked);
    if (missing.empty()) return run(ticket, std::move(pending));
  }
  look_up(ticket, std::move(pending), std::move(missing));
}

// What ends from now on stays in memory until the answer is here.
store::Position Namespace::begin_look_up(Ticket ticket, Pending& pending) {
  looking_up_[ticket] = false;
  if (!pending.since) pending.since = durable_position_;
  lookups_.insert(*pending.since);
  return *pending.since;
}

// False: the client has left meanwhile.
bool Namespace::end_look_up(Ticket ticket, store::Position since) {
  notice_stall();
  lookups_.erase(lookups_.find(since));
  const auto looking = looking_up_.find(ticket);
  const bool gone = looking->second;
  looking_up_.erase(looking);
  return !gone;
}

void Namespace::look_up(Ticket ticket, Pending pending, std::vector<std::string> ids) {
  std::vector<store::EntityKey> keys;
  keys.reserve(ids.size());
  for (auto& id : ids) keys.push_back({"task", std::move(id)});
  const store::Position since = begin_look_up(ticket, pending);
  auto shared = std::make_shared<Pending>(std::move(pending));
  environment_.lookup(std::move(keys), [this, ticket, shared, since, g = generation_](auto found) {
    if (g != generation_) return shared->done(fail(closed_error()));
    if (!end_look_up(ticket, since)) return;
    if (!found) return shared->done(fail({ErrorCode::kStoreUnavailable, found.error().message, {}, 1'000}));
    if (auto back = bring_back(*found); !back) {
      return shared->done(fail({ErrorCode::kStoreUnavailable, back.error().message, {}, 1'000}));
    }
    admit(ticket, std::move(*shared));
  });
}

// The ids of the tasks that a failure cancelled are in the log under a tag; then those that these cancelled, and so on.
void Namespace::look_for_cancelled(Ticket ticket, Pending pending) {
  store::EventQuery query;
  query.tags = {"dependency:" + pending.causes->back()};
  query.limit = store::kPageRowsMax;
  pending.causes->pop_back();
  const store::Position since = begin_look_up(ticket, pending);
  auto shared = std::make_shared<Pending>(std::move(pending));
  environment_.list_events(std::move(query), [this, ticket, shared, since, g = generation_](auto page) {
    if (g != generation_) return shared->done(fail(closed_error()));
    if (!end_look_up(ticket, since)) return;
    if (!page) return shared->done(fail({ErrorCode::kStoreUnavailable, page.error().message, {}, 1'000}));
    std::vector<std::string> ids;
    for (const auto& event : page->events) {
      std::string id = event.entity.substr(event.entity.find(':') + 1);
      if (shared->asked.size() >= limits_.cancelled_max || !shared->asked.insert(id).second) continue;
      shared->causes->push_back(id);
      ids.push_back(std::move(id));
    }
    if (!ids.empty()) return look_up(ticket, std::move(*shared), std::move(ids));
    admit(ticket, std::move(*shared));
  });
}

// Fails for the last one that cannot be read; the others are back.
base::Result<void> Namespace::bring_back(const store::Lookup& found) {
  base::Result<void> outcome;
  for (const auto& e : found.found) {
    if (!e.ended) continue;
    auto admitted = core_->state().admit(
        {e.key.kind, e.key.id, e.body, e.document_position, e.spec, e.document_body, e.document_bytes});
    if (!admitted) outcome = std::move(admitted);
  }
  return outcome;
}

// What State::missing_relatives names, each asked for once.
std::vector<std::string> Namespace::relatives_to_ask(const std::vector<std::string>& ids,
                                                     std::set<std::string>& asked) const {
  std::vector<std::string> missing = core_->state().missing_relatives(ids);
  std::erase_if(missing, [&](const std::string& id) { return !asked.insert(id).second; });
  return missing;
}

std::optional<Answer> Namespace::stored_answer(const Request& request) const {
  const auto known = replies_.find(request.idempotency_key);
  if (known == replies_.end()) return std::nullopt;
  if (known->second.fingerprint != request.fingerprint) {
    return fail({ErrorCode::kIdempotencyMismatch,
                 "Idempotency key " + request.idempotency_key + " was used for another request. Use a new key."});
  }
  return StoredReply{known->second.status, known->second.reply};
}

void Namespace::store_answer(const Request& request, const core::Reply& reply) {
  StoredReply stored = request.encode(reply);
  store::IdempotencyRecord record{request.idempotency_key,
                                  request.fingerprint,
                                  stored.status,
                                  std::move(stored.body),
                                  {environment_.now().now.ms + limits_.idempotency_ms}};
  replies_by_expiry_.emplace(record.expires_at.ms, record.key);
  replies_[record.key] = record;
  idempotency_[record.key] = std::move(record);
  while (replies_.size() > limits_.idempotency_keys_max) forget_oldest_reply();
}

void Namespace::forget_oldest_reply() {
  replies_.erase(replies_by_expiry_.begin()->second);
  replies_by_expiry_.erase(replies_by_expiry_.begin());
}

base::Result<void> Namespace::check_key(const Request& request) const {
  if (!waiting_keys_.contains(request.idempotency_key)) return {};
  return fail({ErrorCode::kOverloaded,
               "The request with idempotency key " + request.idempotency_key + " still waits for its answer.",
               {},
               1'000});
}

void Namespace::run(Ticket ticket, Pending pending) {
  const Request& request = pending.request;
  const bool keyed = !request.idempotency_key.empty();
  if (keyed) {
    if (auto stored = stored_answer(request)) return release(std::move(pending.done), std::move(*stored), ticket);
    if (auto ok = check_key(request); !ok) return release(std::move(pending.done), fail(ok.error()), ticket);
  }
  auto answer = core_->handle(request.command, request.actor, ticket, environment_.now());
  collect_changes();
  if (!answer) {
    if (keyed) waiting_keys_.insert(request.idempotency_key);
    waiting_.emplace(ticket, std::move(pending));
  } else {
    if (keyed && *answer) store_answer(request, **answer);
    Answer out = *answer ? Answer(std::move(**answer)) : Answer(fail(std::move(answer->error())));
    release(std::move(pending.done), std::move(out), ticket);
  }
  collect();
}

void Namespace::forget(Ticket ticket) {
  const auto looking = looking_up_.find(ticket);
  if (looking != looking_up_.end()) looking->second = true;
  std::erase_if(backlog_, [&](const auto& entry) { return entry.first == ticket; });
  const auto waiting = waiting_.find(ticket);
  if (waiting == waiting_.end()) return;
  waiting_keys_.erase(waiting->second.request.idempotency_key);
  waiting_.erase(waiting);
  if (core_) core_->drop_waiter(ticket);
}

// An answer goes out when everything it may show is durable: the open batch, or the one in flight, or at once.
void Namespace::release(Done done, Answer answer, Ticket ticket) {
  const std::uint64_t barrier = has_changes() ? open_batch_ : open_batch_ - 1;
  if (barrier <= durable_batch_) return done(std::move(answer));
  parked_.push_back({barrier, std::move(done), std::move(answer), ticket});
}

// Takes the changes that the core brought forth into the open batch.
void Namespace::collect_changes() {
  auto events = core_->take_events();
  if (events_.empty()) {
    events_ = std::move(events);
  } else {
    events_.insert(events_.end(), std::make_move_iterator(events.begin()), std::make_move_iterator(events.end()));
  }
  for (auto& log : core_->take_logs()) {
    store::LogAppend append{std::move(log.task), {}};
    for (auto& line : log.lines) append.lines.push_back({0, log.time, log.attempt, std::move(line)});
    logs_.push_back(std::move(append));
  }
}

// Everything that follows from what the core just did: answers of waiting requests, the commit, the next steps.
void Namespace::collect() {
  collect_changes();
  for (auto& wakeup : core_->take_wakeups()) {
    const auto waiting = waiting_.find(wakeup.ticket);
    if (waiting == waiting_.end()) continue;
    Pending pending = std::move(waiting->second);
    waiting_.erase(waiting);
    waiting_keys_.erase(pending.request.idempotency_key);
    if (wakeup.reply && !pending.request.idempotency_key.empty()) store_answer(pending.request, *wakeup.reply);
    Answer out = wakeup.reply ? Answer(std::move(*wakeup.reply)) : Answer(fail(std::move(wakeup.reply.error())));
    release(std::move(pending.done), std::move(out), wakeup.ticket);
  }
  if (has_changes()) schedule_flush();
  advance();
  arm_timer();
}

// ---- group commit ---------------------------------------------------------------------------------------------

// The batch is closed after everything that is queued on the strand by now has joined it.
void Namespace::schedule_flush() {
  if (flush_scheduled_ || committing_) return;
  flush_scheduled_ = true;
  environment_.post([this] {
    flush_scheduled_ = false;
    if (core_) flush();
  });
}

void Namespace::flush() {
  if (committing_ || !has_changes()) return;
  auto pending = std::make_unique<PendingBatch>();
  pending->number = open_batch_++;
  pending->events = std::exchange(events_, {});
  pending->batch.epoch = epoch_;
  pending->batch.logs = std::exchange(logs_, {});
  for (auto& [key, record] : idempotency_) pending->batch.idempotency.push_back(std::move(record));
  idempotency_.clear();
  for (auto& change : core_->state().take_changes()) {
    if (change.deleted) {
      pending->batch.deletes.push_back({std::move(change.kind), std::move(change.id)});
    } else {
      pending->batch.puts.push_back(to_put(std::move(change)));
    }
  }
  committing_ = true;
  environment_.commit(std::move(pending));
}

void Namespace::committed(std::unique_ptr<PendingBatch> batch, base::Result<void> result) {
  committing_ = false;
  if (!core_) return;
  notice_stall();
  if (!result) {
    return close(result.error().code, "The last changes could not be stored: " + result.error().message);
  }
  durable_batch_ = batch->number;
  if (!batch->batch.events.empty()) durable_position_ = batch->batch.events.back().position;
  ++commits_;
  while (!parked_.empty() && parked_.front().barrier <= durable_batch_) {
    Parked parked = std::move(parked_.front());
    parked_.pop_front();
    parked.done(std::move(parked.answer));
  }
  if (!batch->batch.events.empty()) {
    environment_.publish(std::make_shared<const std::vector<store::EventRow>>(std::move(batch->batch.events)));
  }
  start_effects(batch->events);
  evict();
  flush();
  run_backlog();
  if (!core_) return;
  advance();  // A cascade that found the batch full goes on here.
  arm_timer();
}

// One that was settled or tried again in the meantime is not begun any more.
void Namespace::start_effects(const std::vector<core::Event>& events) {
  std::vector<core::EffectOrder> orders;
  for (const auto& event : events) {
    const auto* started = std::get_if<core::EffectStarted>(&event.body);
    if (!started) continue;
    const core::Effect* effect = core_->state().find_effect(started->id.value);
    if (!effect || effect->state != core::EffectState::kStarted || effect->attempt != started->attempt) continue;
    orders.push_back({started->id.value,
                      started->attempt,
                      effect->notifier,
                      effect->type,
                      effect->cause,
                      effect->title,
                      effect->severity,
                      effect->position,
                      {effect->created_at}});
  }
  if (!orders.empty()) environment_.start_effects(std::move(orders));
}

void Namespace::run_backlog() {
  while (!backlog_.empty() && !is_full() && core_) {
    auto [ticket, pending] = std::move(backlog_.front());
    backlog_.pop_front();
    admit(ticket, std::move(pending));
  }
}

// What is in flight to the store is not there yet, for whoever looks there.
void Namespace::evict() {
  if (committing_) return;
  // What a look-up may rely on stays: what ended since it began, and what was brought back for it.
  const store::Position floor =
      lookups_.empty()
          ? durable_position_
          : std::min(durable_position_, *lookups_.begin() - std::min<store::Position>(1, *lookups_.begin()));
  const std::int64_t now = environment_.now().now.ms;
  core_->state().evict(floor, now);
  while (!replies_by_expiry_.empty() && replies_by_expiry_.begin()->first <= now) forget_oldest_reply();
}

// ---- time and cascades ----------------------------------------------------------------------------------------

// What is left of a cascade goes on as a command of its own, behind those that came meanwhile.
void Namespace::advance() {
  advance_redrive();
  if (advance_scheduled_ || !core_->has_work(environment_.now())) return;
  advance_scheduled_ = true;
  environment_.post([this] {
    advance_scheduled_ = false;
    if (!core_) return;
    notice_stall();
    if (!is_full()) {
      core_->tick(environment_.now());
      collect();
    } else {
      arm_timer();
    }
  });
}

// A redrive first takes the dead tasks that are in memory, then page by page those that are in the store only.
void Namespace::advance_redrive() {
  if (redriving_) return;
  auto need = core_->bulk_need();
  if (!need) return;
  redriving_ = true;
  const auto limit = static_cast<std::size_t>(std::min(kRedrivePageMax, core_->state().limits.cascade_events_max));
  auto page = std::make_shared<RedrivePage>();
  page->bulk = need->bulk;
  if (need->in_memory) {
    environment_.post([this, page, limit, position = need->before, g = generation_] {
      if (g != generation_) return;
      notice_stall();
      page->ids = core_->dead_in_memory(page->bulk, limit);
      page->cursor = page->ids.size() < limit ? position : 0;
      page->more = true;
      redrive(page, relatives_to_ask(page->ids, page->asked));
    });
    return;
  }
  store::EndedQuery query{"task", {"failed"}, need->queue, need->type, need->before, limit};
  environment_.list_ended(std::move(query), [this, page, g = generation_](auto found) {
    if (g != generation_) return;
    notice_stall();
    redriving_ = false;
    if (!found) return retry_redrive();
    for (const auto& e : found->entities) page->ids.push_back(e.id);
    page->cursor = found->scanned_to;
    page->more = found->more;
    redrive(page, page->ids);
  });
}

// Brings back what is missing, the roots too, and then redrives the page.
void Namespace::redrive(const std::shared_ptr<RedrivePage>& page, std::vector<std::string> missing) {
  redriving_ = !missing.empty();
  if (!redriving_) {
    core_->advance_retry(page->bulk, page->ids, page->cursor, page->more, environment_.now());
    return collect();
  }
  std::vector<store::EntityKey> keys;
  keys.reserve(missing.size());
  for (auto& id : missing) keys.push_back({"task", std::move(id)});
  if (!page->since) page->since = durable_position_;
  lookups_.insert(*page->since);
  environment_.lookup(std::move(keys), [this, page, g = generation_](auto found) {
    if (g != generation_) return;
    notice_stall();
    lookups_.erase(lookups_.find(*page->since));
    redriving_ = false;
    if (!found) return retry_redrive();
    (void)bring_back(*found);  // What cannot be read is not redriven.
    redrive(page, relatives_to_ask(page->ids, page->asked));
  });
}

// The store did not answer: once more, behind what waits on the strand.
void Namespace::retry_redrive() {
  environment_.post([this] {
    if (core_) advance_redrive();
  });
}

// While anything has a deadline the timer comes at least every stall_ms, so that a gap shows that the engine stood
// still and that a jump of the wall clock is seen. An earlier wake-up that is armed already serves as well.
void Namespace::arm_timer() {
  const base::Now now = environment_.now();
  const std::int64_t deadline = core_->next_deadline(now);
  pulsing_ = deadline != core::kNever;
  std::int64_t due = advance_scheduled_ ? core::kNever : deadline;
  if (pulsing_) due = std::min(due, last_ran_ms_ + limits_.stall_ms);
  due = std::min(due, std::max(core_->state().next_eviction(), now.now.ms + kEvictionPauseMs));
  const bool armed = armed_ != core::kNever && armed_ > now.now.ms;
  if (due == armed_ || (armed && armed_ < due)) return;
  armed_ = due;
  environment_.wake_at(due);
}

// Whoever could not reach this process meanwhile gets the time back.
void Namespace::notice_stall() {
  const std::int64_t now = environment_.now().now.ms;
  if (pulsing_ && now - last_ran_ms_ > 2 * limits_.stall_ms) core_->extend_all(now - last_ran_ms_);
  last_ran_ms_ = now;
}

void Namespace::on_timer() {
  if (!core_) return;
  notice_stall();
  armed_ = core::kNever;
  evict();
  advance();
  arm_timer();
}

}  // namespace arbiter::engine
