#include "receivers.h"

#include <algorithm>

namespace arbiter::sim {

bool Receivers::tell(const core::EffectOrder& order, std::int64_t now) {
  const std::string meaning = order.notifier + '\n' + order.cause + '\n' + std::to_string(order.position);
  const auto known = meanings_.try_emplace(order.id, meaning).first;
  if (known->second != meaning || !told_.insert({order.id, order.attempt}).second) return false;
  const bool takes = is_kind_ || random_.percent(50);
  (takes ? taken_ : refused_).insert({order.id, order.attempt});
  if (!is_kind_ && random_.percent(15)) return true;  // It hangs, or its answer is lost.
  Pending pending{now, {order.id, order.attempt, {}}};
  if (!takes) pending.settle.error = "The answer was status 503.";
  if (!is_kind_) pending.at += random_.range(0, random_.percent(10) ? 100'000 : 3'000);
  pending_.push_back(pending);
  if (!is_kind_ && random_.percent(10)) {
    pending.at += random_.range(0, 5'000);
    pending_.push_back(std::move(pending));
  }
  return true;
}

std::optional<core::SettleEffect> Receivers::answer(std::int64_t now) {
  const auto due = std::find_if(pending_.begin(), pending_.end(), [&](const Pending& p) { return p.at <= now; });
  if (due == pending_.end()) return std::nullopt;
  core::SettleEffect settle = std::move(due->settle);
  pending_.erase(due);
  return settle;
}

std::size_t Receivers::answers_due(std::int64_t now) const {
  return static_cast<std::size_t>(
      std::count_if(pending_.begin(), pending_.end(), [&](const Pending& p) { return p.at <= now; }));
}

std::int64_t Receivers::next_answer() const {
  std::int64_t next = core::kNever;
  for (const Pending& p : pending_) next = std::min(next, p.at);
  return next;
}

void Receivers::process_died() { pending_.clear(); }

}  // namespace arbiter::sim
