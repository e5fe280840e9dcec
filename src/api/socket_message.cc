#include "api/socket_message.h"

namespace arbiter::api {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::size_t kShownMax = 64;  // bytes of a type that is not known

base::Error bad_fields(base::FieldErrors& errors) {
  return {ErrorCode::kInvalidRequest, "Some fields are not valid.", errors.take()};
}

// Cut between characters, for the answer is JSON.
std::string shown(std::string_view text) {
  if (text.size() <= kShownMax) return std::string(text);
  std::size_t end = kShownMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return std::string(text.substr(0, end));
}

}  // namespace

base::Result<SocketMessage> read_socket_message(const std::string& text, std::string& id) {
  id.clear();
  auto message = base::parse_json(text);
  if (!message) return fail(message.error());
  const auto* object = message->if_object();
  const auto* type = object ? object->if_contains("type") : nullptr;
  if (!type || !type->is_string()) {
    return fail({ErrorCode::kInvalidRequest, "A message is a JSON object with a text `type`."});
  }
  const std::string_view name = type->get_string();
  base::FieldErrors errors;
  if (name == "subscribe") {
    Subscribe request;
    base::decode(*message, request, base::Path{}, errors);
    if (!request.events.empty() && !request.types.empty()) errors.add("events", "means the same as types; send one");
    if (request.id) id = request.id->value;
    if (!errors.empty()) return fail(bad_fields(errors));
    return request;
  }
  if (name == "unsubscribe") {
    Unsubscribe request;
    base::decode(*message, request, base::Path{}, errors);
    if (!errors.empty()) return fail(bad_fields(errors));
    return request;
  }
  if (name == "ping") {
    Ping request;
    base::decode(*message, request, base::Path{}, errors);
    if (!errors.empty()) return fail(bad_fields(errors));
    return request;
  }
  return fail({ErrorCode::kInvalidRequest,
               "Unknown message type: " + shown(name) + ". There are subscribe, unsubscribe and ping."});
}

}  // namespace arbiter::api
