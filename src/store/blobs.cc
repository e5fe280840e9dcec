#include "store/blobs.h"

#include "base/check.h"

namespace arbiter::store {

using base::ErrorCode;
using base::fail;

base::Result<BlobStep> next_step(const BlobChunk& chunk, std::uint64_t size, bool referred_to) {
  CHECK(!chunk.bytes.empty() && chunk.bytes.size() <= kBlobChunkBytesMax);
  const std::uint64_t end = chunk.offset + chunk.bytes.size();
  if (end <= size) return BlobStep::kThereAlready;
  if (referred_to) {
    return fail({ErrorCode::kInvalidState, "The blob " + chunk.blob + " is in use and does not change any more."});
  }
  if (chunk.offset != size) {
    return fail({ErrorCode::kInvalidState, "The blob " + chunk.blob + " has " + std::to_string(size) +
                                               " bytes: the next chunk begins there, not at " +
                                               std::to_string(chunk.offset) + "."});
  }
  if (end > kBlobBytesMax) {
    return fail({ErrorCode::kTooLarge, "A blob has at most " + std::to_string(kBlobBytesMax) + " bytes."});
  }
  return BlobStep::kWrite;
}

base::Error missing_blob(const BlobReference& reference, std::uint64_t size) {
  return {ErrorCode::kNotFound, "The blob " + reference.blob + " has " + std::to_string(size) + " bytes instead of " +
                                    std::to_string(reference.size) + ". Write it again before it is referred to."};
}

}  // namespace arbiter::store
