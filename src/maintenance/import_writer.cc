#include "maintenance/import_writer.h"

namespace arbiter::maintenance {

using base::ErrorCode;
using base::fail;

namespace {

base::Error misplaced(const std::string& why) { return {ErrorCode::kIoError, why}; }

}  // namespace

base::Result<void> ImportWriter::take(ExportLine&& line) {
  return std::visit([this](auto&& one) { return put(std::forward<decltype(one)>(one)); }, std::move(line));
}

base::Result<void> ImportWriter::finish() { return flush(); }

void ImportWriter::begin_batch() {
  batch_ = {};
  batch_.epoch = journal_.state().epoch;
  entities_.clear();
  rows_ = bytes_ = 0;
}

base::Result<void> ImportWriter::flush() {
  if (batch_.empty() && !batch_.documents.empty()) return fail(misplaced("the documents before it belong to nothing"));
  auto written = journal_.commit(batch_);
  if (written) begin_batch();
  return written;
}

// Only before what is no document: a document goes with the event before it, or with the entity behind it, since a
// batch of documents alone is none.
base::Result<void> ImportWriter::make_room(std::size_t bytes) {
  loose_documents_ = 0;
  if (!batch_.empty() && (rows_ >= kImportBatchRowsMax || bytes_ + bytes > kImportBatchBytesMax)) {
    if (auto flushed = flush(); !flushed) return flushed;
  }
  ++rows_;
  bytes_ += bytes;
  return {};
}

base::Result<void> ImportWriter::put(EventLine&& e) {
  if (e.position <= head_) {
    return fail(
        misplaced("its position " + std::to_string(e.position) + " does not come after " + std::to_string(head_)));
  }
  if (auto room = make_room(e.data.text.size() + e.metadata.text.size()); !room) return room;
  if (e.position > head_ + 1) {
    if (auto flushed = flush(); !flushed) return flushed;
    if (auto skipped = journal_.skip_to(e.position - 1, journal_.state().epoch + 1); !skipped) return skipped;
    batch_.epoch = journal_.state().epoch;
  }
  head_ = e.position;
  batch_.events.push_back({e.position, e.time, std::move(e.type), std::move(e.entity), std::move(e.tags),
                           std::move(e.data.text), std::move(e.metadata.text)});
  return {};
}

base::Result<void> ImportWriter::put(LiveLine&& e) {
  return put_entity(
      {.kind = std::move(e.kind), .id = std::move(e.id), .body = std::move(e.body.text), .document = e.document});
}

base::Result<void> ImportWriter::put(EndedLine&& e) {
  return put_entity({.kind = std::move(e.kind),
                     .id = std::move(e.id),
                     .body = std::move(e.body.text),
                     .document = e.document,
                     .ended = store::EndedInfo{.ended_position = e.ended_position,
                                               .ended_at = e.ended_at,
                                               .state = std::move(e.state),
                                               .queue = std::move(e.queue),
                                               .type = std::move(e.type)}});
}

base::Result<void> ImportWriter::put_entity(store::EntityPut&& put) {
  if (auto room = make_room(put.body.size()); !room) return room;
  if (!entities_.insert({put.kind, put.id}).second) {
    return fail(misplaced("the " + put.kind + " " + put.id + " came before"));
  }
  batch_.puts.push_back(std::move(put));
  return {};
}

base::Result<void> ImportWriter::put(DocumentLine&& d) {
  if (++loose_documents_ > kLooseDocumentsMax) return fail(misplaced("too many documents belong to nothing"));
  store::Document document{.position = d.position};
  if (d.spec) document.spec = std::move(d.spec->text);
  if (d.body) document.body = std::move(d.body->text);
  ++rows_;
  bytes_ += document.spec.size() + document.body.size();
  batch_.documents.push_back(std::move(document));
  return {};
}

store::LogAppend& ImportWriter::log_of(const std::string& task) {
  if (batch_.logs.empty() || batch_.logs.back().task != task) batch_.logs.push_back({task, {}});
  return batch_.logs.back();
}

base::Result<void> ImportWriter::put(LogLineLine&& l) {
  if (auto room = make_room(l.text.size()); !room) return room;
  log_of(l.task).lines.push_back({0, l.time, l.attempt, std::move(l.text)});
  return {};
}

// A line that does not fit any more makes the store drop it and all that follow, and say so.
base::Result<void> ImportWriter::put(LogFullLine&& l) {
  if (auto room = make_room(store::kTaskLogBytesMax); !room) return room;
  log_of(l.task).lines.push_back({.text = std::string(store::kTaskLogBytesMax + 1, ' ')});
  return {};
}

base::Result<void> ImportWriter::put(EndLine&& /*line*/) { return {}; }

}  // namespace arbiter::maintenance
