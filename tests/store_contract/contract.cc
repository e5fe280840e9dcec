#include "contract.h"

#include <cstdlib>

#include "base/check.h"
#include "store/memory/memory_store.h"
#include "store/sqlite/sqlite_store.h"

namespace arbiter::store {

TemporaryDirectory::TemporaryDirectory(const std::filesystem::path& parent) {
  std::string name = (parent / "arbiter-store-XXXXXX").string();
  CHECK(::mkdtemp(name.data()) != nullptr);
  path_ = name;
}
TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void Bench::reopen() {
  journal_.reset();
  auto opened = store_.open("default", 42);
  ASSERT_TRUE(opened) << opened.error().message;
  journal_ = std::move(*opened);
}

EventRow& Bench::event(Batch& batch, const std::string& type, const std::string& entity) const {
  EventRow& event = batch.events.emplace_back();
  event.position = journal_->state().head + batch.events.size();
  event.time = now;
  event.type = type;
  event.entity = entity;
  event.data = "{}";
  event.metadata = "{}";
  return event;
}

base::Result<void> Bench::submit(const std::string& id, const std::string& payload) {
  Batch b = batch();
  const Position position = event(b, "TASK.SUBMITTED.SUCCESS", "task:" + id).position;
  b.puts.push_back(live_task(id, R"({"state":"queued"})", position));
  b.documents.push_back({position, R"({"type":"build"})", payload});
  return commit(b);
}

base::Result<void> Bench::end(const std::string& id, const std::string& state, const std::string& queue,
                              const std::string& type) {
  const auto before = find(id);
  Batch b = batch();
  const Position position = event(b, "TASK.COMPLETED.SUCCESS", "task:" + id).position;
  EntityPut put = live_task(id, R"({"state":")" + state + "\"}", before ? before->document_position : 0);
  put.ended = EndedInfo{position, now, state, queue, type};
  b.puts.push_back(put);
  b.documents.push_back({position, "", R"({"result":1})"});
  return commit(b);
}

std::vector<Loaded> Bench::load() {
  std::vector<Loaded> out;
  const auto loaded = journal_->load([&](const LoadedEntity& e) {
    out.push_back({std::string(e.kind), std::string(e.id), std::string(e.body), std::string(e.spec),
                   std::string(e.document_body), e.document, e.document_bytes});
  });
  EXPECT_TRUE(loaded) << loaded.error().message;
  return out;
}

std::vector<std::string> Bench::live_ids() {
  std::vector<std::string> out;
  for (auto& entity : load()) out.push_back(std::move(entity.id));
  return out;
}

std::vector<std::string> Bench::ended_ids(const EndedQuery& query) {
  const auto page = reader().ended(query);
  EXPECT_TRUE(page) << page.error().message;
  std::vector<std::string> out;
  for (const auto& entity : page->entities) out.push_back(entity.id);
  return out;
}

std::vector<Position> Bench::positions(const EventQuery& query) {
  const auto page = reader().events(query);
  EXPECT_TRUE(page) << page.error().message;
  std::vector<Position> out;
  for (const auto& event : page->events) out.push_back(event.position);
  return out;
}

std::optional<FoundEntity> Bench::find(const std::string& id) {
  const auto found = reader().lookup({{"task", id}});
  EXPECT_TRUE(found) << found.error().message;
  if (found->found.empty()) return std::nullopt;
  return found->found.front();
}

std::vector<StoreKind> all_stores() {
  return {{"Memory", [](const std::filesystem::path&) { return std::make_unique<MemoryStore>(); }},
          {"Sqlite", [](const std::filesystem::path& directory) {
             auto opened = open_sqlite_store(directory);
             EXPECT_TRUE(opened) << opened.error().message;
             return std::move(*opened);
           }}};
}

EntityPut live_task(const std::string& id, const std::string& body, Position document) {
  EntityPut put;
  put.kind = "task";
  put.id = id;
  put.body = body;
  put.document = document;
  return put;
}

base::ErrorCode code_of(const base::Result<void>& outcome) {
  return outcome ? base::ErrorCode::kInternal : outcome.error().code;
}

}  // namespace arbiter::store
