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
  kFailBefore,  // kUnknown, and nothing was written
  kFailAfter,   // kUnknown, and all was written
  kNoSpace,     // kNoSpace, and nothing was written
  kIoError,     // kIoError, and nothing was written; the journal is closed for good
  kFence,       // another owner opened just before: kFenced
};
using FaultHook = std::function<Fault(const Batch&)>;

namespace memory {
struct Namespace;

// What journals share with their store.
struct Faults {
  std::mutex mutex;
  FaultHook hook;
  bool no_space = false;
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

  [[nodiscard]] base::Result<std::unique_ptr<Journal>> open(const std::string& name, std::uint64_t seed) override;

 private:
  std::shared_ptr<memory::Faults> faults_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<memory::Namespace>> namespaces_;
};

}  // namespace arbiter::store
