// What the tests of every store share: the stores to test, and short ways to build batches.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "store/journal.h"

namespace arbiter::store {

// A directory that goes with the test.
class TemporaryDirectory {
 public:
  TemporaryDirectory() : TemporaryDirectory(std::filesystem::temp_directory_path()) {}
  explicit TemporaryDirectory(const std::filesystem::path& parent);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A live entity with copies of its texts.
struct Loaded {
  std::string kind, id, body, spec, document_body;
  Position document = 0;
  std::size_t document_bytes = 0;
  friend bool operator==(const Loaded&, const Loaded&) = default;
};

// One namespace of a store. The tests read like a story told to it.
class Bench {
 public:
  explicit Bench(Store& store) : store_(store) { reopen(); }

  // Drops the journal as a crash does and opens the namespace again.
  void reopen();
  void close() { journal_.reset(); }

  Journal& journal() { return *journal_; }
  Reader& reader() { return journal_->reader(); }

  // A batch of our epoch; its events come by event().
  [[nodiscard]] Batch batch() const { return {.epoch = journal_->state().epoch}; }
  // Appends an event at the next position and gives it.
  EventRow& event(Batch& batch, const std::string& type, const std::string& entity) const;
  base::Result<void> commit(const Batch& batch) { return journal_->commit(batch); }

  // One event that puts a live task with a document.
  base::Result<void> submit(const std::string& id, const std::string& payload = "{}");
  // One event that ends it, with its result as a document.
  base::Result<void> end(const std::string& id, const std::string& state = "completed",
                         const std::string& queue = "default", const std::string& type = "build");

  [[nodiscard]] std::vector<Loaded> load();
  [[nodiscard]] std::vector<std::string> live_ids();
  [[nodiscard]] std::vector<std::string> ended_ids(const EndedQuery& query);
  [[nodiscard]] std::vector<Position> positions(const EventQuery& query);
  // The entity as a look-up finds it.
  [[nodiscard]] std::optional<FoundEntity> find(const std::string& id);

  base::Timestamp now{1'000'000};  // Of the events that follow.

 private:
  Store& store_;
  std::unique_ptr<Journal> journal_;
};

// Stores under test, by parameter.
struct StoreKind {
  std::string name;
  std::function<std::unique_ptr<Store>(const std::filesystem::path&)> make;
};

class StoreContract : public testing::TestWithParam<StoreKind> {
 protected:
  TemporaryDirectory directory_;
  std::unique_ptr<Store> store_ = GetParam().make(directory_.path());
};

[[nodiscard]] std::vector<StoreKind> all_stores();
[[nodiscard]] EntityPut live_task(const std::string& id, const std::string& body, Position document = 0);
[[nodiscard]] base::ErrorCode code_of(const base::Result<void>& outcome);  // kInternal when there is no error

}  // namespace arbiter::store
