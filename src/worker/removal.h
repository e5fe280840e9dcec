// Removing what programs leave on disk, whatever permissions they gave it.
#pragma once

#include <string>

#include "base/result.h"

namespace arbiter::worker {

inline constexpr int kRemovalDepthMax = 1'000;

// Removes `path` and everything below it; nothing there is success. Directories that their owner may not read or write
// become so first (Go's module cache has such); symbolic links are removed, never followed. kIoError names the first
// thing that cannot be removed; everything else is gone then.
[[nodiscard]] base::Result<void> remove_tree(const std::string& path);

}  // namespace arbiter::worker
