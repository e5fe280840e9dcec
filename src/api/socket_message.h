// What a client of /ws says. docs/guides/streams.md has the messages.
#pragma once

#include <variant>

#include "api/events.h"

namespace arbiter::api {

// `subscribe`: what a stream of server-sent events takes as parameters, and an id.
struct Subscribe {
  std::optional<std::string> type;
  std::optional<base::Name> id;  // by which the client calls the subscription; else one is made
  TypePatterns types;
  TypePatterns events;  // the same as types
  Tags tags;
  std::optional<base::Name> task;
  std::optional<EventPosition> after;
  decltype(core::TakeSnapshot::parts) snapshot;
};
BOOST_DESCRIBE_STRUCT(Subscribe, (), (type, id, types, events, tags, task, after, snapshot))

struct Unsubscribe {
  static constexpr std::array kRequired{"subscription"};
  std::optional<std::string> type;
  base::Name subscription;
};
BOOST_DESCRIBE_STRUCT(Unsubscribe, (), (type, subscription))

// For clients that cannot send the pings of the protocol, and want to know that the way to the server and back works.
struct Ping {
  std::optional<std::string> type;
};
BOOST_DESCRIBE_STRUCT(Ping, (), (type))

using SocketMessage = std::variant<Subscribe, Unsubscribe, Ping>;

// kInvalidRequest says what is wrong; `id` is then the one that the client gave, as far as it could be read.
[[nodiscard]] base::Result<SocketMessage> read_socket_message(const std::string& text, std::string& id);

}  // namespace arbiter::api
