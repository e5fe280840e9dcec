// The bytes that a connection has read and not yet parsed. Small while idle: thousands of connections have one each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>

namespace arbiter::net {

class ReadBuffer {
 public:
  [[nodiscard]] bool empty() const { return begin_ == end_; }
  [[nodiscard]] std::string_view readable() const { return {bytes_.get() + begin_, end_ - begin_}; }
  void consume(std::size_t count) { begin_ += count; }
  void commit(std::size_t count) { end_ += count; }
  void clear() { begin_ = end_ = 0; }

  // Room for the next read; none when `bytes_max` bytes wait already. Moves what is buffered: no read may be under way.
  // An empty buffer takes the wanted capacity, a full one grows.
  [[nodiscard]] std::span<char> prepare(std::size_t capacity_wanted, std::size_t bytes_max) {
    if (empty()) {
      clear();
      if (capacity_ < capacity_wanted || capacity_ > 4 * capacity_wanted) resize(capacity_wanted);
    } else if (end_ == capacity_) {
      if (begin_ > 0) {
        std::memmove(bytes_.get(), bytes_.get() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = 0;
      } else if (capacity_ < bytes_max) {
        resize(std::min(std::max(2 * capacity_, capacity_wanted), bytes_max));
      }
    }
    return {bytes_.get() + end_, capacity_ - end_};
  }

 private:
  void resize(std::size_t capacity) {
    auto bytes = std::make_unique_for_overwrite<char[]>(capacity);
    if (!empty()) std::memcpy(bytes.get(), bytes_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace arbiter::net
