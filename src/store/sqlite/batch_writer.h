// Writes the rows of a batch inside the caller's transaction. Failures stay on the connection.
#pragma once

#include <utility>
#include <vector>

#include "store/journal.h"
#include "store/sqlite/blobs.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/entity_hash.h"
#include "store/sqlite/row_source.h"

namespace arbiter::store::sqlite {

class EventRows final : public RowSource {
 public:
  static constexpr const char* kColumns = "position, time_ms, type, entity, tags, data, metadata, entity_hash";
  [[nodiscard]] std::size_t size() const override { return rows->size(); }
  void read(std::size_t row, int column, Cell cell) const override;
  const std::vector<EventRow>* rows = nullptr;
  std::uint64_t entity_hash = 0;  // After the whole batch; its last event carries it.
};

class TagRows final : public RowSource {
 public:
  static constexpr const char* kColumns = "tag, position";
  [[nodiscard]] std::size_t size() const override { return rows.size(); }
  void read(std::size_t row, int column, Cell cell) const override;
  std::vector<std::pair<const std::string*, Position>> rows;
};

class LiveRows final : public RowSource {
 public:
  static constexpr const char* kColumns = "kind, id, document, body";
  [[nodiscard]] std::size_t size() const override { return rows.size(); }
  void read(std::size_t row, int column, Cell cell) const override;
  std::vector<const EntityPut*> rows;
};

class EndedRows final : public RowSource {
 public:
  static constexpr const char* kColumns = "kind, ended_position, id, ended_at_ms, state, queue, type, document, body";
  [[nodiscard]] std::size_t size() const override { return rows.size(); }
  void read(std::size_t row, int column, Cell cell) const override;
  std::vector<const EntityPut*> rows;
};

class DocumentRows final : public RowSource {
 public:
  static constexpr const char* kColumns = "position, body_bytes, spec, body";
  [[nodiscard]] std::size_t size() const override { return rows->size(); }
  void read(std::size_t row, int column, Cell cell) const override;
  const std::vector<Document>* rows = nullptr;
};

// The tables that a batch is readable as. They must outlive the connection, the statements must not: hence two classes.
class BatchRows {
 public:
  void register_with(Connection& connection);
  void take(const Batch& batch);

  EventRows events;
  TagRows tags;
  LiveRows live;
  EndedRows ended;
  DocumentRows documents;
};

class BatchWriter {
 public:
  // `rows` is registered with the connection, whose schema is up to date.
  BatchWriter(Connection& connection, BatchRows& rows, EntityHash& hash);
  // kNotFound: a blob that it refers to is not there.
  [[nodiscard]] base::Result<void> write(const Batch& batch);
  [[nodiscard]] Blobs& blobs() { return blobs_; }

 private:
  void write_entities(const Batch& batch);
  void append_log(const LogAppend& log);

  BatchRows& rows_;
  EntityHash& hash_;
  Blobs blobs_;
  Statement insert_events_;
  Statement insert_tags_;
  Statement put_live_;
  Statement put_ended_;
  Statement insert_documents_;
  Statement delete_live_;
  Statement delete_ended_;
  Statement put_idempotency_;
  Statement log_size_;
  Statement put_log_size_;
  Statement insert_log_line_;
};

}  // namespace arbiter::store::sqlite
