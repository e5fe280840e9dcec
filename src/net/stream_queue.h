// The unsent bytes of one stream: filled on any thread, emptied by its connection. Bounded.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>

namespace arbiter::net {

class StreamQueue {
 public:
  explicit StreamQueue(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  enum class Push { kRefused, kQueued, kWake };  // kWake: the connection must be told; it is not looking.
  [[nodiscard]] Push push(std::string bytes);
  // No more bytes will come but these last ones, which the limit does not concern. True: the connection must be told.
  [[nodiscard]] bool end(std::string last = {});
  // How many bytes push() would take.
  [[nodiscard]] std::size_t room();
  // Nobody reads any more: what is queued is dropped.
  void abandon();

  struct Taken {
    std::string bytes;
    bool ended = false;  // and nothing is left
  };
  [[nodiscard]] Taken take();
  // Bytes that take() gave out have reached the client's socket.
  void sent(std::size_t bytes);

 private:
  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::string pending_;
  std::size_t unsent_ = 0;  // pending and taken
  bool ended_ = false;
  bool woken_ = false;
};

}  // namespace arbiter::net
