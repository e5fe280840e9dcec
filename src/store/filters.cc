#include "store/filters.h"

#include <algorithm>

#include "base/json.h"

namespace arbiter::store {

bool type_matches(std::string_view type, const std::vector<std::string>& patterns) {
  if (patterns.empty()) return true;
  return std::any_of(patterns.begin(), patterns.end(), [&](std::string_view pattern) {
    if (pattern.ends_with('*')) return type.starts_with(pattern.substr(0, pattern.size() - 1));
    return type == pattern;
  });
}

bool has_tags(const EventRow& event, const std::vector<std::string>& tags) {
  return std::all_of(tags.begin(), tags.end(), [&](const std::string& tag) {
    return event.entity == tag || std::find(event.tags.begin(), event.tags.end(), tag) != event.tags.end();
  });
}

bool ended_matches(const EndedQuery& query, std::string_view state, std::string_view queue, std::string_view type) {
  const bool state_fits =
      query.states.empty() || std::find(query.states.begin(), query.states.end(), state) != query.states.end();
  return state_fits && (query.queue.empty() || query.queue == queue) && (query.type.empty() || query.type == type);
}

bool read_tags(std::string_view json, std::vector<std::string>& tags) {
  if (json == "[]") return true;
  auto parsed = base::from_json_text<std::vector<std::string>>(json);
  if (parsed) tags = std::move(*parsed);
  return parsed.has_value();
}

std::string write_tags(const std::vector<std::string>& tags) {
  std::string out = "[";
  for (const auto& tag : tags) {
    if (out.size() > 1) out += ',';
    base::write_string(tag, out);
  }
  out += ']';
  return out;
}

EntityKey key_of_tag(std::string_view tag) {
  const auto colon = tag.find(':');
  if (colon == std::string_view::npos) return {};
  return {std::string(tag.substr(0, colon)), std::string(tag.substr(colon + 1))};
}

}  // namespace arbiter::store
