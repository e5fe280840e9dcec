// The live stream of events (server-sent events).
//
// A stream reads the log from the store up to the head and goes on with what the engine publishes. It subscribes
// first, so nothing falls between; positions are dense, so a gap is seen and read from the store. When more is
// published than a stream can take it goes back to reading the store. A reader that takes nothing for
// kStalledMsMax is told that it lags, and let go: it can come back with its last position.
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <deque>

#include "api/events.h"
#include "store/filters.h"

namespace arbiter::api {
namespace {

constexpr std::size_t kPageEvents = 500;
constexpr std::size_t kQueuedEventsMax = 10'000;
constexpr std::size_t kChunkBytes = std::size_t{64} * 1024;
constexpr std::chrono::milliseconds kHeartbeat{15'000};
constexpr std::chrono::milliseconds kRetry{25};
constexpr std::chrono::milliseconds kStalledMax{10'000};

using store::Position;

std::string frame_of(const store::EventRow& row) {
  std::string out = "id: " + std::to_string(row.position) + "\nevent: " + row.type + "\ndata: ";
  base::encode(view_of(row), out);
  out += "\n\n";
  return out;
}

class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(Service& service, CallPtr call, store::EventQuery query, bool from_now)
      : service_(service),
        call_(std::move(call)),
        query_(std::move(query)),
        from_now_(from_now),
        heartbeat_(service.io()),
        retry_(service.io()) {}

  void start() {
    const std::string& name = call_->namespace_name;
    subscription_ = service_.engine().subscribe(
        name, [self = shared_from_this()](const engine::EventBatch& batch) { self->published(batch); });
    // A request behind the subscription: when it is answered, the subscription stands.
    service_.execute(call_, core::ListNamespaces{}, /*waits=*/false, [self = shared_from_this()](const auto& answer) {
      if (answer) return self->opened();
      self->close();
      self->call_->refuse(answer.error());
    });
  }

 private:
  void opened() {
    service_.engine().read(call_->namespace_name, [self = shared_from_this()](store::Reader* reader) {
      if (auto begun = self->begin(reader); !begun) {
        self->close();
        return self->call_->refuse(begun.error());
      }
      self->open_stream();
      self->pump();
    });
  }

  base::Result<void> begin(store::Reader* reader) {
    const base::Error unavailable{base::ErrorCode::kStoreUnavailable, "The store cannot be read now.", {}, 1'000};
    if (!reader) return base::fail(unavailable);
    if (!from_now_) {
      auto page = reader->events(query_);
      if (!page) return base::fail(unavailable);
      if (is_truncated(query_, *page)) return base::fail(truncated(*page));
      return {};
    }
    auto head = reader->lookup({});
    if (!head) return base::fail(unavailable);
    query_.after = head->head;
    return {};
  }

  void open_stream() {
    net::Response head;
    head.content_type = "text/event-stream";
    head.headers.emplace_back("Cache-Control", "no-cache");
    auto stream = call_->stream(std::move(head), [self = shared_from_this()] { self->close(); });
    service_.metrics().streams_open.fetch_add(1, std::memory_order_relaxed);
    const std::lock_guard lock(mutex_);
    counted_ = true;
    if (closed_) return uncount();
    stream_ = std::move(stream);
    (void)stream_->write(": position " + std::to_string(query_.after) + "\n\n");
    busy_ = true;
    beat();
  }

  void uncount() {
    if (std::exchange(counted_, false)) service_.metrics().streams_open.fetch_sub(1, std::memory_order_relaxed);
  }

  // With the mutex held.
  void beat() {
    heartbeat_.expires_after(kHeartbeat);
    heartbeat_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      const std::lock_guard lock(self->mutex_);
      if (cancelled || self->closed_) return;
      (void)self->stream_->write(": still here\n\n");
      self->beat();
    });
  }

  void close() {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    service_.engine().unsubscribe(call_->namespace_name, subscription_);
    heartbeat_.cancel();
    retry_.cancel();
    queue_.clear();
    if (stream_) stream_->close();
    uncount();
  }

  // On the strand: only takes the batch.
  void published(const engine::EventBatch& batch) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return;
      queued_events_ += batch->size();
      if (queued_events_ > kQueuedEventsMax) {
        queue_.clear();
        queued_events_ = 0;
        behind_ = overflowed_ = true;
      } else {
        queue_.push_back(batch);
      }
      if (!stream_ || std::exchange(busy_, true)) return;
    }
    service_.post([self = shared_from_this()] { self->pump(); });
  }

