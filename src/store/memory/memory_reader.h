// Reads of a namespace in memory.
#pragma once

#include <memory>

#include "store/memory/namespace_data.h"

namespace arbiter::store::memory {

class MemoryReader final : public Reader {
 public:
  explicit MemoryReader(std::shared_ptr<Namespace> data) : data_(std::move(data)) {}
  [[nodiscard]] base::Result<Lookup> lookup(const std::vector<EntityKey>& keys) override;
  [[nodiscard]] base::Result<EventPage> events(const EventQuery& query) override;
  [[nodiscard]] base::Result<EndedPage> ended(const EndedQuery& query) override;
  [[nodiscard]] base::Result<Document> document(Position position) override;
  [[nodiscard]] base::Result<LogPage> log(const std::string& task, std::uint64_t sequence, std::size_t limit) override;
  [[nodiscard]] base::Result<BlobPart> blob(const std::string& id, std::uint64_t offset, std::size_t limit) override;

 private:
  std::shared_ptr<Namespace> data_;
};

}  // namespace arbiter::store::memory
