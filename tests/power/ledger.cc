#include "ledger.h"

#include <functional>

namespace arbiter::power {
namespace {

constexpr std::size_t kShortBytes = 80;

std::string brief(std::string_view text) {
  if (text.size() <= kShortBytes) return std::string(text);
  return std::to_string(text.size()) + " bytes of hash " + std::to_string(std::hash<std::string_view>{}(text));
}

void add(std::string& out, std::initializer_list<std::string> parts) {
  for (const auto& part : parts) out += part + '|';
  out += '\n';
}

void dump_events(store::Reader& reader, std::string& out) {
  store::EventQuery query;
  query.limit = store::kPageRowsMax;
  for (bool more = true; more;) {
    const auto page = reader.events(query);
    if (!page) return add(out, {"events cannot be read", page.error().message});
    for (const auto& e : page->events) {
      std::string tags;
      for (const auto& tag : e.tags) tags += tag + ',';
      add(out, {"event", std::to_string(e.position), std::to_string(e.time.ms), e.type, e.entity, tags, brief(e.data),
                brief(e.metadata)});
      if (const auto document = reader.document(e.position)) {
        add(out, {"document", brief(document->spec), brief(document->body)});
      }
    }
    query.after = page->scanned_to;
    more = page->more;
  }
}

void dump_ended(store::Reader& reader, std::string& out) {
  store::EndedQuery query;
  query.kind = "task";
  query.limit = store::kPageRowsMax;
  const auto page = reader.ended(query);
  if (!page) return add(out, {"ended tasks cannot be read", page.error().message});
  for (const auto& e : page->entities) {
    add(out, {"ended", e.id, brief(e.body), std::to_string(e.document), std::to_string(e.info.ended_position),
              std::to_string(e.info.ended_at.ms), e.info.state, e.info.queue, e.info.type});
    const auto log = reader.log(e.id, 0, store::kPageRowsMax);
    if (!log) return add(out, {"a log cannot be read", log.error().message});
    for (const auto& line : log->lines) add(out, {"line", std::to_string(line.sequence), brief(line.text)});
  }
}

void dump_blobs(store::Reader& reader, std::string& out) {
  for (std::size_t i = 1; i <= kBlobsMax; ++i) {
    const std::string id = "blob" + std::to_string(i);
    if (const auto part = reader.blob(id, 0, store::kBlobChunkBytesMax)) {
      add(out, {id, std::to_string(part->size), brief(part->bytes)});
    }
  }
}

}  // namespace

std::string dump(store::Journal& journal) {
  std::string out;
  auto& reader = journal.reader();
  const auto loaded = journal.load([&](const store::LoadedEntity& e) {
    add(out, {"live", std::string(e.kind), std::string(e.id), brief(e.body), std::to_string(e.document), brief(e.spec),
              brief(e.document_body), std::to_string(e.document_bytes)});
    const auto log = reader.log(std::string(e.id), 0, store::kPageRowsMax);
    if (!log) return add(out, {"a log cannot be read", log.error().message});
    for (const auto& line : log->lines) add(out, {"line", std::to_string(line.sequence), brief(line.text)});
  });
  if (!loaded) add(out, {"entities cannot be read", loaded.error().message});
  const auto keys = journal.load_idempotency([&](const store::IdempotencyRecord& r) {
    add(out, {"key", r.key, r.fingerprint, std::to_string(r.status), brief(r.reply), std::to_string(r.expires_at.ms)});
  });
  if (!keys) add(out, {"keys cannot be read", keys.error().message});
  dump_events(reader, out);
  dump_ended(reader, out);
  dump_blobs(reader, out);
  add(out, {"head", std::to_string(journal.state().head), "seed", std::to_string(journal.state().seed)});
  return out;
}

}  // namespace arbiter::power
