#include "net/stream_queue.h"

#include <utility>

namespace arbiter::net {

StreamQueue::Push StreamQueue::push(std::string bytes) {
  const std::lock_guard lock(mutex_);
  if (ended_ || bytes.size() > bytes_max_ - unsent_) return Push::kRefused;
  unsent_ += bytes.size();
  if (pending_.empty()) {
    pending_ = std::move(bytes);
  } else {
    pending_ += bytes;
  }
  if (pending_.empty() || std::exchange(woken_, true)) return Push::kQueued;
  return Push::kWake;
}

bool StreamQueue::end(std::string last) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(ended_, true)) return false;
  unsent_ += last.size();
  pending_ += last;
  return true;
}

std::size_t StreamQueue::room() {
  const std::lock_guard lock(mutex_);
  return ended_ || unsent_ >= bytes_max_ ? 0 : bytes_max_ - unsent_;
}

void StreamQueue::abandon() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  pending_ = {};
}

StreamQueue::Taken StreamQueue::take() {
  const std::lock_guard lock(mutex_);
  woken_ = false;
  const bool ended = ended_ && pending_.empty();
  return {std::exchange(pending_, {}), ended};
}

void StreamQueue::sent(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  unsent_ -= bytes;
}

}  // namespace arbiter::net
