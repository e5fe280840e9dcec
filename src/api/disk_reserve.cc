#include "api/disk_reserve.h"

#include <algorithm>
#include <array>

namespace arbiter::api {
namespace {

constexpr std::int64_t kAskAgainMs = 1'000;
constexpr int kRetryAfterMs = 5'000;
constexpr std::array<std::string_view, 6> kAddWork{"tasks.submit",  "tasks.batch",   "tasks.retry",
                                                   "schedules.set", "schedules.run", "namespaces.create"};

}  // namespace

std::optional<std::int64_t> DiskReserve::free_bytes() {
  if (reserve_bytes_ == 0 || !probe_) return std::nullopt;
  const std::int64_t now = clock_.monotonic_ms();
  const std::lock_guard lock(mutex_);
  if (!asked_at_ms_ || now - *asked_at_ms_ >= kAskAgainMs) {
    asked_at_ms_ = now;
    free_bytes_ = probe_();
  }
  return free_bytes_;
}

bool DiskReserve::is_reached() {
  const auto free = free_bytes();
  return free && *free < reserve_bytes_;
}

base::Result<void> DiskReserve::check(const Operation& operation) {
  if (std::find(kAddWork.begin(), kAddWork.end(), operation.name) == kAddWork.end() || !is_reached()) return {};
  ++refused_;
  return base::fail({base::ErrorCode::kNoSpace,
                     "Less than " + std::to_string(reserve_bytes_) +
                         " bytes are free on the server's disk (limits.diskReserveBytes): new work is refused, what is "
                         "under way goes on.",
                     {},
                     kRetryAfterMs});
}

}  // namespace arbiter::api
