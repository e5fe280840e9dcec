#include "api/events.h"

#include "engine/event_id.h"

namespace arbiter::api {
namespace {

std::vector<std::string> texts(const auto& list) { return {list.begin(), list.end()}; }

void answer_events(const CallPtr& call, store::Reader& reader, const store::EventQuery& query) {
  auto page = reader.events(query);
  if (!page) return call->refuse(page.error());
  if (is_truncated(query, *page)) return call->refuse(truncated(*page));
  EventList list;
  list.items.reserve(page->events.size());
  for (const auto& row : page->events) list.items.push_back(view_of(row));
  if (page->more) list.next_cursor = std::to_string(page->scanned_to);
  call->reply_json(200, base::to_json(list));
}

// Runs `job` when there is such a task.
void with_task(Service& service, const CallPtr& call, const base::Name& id, std::function<void(store::Reader&)> job) {
  service.execute(call, core::GetTask{id, std::nullopt}, /*waits=*/false,
                  [&service, call, job = std::move(job)](engine::Answer answer) {
                    if (!answer) return call->refuse(answer.error());
                    service.read(call, job);
                  });
}

}  // namespace

bool is_truncated(const store::EventQuery& query, const store::EventPage& page) {
  return page.lost_after || (query.after > 0 && page.oldest > query.after + 1);
}

base::Error truncated(const store::EventPage& page) {
  if (page.lost_after) {
    const std::string last = std::to_string(*page.lost_after);
    return {base::ErrorCode::kHistoryTruncated,
            "This server was restored from a backup: the events after position " + last +
                " that were seen before are lost, with what they told. Go on with after=" + last +
                ", and read anew what you keep of later ones."};
  }
  const std::string before = std::to_string(page.oldest - 1);
  return {base::ErrorCode::kHistoryTruncated,
          "Events up to position " + before + " were deleted after their retention time. Go on with after=" + before +
              ", and read anew what you keep of earlier ones."};
}

EventView view_of(const store::EventRow& row) {
  EventView view;
  view.position = static_cast<std::int64_t>(row.position);
  view.id = engine::event_id(row);
  view.type = row.type;
  view.tags.reserve(row.tags.size() + 1);
  view.tags.push_back(row.entity);
  view.tags.insert(view.tags.end(), row.tags.begin(), row.tags.end());
  view.time = row.time;
  view.data = base::RawJson(row.data);
  view.metadata = base::RawJson(row.metadata);
  return view;
}

base::Result<Subscription> subscription_of(const StreamEvents& request) {
  Subscription subscription;
  subscription.types = texts(request.types);
  if (request.task) subscription.tags.push_back("task:" + request.task->value);
  for (const auto& tag : request.tags) subscription.tags.push_back(tag.value);
  if (request.after) subscription.after = static_cast<store::Position>(request.after->value);
  if (request.snapshot.empty()) return subscription;
  if (request.after) {
    return base::fail({base::ErrorCode::kInvalidRequest,
                       "Some fields are not valid.",
                       {{"after", "does not go with snapshot: a snapshot is of the present, and so are its events"}}});
  }
  subscription.snapshot.emplace();
  subscription.snapshot->parts = request.snapshot;
  subscription.snapshot->task = request.task;
  return subscription;
}

void run_query_events(Service& service, const CallPtr& call) {
  auto request = call->decode<QueryEvents>();
  if (!request) return call->refuse(request.error());
  store::EventQuery query;
  query.after = static_cast<store::Position>(request->after.value);
  query.types = texts(request->types);
  query.tags = texts(request->tags);
  query.limit = static_cast<std::size_t>(request->limit.value);
  service.read(call, [call, query = std::move(query)](store::Reader& reader) { answer_events(call, reader, query); });
}

void run_get_history(Service& service, const CallPtr& call) {
  auto request = call->decode<GetHistory>();
  if (!request) return call->refuse(request.error());
  store::EventQuery query;
  query.after = static_cast<store::Position>(request->after.value);
  query.tags = {"task:" + request->id.value};
  query.limit = static_cast<std::size_t>(request->limit.value);
  with_task(service, call, request->id,
            [call, query = std::move(query)](store::Reader& reader) { answer_events(call, reader, query); });
}

void run_get_log(Service& service, const CallPtr& call) {
  auto request = call->decode<GetLog>();
  if (!request) return call->refuse(request.error());
  with_task(service, call, request->id, [call, get = *request](store::Reader& reader) {
    auto page = reader.log(get.id.value, static_cast<std::uint64_t>(get.after.value),
                           static_cast<std::size_t>(get.limit.value));
    if (!page) return call->refuse(page.error());
    LogView view;
    view.items.reserve(page->lines.size());
    for (auto& line : page->lines) {
      view.items.push_back({static_cast<std::int64_t>(line.sequence), line.time, line.attempt, std::move(line.text)});
    }
    view.next = static_cast<std::int64_t>(page->next);
    view.truncated = page->truncated;
    call->reply_json(200, base::to_json(view));
  });
}

}  // namespace arbiter::api
