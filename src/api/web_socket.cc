// Events over a WebSocket: many subscriptions on one connection, as JSON messages.
//
// | the client sends                                                          | and gets                            |
// | ------------------------------------------------------------------------- | ----------------------------------- |
// | (connects)                                                                | `connected`                         |
// | `subscribe` with types or events, tags, task, after, snapshot, id         | `subscribed`, `snapshot`, `event` … |
// | `unsubscribe` with subscription                                           | `unsubscribed`                      |
// | `ping`                                                                    | `pong`                              |
// | anything else                                                             | `error`; the connection lives       |
//
// A subscription whose reader takes nothing for ten seconds ends with `lagging`, which says where to go on.
#include <boost/asio/io_context.hpp>
#include <map>

#include "api/bearer.h"
#include "api/socket_message.h"

namespace arbiter::api {
namespace {

using base::ErrorCode;
using base::fail;
using store::Position;

constexpr std::size_t kChunkBytes = std::size_t{64} * 1024;

struct NoFields {};
BOOST_DESCRIBE_STRUCT(NoFields, (), ())

std::string quoted(std::string_view text) {
  std::string out;
  base::write_string(text, out);
  return out;
}

std::string message_of(std::string_view type, std::string_view subscription, Position position) {
  return std::string(R"({"type":")") + std::string(type) + R"(","subscription":)" + quoted(subscription) +
         R"(,"position":)" + std::to_string(position) + "}";
}

std::string error_message(const base::Error& error, std::string_view subscription) {
  std::string out =
      R"({"type":"error","code":)" + quoted(base::info(error.code).name) + R"(,"message":)" + quoted(error.message);
  if (!error.fields.empty()) {
    out += R"(,"errors":)";
    base::encode(error.fields, out);
  }
  if (!subscription.empty()) out += R"(,"subscription":)" + quoted(subscription);
  return out + "}";
}

// The client's connection, as its subscriptions see it.
class Socket : public Guarded, public std::enable_shared_from_this<Socket> {
 public:
  Socket(Service& service, CallPtr call) : service_(service), call_(std::move(call)) {}

  void start(std::string protocol);
  // Any thread.
  [[nodiscard]] net::WebSocket& web_socket() { return *web_socket_; }
  void forget(const std::string& id);
  void gone();
  void end(const base::Error& why) override {
    const std::lock_guard wait(mutex_);
    web_socket_->tell(error_message(why, {}));
    web_socket_->close_with(why.message);
  }

 private:
  struct Open {
    SubscriptionId number = 0;
  };
  void take(const std::string& text);
  void subscribe(Subscribe request);
  void unsubscribe(const Unsubscribe& request);
  void complain(const base::Error& error, std::string_view subscription = {}) {
    web_socket_->tell(error_message(error, subscription));
  }
  [[nodiscard]] base::Result<std::string> name_for(const Subscribe& request);
  [[nodiscard]] std::optional<SubscriptionId> remove(const std::string& id);

  Service& service_;
  const CallPtr call_;
  std::shared_ptr<net::WebSocket> web_socket_;  // set before the first message is read
  std::mutex mutex_;                            // Guards the rest.
  std::map<std::string, Open> open_;
  std::uint64_t made_ = 0;  // ids
  bool gone_ = false;
};

class SocketSubscription final : public Subscriber {
 public:
  SocketSubscription(std::shared_ptr<Socket> socket, std::string id)
      : socket_(std::move(socket)),
        id_(std::move(id)),
        head_(R"({"type":"event","subscription":)" + quoted(id_) + R"(,"eventType":")") {}

  void begun(Position position, const core::SnapshotReply* snapshot) override {
    net::WebSocket& to = socket_->web_socket();
    to.tell(message_of("subscribed", id_, position));
    if (!snapshot) return;
    std::string message = R"({"type":"snapshot","subscription":)" + quoted(id_) + ",";
    message += base::to_json(*snapshot).substr(1);
    if (to.send(std::move(message))) return;
    to.tell(error_message({ErrorCode::kTooLarge,
                           "There is no room for the snapshot among the unread bytes; ask for fewer parts, or read "
                           "faster."},
                          id_));
    socket_->forget(id_);
  }
  void refused(const base::Error& error) override {
    socket_->web_socket().tell(error_message(error, id_));
    socket_->forget(id_);
  }
  bool has_room() override { return socket_->web_socket().room() >= kChunkBytes; }
  std::size_t take(FeedEvents events) override {
    std::size_t taken = 0;
    for (const auto* event : events) {
      if (!socket_->web_socket().send(message_for(*event))) break;
      ++taken;
    }
    return taken;
  }
  void lagging(Position position) override {
    socket_->web_socket().tell(message_of("lagging", id_, position));
    socket_->forget(id_);
  }

 private:
  std::string message_for(const FeedEvent& event) const {
    constexpr std::size_t kAround = 16;
    std::string message;
    message.reserve(head_.size() + event.row().type.size() + event.json().size() + kAround);
    message += head_;
    message += event.row().type;
    message += R"(","event":)";
    message += event.json();
    message += '}';
    return message;
  }

  const std::shared_ptr<Socket> socket_;
  const std::string id_;
  const std::string head_;
};

void Socket::start(std::string protocol) {
  // The first message may come before web_socket() has answered; it waits here.
  const std::lock_guard lock(mutex_);
  web_socket_ = call_->web_socket(
      std::move(protocol),
      [self = shared_from_this()](const std::string& text) {
        { const std::lock_guard wait(self->mutex_); }
        self->take(text);
      },
      // Posted: it may come from inside of a call of ours.
      [self = shared_from_this()] { self->service_.post([self] { self->gone(); }); });
  web_socket_->tell(R"({"type":"connected","timestamp":")" + base::to_rfc3339(service_.clock().wall()) +
                    R"(","version":)" + quoted(service_.config().version) + R"(,"namespace":)" +
                    quoted(call_->namespace_name) + R"(,"subscriptionsMax":)" +
                    std::to_string(service_.config().subscriptions_max) + "}");
  if (!call_->credential) return;
  if (auto valid = call_->credential->guard(shared_from_this()); !valid) {
    web_socket_->close_with(valid.error().message);
  }
}

