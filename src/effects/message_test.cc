#include "effects/message.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "engine/event_id.h"

namespace arbiter::effects {
namespace {

core::EffectOrder order() {
  core::EffectOrder o;
  o.id = "effect_1";
  o.attempt = 2;
  o.notifier = "ops";
  o.type = "TASK.FAILED.PERMANENT";
  o.cause = "dead_tasks:q";
  o.title = "Task \"a\"\nis dead";
  o.severity = core::Severity::kWarning;
  o.position = 7;
  o.created_at = {1'700'000'000'123};
  return o;
}

TEST(Message, TellsWhatHappenedWithTheEvent) {
  const store::EventRow event{7,
                              {1'700'000'000'000},
                              "TASK.FAILED.PERMANENT",
                              "task:a",
                              {"worker:w", "x:\""},
                              R"({"id":"a"})",
                              R"({"actor":"w"})"};
  EXPECT_EQ(message("default", order(), event),
            R"({"id":"effect_1","attempt":2,"notifier":"ops","namespace":"default","type":"TASK.FAILED.PERMANENT",)"
            R"("severity":"warning","cause":"dead_tasks:q","title":"Task \"a\"\nis dead",)"
            R"("time":"2023-11-14T22:13:20.123Z","event":{"position":7,"id":")" +
                engine::event_id(event) +
                R"(","type":"TASK.FAILED.PERMANENT","tags":["task:a","worker:w","x:\""],)"
                R"("time":"2023-11-14T22:13:20.000Z","data":{"id":"a"},"metadata":{"actor":"w"}}})");
}

TEST(Message, LeavesAnEventOutThatIsTooLong) {
  store::EventRow event{7, {}, "TASK.FAILED.PERMANENT", "task:a", {}, "\"\"", "{}"};
  const auto has_event = [&] {
    return base::parse_json(message("default", order(), event))->as_object().contains("event");
  };
  EXPECT_TRUE(has_event());
  event.data = "\"" + std::string(kEventBytesMax, 'x') + "\"";
  EXPECT_FALSE(has_event());
}

}  // namespace
}  // namespace arbiter::effects
