// Rules of blobs that every store keeps.
#pragma once

#include "store/journal.h"

namespace arbiter::store {

enum class BlobStep { kWrite, kThereAlready };

// What to do with a chunk of a blob that has `size` bytes; see Journal::append().
[[nodiscard]] base::Result<BlobStep> next_step(const BlobChunk& chunk, std::uint64_t size, bool referred_to);

// The refusal of a reference to a blob that has `size` bytes.
[[nodiscard]] base::Error missing_blob(const BlobReference& reference, std::uint64_t size);

}  // namespace arbiter::store
