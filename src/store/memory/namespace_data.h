// What the memory store holds of one namespace, and the writes on it.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/journal.h"

namespace arbiter::store::memory {

struct LiveEntity {
  std::string body;
  Position document = 0;
};
struct TaskLog {
  std::vector<LogLine> lines;
  std::size_t bytes = 0;
  bool truncated = false;
};

struct Blob {
  std::string bytes;
  base::Timestamp written_at;
  std::set<EntityKey> uses;
};

struct Namespace {
  std::mutex mutex;  // Guards all below.
  JournalState state;
  bool device_failed = false;
  std::deque<EventRow> events;
  std::map<EntityKey, LiveEntity> live;
  std::map<EntityKey, EndedEntity> ended;
  std::map<std::string, std::set<std::pair<Position, std::string>>> ended_order;  // By kind: position and id.
  std::map<Position, Document> documents;
  std::map<std::string, IdempotencyRecord> idempotency;
  std::map<std::string, TaskLog> logs;
  std::map<std::string, Blob> blobs;
  std::map<Position, Position> gaps;  // That restores left: after the first up to the second.
};

// These expect the mutex to be held.
[[nodiscard]] base::Result<void> append(Namespace& data, const BlobChunk& chunk);
// Whether each blob that the batch refers to is there.
[[nodiscard]] base::Result<void> check_blobs(const Namespace& data, const Batch& batch);
void apply(Namespace& data, const Batch& batch);
[[nodiscard]] bool retain_step(Namespace& data, const RetentionLimits& limits);

}  // namespace arbiter::store::memory
