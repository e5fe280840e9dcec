// A store at work while it is recorded: commits with entities, documents, idempotency records and logs; retention,
// probes, checkpoints; namespaces and stores that are closed and opened again. One seed decides all of it.
#pragma once

#include <filesystem>
#include <memory>

#include "ledger.h"
#include "recording.h"
#include "sim/random.h"
#include "store/sqlite/sqlite_store.h"

namespace arbiter::power {

class Workload {
 public:
  Workload(std::uint64_t seed, std::filesystem::path data, store::SqliteOptions options, Recording& recording);

  void run(int steps);
  // The device fails under the first namespace. Then the namespace is recovered, or the process ends and another one
  // opens the store. May come between two runs.
  enum class Afterwards { kRecover, kRestart };
  void break_device(Afterwards afterwards);
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }

 private:
  struct Place {
    std::string name;
    std::unique_ptr<store::Journal> journal;
  };

  void open_store();
  void open(const std::string& name);
  void close(const std::string& name) { places_.erase(name); }
  // Closes it in order, as an engine does with a namespace that nobody uses.
  void rest(const std::string& name);
  void step(Place& place);
  [[nodiscard]] store::Batch next_batch(Place& place);
  void commit(Place& place);
  void add_event(Place& place, store::Batch& batch);
  void keep_blob(Place& place);
  void retain(Place& place);
  // Runs `transaction`, which must succeed, and notes what is promised before and after it.
  template <typename Transaction>
  void transact(Place& place, Transaction transaction);
  void note();
  [[nodiscard]] std::string text(std::size_t bytes_max);

  sim::Random random_;
  const std::filesystem::path data_;
  const store::SqliteOptions options_;
  Recording& recording_;
  Ledger ledger_;
  Promises promises_;
  std::unique_ptr<store::Store> store_;
  std::map<std::string, std::unique_ptr<Place>> places_;
  std::map<std::string, std::vector<std::string>> live_;  // Ids of tasks, by namespace.
  std::int64_t now_ms_ = 1'000'000;
  std::uint64_t next_id_ = 1;
  std::uint64_t next_blob_ = 1;
};

}  // namespace arbiter::power
