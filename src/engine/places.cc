#include "engine/places.h"

#include <algorithm>

#include "engine/host.h"

namespace arbiter::engine {
namespace {

constexpr std::int64_t kSoonMs = 5'000;    // What is due so soon keeps its place.
constexpr std::int64_t kAskAgainMs = 100;  // Asking all of them costs; so long nobody is asked again.

}  // namespace

std::size_t Engine::Places::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

void Engine::Places::want(const std::shared_ptr<Host>& host) {
  bool given = false;
  {
    const std::lock_guard lock(mutex_);
    given = taken_ < places_max_;
    if (given) {
      ++taken_;
    } else if (!making_room_ && engine_.clock_.monotonic_ms() < full_until_ms_) {
      return host->place_given(false);
    } else {
      wanting_.push_back(host);
      if (std::exchange(making_room_, true)) return;
      candidates_ = engine_.least_recently_used();
    }
  }
  if (given) return host->place_given(true);
  make_room();
}

// Asks one namespace after the other whether it can close. What closes calls free(), which goes on.
void Engine::Places::make_room() {
  std::shared_ptr<Host> next;
  {
    const std::lock_guard lock(mutex_);
    if (wanting_.empty()) {
      making_room_ = false;
      candidates_.clear();
      return;
    }
    if (candidates_.empty()) {
      making_room_ = false;
      full_until_ms_ = engine_.clock_.monotonic_ms() + kAskAgainMs;
    } else {
      next = std::move(candidates_.back());
      candidates_.pop_back();
    }
  }
  if (!next) return refuse_all();
  next->try_close(kSoonMs, [this](bool closing) {
    if (!closing) make_room();
  });
}

void Engine::Places::refuse_all() {
  std::deque<std::shared_ptr<Host>> refused;
  {
    const std::lock_guard lock(mutex_);
    if (!making_room_) refused.swap(wanting_);
  }
  for (const auto& host : refused) host->place_given(false);
}

void Engine::Places::free() {
  std::shared_ptr<Host> next;
  bool go_on = false;
  {
    const std::lock_guard lock(mutex_);
    full_until_ms_ = 0;
    if (wanting_.empty()) {
      --taken_;
    } else {
      next = std::move(wanting_.front());
      wanting_.pop_front();
    }
    go_on = making_room_;
  }
  if (next) next->place_given(true);
  if (go_on) make_room();
}

}  // namespace arbiter::engine
