// A namespace in one SQLite file.
#pragma once

#include <filesystem>
#include <memory>

#include "store/journal.h"
#include "store/sqlite/batch_writer.h"
#include "store/sqlite/checkpointer.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/entity_hash.h"
#include "store/sqlite/reader.h"

namespace arbiter::store::sqlite {

class SqliteJournal final : public Journal {
 public:
  // Takes ownership of the namespace in `file`, which exists (an empty file is a new namespace).
  [[nodiscard]] static base::Result<std::unique_ptr<Journal>> open(const std::filesystem::path& file,
                                                                   std::uint64_t seed, const SqliteOptions& options,
                                                                   SharedDevice device);
  SqliteJournal(std::filesystem::path file, const SqliteOptions& options, SharedDevice device,
                std::unique_ptr<BatchRows> rows, std::unique_ptr<Connection> connection, const JournalState& state);
  ~SqliteJournal() override;

  [[nodiscard]] JournalState state() const override { return state_; }
  [[nodiscard]] base::Result<void> append(const BlobChunk& chunk) override;
  [[nodiscard]] base::Result<void> commit(const Batch& batch) override;
  [[nodiscard]] base::Result<void> load(const std::function<void(const LoadedEntity&)>& visit) override;
  [[nodiscard]] base::Result<void> load_idempotency(
      const std::function<void(const IdempotencyRecord&)>& visit) override;
  [[nodiscard]] base::Result<void> skip_to(Position head, Epoch epoch) override;
  [[nodiscard]] base::Result<void> probe() override;
  [[nodiscard]] base::Result<bool> retain(const RetentionLimits& limits) override;
  [[nodiscard]] Reader& reader() override { return reader_; }

 private:
  enum class Health { kGood, kInDoubt };

  // Opens a write transaction that belongs to our epoch.
  [[nodiscard]] base::Result<void> begin(Epoch epoch);
  [[nodiscard]] base::Result<void> end(std::string_view doing);
  // Whether anything may be written to the journal.
  [[nodiscard]] base::Result<void> check_health() const;
  [[nodiscard]] base::Result<void> check_device() const;
  [[nodiscard]] base::Result<void> write_elsewhere() const;
  void watch_log();

  // In this order: rows outlive the connection, statements go before it, and the connection that commits is closed
  // last, because the last to close a database cleans its write-ahead log up.
  std::filesystem::path file_;
  SharedDevice device_;
  std::unique_ptr<BatchRows> rows_;
  std::unique_ptr<Connection> connection_;
  EntityHash hash_;
  BatchWriter writer_;
  Statement epoch_;
  JournalState state_;
  Health health_ = Health::kGood;
  const int checkpoint_frames_;
  int hard_cap_frames_;
  Checkpointer checkpointer_;
  SqliteReader reader_;
};

}  // namespace arbiter::store::sqlite
