// What a thing was like over the log. Used by the model, so that an answer can be held against its time.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "core/task_types.h"

namespace arbiter::sim {

using core::Position;

// The values that a thing had, each from a position on.
template <typename T>
class History {
 public:
  void set(Position from, T value) {
    if (!versions_.empty() && versions_.back().second == value) return;
    if (!versions_.empty() && versions_.back().first == from) {
      versions_.back().second = std::move(value);
    } else {
      versions_.emplace_back(from, std::move(value));
    }
  }
  [[nodiscard]] std::optional<T> latest() const {
    return versions_.empty() ? std::nullopt : std::optional(versions_.back().second);
  }
  // Whether a value that held somewhere in [low, high] satisfies `wanted`.
  template <typename Wanted>
  [[nodiscard]] bool any(Position low, Position high, Wanted wanted) const {
    for (std::size_t i = versions_.size(); i-- > 0;) {
      if (versions_[i].first <= high && wanted(versions_[i].second)) return true;
      if (versions_[i].first <= low) return false;
    }
    return false;
  }
  // Whether it existed throughout [low, high], with every value as `wanted`.
  template <typename Wanted>
  [[nodiscard]] bool all(Position low, Position high, Wanted wanted) const {
    if (versions_.empty() || versions_.front().first > low) return false;
    return !any(low, high, [&](const T& value) { return !wanted(value); });
  }

 private:
  std::vector<std::pair<Position, T>> versions_;
};

}  // namespace arbiter::sim
