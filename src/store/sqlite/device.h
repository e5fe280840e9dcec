// What all that work on one namespace's file know of the device below it.
#pragma once

#include <atomic>
#include <memory>

namespace arbiter::store::sqlite {

// Failed: a write or a sync did not succeed, so the page cache may show what the device does not have. Nothing is
// written to that file any more, not even when it is closed; recovery makes another one.
struct Device {
  std::atomic<bool> failed = false;
  std::atomic<bool> known = false;  // This process has opened the file, so it would have met the failure.
};
using SharedDevice = std::shared_ptr<Device>;

}  // namespace arbiter::store::sqlite
