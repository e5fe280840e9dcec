// A value that every request reads and that changes only a few hundred times in the life of a process: readers take no
// lock. Older versions are kept to the end, because a reader may still look at them.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

namespace arbiter::api {

template <typename T>
class Snapshot {
 public:
  Snapshot() { versions_.push_back(std::make_unique<const T>()), current_ = versions_.back().get(); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  [[nodiscard]] const T& get() const { return *current_.load(std::memory_order_acquire); }

  // `change` gets a copy of the present value.
  template <typename Change>
  void update(Change change) {
    const std::lock_guard lock(mutex_);
    auto next = std::make_unique<T>(*versions_.back());
    change(*next);
    versions_.push_back(std::move(next));
    current_.store(versions_.back().get(), std::memory_order_release);
  }

 private:
  std::atomic<const T*> current_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<const T>> versions_;
};

}  // namespace arbiter::api
