// Lists by page. Used by the handlers of list commands.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/values.h"

namespace arbiter::core {

// One page of a map in the order of its keys; the cursor is the last key looked at.
template <typename Map, typename View, typename Keep>
std::optional<std::string> page(const Map& map, const std::optional<base::Text<1, 256>>& cursor, std::int64_t limit,
                                std::vector<View>& items, Keep keep) {
  auto it = cursor ? map.upper_bound(cursor->value) : map.begin();
  for (; it != map.end(); ++it) {
    if (static_cast<std::int64_t>(items.size()) >= limit) return std::prev(it)->first;
    keep(*it, items);
  }
  return std::nullopt;
}

}  // namespace arbiter::core
