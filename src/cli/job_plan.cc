#include "cli/job_plan.h"

namespace arbiter::cli {
namespace {

constexpr std::string_view kItem = "${item}";
// The server ends an attempt that its worker did not end in time; the worker should be the first.
constexpr std::int64_t kServerTimeoutSlackMs = 30'000;

std::string as_text(const json::value& value) {
  return value.is_string() ? std::string(value.get_string()) : json::serialize(value);
}

std::string replace_item(std::string text, const std::string& item) {
  for (auto at = text.find(kItem); at != std::string::npos; at = text.find(kItem, at + item.size())) {
    text.replace(at, kItem.size(), item);
  }
  return text;
}

struct Plan {
  const Job& job;
  const std::string& run;
  const Rounds& rounds;
  std::map<std::string, std::vector<std::string>> ids{};  // of each step
  std::set<std::string> fanned_out{};
  std::vector<PlannedTask> tasks{};

  [[nodiscard]] std::string id_of(const Step& step, const std::string& label) const {
    const auto round = rounds.find(step.name);
    return run + "." + label + (round == rounds.end() ? "" : ":" + std::to_string(round->second));
  }

  json::object shell_payload(const Step& step, const std::string* item) {
    json::object env;
    const auto put = [&](const std::string& name, const std::string& value) {
      env[name] = item ? replace_item(value, *item) : value;
    };
    env["ARBITER_RUN"] = run;
    env["ARBITER_STEP"] = step.name;
    for (const auto& [name, value] : job.env) put(name, value);
    for (const auto& [name, value] : step.env) put(name, value);
    if (item) env["ITEM"] = *item;
    json::object payload{{"run", item ? replace_item(step.run, *item) : step.run}, {"env", std::move(env)}};
    json::object needs;
    for (const auto& need : step.needs) {
      json::array list;
      for (const auto& id : ids[need]) list.emplace_back(id);
      needs[need] = fanned_out.contains(need) ? json::value(std::move(list)) : list.front();
    }
    if (!needs.empty()) payload["needs"] = std::move(needs);
    if (step.timeout_ms > 0) payload["timeoutMs"] = step.timeout_ms;
    if (step.attempts == 0) payload["retryFailure"] = false;
    return payload;
  }

  void add(const Step& step, const std::string& label, const std::string* item) {
    json::object body{{"id", id_of(step, label)}, {"tags", json::array{run_tag(run), "step:" + step.name}}};
    if (step.run.empty()) {
      body["type"] = step.type;
      if (!step.with.is_null()) body["payload"] = item ? with_item(step.with, *item) : step.with;
      if (!step.queue.empty()) body["queue"] = step.queue;
    } else {
      body["type"] = "shell";
      body["payload"] = shell_payload(step, item);
      body["queue"] = step.queue.empty() ? run_queue(job) : step.queue;
      body["requirements"] = {{"labels", {{"run", run}}}};
    }
    json::array depends_on;
    for (const auto& need : step.needs) {
      for (const auto& id : ids[need]) depends_on.emplace_back(id);
    }
    if (!depends_on.empty()) body["dependsOn"] = std::move(depends_on);
    if (!step.on_needs_failure.empty()) body["onDependencyFailure"] = step.on_needs_failure;
    if (step.timeout_ms > 0) body["timeoutMs"] = step.timeout_ms + (step.run.empty() ? 0 : kServerTimeoutSlackMs);
    json::object retry;
    if (step.attempts > 0) retry["maxAttempts"] = step.attempts;
    if (step.backoff_ms >= 0) retry["backoffMs"] = step.backoff_ms;
    if (!retry.empty()) body["retry"] = std::move(retry);
    tasks.push_back({id_of(step, label), step.name, label, std::move(body)});
  }
};

}  // namespace

std::string run_queue(const Job& job) { return "run." + job.name; }

std::string run_tag(const std::string& run) { return "run:" + run; }

json::value with_item(const json::value& value, const std::string& item) {
  if (value.is_string()) return json::value(replace_item(std::string(value.get_string()), item));
  if (value.is_array()) {
    json::array out;
    for (const auto& entry : value.get_array()) out.push_back(with_item(entry, item));
    return out;
  }
  if (value.is_object()) {
    json::object out;
    for (const auto& [key, entry] : value.get_object()) out[key] = with_item(entry, item);
    return out;
  }
  return value;
}

std::set<std::string> steps_after(const Job& job, const std::set<std::string>& retried) {
  std::set<std::string> after;
  for (const auto& step : job.steps) {
    const bool later = std::any_of(step.needs.begin(), step.needs.end(),
                                   [&](const auto& need) { return retried.contains(need) || after.contains(need); });
    if (later) after.insert(step.name);
  }
  return after;
}

std::vector<PlannedTask> plan(const Job& job, const std::string& run, const Rounds& rounds) {
  Plan plan{job, run, rounds};
  for (const auto& step : job.steps) {
    if (!step.fans_out) {
      plan.add(step, step.name, nullptr);
      plan.ids[step.name] = {plan.tasks.back().id};
      continue;
    }
    plan.fanned_out.insert(step.name);
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < step.foreach.size(); ++i) {
      const auto item = as_text(step.foreach[i]);
      plan.add(step, step.name + "." + std::to_string(i), &item);
      ids.push_back(plan.tasks.back().id);
    }
    plan.ids[step.name] = std::move(ids);
  }
  return std::move(plan.tasks);
}

}  // namespace arbiter::cli
