#include "store/memory/namespace_data.h"

#include <algorithm>

#include "store/blobs.h"
#include "store/filters.h"

namespace arbiter::store::memory {
namespace {

void drop_ended(Namespace& data, const EntityKey& key) {
  const auto found = data.ended.find(key);
  if (found == data.ended.end()) return;
  data.ended_order[key.kind].erase({found->second.info.ended_position, key.id});
  data.ended.erase(found);
}

void put(Namespace& data, const EntityPut& put) {
  const EntityKey key{put.kind, put.id};
  if (put.revived || put.ended) drop_ended(data, key);
  if (!put.ended) {
    data.live[key] = {put.body, put.document};
    return;
  }
  data.live.erase(key);
  data.ended[key] = {put.id, put.body, put.document, *put.ended};
  data.ended_order[put.kind].emplace(put.ended->ended_position, put.id);
}

void append_log(TaskLog& log, const std::vector<LogLine>& lines) {
  for (const auto& line : lines) {
    log.truncated = log.truncated || log.bytes + line.text.size() > kTaskLogBytesMax;
    if (log.truncated) return;
    log.bytes += line.text.size();
    log.lines.push_back(line);
    log.lines.back().sequence = log.lines.size();
  }
}

void release_blobs(Namespace& data, const EntityKey& key) {
  for (auto& [id, blob] : data.blobs) blob.uses.erase(key);
}

// Rows that one step of retention may still delete.
struct Budget {
  std::size_t left;
  bool spend(std::size_t rows = 1) { return (left -= std::min(left, rows)) > 0; }
};

void delete_idempotency(Namespace& data, const RetentionLimits& limits, Budget& budget) {
  std::vector<std::pair<std::int64_t, std::string>> by_expiry;
  by_expiry.reserve(data.idempotency.size());
  for (const auto& [key, record] : data.idempotency) by_expiry.emplace_back(record.expires_at.ms, key);
  std::sort(by_expiry.begin(), by_expiry.end());
  const std::size_t surplus = by_expiry.size() - std::min(by_expiry.size(), limits.idempotency_keys_max);
  for (std::size_t i = 0; i < by_expiry.size() && budget.left > 0; ++i) {
    if (by_expiry[i].first >= limits.now.ms && i >= surplus) break;
    data.idempotency.erase(by_expiry[i].second);
    (void)budget.spend();
  }
}

void delete_documents_of(Namespace& data, const EntityKey& key, const EndedEntity& entity, Budget& budget) {
  const std::string tag = key.kind + ':' + key.id;
  budget.spend(data.documents.erase(entity.document) + data.documents.erase(entity.info.ended_position));
  for (const auto& event : data.events) {
    if (event.position > entity.info.ended_position) break;
    if (event.entity == tag) budget.spend(data.documents.erase(event.position));
  }
}

void delete_ended(Namespace& data, base::Timestamp before, Budget& budget) {
  for (auto& [kind, order] : data.ended_order) {
    while (!order.empty() && budget.left > 0) {
      const EntityKey key{kind, order.begin()->second};
      const EndedEntity& entity = data.ended.at(key);
      if (entity.info.ended_at >= before) break;
      delete_documents_of(data, key, entity, budget);
      if (kind == "task") data.logs.erase(key.id);
      release_blobs(data, key);
      drop_ended(data, key);
      budget.spend();
    }
  }
}

bool needs_document(const Namespace& data, const EntityKey& key, Position position) {
  if (key.kind.empty() || data.live.contains(key)) return true;
  const auto found = data.ended.find(key);
  return found != data.ended.end() &&
         (found->second.document == position || found->second.info.ended_position == position);
}

void delete_events(Namespace& data, const RetentionLimits& limits, Budget& budget) {
  // The newest event always stays: it holds the head.
  while (budget.left > 0 && data.events.size() > 1) {
    const EventRow& event = data.events.front();
    const bool kept = limits.keep_events_from != 0 && event.position >= limits.keep_events_from;
    if (kept || event.time >= limits.ended_before) return;
    if (!needs_document(data, key_of_tag(event.entity), event.position)) data.documents.erase(event.position);
    data.events.pop_front();
    budget.spend();
  }
}

void delete_blobs(Namespace& data, base::Timestamp before, Budget& budget) {
  for (auto it = data.blobs.begin(); it != data.blobs.end() && budget.left > 0;) {
    const bool garbage = it->second.uses.empty() && it->second.written_at < before;
    it = garbage ? data.blobs.erase(it) : std::next(it);
    if (garbage) budget.spend();
  }
}

}  // namespace

base::Result<void> append(Namespace& data, const BlobChunk& chunk) {
  const auto found = data.blobs.find(chunk.blob);
  const bool is_new = found == data.blobs.end();
  const auto step = next_step(chunk, is_new ? 0 : found->second.bytes.size(), !is_new && !found->second.uses.empty());
  if (!step) return base::fail(step.error());
  if (*step == BlobStep::kThereAlready) return {};
  Blob& blob = data.blobs[chunk.blob];
  blob.bytes += chunk.bytes;
  blob.written_at = chunk.time;
  return {};
}

base::Result<void> check_blobs(const Namespace& data, const Batch& batch) {
  for (const auto& reference : batch.blobs) {
    const auto found = data.blobs.find(reference.blob);
    const std::uint64_t size = found == data.blobs.end() ? 0 : found->second.bytes.size();
    if (size != reference.size) return base::fail(missing_blob(reference, size));
  }
  return {};
}

void apply(Namespace& data, const Batch& batch) {
  for (const auto& event : batch.events) data.events.push_back(event);
  if (!batch.events.empty()) {
    data.state.head = batch.events.back().position;
    data.state.last_time = batch.events.back().time;
  }
  for (const auto& key : batch.deletes) {
    data.live.erase(key);
    release_blobs(data, key);
  }
  for (const auto& entity : batch.puts) put(data, entity);
  for (const auto& document : batch.documents) data.documents[document.position] = document;
  for (const auto& record : batch.idempotency) data.idempotency[record.key] = record;
  for (const auto& log : batch.logs) append_log(data.logs[log.task], log.lines);
  for (const auto& reference : batch.blobs) data.blobs.at(reference.blob).uses.insert(reference.entity);
}

bool retain_step(Namespace& data, const RetentionLimits& limits) {
  Budget budget{std::max<std::size_t>(limits.rows_max, 1)};
  delete_idempotency(data, limits, budget);
  delete_ended(data, limits.ended_before, budget);
  delete_events(data, limits, budget);
  delete_blobs(data, limits.blobs_before, budget);
  return budget.left == 0;
}

}  // namespace arbiter::store::memory
