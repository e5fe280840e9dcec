#include "cli/top/picture.h"

#include <set>

#include "cli/fields.h"

namespace arbiter::cli::top {
namespace {

using base::ErrorCode;
using base::fail;

std::string limited(const std::string& path, std::size_t limit) {
  return path + client::query({{"limit", std::to_string(limit)}});
}

Result<json::array> list(client::Http& http, const std::string& path) {
  auto page = http.get(path, kRequestMs);
  if (!page) return fail(page.error());
  return items(*page);
}

Result<json::array> list_tasks(client::Http& http) {
  const auto limit = std::to_string(kTasksListed);
  auto tasks = list(http, "/api/v1/tasks" + client::query({{"state", "running,assigned,suspended"}, {"limit", limit}}));
  if (!tasks) return tasks;
  auto newest = list(http, "/api/v1/tasks" + client::query({{"limit", limit}}));
  if (!newest) return newest;
  std::set<std::string> seen;
  for (const auto& task : *tasks) seen.insert(text(task, "id"));
  for (auto& task : *newest) {
    if (!seen.contains(text(task, "id"))) tasks->push_back(std::move(task));
  }
  return tasks;
}

// A server that knows no inbox has none.
Result<json::value> get_inbox(client::Http& http) {
  auto inbox = http.get(limited("/api/v1/inbox", kListed), kRequestMs);
  if (!inbox && inbox.error().code == ErrorCode::kNotFound) return json::value();
  return inbox;
}

std::int64_t head_of(const Picture& picture) {
  for (const auto& one : items(picture.status, "namespaces")) {
    if (text(one, "name") == picture.namespace_name) return number(one, "head");
  }
  return picture.position;
}

// Only the latest, however many there were.
Result<void> add_events(client::Http& http, Picture& picture) {
  const auto head = head_of(picture);
  const auto kept = static_cast<std::int64_t>(kEventsKept);
  if (head < picture.position) {  // Another history: the server has other data than before.
    picture.events.clear();
    picture.position = 0;
  }
  if (head == picture.position) return {};
  const auto after = std::max(picture.position, head - kept);
  auto page = list(http, "/api/v1/events" +
                             client::query({{"after", std::to_string(after)}, {"limit", std::to_string(kEventsKept)}}));
  if (!page && page.error().code == ErrorCode::kHistoryTruncated) page = json::array();
  if (!page) return fail(page.error());
  for (auto& event : *page) picture.events.push_back(std::move(event));
  if (picture.events.size() > kEventsKept) {
    picture.events.erase(picture.events.begin(),
                         picture.events.begin() + static_cast<std::ptrdiff_t>(picture.events.size() - kEventsKept));
  }
  picture.position = page->empty() ? head : number(picture.events.back(), "position");
  return {};
}

}  // namespace

Result<void> refresh(client::Http& http, Picture& picture) {
  Picture fresh;
  fresh.url = http.endpoint().url();
  if (!http.endpoint().namespace_name.empty()) fresh.namespace_name = http.endpoint().namespace_name;
  // The first request opens the namespace, so that the status tells of it.
  auto workers = list(http, limited("/api/v1/workers", kListed));
  if (!workers) return fail(workers.error());
  fresh.workers = std::move(*workers);
  auto status = http.get("/api/v1/status", kRequestMs);
  if (!status) return fail(status.error());
  fresh.status = std::move(*status);
  auto queues = list(http, limited("/api/v1/queues", kListed));
  if (!queues) return fail(queues.error());
  fresh.queues = std::move(*queues);
  auto tasks = list_tasks(http);
  if (!tasks) return fail(tasks.error());
  fresh.tasks = std::move(*tasks);
  auto inbox = get_inbox(http);
  if (!inbox) return fail(inbox.error());
  fresh.inbox = std::move(*inbox);
  fresh.position = picture.position;
  fresh.events = picture.events;
  if (auto added = add_events(http, fresh); !added) return added;
  base::Timestamp started;
  if (base::from_rfc3339(text(fresh.status, "startedAt"), started)) {
    fresh.at = {started.ms + number(fresh.status, "uptimeMs")};
  }
  picture = std::move(fresh);
  return {};
}

json::object as_json(const Picture& picture) {
  return {{"url", picture.url},
          {"namespace", picture.namespace_name},
          {"at", base::to_rfc3339(picture.at)},
          {"status", picture.status},
          {"inbox", picture.inbox},
          {"workers", picture.workers},
          {"queues", picture.queues},
          {"tasks", picture.tasks},
          {"events", picture.events},
          {"position", picture.position}};
}

}  // namespace arbiter::cli::top
