#include "api/feed.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <deque>
#include <set>
#include <unordered_map>

#include "api/events.h"
#include "store/filters.h"

namespace arbiter::api {
namespace {

namespace asio = boost::asio;
using std::chrono::steady_clock;
using store::Position;

constexpr std::size_t kPageEvents = 500;
constexpr std::size_t kStepEvents = 2'000;  // looked at or handed over before others get their turn
constexpr std::chrono::milliseconds kRetry{25};
// Writing to a reader costs some 10 us of a processor that commits want too. So after handing something to many, the
// feed rests, and what comes meanwhile goes out together: 500 readers get portions every 20 ms, ten get theirs at once.
constexpr std::chrono::microseconds kRestPerReader{40};
constexpr std::chrono::milliseconds kRestMin{1};
constexpr std::chrono::milliseconds kRestMax{50};
constexpr std::chrono::milliseconds kStalledMax{10'000};

const base::Error& unavailable() {
  static const base::Error error{base::ErrorCode::kStoreUnavailable, "The store cannot be read now.", {}, 1'000};
  return error;
}

}  // namespace

const std::string& FeedEvent::json() const {
  if (json_.empty()) base::encode(view_of(*row_), json_);
  return json_;
}

// ---- one namespace --------------------------------------------------------------------------------------------

class Feed : public std::enable_shared_from_this<Feed> {
 public:
  Feed(asio::io_context& io, engine::Engine& engine, std::shared_ptr<FeedCounters> counters, std::string name)
      : engine_(engine),
        counters_(std::move(counters)),
        name_(std::move(name)),
        strand_(asio::make_strand(io)),
        retry_(strand_),
        rest_timer_(strand_) {}

  void start();
  void stop();
  void open(SubscriptionId id, core::Actor actor, Subscription subscription, std::shared_ptr<Subscriber> subscriber);
  void close(SubscriptionId id, std::function<void(Position)> closed);

 private:
  struct Reader {
    SubscriptionId id = 0;
    core::Actor actor;
    Subscription wanted;
    std::shared_ptr<Subscriber> subscriber;
    Position after = 0;    // everything up to it was handed over or passed over, but for a live one's `pending`
    bool live = false;     // gets what is published
    bool stuck = false;    // waits for room
    bool reading = false;  // waits for the store
    bool told_begin = false;
    std::vector<const FeedEvent*> pending;  // of the batch being handed over
    std::optional<steady_clock::time_point> stalled_since;
  };
  using ReaderPtr = std::shared_ptr<Reader>;

  // What is published.
  void published(const engine::EventBatch& batch);
  void step();
  void step_later();
  void take_batch(const engine::EventBatch& batch);
  void read_on();
  void lose_readers();
  [[nodiscard]] std::size_t keep(const engine::EventBatch& batch);
  void forget_recent();
  void match(const FeedEvent& event);
  void add_pending(const ReaderPtr& reader, const FeedEvent& event);
  [[nodiscard]] bool hand_over_some();
  [[nodiscard]] bool rests();
  void handed_over(const ReaderPtr& reader);

  // One reader.
  void begin(const ReaderPtr& reader);
  void begin_now(const ReaderPtr& reader);
  void begin_at(const ReaderPtr& reader, Position position, const core::SnapshotReply* snapshot);
  void bring_forward(const ReaderPtr& reader);
  void from_recent(const ReaderPtr& reader);
  void from_store(const ReaderPtr& reader);
  void take_page(const ReaderPtr& reader, base::Result<store::EventPage> page);
  [[nodiscard]] bool offer(const ReaderPtr& reader, const std::vector<const FeedEvent*>& events);
  void stall(const ReaderPtr& reader);
  void retry();
  void go_live(const ReaderPtr& reader);
  void leave_live(const ReaderPtr& reader);
  void drop(const ReaderPtr& reader);
  void tell_lag(const Reader& reader, Position after) {
    counters_->lagged.fetch_add(1, std::memory_order_relaxed);
    reader.subscriber->lagging(after);
  }
  [[nodiscard]] bool is_open(const ReaderPtr& reader) const { return readers_.contains(reader->id); }
  [[nodiscard]] bool is_recent(Position after) const { return after + 1 >= first_; }
  [[nodiscard]] static bool wants(const Reader& reader, const store::EventRow& row) {
    return store::type_matches(row.type, reader.wanted.types) && store::has_tags(row, reader.wanted.tags);
  }
  template <typename Job>
  void post(Job job) {
    asio::post(strand_, [self = shared_from_this(), job = std::move(job)]() mutable { job(*self); });
  }

  engine::Engine& engine_;
  const std::shared_ptr<FeedCounters> counters_;
  const std::string name_;
  asio::strand<asio::io_context::executor_type> strand_;
  std::uint64_t engine_subscription_ = 0;

  std::mutex mutex_;  // Guards these, which the strand of the namespace fills.
  std::deque<engine::EventBatch> published_;
  std::size_t published_events_ = 0;
  bool awake_ = false;  // step() runs or is about to

  // The rest is of our strand.
  using Timer = asio::basic_waitable_timer<steady_clock, asio::wait_traits<steady_clock>,
                                           asio::strand<asio::io_context::executor_type>>;
  Timer retry_;
  Timer rest_timer_;
  std::chrono::microseconds rest_{0};  // due since readers were handed something
  bool ready_ = false;                 // from first_ on nothing is missing
  bool stopped_ = false;
  std::optional<base::Error> failed_;  // the namespace does not serve
  bool reading_on_ = false;            // a page is on its way from the store
  Position published_to_ = 0;
  Position first_ = 0;  // of recent_; what comes next when that is empty
  Position head_ = 0;   // the last one that was taken in
  std::deque<FeedEvent> recent_;
  std::size_t recent_bytes_ = 0;
  std::map<SubscriptionId, ReaderPtr> readers_;
  std::unordered_multimap<std::string, ReaderPtr> live_by_tag_;  // by the first tag of the filter
  std::set<ReaderPtr> live_untagged_;
  std::vector<ReaderPtr> touched_;  // that have `pending`
  std::size_t handed_ = 0;          // of touched_
  std::vector<ReaderPtr> stuck_;
  bool retrying_ = false;
};

void Feed::start() {
  engine_subscription_ = engine_.subscribe(name_, [weak = weak_from_this()](const engine::EventBatch& batch) {
    if (const auto self = weak.lock()) self->published(batch);
  });
  // A request behind the subscription: when it is answered, the subscription stands, and all that comes after the
  // answer's position will be published.
  engine::Request request;
  request.command = core::TakeSnapshot{};
  request.actor.name = "system";
  engine_.submit(name_, std::move(request), [self = shared_from_this()](const engine::Answer& answer) {
    self->post(
        [failed = !answer ? std::optional(answer.error()) : std::nullopt,
         position = answer ? std::get<core::SnapshotReply>(std::get<core::Reply>(*answer)).position : 0](Feed& feed) {
          if (feed.stopped_) return;
          feed.failed_ = failed;
          if (failed) {
            for (const auto& [id, reader] : std::exchange(feed.readers_, {})) reader->subscriber->refused(*failed);
            return;
          }
          feed.ready_ = true;
          const auto at = static_cast<Position>(position);
          if (feed.recent_.empty()) feed.head_ = std::max(feed.head_, at), feed.first_ = feed.head_ + 1;
          for (const auto& [id, reader] : std::map(feed.readers_)) feed.begin(reader);
        });
  });
}

void Feed::stop() {
  engine_.unsubscribe(name_, engine_subscription_);
  post([](Feed& feed) {
    feed.stopped_ = true;
    feed.retry_.cancel();
    feed.rest_timer_.cancel();
    feed.readers_.clear();
    feed.live_by_tag_.clear();
    feed.live_untagged_.clear();
    feed.touched_.clear();
    feed.stuck_.clear();
  });
}

void Feed::open(SubscriptionId id, core::Actor actor, Subscription subscription,
                std::shared_ptr<Subscriber> subscriber) {
  auto reader = std::make_shared<Reader>();
  reader->id = id;
  reader->actor = std::move(actor);
  reader->wanted = std::move(subscription);
  reader->subscriber = std::move(subscriber);
  post([reader = std::move(reader)](Feed& feed) {
    if (feed.failed_) return reader->subscriber->refused(*feed.failed_);
    feed.readers_.emplace(reader->id, reader);
    if (feed.ready_) feed.begin(reader);
  });
}

void Feed::close(SubscriptionId id, std::function<void(Position)> closed) {
  post([id, closed = std::move(closed)](Feed& feed) {
    Position position = 0;
    if (const auto found = feed.readers_.find(id); found != feed.readers_.end()) {
      const ReaderPtr reader = found->second;
      const bool untouched = reader->live && reader->pending.empty();
      position = untouched ? std::max(reader->after, feed.head_) : reader->after;
      feed.drop(reader);
    }
    if (closed) closed(position);
  });
}

// ---- what is published ----------------------------------------------------------------------------------------

// On the strand of the namespace: only hands the batch over.
void Feed::published(const engine::EventBatch& batch) {
  {
    const std::lock_guard lock(mutex_);
    if (published_events_ + batch->size() > kPublishedEventsMax) {
      // The last batch alone tells how far the store has to be read.
      published_.clear();
      published_events_ = 0;
    }
    published_.push_back(batch);
    published_events_ += batch->size();
    if (std::exchange(awake_, true)) return;
  }
  post([](Feed& feed) { feed.step(); });
}

void Feed::step_later() {
  post([](Feed& feed) { feed.step(); });
}

void Feed::step() {
  if (stopped_ || reading_on_) return;
  if (!hand_over_some()) return step_later();
  if (rests()) return;
  if (published_to_ > head_) return read_on();
  engine::EventBatch batch;
  {
    const std::lock_guard lock(mutex_);
    if (published_.empty()) {
      awake_ = false;
      return;
    }
    batch = std::move(published_.front());
    published_.pop_front();
    published_events_ -= batch->size();
  }
  const bool is_first = head_ == 0 && recent_.empty() && !ready_;
  if (batch->front().position > head_ + 1 && !is_first) {
    published_to_ = batch->back().position;  // Read from the store, this batch included.
  } else {
    take_batch(batch);
  }
  step_later();
}

void Feed::take_batch(const engine::EventBatch& batch) {
  const std::size_t fresh = keep(batch);
  for (std::size_t i = recent_.size() - fresh; i < recent_.size(); ++i) match(recent_[i]);
}

// The feed is behind what was published: it takes the next page from the store as if it came now.
void Feed::read_on() {
  reading_on_ = true;
  engine_.read(name_, [self = shared_from_this(), after = head_](store::Reader* reader) {
    store::EventQuery query;
    query.after = after;
    query.limit = kPageEvents;
    auto page = reader ? reader->events(query) : base::Result<store::EventPage>(base::fail(unavailable()));
    self->post([page = std::move(page), query](Feed& feed) mutable {
      feed.reading_on_ = false;
      if (feed.stopped_) return;
      if (!page || is_truncated(query, *page)) {
        feed.lose_readers();
      } else if (page->events.empty()) {
        feed.forget_recent();
      } else {
        feed.take_batch(std::make_shared<const std::vector<store::EventRow>>(std::move(page->events)));
      }
      feed.step();
    });
  });
}

// What they wait for cannot be had here: they are told, and learn the reason when they come back.
void Feed::lose_readers() {
  for (const auto& [id, reader] : std::map(readers_)) {
    if (!reader->live) continue;
    const Position after = std::max(reader->after, head_);
    drop(reader);
    tell_lag(*reader, after);
  }
  forget_recent();
}

// Answers how many of the batch are new.
std::size_t Feed::keep(const engine::EventBatch& batch) {
  std::size_t fresh = 0;
  for (const auto& row : *batch) {
    if (row.position <= head_) continue;
    if (recent_.empty()) first_ = row.position;
    recent_.emplace_back(batch, row);
    recent_bytes_ += row.data.size() + row.metadata.size();
    head_ = row.position;
    ++fresh;
  }
  // The batch at hand stays: readers point to its events.
  while (recent_.size() > std::max<std::size_t>(fresh, 1) &&
         (recent_.size() > kRecentEventsMax || recent_bytes_ > kRecentBytesMax)) {
    const auto& row = recent_.front().row();
    recent_bytes_ -= row.data.size() + row.metadata.size();
    recent_.pop_front();
    first_ = recent_.front().row().position;
  }
  return fresh;
}

// Goes on behind what is published by now.
void Feed::forget_recent() {
  recent_.clear();
  recent_bytes_ = 0;
  head_ = std::max(head_, published_to_);
  first_ = head_ + 1;
}

void Feed::match(const FeedEvent& event) {
  const store::EventRow& row = event.row();
  for (const auto& reader : live_untagged_) {
    if (store::type_matches(row.type, reader->wanted.types)) add_pending(reader, event);
  }
  if (live_by_tag_.empty()) return;
  const auto of_tag = [&](const std::string& tag) {
    const auto [begin, end] = live_by_tag_.equal_range(tag);
    for (auto at = begin; at != end; ++at) {
      if (wants(*at->second, row)) add_pending(at->second, event);
    }
  };
  of_tag(row.entity);
  for (const auto& tag : row.tags) {
    if (tag != row.entity) of_tag(tag);
  }
}

void Feed::add_pending(const ReaderPtr& reader, const FeedEvent& event) {
  if (event.row().position <= reader->after) return;
  if (!reader->pending.empty() && reader->pending.back() == &event) return;  // A tag that it has twice.
  if (reader->pending.empty()) touched_.push_back(reader);
  reader->pending.push_back(&event);
}

// True when everything of the batch at hand has found its readers.
bool Feed::hand_over_some() {
  std::size_t events = 0;
  while (handed_ < touched_.size() && events < kStepEvents) {
    const ReaderPtr reader = touched_[handed_++];
    events += reader->pending.size();
    handed_over(reader);
  }
  if (handed_ < touched_.size()) return false;
  rest_ = kRestPerReader * touched_.size();
  touched_.clear();
  handed_ = 0;
  return true;
}

// True: step() comes again later.
bool Feed::rests() {
  const auto rest = std::exchange(rest_, {});
  if (rest < kRestMin) return false;
  rest_timer_.expires_after(std::min<std::chrono::microseconds>(rest, kRestMax));
  rest_timer_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (!cancelled) self->step();
  });
  return true;
}

void Feed::handed_over(const ReaderPtr& reader) {
  const auto events = std::exchange(reader->pending, {});
  if (!is_open(reader) || !reader->live) return;
  if (offer(reader, events)) reader->after = head_;
}

// ---- one reader -----------------------------------------------------------------------------------------------

void Feed::begin(const ReaderPtr& reader) {
  if (!reader->wanted.after) return begin_now(reader);
  reader->after = *reader->wanted.after;
  if (is_recent(reader->after)) {
    begin_at(reader, reader->after, nullptr);
  } else {
    from_store(reader);
  }
}

void Feed::begin_now(const ReaderPtr& reader) {
  engine::Request request;
  request.command = reader->wanted.snapshot.value_or(core::TakeSnapshot{});
  request.actor = reader->actor;
  engine_.submit(name_, std::move(request), [self = shared_from_this(), reader](engine::Answer answer) {
    auto shared = std::make_shared<engine::Answer>(std::move(answer));
    self->post([reader, shared](Feed& feed) {
      if (!feed.is_open(reader)) return;
      if (!*shared) {
        feed.drop(reader);
        return reader->subscriber->refused(shared->error());
      }
      const auto& snapshot = std::get<core::SnapshotReply>(std::get<core::Reply>(**shared));
      reader->after = static_cast<Position>(snapshot.position);
      feed.begin_at(reader, reader->after, reader->wanted.snapshot ? &snapshot : nullptr);
    });
  });
}

void Feed::begin_at(const ReaderPtr& reader, Position position, const core::SnapshotReply* snapshot) {
  reader->told_begin = true;
  reader->subscriber->begun(position, snapshot);
  bring_forward(reader);
}

void Feed::bring_forward(const ReaderPtr& reader) {
  if (!is_open(reader) || reader->live || reader->reading) return;
  if (!reader->subscriber->has_room()) return stall(reader);
  if (is_recent(reader->after)) return from_recent(reader);
  from_store(reader);
}

void Feed::from_recent(const ReaderPtr& reader) {
  std::vector<const FeedEvent*> events;
  std::size_t index = recent_.empty() || reader->after + 1 < first_ ? 0 : reader->after + 1 - first_;
  const std::size_t end = std::min(recent_.size(), index + kStepEvents);
  for (; index < end; ++index) {
    if (wants(*reader, recent_[index].row())) events.push_back(&recent_[index]);
  }
  if (!offer(reader, events)) return;
  if (end < recent_.size()) {
    reader->after = std::max(reader->after, recent_[end - 1].row().position);
    return post([reader](Feed& feed) { feed.bring_forward(reader); });
  }
  reader->after = std::max(reader->after, head_);
  go_live(reader);
}

void Feed::from_store(const ReaderPtr& reader) {
  reader->reading = true;
  engine_.read(name_, [self = shared_from_this(), reader, after = reader->after](store::Reader* source) {
    store::EventQuery query;
    query.after = after;
    query.types = reader->wanted.types;
    query.tags = reader->wanted.tags;
    query.limit = kPageEvents;
    auto page = source ? source->events(query) : base::Result<store::EventPage>(base::fail(unavailable()));
    if (page && is_truncated(query, *page)) page = base::fail(truncated(*page));
    self->post([reader, page = std::move(page)](Feed& feed) mutable {
      reader->reading = false;
      if (feed.is_open(reader)) feed.take_page(reader, std::move(page));
    });
  });
}

void Feed::take_page(const ReaderPtr& reader, base::Result<store::EventPage> page) {
  if (!page) {
    drop(reader);
    if (reader->told_begin) return tell_lag(*reader, reader->after);
    return reader->subscriber->refused(page.error());
  }
  if (!std::exchange(reader->told_begin, true)) reader->subscriber->begun(reader->after, nullptr);
  const auto batch = std::make_shared<const std::vector<store::EventRow>>(std::move(page->events));
  std::deque<FeedEvent> kept;
  std::vector<const FeedEvent*> events;
  for (const auto& row : *batch) events.push_back(&kept.emplace_back(batch, row));
  if (!offer(reader, events)) return;
  if (events.empty() && page->scanned_to <= reader->after && reader->after < head_) return stall(reader);
  reader->after = std::max(reader->after, page->scanned_to);
  // All that is committed was read, but it is not published yet: what comes next is.
  if (!page->more && !is_recent(reader->after) && reader->after >= head_) return go_live(reader);
  post([reader](Feed& feed) { feed.bring_forward(reader); });
}

// False when the reader cannot go on now; `after` then stands before the first event that it did not take.
bool Feed::offer(const ReaderPtr& reader, const std::vector<const FeedEvent*>& events) {
  std::size_t taken = 0;
  while (taken < events.size()) {
    const std::size_t more = reader->subscriber->take(std::span(events).subspan(taken));
    if (more == 0) break;
    taken += more;
    reader->stalled_since.reset();
  }
  if (taken == events.size()) return true;
  reader->after = events[taken]->row().position - 1;
  leave_live(reader);
  stall(reader);
  return false;
}

void Feed::stall(const ReaderPtr& reader) {
  const auto now = steady_clock::now();
  if (!reader->stalled_since) reader->stalled_since = now;
  if (now - *reader->stalled_since > kStalledMax) {
    drop(reader);
    return tell_lag(*reader, reader->after);
  }
  if (std::exchange(reader->stuck, true)) return;
  stuck_.push_back(reader);
  if (std::exchange(retrying_, true)) return;
  retry_.expires_after(kRetry);
  retry_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    if (!cancelled) self->retry();
  });
}

