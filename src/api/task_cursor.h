// The cursors of the list of tasks: `l:` and a position among the live ones, then `e:` and one among the ended ones.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/journal.h"

namespace arbiter::api {

inline constexpr std::string_view kLiveCursor = "l:";
inline constexpr std::string_view kEndedCursor = "e:";

struct TaskCursor {
  bool ended = false;
  store::Position position = 0;
  friend bool operator==(const TaskCursor&, const TaskCursor&) = default;
};

[[nodiscard]] std::string to_text(const TaskCursor& cursor);
// Nothing when it is not one that to_text() made.
[[nodiscard]] std::optional<TaskCursor> read_cursor(std::string_view text);

}  // namespace arbiter::api