  // Brings the reader forward; one at a time, while busy_.
  void pump() {
    std::deque<engine::EventBatch> batches;
    bool from_store = false;
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return;
      from_store = behind_;
      if (from_store) overflowed_ = false;
      if (!from_store) {
        batches.swap(queue_);
        queued_events_ = 0;
        if (batches.empty()) {
          busy_ = false;
          return;
        }
      }
    }
    if (from_store) {
      return service_.engine().read(call_->namespace_name,
                                    [self = shared_from_this()](store::Reader* reader) { self->catch_up(reader); });
    }
    for (const auto& batch : batches) {
      if (!forward(*batch)) return;
    }
    service_.post([self = shared_from_this()] { self->pump(); });
  }

  void catch_up(store::Reader* reader) {
    auto page = reader ? reader->events(query_) : base::Result<store::EventPage>(base::fail({}));
    if (!page || is_truncated(query_, *page)) return close();  // The next attempt is told why.
    if (!send(page->events) || !advance_to(page->scanned_to)) return;
    {
      const std::lock_guard lock(mutex_);
      if (!page->more && !overflowed_) behind_ = false;
    }
    service_.post([self = shared_from_this()] { self->pump(); });
  }

  // What the engine published; false when something else goes on from here.
  bool forward(const std::vector<store::EventRow>& rows) {
    const Position last = rows.back().position;
    if (last <= query_.after) return true;
    if (rows.front().position > query_.after + 1) {
      {
        const std::lock_guard lock(mutex_);
        behind_ = true;
      }
      service_.post([self = shared_from_this()] { self->pump(); });
      return false;
    }
    std::vector<store::EventRow> wanted;
    for (const auto& row : rows) {
      if (row.position > query_.after && store::type_matches(row.type, query_.types) &&
          store::has_tags(row, query_.tags)) {
        wanted.push_back(row);
      }
    }
    return send(wanted) && advance_to(last);
  }

  bool advance_to(Position position) {
    query_.after = std::max(query_.after, position);
    return true;
  }

  // Writes in chunks; what was refused is read from the store again later. False when the stream cannot go on now.
  bool send(const std::vector<store::EventRow>& rows) {
    std::string chunk;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      chunk += frame_of(rows[i]);
      if (chunk.size() < kChunkBytes && i + 1 < rows.size()) continue;
      if (!write(std::move(chunk))) return stall();
      chunk.clear();
      advance_to(rows[i].position);
      stalled_since_.reset();
    }
    return true;
  }

  bool write(std::string bytes) {
    const std::lock_guard lock(mutex_);
    return !closed_ && stream_->write(std::move(bytes));
  }

  bool stall() {
    const auto now = std::chrono::steady_clock::now();
    if (!stalled_since_) stalled_since_ = now;
    if (now - *stalled_since_ > kStalledMax) {
      (void)write("event: lagging\ndata: {\"position\":" + std::to_string(query_.after) + "}\n\n");
      close();
      return false;
    }
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    behind_ = true;
    retry_.expires_after(kRetry);
    retry_.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
      if (!cancelled) self->pump();
    });
    return false;
  }

  Service& service_;
  const CallPtr call_;
  store::EventQuery query_;  // `after`: everything up to it has been sent or passed over. Of whoever pumps
  const bool from_now_;
  std::uint64_t subscription_ = 0;
  std::optional<std::chrono::steady_clock::time_point> stalled_since_;  // of whoever pumps

  std::mutex mutex_;  // Guards the rest.
  boost::asio::steady_timer heartbeat_;
  boost::asio::steady_timer retry_;
  std::shared_ptr<net::Stream> stream_;
  std::deque<engine::EventBatch> queue_;
  std::size_t queued_events_ = 0;
  bool behind_ = true;       // must read from the store
  bool overflowed_ = false;  // what was queued has been dropped since the last read began
  bool busy_ = false;        // pump() runs or is about to
  bool closed_ = false;
  bool counted_ = false;
};

}  // namespace

void run_stream_events(Service& service, const CallPtr& call) {
  auto request = call->decode<StreamEvents>();
  if (!request) return call->refuse(request.error());
  store::EventQuery query;
  query.types = {request->types.begin(), request->types.end()};
  query.tags = {request->tags.begin(), request->tags.end()};
  query.limit = kPageEvents;
  bool from_now = !request->after;
  if (request->after) query.after = static_cast<Position>(request->after->value);
  const std::string_view last_id = call->request.header("Last-Event-ID");
  if (from_now && !last_id.empty()) {
    const auto [end, error] = std::from_chars(last_id.data(), last_id.data() + last_id.size(), query.after);
    if (error != std::errc{} || end != last_id.data() + last_id.size()) {
      return call->refuse({base::ErrorCode::kInvalidRequest,
                           "Some fields are not valid.",
                           {{"Last-Event-ID", "must be the id of an event of this stream"}}});
    }
    from_now = false;
  }
  std::make_shared<EventStream>(service, call, std::move(query), from_now)->start();
}

}  // namespace arbiter::api
