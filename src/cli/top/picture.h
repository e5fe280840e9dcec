// What `arbiter top` shows: the state of one namespace at one moment, as the server told it.
#pragma once

#include <boost/json.hpp>
#include <string>

#include "base/result.h"
#include "base/values.h"
#include "client/http.h"

namespace arbiter::cli::top {

namespace json = boost::json;
using base::Result;

inline constexpr std::size_t kEventsKept = 200;
inline constexpr std::size_t kTasksListed = 200;  // of each kind: those that are worked on, and the newest
inline constexpr std::size_t kListed = 1'000;     // workers, queues, things that wait for a person
inline constexpr int kRequestMs = 5'000;

struct Picture {
  std::string url;
  std::string namespace_name = "default";
  json::value status;  // of the server
  json::value inbox;   // with `items` and `open`; null for a server that has none
  json::array workers;
  json::array queues;
  json::array tasks;          // those that are worked on first, then the newest others
  json::array events;         // the latest, oldest first
  std::int64_t position = 0;  // of the last event that was seen
  base::Timestamp at;         // the server's time
};

// Brings `picture` up to the present. On an error it is as it was, and the next call goes on from there: events that
// came meanwhile are not missed, unless there were more than kEventsKept.
[[nodiscard]] Result<void> refresh(client::Http& http, Picture& picture);

// For programs.
[[nodiscard]] json::object as_json(const Picture& picture);

}  // namespace arbiter::cli::top
