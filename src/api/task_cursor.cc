#include "api/task_cursor.h"

#include <charconv>

namespace arbiter::api {
std::string to_text(const TaskCursor& cursor) {
  return std::string(cursor.ended ? kEndedCursor : kLiveCursor) + std::to_string(cursor.position);
}

std::optional<TaskCursor> read_cursor(std::string_view text) {
  TaskCursor cursor;
  cursor.ended = text.starts_with(kEndedCursor);
  if (!cursor.ended && !text.starts_with(kLiveCursor)) return std::nullopt;
  text.remove_prefix(kLiveCursor.size());
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), cursor.position);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return cursor;
}

}  // namespace arbiter::api
