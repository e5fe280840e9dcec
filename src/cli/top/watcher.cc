#include "cli/top/watcher.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>

#include "base/clock.h"

namespace arbiter::cli::top {

Watcher::Watcher(client::Endpoint endpoint, Picture first, int interval_ms)
    : http_(std::move(endpoint)), interval_ms_(interval_ms), fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  tell(&first, {});
  thread_ = std::thread([this, picture = std::move(first)]() mutable { work(std::move(picture)); });
}

Watcher::~Watcher() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopping_.notify_all();
  http_.cancel();
  thread_.join();
  ::close(fd_);
}

Watcher::News Watcher::latest() {
  std::uint64_t count = 0;
  (void)!::read(fd_, &count, sizeof count);
  const std::lock_guard lock(mutex_);
  return news_;
}

void Watcher::tell(const Picture* picture, const Link& link) {
  const std::lock_guard lock(mutex_);
  if (picture) {
    news_.picture = std::make_shared<const Picture>(*picture);
    news_.taken_ms = base::SystemClock{}.monotonic_ms();
  }
  news_.link = link;
  const std::uint64_t one = 1;
  (void)!::write(fd_, &one, sizeof one);
}

// False: it is time to end.
bool Watcher::rest() {
  std::unique_lock lock(mutex_);
  return !stopping_.wait_for(lock, std::chrono::milliseconds(interval_ms_), [this] { return stop_; });
}

void Watcher::work(Picture picture) {
  Link link;
  while (rest()) {
    const auto seen = refresh(http_, picture);
    if (seen) {
      link = {};
      tell(&picture, link);
      continue;
    }
    // The last moment at which the server was known to be there.
    if (link.live) link.since = picture.at;
    link.live = false;
    link.why = seen.error().message;
    tell(nullptr, link);
  }
}

}  // namespace arbiter::cli::top
