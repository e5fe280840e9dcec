// Deletes what is older than its limits, a small step at a time, inside the caller's transaction.
//
// A document belongs to the entity of the event that brought it. It goes with that entity once it has ended long ago,
// or with its event when the entity does not need it any more.
#pragma once

#include "store/journal.h"
#include "store/sqlite/blobs.h"
#include "store/sqlite/connection.h"

namespace arbiter::store::sqlite {

class Retention {
 public:
  Retention(Connection& connection, Blobs& blobs, const RetentionLimits& limits);
  // True while there is more. Failures stay on the connection.
  [[nodiscard]] bool step();

 private:
  void delete_idempotency();
  void delete_ended();
  void delete_ended_of(const std::string& kind);
  [[nodiscard]] bool delete_log(const std::string& task);
  void delete_events();
  void spend(std::size_t rows) { left_ -= std::min(left_, rows); }

  Connection& connection_;
  const RetentionLimits& limits_;
  Blobs& blobs_;
  std::size_t left_;  // Rows that this step may still delete.
};

}  // namespace arbiter::store::sqlite
