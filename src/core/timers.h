// Deadlines in order of time. A node is part of the thing that waits; setting it again moves it.
#pragma once

#include <boost/intrusive/set.hpp>
#include <limits>

#include "base/values.h"

namespace arbiter::core {

inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

enum class TimerKind : std::uint8_t {
  kTask,
  kTaskWall,
  kWorker,
  kWaiter,
  kSchedule,
  kGate,
  kUnique,
  kQuestion,
  kQueueAge,
  kBudget,
  kEffect
};

using TimerHook = boost::intrusive::set_base_hook<boost::intrusive::optimize_size<true>,
                                                  boost::intrusive::link_mode<boost::intrusive::safe_link>>;

struct TimerNode : TimerHook {
  std::int64_t due = kNever;
  TimerKind kind = TimerKind::kTask;
  explicit TimerNode(TimerKind k) : kind(k) {}
  friend bool operator<(const TimerNode& a, const TimerNode& b) { return a.due < b.due; }
};

class TimerSet {
 public:
  // kNever removes the node. Deadlines mostly come in growing order, so the end is tried first.
  void set(TimerNode& node, std::int64_t due) {
    if (node.is_linked()) {
      if (node.due == due) return;
      nodes_.erase(nodes_.iterator_to(node));
    }
    node.due = due;
    if (due != kNever) nodes_.insert(nodes_.end(), node);
  }
  void remove(TimerNode& node) { set(node, kNever); }
  [[nodiscard]] std::int64_t next() const { return nodes_.empty() ? kNever : nodes_.begin()->due; }
  [[nodiscard]] TimerNode* front() { return nodes_.empty() ? nullptr : &*nodes_.begin(); }

 private:
  boost::intrusive::multiset<TimerNode, boost::intrusive::constant_time_size<false>> nodes_;
};

}  // namespace arbiter::core
