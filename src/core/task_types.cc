#include "core/task_types.h"

namespace arbiter::core {

bool allowed(TaskState from, TaskState to) {
  using enum TaskState;
  switch (from) {
    case kPending:
      return to == kQueued || to == kCancelled || to == kFailed;
    case kQueued:
      return to == kAssigned || to == kCancelled || to == kFailed;
    case kAssigned:
      return to == kRunning || to == kQueued || to == kPending || to == kFailed || to == kCancelled;
    case kRunning:
      return to == kCompleted || to == kFailed || to == kPending || to == kQueued || to == kSuspended ||
             to == kCancelled;
    case kSuspended:
      return to == kRunning || to == kCompleted || to == kPending || to == kQueued || to == kFailed || to == kCancelled;
    case kFailed:
      return to == kQueued;
    case kCancelled:
      return to == kPending;
    case kCompleted:
      return false;
  }
  return false;
}

}  // namespace arbiter::core

namespace arbiter::base {

void JsonCodec<core::Priority>::decode(const json::value& in, core::Priority& out, const Path& path,
                                       FieldErrors& errors) {
  static constexpr std::array<std::pair<std::string_view, int>, 4> words{
      {{"low", 2}, {"normal", 5}, {"high", 8}, {"critical", 10}}};
  if (in.is_string()) {
    for (const auto& [word, value] : words) {
      if (std::string_view(in.get_string()) == word) {
        out.value = value;
        return;
      }
    }
    return errors.add(path, "must be from 1 to 10, or low, normal, high or critical");
  }
  decode_int(in, out.value, 1, 10, path, errors);
}

json::object JsonCodec<core::Priority>::schema(Schemas&) {
  return {{"oneOf", json::array{json::object{{"type", "integer"}, {"minimum", 1}, {"maximum", 10}},
                                json::object{{"type", "string"}, {"enum", {"low", "normal", "high", "critical"}}}}}};
}

}  // namespace arbiter::base