void Socket::take(const std::string& text) {
  std::string id;
  auto message = read_socket_message(text, id);
  if (!message) return complain(message.error(), id);
  if (auto* wanted = std::get_if<Subscribe>(&*message)) return subscribe(std::move(*wanted));
  if (std::holds_alternative<Ping>(*message)) return web_socket_->tell(R"({"type":"pong"})");
  unsubscribe(std::get<Unsubscribe>(*message));
}

void Socket::subscribe(Subscribe request) {
  const std::string wished = request.id ? request.id->value : "";
  auto wanted = subscription_of({request.after, request.types.empty() ? request.events : request.types, request.tags,
                                 request.task, request.snapshot});
  if (!wanted) return complain(wanted.error(), wished);
  const auto id = name_for(request);
  if (!id) return complain(id.error(), wished);
  const std::lock_guard lock(mutex_);
  if (gone_) return;
  open_[*id].number = service_.feeds().open(call_->namespace_name, call_->actor, std::move(*wanted),
                                            std::make_shared<SocketSubscription>(shared_from_this(), *id));
}

// Checks that there may be one more, and under which id.
base::Result<std::string> Socket::name_for(const Subscribe& request) {
  const std::lock_guard lock(mutex_);
  const std::size_t most = service_.config().subscriptions_max;
  if (open_.size() >= most) {
    return fail({ErrorCode::kOverloaded, "A connection may have " + std::to_string(most) +
                                             " subscriptions; unsubscribe from one, or connect once more."});
  }
  if (!request.id) {
    std::string id;
    do id = "s" + std::to_string(++made_);
    while (open_.contains(id));
    return id;
  }
  if (open_.contains(request.id->value)) {
    return fail({ErrorCode::kInvalidRequest, "Some fields are not valid.", {{"id", "is in use on this connection"}}});
  }
  return request.id->value;
}

void Socket::unsubscribe(const Unsubscribe& request) {
  const std::string& id = request.subscription.value;
  const auto number = remove(id);
  if (!number) {
    return complain({ErrorCode::kNotFound, "There is no subscription " + id + " on this connection."}, id);
  }
  // Answered behind the last event.
  service_.feeds().close(call_->namespace_name, *number, [self = shared_from_this(), id](Position position) {
    self->web_socket_->tell(message_of("unsubscribed", id, position));
  });
}

std::optional<SubscriptionId> Socket::remove(const std::string& id) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(id);
  if (found == open_.end()) return std::nullopt;
  const SubscriptionId number = found->second.number;
  open_.erase(found);
  return number;
}

void Socket::forget(const std::string& id) {
  if (const auto number = remove(id)) service_.feeds().close(call_->namespace_name, *number);
}

void Socket::gone() {
  std::map<std::string, Open> open;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(gone_, true)) return;
    open.swap(open_);
  }
  if (call_->credential) call_->credential->unguard(this);
  for (const auto& [id, one] : open) service_.feeds().close(call_->namespace_name, one.number);
  service_.metrics().streams_open.fetch_sub(1, std::memory_order_relaxed);
}

}  // namespace

void run_web_socket(Service& service, const CallPtr& call) {
  if (!net::is_upgrade(call->request)) {
    return call->refuse({ErrorCode::kInvalidRequest,
                         "This path is for WebSockets: send `Connection: Upgrade`, `Upgrade: websocket`, "
                         "`Sec-WebSocket-Version: 13` and a Sec-WebSocket-Key. GET /api/v1/events/stream gives the "
                         "same events to other clients."});
  }
  if (auto request = call->decode<NoFields>(); !request) return call->refuse(request.error());
  if (auto room = service.take_stream(); !room) return call->refuse(room.error());
  const bool named = offers_protocol(call->request, kSocketProtocol);
  std::make_shared<Socket>(service, call)->start(named ? std::string(kSocketProtocol) : "");
}

}  // namespace arbiter::api
