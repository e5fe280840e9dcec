#include "core/notifier.h"

#include <algorithm>

namespace arbiter::core {

bool matches_type(std::string_view pattern, std::string_view type) {
  if (!pattern.ends_with('*')) return pattern == type;
  pattern.remove_suffix(1);
  return type.starts_with(pattern);
}

bool Notifier::wants(std::string_view type, Severity severity, bool needs_human) const {
  if (severity < least) return false;
  if (types.empty()) return needs_human;
  return std::any_of(types.begin(), types.end(), [&](const auto& pattern) { return matches_type(pattern, type); });
}

std::vector<Notifier> notifiers_of(const std::vector<Notifier>& all, std::string_view namespace_name) {
  std::vector<Notifier> its;
  for (const auto& notifier : all) {
    const auto& names = notifier.namespaces;
    if (names.empty() || std::find(names.begin(), names.end(), namespace_name) != names.end()) its.push_back(notifier);
  }
  return its;
}

}  // namespace arbiter::core
