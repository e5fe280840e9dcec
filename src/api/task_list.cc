#include "api/task_list.h"

#include <charconv>

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
constexpr std::string_view kCorePage = "l:";
constexpr std::string_view kEndedPage = "e:";

struct Listing {
  ListTasks request;
  bool in_core = true;  // begins with what the core has: live tasks, and those that live ones hang on
  bool ended = true;    // goes on with the ended ones of the store
  Position before = 0;
};

base::Error foreign_cursor() {
  return {ErrorCode::kInvalidRequest, "Some fields are not valid.", {{"cursor", "is not from this list"}}};
}

bool read_position(std::string_view text, Position& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

base::Result<Listing> read_listing(Call& call) {
  auto request = call.decode<ListTasks>();
  if (!request) return base::fail(request.error());
  Listing listing{std::move(*request)};
  const auto& states = listing.request.state;
  listing.ended = states.empty() || std::any_of(states.begin(), states.end(), core::is_ended);
  if (!listing.request.cursor) return listing;
  const std::string cursor = std::exchange(listing.request.cursor, {})->value;
  Position position = 0;
  if (!read_position(std::string_view(cursor).substr(std::min(cursor.size(), kCorePage.size())), position)) {
    return base::fail(foreign_cursor());
  }
  if (cursor.starts_with(kCorePage)) {
    listing.request.cursor = std::to_string(position);
  } else if (cursor.starts_with(kEndedPage) && listing.ended) {
    listing.in_core = false;
    listing.before = position;
  } else {
    return base::fail(foreign_cursor());
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
  return core::ended_views(stored);
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
  list.next_cursor = std::string(kEndedPage) + std::to_string(query.before);
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
    list.next_cursor = std::string(kCorePage) + *list.next_cursor;
  } else if (listing.ended && !is_full) {
    return answer_ended(service, call, listing, std::move(list));
  } else if (listing.ended) {
    list.next_cursor = std::string(kEndedPage) + "0";
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
