// Reading what happened: the event log, the history of a task, its log lines, and the live stream of events.
#pragma once

#include <string>
#include <vector>

#include "api/feed.h"
#include "api/service.h"
#include "core/commands.h"
#include "store/journal.h"

namespace arbiter::api {

using EventPosition = base::Int<0, INT64_MAX>;
using EventLimit = base::Int<1, static_cast<std::int64_t>(store::kPageRowsMax)>;
using TypePatterns = base::List<base::Text<1, 128>, 0, 100>;
using Tags = base::List<base::Text<1, 256>, 0, 20>;

struct EventView {
  std::int64_t position = 0;
  std::string id;
  std::string type;
  std::vector<std::string> tags;
  base::Timestamp time;
  base::RawJson data;
  base::RawJson metadata;
};
BOOST_DESCRIBE_STRUCT(EventView, (), (position, id, type, tags, time, data, metadata))
[[nodiscard]] EventView view_of(const store::EventRow& row);

struct QueryEvents {
  EventPosition after{0};
  TypePatterns types;  // any of; `TASK.*` matches by prefix
  Tags tags;           // all of
  EventLimit limit{100};
};
BOOST_DESCRIBE_STRUCT(QueryEvents, (), (after, types, tags, limit))
struct EventList {
  std::vector<EventView> items;
  std::optional<std::string> next_cursor;  // the `after` of the next page
};
BOOST_DESCRIBE_STRUCT(EventList, (), (items, next_cursor))

struct StreamEvents {
  std::optional<EventPosition> after;  // else Last-Event-ID, else from now on
  TypePatterns types;
  Tags tags;
  std::optional<base::Name> task;                // only events of this task
  decltype(core::TakeSnapshot::parts) snapshot;  // begin with the present state of these; without `after`
};
BOOST_DESCRIBE_STRUCT(StreamEvents, (), (after, types, tags, task, snapshot))
// What a client asks for as a subscription. kInvalidRequest: fields that do not go together.
[[nodiscard]] base::Result<Subscription> subscription_of(const StreamEvents& request);

struct GetHistory {
  static constexpr std::array kRequired{"id"};
  base::Name id;
  EventPosition after{0};
  EventLimit limit{1'000};
};
BOOST_DESCRIBE_STRUCT(GetHistory, (), (id, after, limit))

struct GetLog {
  static constexpr std::array kRequired{"id"};
  base::Name id;
  base::Int<0, INT64_MAX> after{0};
  EventLimit limit{1'000};
};
BOOST_DESCRIBE_STRUCT(GetLog, (), (id, after, limit))
struct LogLineView {
  std::int64_t sequence = 0;
  base::Timestamp time;
  std::int64_t attempt = 0;
  std::string text;
};
BOOST_DESCRIBE_STRUCT(LogLineView, (), (sequence, time, attempt, text))
struct LogView {
  std::vector<LogLineView> items;
  std::int64_t next = 0;   // the `after` of the next page, also when no more lines are there yet
  bool truncated = false;  // lines were dropped at the cap
};
BOOST_DESCRIBE_STRUCT(LogView, (), (items, next, truncated))

// A query that begins below what retention has left, or in what a restore has lost; and its refusal.
[[nodiscard]] bool is_truncated(const store::EventQuery& query, const store::EventPage& page);
[[nodiscard]] base::Error truncated(const store::EventPage& page);

void run_query_events(Service& service, const CallPtr& call);
void run_stream_events(Service& service, const CallPtr& call);
void run_web_socket(Service& service, const CallPtr& call);
void run_get_history(Service& service, const CallPtr& call);
void run_get_log(Service& service, const CallPtr& call);

}  // namespace arbiter::api
