// The unsent messages of one WebSocket: filled on any thread, emptied by its connection. Bounded.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

namespace arbiter::net {

class MessageQueue {
 public:
  // Short words that must arrive (tell) may take so much more than `bytes_max`.
  static constexpr std::size_t kReserveBytes = std::size_t{64} * 1024;
  explicit MessageQueue(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  enum class Push { kRefused, kQueued, kWake };  // kWake: the connection must be told; it is not looking.
  [[nodiscard]] Push push(std::string message) { return add(std::move(message), bytes_max_); }
  // kRefused: even the reserve is used up.
  [[nodiscard]] Push push_reserved(std::string message) { return add(std::move(message), bytes_max_ + kReserveBytes); }
  // No more messages will come; why, when it is the client's to know. True: the connection must be told.
  [[nodiscard]] bool end(std::string reason = {});
  // How many bytes push() would take.
  [[nodiscard]] std::size_t room();
  // Nobody reads any more: what is queued is dropped.
  void abandon();

  [[nodiscard]] std::optional<std::string> take();
  [[nodiscard]] bool empty();
  // No more will come, and nothing is left.
  [[nodiscard]] bool is_over();
  [[nodiscard]] std::string end_reason();
  // Bytes of messages that take() gave out have reached the client's socket.
  void sent(std::size_t bytes);

 private:
  [[nodiscard]] Push add(std::string message, std::size_t bytes_max);

  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::deque<std::string> pending_;
  std::size_t unsent_ = 0;  // pending and taken
  std::string reason_;
  bool ended_ = false;
  bool woken_ = false;
};

}  // namespace arbiter::net
