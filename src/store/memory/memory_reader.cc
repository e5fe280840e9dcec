#include "store/memory/memory_reader.h"

#include <algorithm>
#include <limits>

#include "store/filters.h"

namespace arbiter::store::memory {
namespace {

std::size_t page_rows(std::size_t limit) { return std::clamp<std::size_t>(limit, 1, kPageRowsMax); }

FoundEntity found_entity(const Namespace& data, const EntityKey& key, const std::string& body, Position document,
                         bool ended) {
  FoundEntity out{.key = key,
                  .body = body,
                  .document_position = document,
                  .spec = {},
                  .document_body = {},
                  .document_bytes = 0,
                  .ended = ended};
  const auto found = data.documents.find(document);
  if (found == data.documents.end()) return out;
  out.spec = found->second.spec;
  out.document_bytes = found->second.body.size();
  if (out.document_bytes <= kDocumentInlineBytesMax) out.document_body = found->second.body;
  return out;
}

}  // namespace

base::Result<Lookup> MemoryReader::lookup(const std::vector<EntityKey>& keys) {
  const std::lock_guard lock(data_->mutex);
  Lookup out;
  out.head = data_->state.head;
  for (const auto& key : keys) {
    if (const auto live = data_->live.find(key); live != data_->live.end()) {
      out.found.push_back(found_entity(*data_, key, live->second.body, live->second.document, /*ended=*/false));
    } else if (const auto ended = data_->ended.find(key); ended != data_->ended.end()) {
      out.found.push_back(found_entity(*data_, key, ended->second.body, ended->second.document, /*ended=*/true));
    }
  }
  return out;
}

base::Result<EventPage> MemoryReader::events(const EventQuery& query) {
  const std::lock_guard lock(data_->mutex);
  const Position newest = data_->state.head;
  const Position end = query.up_to == 0 ? newest : std::min(query.up_to, newest);
  EventPage page;
  page.oldest = data_->events.empty() ? data_->state.head + 1 : data_->events.front().position;
  for (const auto& [from, to] : data_->gaps) {
    if (from < query.after && query.after <= to) page.lost_after = from;
  }
  page.scanned_to = std::max(end, query.after);
  std::size_t scanned = 0;
  auto it = std::upper_bound(data_->events.begin(), data_->events.end(), query.after,
                             [](Position after, const EventRow& event) { return after < event.position; });
  for (; it != data_->events.end() && it->position <= end; ++it) {
    if (page.events.size() >= page_rows(query.limit) || ++scanned > kScanRowsMax) {
      page.scanned_to = it->position - 1;
      page.more = true;
      break;
    }
    if (type_matches(it->type, query.types) && has_tags(*it, query.tags)) page.events.push_back(*it);
  }
  return page;
}

base::Result<EndedPage> MemoryReader::ended(const EndedQuery& query) {
  const std::lock_guard lock(data_->mutex);
  const auto& order = data_->ended_order[query.kind];
  EndedPage page;
  page.scanned_to = query.before == 0 ? std::numeric_limits<std::int64_t>::max() : query.before;
  std::size_t scanned = 0;
  auto it = std::make_reverse_iterator(order.lower_bound({page.scanned_to, std::string()}));
  for (; it != order.rend(); ++it) {
    // Entities that one event ended are never parted by a page's end.
    const bool next_event = it->first != page.scanned_to;
    if (next_event && (page.entities.size() >= page_rows(query.limit) || ++scanned > kScanRowsMax)) {
      page.more = true;
      break;
    }
    page.scanned_to = it->first;
    const EndedEntity& entity = data_->ended.at({query.kind, it->second});
    if (ended_matches(query, entity.info.state, entity.info.queue, entity.info.type)) page.entities.push_back(entity);
  }
  if (!page.more) page.scanned_to = 0;
  return page;
}

base::Result<Document> MemoryReader::document(Position position) {
  const std::lock_guard lock(data_->mutex);
  const auto found = data_->documents.find(position);
  if (found != data_->documents.end()) return found->second;
  return base::fail({base::ErrorCode::kNotFound, "This document is no longer kept."});
}

base::Result<LogPage> MemoryReader::log(const std::string& task, std::uint64_t sequence, std::size_t limit) {
  const std::lock_guard lock(data_->mutex);
  LogPage page;
  page.next = sequence;
  const auto found = data_->logs.find(task);
  if (found == data_->logs.end()) return page;
  page.truncated = found->second.truncated;
  const auto& lines = found->second.lines;
  for (auto i = std::min<std::size_t>(sequence, lines.size()); i < lines.size(); ++i) {
    if (page.lines.size() >= page_rows(limit)) break;
    page.lines.push_back(lines[i]);
    page.next = lines[i].sequence;
  }
  return page;
}

base::Result<BlobPart> MemoryReader::blob(const std::string& id, std::uint64_t offset, std::size_t limit) {
  const std::lock_guard lock(data_->mutex);
  const auto found = data_->blobs.find(id);
  if (found == data_->blobs.end()) return base::fail({base::ErrorCode::kNotFound, "There is no blob " + id + "."});
  const std::string& bytes = found->second.bytes;
  const std::size_t from = std::min<std::size_t>(offset, bytes.size());
  return BlobPart{bytes.substr(from, std::min(limit, kBlobChunkBytesMax)), bytes.size()};
}

}  // namespace arbiter::store::memory
