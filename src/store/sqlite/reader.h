// Reads of committed state on a few read-only connections, opened when first needed.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <vector>

#include "store/journal.h"
#include "store/sqlite/options.h"

namespace arbiter::store::sqlite {

class ReadSession;

class SqliteReader final : public Reader {
 public:
  SqliteReader(std::filesystem::path file, SqliteOptions options);
  ~SqliteReader() override;

  [[nodiscard]] base::Result<Lookup> lookup(const std::vector<EntityKey>& keys) override;
  [[nodiscard]] base::Result<EventPage> events(const EventQuery& query) override;
  [[nodiscard]] base::Result<EndedPage> ended(const EndedQuery& query) override;
  [[nodiscard]] base::Result<Document> document(Position position) override;
  [[nodiscard]] base::Result<LogPage> log(const std::string& task, std::uint64_t sequence, std::size_t limit) override;
  [[nodiscard]] base::Result<BlobPart> blob(const std::string& id, std::uint64_t offset, std::size_t limit) override;

 private:
  // Runs `query(session)` in one read transaction.
  template <typename Query>
  auto read(Query query) -> base::Result<decltype(query(std::declval<ReadSession&>()))>;
  [[nodiscard]] base::Result<std::unique_ptr<ReadSession>> take();
  void give_back(std::unique_ptr<ReadSession> session);

  std::filesystem::path file_;
  SqliteOptions options_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<ReadSession>> idle_;
  std::size_t lent_ = 0;
};

}  // namespace arbiter::store::sqlite
