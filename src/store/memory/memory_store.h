// A store that works, in memory: for the simulator and for tests. What it holds outlives its journals, so a crash is
// to drop a journal and to open the namespace again. Faults come from a hook that decides at each commit.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "store/journal.h"

namespace arbiter::store {

enum class Fault {
  kNone,
  kFailBefore,    // kUnknown, and nothing was written
  kFailAfter,     // kUnknown, and all was written
  kNoSpace,       // kNoSpace, and nothing was written
  kIoError,       // kIoError, and nothing was written; nothing goes on before recover()
  kIoErrorAfter,  // kIoError, and all was written: recover() finds it
  kFence,         // another owner opened just before: kFenced
};
using FaultHook = std::function<Fault(const Batch&)>;

namespace memory {
struct Namespace;

// What journals share with their store.
struct Faults {
  std::mutex mutex;
  FaultHook hook;
  bool no_space = false;
  std::function<base::Result<void>()> recovery;
};
}  // namespace memory

class MemoryStore final : public Store {
 public:
  MemoryStore();
  ~MemoryStore() override;

  // Called at each commit that would otherwise be written; an empty hook injects nothing.
  void set_fault_hook(FaultHook hook);
  // While set, commits and probes fail with kNoSpace.
  void set_no_space(bool no_space);

  // Called by recover(), which fails as it says; empty: all goes well.
  void set_recovery_hook(std::function<base::Result<void>()> hook);
  // Another process takes the store over: what this one saw of failed devices is forgotten.
  void restart();

  [[nodiscard]] base::Result<std::unique_ptr<Journal>> open(const std::string& name, std::uint64_t seed) override;
  [[nodiscard]] base::Result<std::string> recover(const std::string& name, const JournalState& last) override;
  [[nodiscard]] base::Result<void> rest(const std::string& name, base::Timestamp due) override;
  [[nodiscard]] base::Result<std::vector<Resting>> resting() override;

 private:
  std::shared_ptr<memory::Faults> faults_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<memory::Namespace>> namespaces_;
  std::map<std::string, base::Timestamp> resting_;
};

}  // namespace arbiter::store
