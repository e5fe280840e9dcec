#include "replay.h"

namespace arbiter::sim {
namespace {

using Entities = std::map<std::pair<std::string, std::string>, std::string>;  // kind and id -> body

Entities entities_of(core::State& state) {
  Entities all;
  for (auto& change : state.snapshot()) all[{change.kind, change.id}] = std::move(change.body);
  return all;
}

std::string difference(const Entities& a, const char* name_a, const Entities& b, const char* name_b) {
  for (const auto& [key, body] : a) {
    const std::string name = key.first + ' ' + key.second;
    const auto other = b.find(key);
    if (other == b.end()) return name + " is in " + name_a + ", but not in " + name_b + ": " + body;
    if (other->second != body)
      return name + " is " + body + " in " + name_a + ", but " + other->second + " in " + name_b;
  }
  for (const auto& [key, body] : b) {
    if (!a.contains(key))
      return key.first + ' ' + key.second + " is in " + name_b + ", but not in " + name_a + ": " + body;
  }
  return "";
}

}  // namespace

base::Result<core::Event> event_of(const store::EventRow& row, store::Reader& reader) {
  core::EventRecord record{row.position, row.time, row.type, row.entity, row.tags, row.data, row.metadata};
  std::string body;
  if (row.type == "TASK.SUBMITTED.SUCCESS" || row.type == "TASK.COMPLETED.SUCCESS") {
    if (auto document = reader.document(row.position)) {
      record.has_document = true;
      record.document_spec = std::move(document->spec);
      body = std::move(document->body);
      record.document_body = body;
    }
  }
  return core::from_record(record);
}

void Replay::apply(const core::Event& event) {
  core_.state().apply(event);
  for (auto& change : core_.state().take_changes()) {
    if (change.kind != "task") continue;
    if (change.ended) {
      ended_[change.id] = std::move(change);
    } else {
      ended_.erase(change.id);
    }
  }
}

void Replay::compare(core::State& living, store::Journal& store, Verdict& verdict) {
  // What reactions settle without an event; at a time before every deadline.
  for (int i = 0; i < 100'000 && core_.has_work({}); ++i) core_.tick({});
  for (const auto& event : core_.take_events()) {
    const auto record = core::to_record(event);
    verdict.broken("2", "the replay reacts where the living state did not: " + record.type + ' ' + record.data);
  }
  for (auto& change : core_.state().take_changes()) {
    if (change.kind == "task" && change.ended) ended_[change.id] = std::move(change);
  }
  const Entities replayed = entities_of(core_.state());
  const Entities lives = entities_of(living);
  EXPECT_RULE(verdict, replayed == lives, "2", difference(replayed, "the replay", lives, "the living state"));
  Entities stored;
  const auto loaded = store.load([&](const store::LoadedEntity& e) {
    stored[{std::string(e.kind), std::string(e.id)}] = std::string(e.body);
  });
  EXPECT_RULE(verdict, loaded.has_value() && stored == lives, "2",
              difference(lives, "the living state", stored, "the store"));
}

void Replay::compare_ended(store::Reader& reader, Verdict& verdict) {
  for (const auto& [id, change] : ended_) {
    const auto found = reader.lookup({{"task", id}});
    const bool same = found && found->found.size() == 1 && found->found[0].ended &&
                      found->found[0].body == change.body && found->found[0].document_position == change.document;
    const std::string kept = found && found->found.size() == 1 ? found->found[0].body : "nothing";
    EXPECT_RULE(verdict, same, "2",
                "ended task " + id + " is " + change.body + " in the replay, but " + kept + " in the store");
  }
}

}  // namespace arbiter::sim
