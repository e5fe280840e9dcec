// One WebSocket (RFC 6455) between the bytes of its connection and the messages of its handler. The protocol is
// Beast's, over a stream that exists only in memory: the connection stays the one that reads, writes and keeps the
// deadlines of the socket, with TLS or without.
//
// Everything runs on the connection's strand.
//
// | what a client does                               | what it gets                              |
// | ------------------------------------------------ | ----------------------------------------- |
// | a frame that is unmasked or otherwise malformed  | close 1002                                |
// | a message that is not UTF-8                      | close 1007                                |
// | a binary message                                 | close 1003                                |
// | a message over web_socket_message_bytes_max      | close 1009                                |
// | more bytes than a message of full size a second  | close 1008                                |
// | more messages than web_socket_messages_per_second | close 1008                               |
// | (the handler closes with a reason)               | what is queued, then close 1008           |
// | nothing, not even a pong, for the idle time-out  | the connection ends                       |
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/message_queue.h"
#include "net/server.h"

namespace arbiter::net {

using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;

class WebSocketSession {
 public:
  virtual ~WebSocketSession() = default;
  // Answers the upgrade and reads messages from then on.
  virtual void start() = 0;
  // Takes as many of the client's bytes as it can now; the rest is offered again.
  [[nodiscard]] virtual std::size_t receive(std::string_view bytes) = 0;
  // The bytes for the client since the last call; output_sent() when the socket has them all.
  [[nodiscard]] virtual std::string take_output() = 0;
  virtual void output_sent() = 0;
  // The handler's queue has something, or has ended.
  virtual void look() = 0;
  // The server ends.
  virtual void drain() = 0;
  // Nothing more will be read or written.
  [[nodiscard]] virtual bool finished() const = 0;
  // The connection is gone: what is under way ends.
  virtual void abort() = 0;
};

struct WebSocketSetup {
  Request request;
  std::string protocol;  // the subprotocol to answer with; empty: none
  std::string request_id;
  Limits limits;
  std::shared_ptr<MessageQueue> queue;
  std::function<void(std::string)> message;
  std::function<void()> wake;  // there is output, or it takes bytes again
};

[[nodiscard]] std::shared_ptr<WebSocketSession> make_web_socket_session(const Strand& strand, WebSocketSetup setup);

}  // namespace arbiter::net
