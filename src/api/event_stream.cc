// Events as server-sent events: one subscription per answer.
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>

#include "api/events.h"

namespace arbiter::api {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{64} * 1024;
constexpr std::chrono::milliseconds kHeartbeat{15'000};

using store::Position;

void append_frame(const FeedEvent& event, std::string& out) {
  out += "id: ";
  out += std::to_string(event.row().position);
  out += "\nevent: ";
  out += event.row().type;
  out += "\ndata: ";
  out += event.json();
  out += "\n\n";
}

class EventStream final : public Subscriber, public Guarded, public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(Service& service, CallPtr call) : service_(service), call_(std::move(call)), heartbeat_(service.io()) {}

  void start(Subscription subscription) {
    if (call_->credential) {
      if (auto valid = call_->credential->guard(shared_from_this()); !valid) return end(valid.error());
    }
    // Under the lock: what the feed calls at once waits until the subscription has its number.
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    subscription_ =
        service_.feeds().open(call_->namespace_name, call_->actor, std::move(subscription), shared_from_this());
  }

  void begun(Position position, const core::SnapshotReply* snapshot) override {
    if (answered_.exchange(true)) return;
    net::Response head;
    head.content_type = "text/event-stream";
    head.headers.emplace_back("Cache-Control", "no-cache");
    auto stream = call_->stream(std::move(head), [self = shared_from_this()] { self->close({}); });
    std::string first = ": position " + std::to_string(position) + "\n\n";
    if (snapshot) {
      first += "id: " + std::to_string(position) + "\nevent: snapshot\ndata: " + base::to_json(*snapshot) + "\n\n";
    }
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    stream_ = std::move(stream);
    if (!stream_->write(std::move(first))) {
      return stream_->close_with(
          "event: error\ndata: {\"code\":\"too_large\",\"message\":\"The snapshot has more bytes than a stream may "
          "have unread; ask for fewer parts.\"}\n\n");
    }
    beat();
  }

  void refused(const base::Error& error) override {
    close({});
    if (!answered_.exchange(true)) call_->refuse(error);
  }

  void end(const base::Error& why) override {
    close("event: error\ndata: {\"code\":\"" + std::string(base::info(why.code).name) +
          "\",\"message\":" + base::to_json(why.message) + "}\n\n");
    if (!answered_.exchange(true)) call_->refuse(why);
  }

  bool has_room() override {
    const std::lock_guard lock(mutex_);
    return !stream_ || stream_->room() >= kChunkBytes;
  }

  std::size_t take(FeedEvents events) override {
    const std::lock_guard lock(mutex_);
    if (closed_ || !stream_) return events.size();  // Nobody is there to miss them.
    const std::size_t room = stream_->room();
    std::string chunk;
    std::size_t taken = 0;
    for (const auto* event : events) {
      const std::size_t before = chunk.size();
      append_frame(*event, chunk);
      if (chunk.size() > room) {
        chunk.resize(before);
        break;
      }
      ++taken;
      if (chunk.size() >= kChunkBytes) break;
    }
    if (!chunk.empty() && !stream_->write(std::move(chunk))) return 0;
    return taken;
  }

  void lagging(Position position) override {
    close("event: lagging\ndata: {\"position\":" + std::to_string(position) + "}\n\n");
  }

 private:
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

  void close(std::string last_words) {
    const std::lock_guard lock(mutex_);
    if (std::exchange(closed_, true)) return;
    if (call_->credential) call_->credential->unguard(this);
    if (subscription_ != 0) service_.feeds().close(call_->namespace_name, subscription_);
    service_.metrics().streams_open.fetch_sub(1, std::memory_order_relaxed);
    heartbeat_.cancel();
    if (stream_) stream_->close_with(std::move(last_words));
  }

  Service& service_;
  const CallPtr call_;
  std::atomic<bool> answered_{false};

  std::mutex mutex_;  // Guards the rest.
  SubscriptionId subscription_ = 0;
  boost::asio::steady_timer heartbeat_;
  std::shared_ptr<net::Stream> stream_;
  bool closed_ = false;
};

}  // namespace

void run_stream_events(Service& service, const CallPtr& call) {
  auto request = call->decode<StreamEvents>();
  if (!request) return call->refuse(request.error());
  const std::string_view last_id = call->request.header("Last-Event-ID");
  if (!request->after && !last_id.empty()) {
    Position after = 0;
    const auto [end, error] = std::from_chars(last_id.data(), last_id.data() + last_id.size(), after);
    if (error != std::errc{} || end != last_id.data() + last_id.size() || after > INT64_MAX) {
      return call->refuse({base::ErrorCode::kInvalidRequest,
                           "Some fields are not valid.",
                           {{"Last-Event-ID", "must be the id of an event of this stream"}}});
    }
    request->after = static_cast<std::int64_t>(after);
    // A client that comes back has had its snapshot.
    request->snapshot.clear();
  }
  auto subscription = subscription_of(*request);
  if (!subscription) return call->refuse(subscription.error());
  if (auto room = service.take_stream(); !room) return call->refuse(room.error());
  std::make_shared<EventStream>(service, call)->start(std::move(*subscription));
}

}  // namespace arbiter::api
