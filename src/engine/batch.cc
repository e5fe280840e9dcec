// Between the core's words and the store's: events to rows, changes to puts, and back at load.
#include "base/check.h"
#include "engine/namespace.h"

namespace arbiter::engine {

void PendingBatch::encode() {
  batch.events.reserve(events.size());
  for (const core::Event& event : events) {
    core::EventRecord record = core::to_record(event);
    if (record.has_document) {
      batch.documents.push_back({record.position, std::move(record.document_spec), std::string(record.document_body)});
    }
    batch.events.push_back({record.position, record.time, std::move(record.type), std::move(record.entity),
                            std::move(record.tags), std::move(record.data), std::move(record.metadata)});
  }
}

store::EntityPut to_put(core::EntityChange&& change) {
  store::EntityPut put{std::move(change.kind), std::move(change.id), std::move(change.body), change.document, {},
                       change.revived};
  if (change.ended) {
    put.ended = store::EndedInfo{change.ended_position, change.ended_at, std::move(change.state),
                                 std::move(change.queue), std::move(change.type)};
  }
  return put;
}

base::Result<Loaded> load(store::Journal& journal, const core::CoreLimits& limits, base::Now now) {
  Loaded loaded;
  loaded.journal = journal.state();
  loaded.core = std::make_unique<core::Core>(limits, loaded.journal.seed);
  core::State& state = loaded.core->state();
  base::Result<void> readable;
  auto ok = journal.load([&](const store::LoadedEntity& e) {
    if (!readable) return;
    readable = state.load({e.kind, e.id, e.body, e.document, e.spec, e.document_body, e.document_bytes});
  });
  if (!ok) return base::fail(ok.error());
  if (!readable) return base::fail(readable.error());
  ok = journal.load_idempotency([&](const store::IdempotencyRecord& r) { loaded.idempotency.emplace(r.key, r); });
  if (!ok) return base::fail(ok.error());
  state.position = loaded.journal.head;
  loaded.at_ms = std::max(now.now.ms, loaded.journal.last_time.ms);
  state.finish_load(loaded.at_ms);
  return loaded;
}

}  // namespace arbiter::engine
