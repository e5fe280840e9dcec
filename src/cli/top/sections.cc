#include "cli/top/sections.h"

#include <algorithm>
#include <map>

#include "cli/fields.h"
#include "cli/task_views.h"

namespace arbiter::cli::top {
namespace {

std::string since(const json::value& object, std::string_view key, base::Timestamp now) {
  base::Timestamp at;
  if (!base::from_rfc3339(text(object, key), at)) return "";
  return human_duration(std::max<std::int64_t>(0, now.ms - at.ms));
}

std::string whole_or_tenth(const json::value& object, std::string_view key) {
  const auto& value = at(object, key);
  const double rate = value.is_number() ? value.to_number<double>() : 0;
  char out[32];
  std::snprintf(out, sizeof out, rate >= 100 ? "%.0f" : "%.1f", rate);
  return out;
}

std::string milliseconds(const json::value& durations, std::string_view key) {
  if (number(durations, "samples") == 0) return "";
  return human_duration(number(durations, key));
}

Colour severity_colour(std::string_view severity) {
  if (severity == "critical") return Colour::kRed;
  if (severity == "warning") return Colour::kYellow;
  return Colour::kNone;
}

// What an answer may be: [yes | no*], the star at what counts when nobody answers.
std::string options_of(const json::value& item) {
  std::string out;
  const auto usual = text(item, "default");
  for (const auto& option : items(item, "options")) {
    out += (out.empty() ? " [" : " | ") + text(option) + (text(option) == usual && !usual.empty() ? "*" : "");
  }
  return out.empty() ? "" : out + "]";
}

std::string progress_of(const json::value& task, base::Timestamp now) {
  const auto& progress = at(task, "progress");
  if (!progress.is_object()) return task_remark(task);
  const auto age = since(progress, "at", now);
  return task_remark(task) + (age.empty() ? "" : " (" + age + " ago)");
}

int rank_of(const json::value& worker) {
  const auto state = text(worker, "state");
  if (state == "lost" || state == "gone") return 3;
  if (number(worker, "running") == 0) return 2;
  return state == "draining" ? 1 : 0;
}

// Tags of these kinds name what an event is about; of others the kind is told as well.
bool is_subject(std::string_view kind) {
  return kind == "task" || kind == "worker" || kind == "queue" || kind == "question" || kind == "incident";
}

std::string what_happened(const json::value& event) {
  std::string out;
  for (const auto& tag : items(event, "tags")) {
    const auto whole = text(tag);
    const auto colon = whole.find(':');
    const bool plain = colon != std::string::npos && is_subject(whole.substr(0, colon));
    out += (out.empty() ? "" : " ") + (plain ? whole.substr(colon + 1) : whole);
  }
  const auto& data = at(event, "data");
  for (const char* key : {"text", "title", "answer", "reason"}) {
    if (const auto said = text(data, key); !said.empty()) out += "  " + said;
  }
  if (const auto error = text(at(data, "error"), "message"); !error.empty()) out += "  " + error;
  return out;
}

Colour event_colour(std::string_view type) {
  if (type.find("FAILED") != type.npos || type.find("LOST") != type.npos) return Colour::kRed;
  if (type.starts_with("QUESTION.") || type.starts_with("INCIDENT.") || type.starts_with("BUDGET."))
    return Colour::kYellow;
  return type.find("COMPLETED") != type.npos ? Colour::kGreen : Colour::kCyan;
}

Section tasks_where(const Picture& picture, base::Timestamp now, bool busy_only) {
  Section section{{{"TASK", false, false, true},
                   {"TYPE", false, false, true, 4},
                   {"QUEUE", false, false, true, 6},
                   {"STATE"},
                   {"TRY", true, false, false, 5},
                   {"TIME", true},
                   {"WORKER", false, false, true, 2},
                   {"REMARK", false, true, false}},
                  {},
                  busy_only ? "No task is worked on." : "No tasks."};
  for (const auto& task : picture.tasks) {
    if (busy_only && !is_worked_on(task)) continue;
    const auto state = text(task, "state");
    const auto began = text(task, "startedAt").empty() ? "createdAt" : "startedAt";
    base::Timestamp end = now;
    (void)base::from_rfc3339(text(task, "endedAt"), end);
    section.rows.push_back({text(task, "id"), text(task, "type"), text(task, "queue"), Cell(state, state_colour(state)),
                            text(task, "attempt") + "/" + text(task, "maxAttempts"), since(task, began, end),
                            text(task, "workerId"), progress_of(task, now)});
  }
  return section;
}

}  // namespace

bool is_worked_on(const json::value& task) {
  const auto state = text(task, "state");
  return state == "running" || state == "assigned" || state == "suspended";
}

Section inbox_section(const Picture& picture, base::Timestamp now, bool with_ids) {
  Section section{{{"INBOX"},
                   {"AGE", true},
                   {"WHAT", false, true},
                   {"ID", false, false, false, with_ids ? 0 : 3},
                   {"TASK", false, false, true, 4},
                   {"WORKER", false, false, true, 5},
                   {"FOR", false, false, true, 2},
                   {"ENDS", true, false, false, 1}},
                  {},
                  "Nothing waits for a person."};
  for (const auto& item : items(picture.inbox)) {
    const auto severity = text(item, "severity");
    const auto kind = text(item, "kind");
    base::Timestamp ends;
    const bool expires = base::from_rfc3339(text(item, "expiresAt"), ends);
    section.rows.push_back({Cell(kind == "task" ? "dead task" : kind, severity_colour(severity)),
                            since(item, "createdAt", now), text(item, "title") + options_of(item), text(item, "id"),
                            text(item, "taskId"), text(item, "workerId"), text(item, "assignee"),
                            expires ? "in " + human_duration(std::max<std::int64_t>(0, ends.ms - now.ms)) : ""});
  }
  return section;
}

Section workers_section(const Picture& picture, base::Timestamp now) {
  Section section{{{"WORKER", false, false, true},
                   {"STATE"},
                   {"RUN", true, false, false, 4},
                   {"SEEN", true},
                   {"DOING", false, false, true},
                   {"SINCE", true},
                   {"PROGRESS", false, true},
                   {"DONE", true, false, false, 3},
                   {"FAILED", true, false, false, 2},
                   {"LOCATION", false, false, true, 5}},
                  {},
                  "No workers. One is started with: arbiter worker run --help"};
  std::map<std::string, std::vector<const json::value*>> doing;
  for (const auto& task : picture.tasks) {
    if (is_worked_on(task)) doing[text(task, "workerId")].push_back(&task);
  }
  std::vector<const json::value*> workers;
  for (const auto& worker : picture.workers) {
    if (text(worker, "state") != "gone") workers.push_back(&worker);
  }
  std::stable_sort(workers.begin(), workers.end(), [](auto a, auto b) { return rank_of(*a) < rank_of(*b); });
  for (const auto* worker : workers) {
    const auto state = text(*worker, "state");
    const auto found = doing.find(text(*worker, "id"));
    const json::value* task = found == doing.end() ? nullptr : found->second.front();
    const auto others = task ? found->second.size() - 1 : 0;
    section.rows.push_back(
        {text(*worker, "id"), Cell(state, state_colour(state)),
         text(*worker, "running") + "/" + text(*worker, "maxConcurrent"), since(*worker, "lastSeenAt", now),
         task ? text(*task, "id") + (others > 0 ? " +" + std::to_string(others) : "") : "",
         task ? since(*task, "startedAt", now) : "",
         task ? (text(*task, "state") == "suspended" ? "suspended: " : "") + progress_of(*task, now) : "",
         text(*worker, "completed"), text(*worker, "failed"), text(*worker, "location")});
  }
  return section;
}

Section tasks_section(const Picture& picture, base::Timestamp now) { return tasks_where(picture, now, false); }
Section busy_section(const Picture& picture, base::Timestamp now) { return tasks_where(picture, now, true); }

Section queues_section(const Picture& picture, base::Timestamp now) {
  Section section{{{"QUEUE", false, false, true},
                   {"QUEUED", true},
                   {"RUNNING", true},
                   {"SUSPENDED", true, false, false, 4},
                   {"PENDING", true, false, false, 5},
                   {"OLDEST", true},
                   {"IN/s", true, false, false, 2},
                   {"DONE/s", true},
                   {"FAILED/s", true, false, false, 1},
                   {"WAIT p95", true, false, false, 6},
                   {"RUN p95", true, false, false, 6},
                   {"NOTE", false, true}},
                  {},
                  "No queues."};
  for (const auto& queue : picture.queues) {
    const auto& depth = at(queue, "depth");
    const auto paused = at(queue, "paused") == json::value(true);
    const auto draining = at(queue, "draining") == json::value(true);
    base::Timestamp until;
    std::string note = paused ? "paused" : draining ? "draining" : "";
    if (paused && base::from_rfc3339(text(queue, "pausedUntil"), until)) {
      note += " for " + human_duration(std::max<std::int64_t>(0, until.ms - now.ms));
    }
    const auto oldest = text(queue, "oldestAgeMs");
    section.rows.push_back({text(queue, "name"), text(depth, "queued"),
                            std::to_string(number(depth, "running") + number(depth, "assigned")),
                            text(depth, "suspended"), text(depth, "pending"),
                            oldest.empty() ? "" : human_duration(number(queue, "oldestAgeMs")),
                            whole_or_tenth(queue, "submittedPerSecond"), whole_or_tenth(queue, "completedPerSecond"),
                            whole_or_tenth(queue, "failedPerSecond"), milliseconds(at(queue, "wait"), "p95Ms"),
                            milliseconds(at(queue, "run"), "p95Ms"), Cell(note, Colour::kYellow)});
  }
  return section;
}

Section events_section(const Picture& picture) {
  Section section{{{"AT (UTC)"},
                   {"POSITION", true, false, false, 2},
                   {"TYPE"},
                   {"WHAT", false, true},
                   {"BY", false, false, true, 1}},
                  {},
                  "Nothing has happened yet."};
  for (std::size_t i = picture.events.size(); i-- > 0;) {
    const auto& event = picture.events[i];
    const auto time = text(event, "time");
    const auto type = text(event, "type");
    section.rows.push_back({time.size() > 19 ? time.substr(11, 8) : time, text(event, "position"),
                            Cell(type, event_colour(type)), what_happened(event),
                            text(at(event, "metadata"), "actor")});
  }
  return section;
}

void keep_matching(Section& section, const std::string& filter) {
  if (filter.empty()) return;
  const auto same = [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
  };
  std::erase_if(section.rows, [&](const auto& row) {
    return std::none_of(row.begin(), row.end(), [&](const Cell& cell) {
      return std::search(cell.text.begin(), cell.text.end(), filter.begin(), filter.end(), same) != cell.text.end();
    });
  });
  section.when_empty = "Nothing here contains `" + filter + "`.";
}

}  // namespace arbiter::cli::top
