#include "specs.h"

#include <functional>

namespace arbiter::sim {

core::RawJson json(const std::string& text) { return core::RawJson(text, base::mix(std::hash<std::string>{}(text))); }

bool fits_payload_schema(const core::RawJson& payload) {
  const std::string_view text = payload.text();
  if (!text.starts_with("{\"m\":")) return false;
  const auto i = text.find("\"i\":");
  return i == std::string_view::npos || std::stoll(std::string(text.substr(i + 4))) <= 3;
}

bool fits_result_schema(const core::RawJson& result) {
  const std::string_view text = result.text();
  return text.empty() || (text.starts_with('{') && text.size() < 130);
}

void Specs::learn(const std::string& id) {
  known_.push_back(id);
  if (known_.size() > 200) known_.pop_front();
}

// Mostly a recent one; sometimes one that never was.
core::Name Specs::any_id() {
  if (known_.empty() || random_.one_in(40)) return core::Name("nope-" + std::to_string(random_.below(3)));
  const std::size_t recent = random_.percent(70) ? std::min<std::size_t>(20, known_.size()) : known_.size();
  return core::Name(known_[known_.size() - 1 - random_.below(recent)]);
}

core::TaskSpec Specs::make(std::uint64_t number, std::size_t index, std::int64_t wall_ms,
                           const std::vector<core::Name>& siblings) {
  core::TaskSpec spec;
  spec.type = random_.pick(kTypes);
  if (random_.percent(85)) spec.queue = random_.pick(kQueues);
  if (random_.percent(40)) spec.priority = core::Priority{random_.range(1, 10)};
  std::string payload = "{\"m\":" + std::to_string(number) + ",\"i\":" + std::to_string(index);
  if (random_.percent(10)) payload += ",\"pad\":\"" + std::string(random_.below(300), 'x') + '"';
  if (random_.one_in(60)) payload += ",\"big\":\"" + std::string(5'000, 'y') + '"';
  spec.payload = json(payload + '}');
  if (random_.percent(30)) add_keys(spec);
  if (random_.percent(60)) embellish(spec, wall_ms, siblings);
  return spec;
}

void Specs::embellish(core::TaskSpec& spec, std::int64_t wall_ms, const std::vector<core::Name>& siblings) {
  if (random_.percent(40)) {
    const std::size_t wanted = 1 + random_.below(3);
    for (std::size_t i = 0; i < wanted; ++i) {
      const bool sibling = !siblings.empty() && random_.percent(60);
      spec.depends_on.push_back(sibling ? random_.pick(siblings) : any_id());
    }
    spec.on_dependency_failure = static_cast<core::OnDependencyFailure>(random_.below(3));
  }
  if (random_.percent(15)) {
    spec.delay_ms = random_.range(0, 20'000);
  } else if (random_.percent(12)) {
    spec.run_at = core::Timestamp{wall_ms + random_.range(-5'000, 60'000)};
  }
  if (random_.percent(20)) spec.timeout_ms = random_.range(100, 20'000);
  if (random_.percent(20)) spec.stall_ms = random_.range(100, 10'000);
  if (random_.percent(10)) spec.deadline = core::Timestamp{wall_ms + random_.range(-1'000, 60'000)};
  if (random_.percent(50)) {
    spec.retry.given = true;
    spec.retry.max_attempts = random_.range(1, 5);
    spec.retry.backoff_ms = random_.range(0, 5'000);
    if (random_.percent(70)) spec.retry.max_backoff_ms = spec.retry.backoff_ms + random_.range(0, 8'000);
    if (random_.percent(30)) spec.retry.jitter = 0.0;
  }
  if (random_.percent(20)) add_requirements(spec);
  if (random_.percent(20)) spec.tags.emplace_back("tag-" + std::to_string(random_.below(3)));
  if (random_.percent(10)) spec.metadata = json("{\"team\":\"a\"}");
  if (random_.percent(20)) spec.parent_id = any_id();
}

void Specs::add_requirements(core::TaskSpec& spec) {
  if (random_.percent(50)) spec.requirements.capabilities.push_back(random_.pick(kTypes));
  if (random_.percent(30)) spec.requirements.languages.push_back(random_.pick(kLanguages));
  if (random_.percent(20)) spec.requirements.labels["zone"] = random_.percent(50) ? "a" : "b";
  if (random_.percent(15)) spec.requirements.worker_id = core::Name("w" + std::to_string(1 + random_.below(5)));
  if (random_.percent(5)) spec.requirements.capabilities.push_back(kNobody);
}

void Specs::add_keys(core::TaskSpec& spec) {
  if (random_.percent(60)) spec.concurrency_key = random_.pick(kKeys);
  if (random_.percent(40)) spec.rate_key = random_.pick(kKeys);
  if (!random_.percent(20)) return;
  spec.unique_key = core::Name("once-" + std::to_string(random_.below(3)));
  spec.unique_scope = static_cast<core::UniqueScope>(random_.below(3));
  spec.on_duplicate = static_cast<core::OnDuplicate>(random_.below(3));
  if (spec.unique_scope == core::UniqueScope::kWindow) spec.unique_window_ms = random_.range(1, 30'000);
}

void Specs::spoil(core::TaskSpec& spec) {
  switch (random_.below(4)) {
    case 0:
      spec.run_at = core::Timestamp{1};
      spec.delay_ms = 5;
      break;
    case 1:
      spec.metadata = json("[1]");
      break;
    case 2:
      spec.payload = json('"' + std::string(static_cast<std::size_t>(limits_.payload_bytes_max), 'z') + '"');
      break;
    default:
      spec.parent_id = core::Name("nope-parent");
      break;
  }
}

}  // namespace arbiter::sim