void Feed::retry() {
  retrying_ = false;
  for (const auto& reader : std::exchange(stuck_, {})) {
    reader->stuck = false;
    bring_forward(reader);
  }
}

void Feed::go_live(const ReaderPtr& reader) {
  reader->live = true;
  if (reader->wanted.tags.empty()) {
    live_untagged_.insert(reader);
  } else {
    live_by_tag_.emplace(reader->wanted.tags.front(), reader);
  }
}

void Feed::leave_live(const ReaderPtr& reader) {
  if (!std::exchange(reader->live, false)) return;
  live_untagged_.erase(reader);
  if (reader->wanted.tags.empty()) return;
  const auto [begin, end] = live_by_tag_.equal_range(reader->wanted.tags.front());
  for (auto at = begin; at != end; ++at) {
    if (at->second != reader) continue;
    live_by_tag_.erase(at);
    return;
  }
}

void Feed::drop(const ReaderPtr& reader) {
  leave_live(reader);
  readers_.erase(reader->id);
}

// ---- all namespaces -------------------------------------------------------------------------------------------

Feeds::Feeds(asio::io_context& io, engine::Engine& engine) : io_(io), engine_(engine) {}
Feeds::~Feeds() = default;

SubscriptionId Feeds::open(const std::string& name, core::Actor actor, Subscription subscription,
                           std::shared_ptr<Subscriber> subscriber) {
  const std::lock_guard lock(mutex_);
  auto& [feed, users] = feeds_[name];
  if (users++ == 0) {
    feed = std::make_shared<Feed>(io_, engine_, counters_, name);
    feed->start();
  }
  counters_->subscriptions.fetch_add(1, std::memory_order_relaxed);
  feed->open(next_, std::move(actor), std::move(subscription), std::move(subscriber));
  return next_++;
}

void Feeds::close(const std::string& name, SubscriptionId id, std::function<void(Position)> closed) {
  const std::lock_guard lock(mutex_);
  const auto found = feeds_.find(name);
  if (found == feeds_.end()) return;
  auto& [feed, users] = found->second;
  counters_->subscriptions.fetch_sub(1, std::memory_order_relaxed);
  feed->close(id, std::move(closed));
  if (--users > 0) return;
  feed->stop();
  feeds_.erase(found);
}

}  // namespace arbiter::api
