// Blobs of a namespace, inside the caller's transaction: chunks, references, garbage. Failures stay on the connection.
#pragma once

#include "store/journal.h"
#include "store/sqlite/connection.h"

namespace arbiter::store::sqlite {

class Blobs {
 public:
  // The tables are up to date.
  explicit Blobs(Connection& connection);

  // See Journal::append().
  [[nodiscard]] base::Result<void> append(const BlobChunk& chunk);

  // kNotFound: the blob is not there in the size that the reference names.
  [[nodiscard]] base::Result<void> refer(const BlobReference& reference);

  // What an entity that goes referred to, it does not use any more.
  void release(std::string_view kind, std::string_view id);

 private:
  struct State {
    std::uint64_t size = 0;
    std::int64_t uses = 0;
  };
  [[nodiscard]] State state(const std::string& blob);

  Statement find_;
  Statement grow_;
  Statement add_chunk_;
  Statement refer_;
  Statement count_use_;
  Statement uncount_uses_;
  Statement release_;
};

// How many rows a chunk counts for in a step of retention: it takes hundreds of pages.
inline constexpr std::size_t kChunkRows = 50;

// Deletes garbage last written before `before` chunk by chunk, from its end. Gives how many rows it counts for, at
// least `budget` while there is more.
[[nodiscard]] std::size_t collect_blobs(Connection& connection, base::Timestamp before, std::size_t budget);

}  // namespace arbiter::store::sqlite
