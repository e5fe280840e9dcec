// What the filters of queries mean, for the stores that check rows in C++.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "store/journal.h"

namespace arbiter::store {

// `type` is one of `patterns`, of which `TASK.*` matches by prefix. No pattern: any type matches.
[[nodiscard]] bool type_matches(std::string_view type, const std::vector<std::string>& patterns);

// `event` carries each of `tags`, its entity counted as one.
[[nodiscard]] bool has_tags(const EventRow& event, const std::vector<std::string>& tags);

[[nodiscard]] bool ended_matches(const EndedQuery& query, std::string_view state, std::string_view queue,
                                 std::string_view type);

// Tags as they are stored, `["worker:w1"]`; false when `json` is not a list of strings.
[[nodiscard]] bool read_tags(std::string_view json, std::vector<std::string>& tags);
[[nodiscard]] std::string write_tags(const std::vector<std::string>& tags);

// The key of the thing an event is about: `task:build-1` is kind task, id build-1. Empty when it is no such tag.
[[nodiscard]] EntityKey key_of_tag(std::string_view tag);

}  // namespace arbiter::store
