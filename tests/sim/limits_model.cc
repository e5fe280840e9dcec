#include "limits_model.h"

#include <algorithm>

#include "model.h"

namespace arbiter::sim {
namespace {

constexpr std::size_t kStartsKept = 200;
constexpr std::int64_t kSlowStartSeconds = 10;  // as docs/guides/limits.md says

std::int64_t interval_us(const core::RateLimit& rate) { return (rate.per_ms * 1'000 + rate.count - 1) / rate.count; }

// Whether one more start at `now` keeps every window that ends now within the rate.
bool fits_rate(const GateModel& gate, const core::RateLimit& rate, std::int64_t now) {
  if (rate.count == 0 || gate.rate != rate) return true;  // what was started under another rate does not count
  std::int64_t in_window = 1;
  for (auto it = gate.starts.rbegin(); it != gate.starts.rend(); ++it) {
    ++in_window;
    const std::int64_t allowed = rate.burst + (now - *it) * 1'000 / interval_us(rate);
    if (in_window > allowed) return false;
  }
  return true;
}

// Twice as many in each second after a timed pause.
bool fits_slow_start(const GateModel& gate, std::int64_t now) {
  if (!gate.resumed_at || now - gate.resumed_at >= kSlowStartSeconds * 1'000) return true;
  const std::int64_t second = (now - gate.resumed_at) / 1'000;
  return gate.starts_since_resume + 1 <= (std::int64_t{2} << second) + second + 1;
}

bool is_rested(const GateModel& gate, const core::RateLimit& rate, std::int64_t now, std::int64_t loaded) {
  if (gate.resumed_at && now - gate.resumed_at < kSlowStartSeconds * 1'000 + 1'000) return false;
  if (rate.count == 0) return true;
  const std::int64_t wait = interval_us(rate) / 1'000 + 1;
  // Under another rate its bucket may have been emptied further.
  if (gate.rate != rate && !gate.starts.empty()) return false;
  const std::int64_t last = gate.starts.empty() ? 0 : gate.starts.back();
  return now > std::max(last, loaded) + wait;
}

void note_start(GateModel& gate, const core::RateLimit& rate, std::int64_t now) {
  if (gate.rate != rate) gate.starts.clear();
  gate.rate = rate;
  gate.starts.push_back(now);
  if (gate.starts.size() > kStartsKept) gate.starts.pop_front();
}

}  // namespace

const core::KeyLimits& LimitsModel::limits_of(const std::string& key, const std::string& queue) {
  const auto configured = key_limits.find(key);
  return configured != key_limits.end() ? configured->second : queue_limits[queue].key_limits;
}

std::string LimitsModel::forbids(const core::TaskSpec& spec, std::int64_t now) {
  const std::string& name = spec.queue.value;
  const GateModel& queue = queues[name];
  const QueueLimits& limits = queue_limits[name];
  if (queue.paused) return "queue " + name + " is paused";
  if (limits.concurrency > 0 && queue.running >= limits.concurrency) return "the concurrency of queue " + name;
  if (!fits_rate(queue, limits.rate, now)) return "the rate of queue " + name;
  if (!fits_slow_start(queue, now)) return "the slow start of queue " + name;
  for (const auto& key : {spec.concurrency_key, spec.rate_key}) {
    if (!key) continue;
    if (keys[key->value].paused) return "key " + key->value + " is paused";
    if (!fits_slow_start(keys[key->value], now)) return "the slow start of key " + key->value;
  }
  if (spec.concurrency_key) {
    const std::string& key = spec.concurrency_key->value;
    const std::int64_t most = limits_of(key, name).concurrency;
    if (most > 0 && keys[key].running >= most) return "the concurrency of key " + key;
  }
  if (spec.rate_key) {
    const std::string& key = spec.rate_key->value;
    if (!fits_rate(keys["rate " + key], limits_of(key, name).rate, now)) return "the rate of key " + key;
  }
  return "";
}

bool LimitsModel::is_free(const core::TaskSpec& spec, std::int64_t now, std::int64_t loaded) {
  if (!forbids(spec, now).empty()) return false;
  const std::string& name = spec.queue.value;
  if (!is_rested(queues[name], queue_limits[name].rate, now, loaded)) return false;
  if (spec.concurrency_key && !is_rested(keys[spec.concurrency_key->value], {}, now, loaded)) return false;
  if (!spec.rate_key) return true;
  const std::string& key = spec.rate_key->value;
  return is_rested(keys[key], {}, now, loaded) &&
         is_rested(keys["rate " + key], limits_of(key, name).rate, now, loaded);
}

bool LimitsModel::is_metered(const core::TaskSpec& spec) {
  const std::string& name = spec.queue.value;
  if (queue_limits[name].rate.count > 0 || queues[name].resumed_at) return true;
  if (spec.concurrency_key && keys[spec.concurrency_key->value].resumed_at) return true;
  return spec.rate_key &&
         (limits_of(spec.rate_key->value, name).rate.count > 0 || keys[spec.rate_key->value].resumed_at);
}

void LimitsModel::start(const core::TaskSpec& spec, std::int64_t now) {
  const std::string& name = spec.queue.value;
  ++queues[name].running;
  ++queues[name].starts_since_resume;
  note_start(queues[name], queue_limits[name].rate, now);
  if (spec.concurrency_key) {
    ++keys[spec.concurrency_key->value].running;
    ++keys[spec.concurrency_key->value].starts_since_resume;
  }
  if (!spec.rate_key) return;
  const std::string& key = spec.rate_key->value;
  if (spec.concurrency_key != spec.rate_key) ++keys[key].starts_since_resume;
  note_start(keys["rate " + key], limits_of(key, name).rate, now);
}

void LimitsModel::end(const core::TaskSpec& spec) {
  --queues[spec.queue.value].running;
  if (spec.concurrency_key) --keys[spec.concurrency_key->value].running;
}

void LimitsModel::reload() {
  for (auto* gates : {&queues, &keys}) {
    for (auto& [name, gate] : *gates) gate.resumed_at = 0;
  }
}

void LimitsModel::claim(const TaskModel& task, core::Position position) {
  if (!task.spec.unique_key) return;
  const std::string& key = task.spec.unique_key->value;
  unique[key] = task.id;
  unique_history[key].set(position, task.id);
}

void LimitsModel::drop_claim(const TaskModel& task, core::Position position) {
  if (!task.spec.unique_key) return;
  const std::string& key = task.spec.unique_key->value;
  const auto holder = unique.find(key);
  if (holder == unique.end() || holder->second != task.id) return;
  unique.erase(holder);
  unique_history[key].set(position, "");
}

void LimitsModel::on(const core::QueueConfigured& e) {
  queue_limits[e.name.value] = {e.concurrency, e.rate, e.key_limits};
}

void LimitsModel::on(const core::KeyConfigured& e, core::Position position) {
  key_limits[e.name.value] = e.limits;
  note_key(e.name.value, position);
}

void LimitsModel::pause(GateModel& gate, const std::optional<core::Timestamp>& until) {
  gate.paused = true;
  gate.paused_until = until ? until->ms : 0;
}

void LimitsModel::resume(GateModel& gate, core::Reason reason, std::int64_t now) {
  gate.paused = false;
  gate.paused_until = 0;
  if (reason != core::Reason::kTime) return;
  gate.resumed_at = now;
  gate.starts_since_resume = 0;
}

void LimitsModel::note_key(const std::string& name, core::Position position) {
  const auto limits = key_limits.find(name);
  key_history[name].set(position, {keys[name].paused, limits == key_limits.end() ? core::KeyLimits{} : limits->second});
}

}  // namespace arbiter::sim
