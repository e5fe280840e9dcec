// Asks the server again and again, on a thread of its own, so that a slow or absent server never holds up the keyboard.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>

#include "cli/top/picture.h"
#include "cli/top/screen.h"

namespace arbiter::cli::top {

class Watcher {
 public:
  struct News {
    std::shared_ptr<const Picture> picture;
    Link link;
    std::int64_t taken_ms = 0;  // when the picture was taken, by the monotonic clock
  };

  // Goes on from `first`. `interval_ms`: from the end of one look to the next.
  Watcher(client::Endpoint endpoint, Picture first, int interval_ms);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  // Readable when there is news since the last latest().
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] News latest();

 private:
  void work(Picture picture);
  void tell(const Picture* picture, const Link& link);
  [[nodiscard]] bool rest();

  client::Http http_;
  const int interval_ms_;
  const int fd_;
  std::mutex mutex_;
  std::condition_variable stopping_;
  bool stop_ = false;
  News news_;
  std::thread thread_;
};

}  // namespace arbiter::cli::top
