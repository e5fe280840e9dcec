#include "api/task_list.h"

#include "api/task_cursor.h"
#include "core/views.h"

namespace arbiter::api {
namespace {

using base::ErrorCode;
using core::ListTasks;
using core::TaskList;
using core::TaskState;
using core::TaskView;
using store::Position;

constexpr std::size_t kEndedScannedMax = 10'000;  // ended tasks that one request looks at

struct Listing {
  ListTasks request;
  bool in_core = true;  // begins with what the core has: live tasks, and those that live ones hang on
  bool ended = true;    // goes on with the ended ones of the store
  Position before = 0;
};

base::Error foreign_cursor() {
  return {ErrorCode::kInvalidRequest, "Some fields are not valid.", {{"cursor", "is not from this list"}}};
}

base::Result<Listing> read_listing(Call& call) {
  auto request = call.decode<ListTasks>();
  if (!request) return base::fail(request.error());
  Listing listing{std::move(*request)};
  const auto& states = listing.request.state;
  listing.ended = states.empty() || std::any_of(states.begin(), states.end(), core::is_ended);
  if (!listing.request.cursor) return listing;
  const auto cursor = read_cursor(std::exchange(listing.request.cursor, {})->value);
  if (!cursor || (cursor->ended && !listing.ended)) return base::fail(foreign_cursor());
  if (cursor->ended) {
    listing.in_core = false;
    listing.before = cursor->position;
  } else {
    listing.request.cursor = std::to_string(cursor->position);
  }
  return listing;
}

bool matches(const TaskView& task, const ListTasks& request) {
  if (request.worker_id && (!task.worker_id || *task.worker_id != request.worker_id->value)) return false;
  if (request.parent_id && (!task.parent_id || *task.parent_id != *request.parent_id)) return false;
  return !request.tag || std::find(task.tags.begin(), task.tags.end(), *request.tag) != task.tags.end();
}

// One page of ended tasks as views. Definitions are looked up for those that have more than their record shows.
base::Result<std::vector<TaskView>> views_of(const std::vector<store::EndedEntity>& entities, store::Reader& reader) {
  std::vector<store::EntityKey> keys;
  for (const auto& entity : entities) {
    if (core::needs_definition(entity.body)) keys.push_back({"task", entity.id});
  }
  store::Lookup definitions;
  if (!keys.empty()) {
    auto found = reader.lookup(keys);
    if (!found) return base::fail(found.error());
    definitions = std::move(*found);
  }
  std::map<std::string_view, std::string_view> specs;
  for (const auto& found : definitions.found) specs[found.key.id] = found.spec;
  std::vector<core::StoredEntity> stored;
  stored.reserve(entities.size());
  for (const auto& entity : entities) {
    const auto spec = specs.find(entity.id);
    stored.push_back({"task",
                      entity.id,
                      entity.body,
                      entity.document,
                      spec == specs.end() ? std::string_view() : spec->second,
                      {},
                      0});
  }
  auto views = core::ended_views(stored);
  if (!views) return base::fail({ErrorCode::kStoreUnavailable, views.error().message, {}, 0});
  return views;
}

// Fills the list up with ended tasks.
base::Result<void> add_ended(const Listing& listing, store::Reader& reader, TaskList& list) {
  const ListTasks& request = listing.request;
  store::EndedQuery query;
  query.kind = "task";
  for (const TaskState state : request.state) query.states.push_back(base::to_text(state));
  if (request.queue) query.queue = request.queue->value;
  if (request.type) query.type = request.type->value;
  query.before = listing.before;
  const auto limit = static_cast<std::size_t>(request.limit.value);
  for (std::size_t scanned = 0; list.items.size() < limit && scanned < kEndedScannedMax;) {
    query.limit = limit - list.items.size();
    auto page = reader.ended(query);
    if (!page) return base::fail(page.error());
    auto views = views_of(page->entities, reader);
    if (!views) return base::fail(views.error());
    for (auto& view : *views) {
      if (matches(view, request)) list.items.push_back(std::move(view));
    }
    if (!page->more) return {};
    query.before = page->scanned_to;
    scanned += std::max<std::size_t>(1, page->entities.size());
  }
  list.next_cursor = to_text({.ended = true, .position = query.before});
  return {};
}

void answer_ended(Service& service, const CallPtr& call, const Listing& listing, TaskList list) {
  auto shared = std::make_shared<TaskList>(std::move(list));
  service.read(call, [call, listing, shared](store::Reader& reader) {
    if (auto added = add_ended(listing, reader, *shared); !added) return call->refuse(added.error());
    call->reply_json(200, base::to_json(*shared));
  });
}

void take_core(Service& service, const CallPtr& call, const Listing& listing, TaskList list) {
  const bool is_full = static_cast<std::int64_t>(list.items.size()) >= listing.request.limit;
  if (list.next_cursor) {
    list.next_cursor = std::string(kLiveCursor) + *list.next_cursor;
  } else if (listing.ended && !is_full) {
    return answer_ended(service, call, listing, std::move(list));
  } else if (listing.ended) {
    list.next_cursor = to_text({.ended = true, .position = 0});
  }
  auto shared = std::make_shared<TaskList>(std::move(list));
  service.post([call, shared] { call->reply_json(200, base::to_json(*shared)); });
}

}  // namespace

void run_list_tasks(Service& service, const CallPtr& call) {
  auto listing = read_listing(*call);
  if (!listing) return call->refuse(listing.error());
  if (!listing->in_core) return answer_ended(service, call, *listing, {});
  service.execute(call, listing->request, /*waits=*/false, [&service, call, listing = *listing](engine::Answer answer) {
    if (!answer) return call->refuse(answer.error());
    take_core(service, call, listing, std::get<TaskList>(std::move(std::get<core::Reply>(*answer))));
  });
}

}  // namespace arbiter::api
