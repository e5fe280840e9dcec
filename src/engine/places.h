// How many namespaces may be open at a time. One that wants to open gets a place; when there is none, the namespace
// that was used least recently and is at rest is closed for it.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "engine/engine.h"

namespace arbiter::engine {

class Engine::Places {
 public:
  Places(Engine& engine, std::size_t places_max) : engine_(engine), places_max_(places_max) {}

  // Answers by Host::place_given(), at once or when one has become free. Any thread may call.
  void want(const std::shared_ptr<Host>& host);
  void free();
  [[nodiscard]] std::size_t taken() const;

 private:
  void make_room();
  void refuse_all();

  Engine& engine_;
  const std::size_t places_max_;
  mutable std::mutex mutex_;  // Guards the rest.
  std::size_t taken_ = 0;
  std::deque<std::shared_ptr<Host>> wanting_;  // Each at most once.
  bool making_room_ = false;
  std::vector<std::shared_ptr<Host>> candidates_;  // To be closed, the first last.
  std::int64_t full_until_ms_ = 0;                 // All were asked not long ago.
};

}  // namespace arbiter::engine
