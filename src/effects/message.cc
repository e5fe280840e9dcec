#include "effects/message.h"

#include "base/json.h"
#include "engine/event_id.h"

namespace arbiter::effects {
namespace {

void add_text(std::string& out, std::string_view name, std::string_view value) {
  out += out.size() > 1 ? ",\"" : "\"";
  out.append(name).append("\":");
  base::write_string(value, out);
}

void add_number(std::string& out, std::string_view name, std::uint64_t value) {
  out += out.size() > 1 ? ",\"" : "\"";
  out.append(name).append("\":").append(std::to_string(value));
}

// `json` is a text of the log, which is JSON already.
void add_json(std::string& out, std::string_view name, std::string_view json) {
  out.append(",\"").append(name).append("\":").append(json);
}

// As the API shows it.
std::string text_of(const store::EventRow& event) {
  std::string out = "{";
  add_number(out, "position", event.position);
  add_text(out, "id", engine::event_id(event));
  add_text(out, "type", event.type);
  std::string tags = "[";
  base::write_string(event.entity, tags);
  for (const auto& tag : event.tags) {
    tags += ',';
    base::write_string(tag, tags);
  }
  add_json(out, "tags", tags + "]");
  add_text(out, "time", base::to_rfc3339(event.time));
  add_json(out, "data", event.data);
  add_json(out, "metadata", event.metadata);
  return out + "}";
}

}  // namespace

std::string message(const std::string& namespace_name, const core::EffectOrder& order,
                    const std::optional<store::EventRow>& event) {
  std::string out = "{";
  add_text(out, "id", order.id);
  add_number(out, "attempt", static_cast<std::uint64_t>(order.attempt));
  add_text(out, "notifier", order.notifier);
  add_text(out, "namespace", namespace_name);
  add_text(out, "type", order.type);
  add_text(out, "severity", base::to_text(order.severity));
  add_text(out, "cause", order.cause);
  add_text(out, "title", order.title);
  add_text(out, "time", base::to_rfc3339(order.created_at));
  if (event) {
    const std::string text = text_of(*event);
    if (text.size() <= kEventBytesMax) add_json(out, "event", text);
  }
  return out + "}";
}

}  // namespace arbiter::effects
