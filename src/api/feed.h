// Subscriptions to the events of namespaces: the one mechanism behind server-sent events and WebSockets.
//
// A namespace that is followed has a feed: it takes what the engine publishes, keeps the latest events (encoded once,
// however many read them), and hands each to the subscriptions whose filter it matches. Positions are dense, so a gap
// in what was published is seen and read from the store. A subscription that begins in the past, or whose reader is
// slow, is brought forward by itself, from the latest events or from the store; one whose reader takes nothing for
// kStalledMax is told that it lags and let go: it can come back with its last position.
//
// Commits are not held up: the strand of the namespace only hands a batch over, and when more comes than the feed can
// take it reads on from the store at its own pace. All work of one feed is on one strand, in short steps.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/commands.h"
#include "core/events.h"
#include "engine/engine.h"

namespace arbiter::api {

inline constexpr std::size_t kRecentEventsMax = 10'000;  // that a feed keeps
inline constexpr std::size_t kRecentBytesMax = std::size_t{16} * 1024 * 1024;
inline constexpr std::size_t kPublishedEventsMax = 10'000;  // that wait for a feed; more are read from the store

// One event on its way to any number of readers. Used on the feed's strand only.
class FeedEvent {
 public:
  FeedEvent(engine::EventBatch batch, const store::EventRow& row) : batch_(std::move(batch)), row_(&row) {}
  [[nodiscard]] const store::EventRow& row() const { return *row_; }
  // As clients see it.
  [[nodiscard]] const std::string& json() const;

 private:
  engine::EventBatch batch_;  // keeps the row
  const store::EventRow* row_;
  mutable std::string json_;
};
using FeedEvents = std::span<const FeedEvent* const>;

// Where the events of one subscription go. Called on the feed's strand: never block. After refused(), lagging() or the
// end of Feeds::close() nothing more is called.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  // The events after `position` follow. `snapshot` is null when none was asked for.
  virtual void begun(store::Position position, const core::SnapshotReply* snapshot) = 0;
  virtual void refused(const base::Error& error) = 0;
  // False: not even one event can be taken now.
  [[nodiscard]] virtual bool has_room() = 0;
  // Takes events from the front, as many as it has room for, and says how many.
  [[nodiscard]] virtual std::size_t take(FeedEvents events) = 0;
  virtual void lagging(store::Position position) = 0;
};

struct Subscription {
  std::vector<std::string> types;  // any of; `TASK.*` matches by prefix
  std::vector<std::string> tags;   // all of
  std::optional<store::Position> after;
  std::optional<core::TakeSnapshot> snapshot;  // the subscription begins with it, and at its position
};

// For metrics; any thread.
struct FeedCounters {
  std::atomic<std::int64_t> subscriptions{0};
  std::atomic<std::uint64_t> lagged{0};  // subscriptions that ended because their reader was too slow
};

class Feed;
using SubscriptionId = std::uint64_t;

class Feeds {
 public:
  Feeds(boost::asio::io_context& io, engine::Engine& engine);
  ~Feeds();
  Feeds(const Feeds&) = delete;
  Feeds& operator=(const Feeds&) = delete;

  SubscriptionId open(const std::string& name, core::Actor actor, Subscription subscription,
                      std::shared_ptr<Subscriber> subscriber);
  // Once for each open(), also after refused() and lagging(). `closed` is called on the feed's strand, with the
  // position up to which everything was handed over.
  void close(const std::string& name, SubscriptionId id, std::function<void(store::Position)> closed = {});

  [[nodiscard]] const FeedCounters& counters() const { return *counters_; }

 private:
  boost::asio::io_context& io_;
  engine::Engine& engine_;
  std::shared_ptr<FeedCounters> counters_ = std::make_shared<FeedCounters>();
  std::mutex mutex_;
  std::map<std::string, std::pair<std::shared_ptr<Feed>, std::size_t>> feeds_;  // with the number of subscriptions
  SubscriptionId next_ = 1;
};

}  // namespace arbiter::api
