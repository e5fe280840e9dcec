#include "net/message_queue.h"

#include <utility>

namespace arbiter::net {

MessageQueue::Push MessageQueue::add(std::string message, std::size_t bytes_max) {
  const std::lock_guard lock(mutex_);
  if (ended_ || unsent_ > bytes_max || message.size() > bytes_max - unsent_) return Push::kRefused;
  unsent_ += message.size();
  pending_.push_back(std::move(message));
  return std::exchange(woken_, true) ? Push::kQueued : Push::kWake;
}

bool MessageQueue::end(std::string reason) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(ended_, true)) return false;
  reason_ = std::move(reason);
  return true;
}

std::string MessageQueue::end_reason() {
  const std::lock_guard lock(mutex_);
  return reason_;
}

std::size_t MessageQueue::room() {
  const std::lock_guard lock(mutex_);
  return ended_ || unsent_ >= bytes_max_ ? 0 : bytes_max_ - unsent_;
}

void MessageQueue::abandon() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  pending_.clear();
}

std::optional<std::string> MessageQueue::take() {
  const std::lock_guard lock(mutex_);
  if (pending_.empty()) {
    woken_ = false;
    return std::nullopt;
  }
  std::string message = std::move(pending_.front());
  pending_.pop_front();
  return message;
}

bool MessageQueue::empty() {
  const std::lock_guard lock(mutex_);
  return pending_.empty();
}

bool MessageQueue::is_over() {
  const std::lock_guard lock(mutex_);
  return ended_ && pending_.empty();
}

void MessageQueue::sent(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  unsent_ -= bytes;
}

}  // namespace arbiter::net
