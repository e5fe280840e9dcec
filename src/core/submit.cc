// Submitting tasks: everything is checked before the first of them exists.
#include <numeric>
#include <set>

#include "base/check.h"
#include "base/ids.h"
#include "core/core.h"
#include "core/views.h"

namespace arbiter::core {

using base::ErrorCode;
using base::fail;
using base::Result;

struct Core::Submission {
  const TaskSpec* spec = nullptr;          // with its type's defaults
  const TaskSpec* given = nullptr;         // as it came
  std::optional<TaskSpec> defaulted = {};  // the former when they differ
  std::string path;                        // `tasks[3]`, empty for a single one
  std::string id;                          // the client's or a new one
  std::int64_t fingerprint = 0;
  Task* existing = nullptr;  // the same task was submitted before
  Task* holder = nullptr;    // another task, which holds its unique key
  Task* root = nullptr;
  bool created = false;
  std::vector<std::size_t> needs{};  // members of the same batch it depends on

  [[nodiscard]] std::string field(std::string_view name) const {
    return path.empty() ? std::string(name) : path + '.' + std::string(name);
  }
};

namespace {

// Of the definition, but not of what its type adds, which may have changed when it comes again. 53 bits, so that any
// JSON reader keeps it.
std::int64_t fingerprint_of(const TaskSpec& spec) {
  TaskSpec rest = spec;
  const std::uint64_t bodies = base::mix(rest.payload.content_hash()) ^ rest.metadata.content_hash();
  rest.payload = {};
  rest.metadata = {};
  rest.retry.max_backoff_ms = rest.retry.longest_ms();
  rest.queue.given = rest.priority.given = rest.retry.given = false;  // a default that is given is no other task
  const std::string text = base::to_json(rest);
  return static_cast<std::int64_t>(base::mix(std::hash<std::string_view>{}(text) ^ bodies) >> 11);
}

}  // namespace

void Core::check_specs(std::vector<Submission>& submissions, base::FieldErrors& errors) const {
  std::set<std::string_view> ids;
  for (auto& s : submissions) {
    const TaskSpec& spec = *s.spec;
    if (spec.run_at && spec.delay_ms) errors.add(s.field("delayMs"), "cannot be given together with runAt");
    if (!spec.metadata.empty()) {
      if (!spec.metadata.text().starts_with('{')) errors.add(s.field("metadata"), "must be an object");
      if (static_cast<std::int64_t>(spec.metadata.size()) > state_.limits.metadata_bytes_max) {
        errors.add(s.field("metadata"),
                   "must have at most " + std::to_string(state_.limits.metadata_bytes_max) + " bytes");
      }
    }
    if (spec.retry.longest_ms() < spec.retry.backoff_ms) {
      errors.add(s.field("retry.maxBackoffMs"), "must not be less than backoffMs");
    }
    if (spec.id && !ids.insert(spec.id->value).second) errors.add(s.field("id"), "is used twice in this batch");
    if (spec.id) {
      s.id = spec.id->value;
      s.fingerprint = fingerprint_of(*s.given);
      s.existing = state_.find_task(s.id);
    }
    if (s.existing) continue;
    check_payload(spec, s.field("payload"), errors);
    if (!spec.parent_id) continue;
    Task* parent = state_.find_task(spec.parent_id->value);
    if (!parent) {
      errors.add(s.field("parentId"), "names no task");
    } else {
      s.root = state_.root_of(*parent);
      if (!s.root) s.root = parent;
    }
  }
}

// The tag that tells the runs of a schedule is not for others.
void Core::check_tags(const std::vector<Submission>& submissions, base::FieldErrors& errors) {
  for (const auto& s : submissions) {
    for (std::size_t i = 0; i < s.spec->tags.size(); ++i) {
      if (!s.spec->tags[i].value.starts_with(kScheduleTag)) continue;
      errors.add(s.field("tags[" + std::to_string(i) + "]"),
                 "begins with schedule:, which is for the runs of schedules");
    }
  }
}

// Who holds the unique keys that are asked for; a repeated submit asks for none.
void Core::find_duplicates(std::vector<Submission>& submissions, base::FieldErrors& errors) const {
  std::set<std::string_view> keys;
  for (auto& s : submissions) {
    const TaskSpec& spec = *s.spec;
    const bool window = spec.unique_scope == UniqueScope::kWindow;
    if (!spec.unique_key) {
      if (window) errors.add(s.field("uniqueScope"), "needs a uniqueKey");
      if (spec.unique_window_ms) errors.add(s.field("uniqueWindowMs"), "needs a uniqueKey");
      continue;
    }
    if (window && !spec.unique_window_ms) errors.add(s.field("uniqueWindowMs"), "is required with uniqueScope window");
    if (!window && spec.unique_window_ms) errors.add(s.field("uniqueWindowMs"), "needs uniqueScope window");
    if (!keys.insert(spec.unique_key->value).second) {
      errors.add(s.field("uniqueKey"), "is used twice in this batch");
    }
    if (s.existing) continue;
    s.holder = state_.holder_of(spec.unique_key->value);
    if (!s.holder || spec.on_duplicate != OnDuplicate::kExisting) continue;
    s.existing = s.holder;
    s.id = s.holder->id;
    s.fingerprint = s.holder->fingerprint;
  }
}

Result<void> Core::check_duplicates(const std::vector<Submission>& submissions) const {
  base::FieldErrors taken;
  const Task* holder = nullptr;
  for (const auto& s : submissions) {
    if (!s.holder || s.existing || s.spec->on_duplicate != OnDuplicate::kRefuse) continue;
    holder = s.holder;
    taken.add(s.field("uniqueKey"), "is held by task " + holder->id);
  }
  if (!holder) return {};
  return fail({ErrorCode::kDuplicateTask,
               "Task " + holder->id + ", which is " + base::to_text(holder->state) +
                   ", holds this unique key. Wait for it, or set onDuplicate to existing or replace.",
               taken.take()});
}

Result<void> Core::check_sizes(const std::vector<Submission>& submissions) const {
  std::int64_t total = 0;
  for (const auto& s : submissions) {
    const auto size = static_cast<std::int64_t>(s.spec->payload.size());
    total += size;
    if (size > state_.limits.payload_bytes_max) {
      const std::string most = std::to_string(state_.limits.payload_bytes_max);
      return fail({ErrorCode::kTooLarge,
                   "A payload may have at most " + most + " bytes.",
                   {{s.field("payload"), "has " + std::to_string(size) + " bytes; the limit is " + most}}});
    }
  }
  if (total > state_.limits.batch_bytes_max) {
    return fail({ErrorCode::kTooLarge, "The payloads of a batch may have at most " +
                                           std::to_string(state_.limits.batch_bytes_max) + " bytes together."});
  }
  return {};
}

void Core::check_dependencies(std::vector<Submission>& submissions, bool batch, base::FieldErrors& unknown) const {
  std::map<std::string_view, std::size_t> members;
  for (std::size_t i = 0; i < submissions.size(); ++i) {
    if (!submissions[i].id.empty()) members.emplace(submissions[i].id, i);
  }
  for (auto& s : submissions) {
    if (s.existing) continue;  // What it depended on may have been deleted since.
    for (std::size_t d = 0; d < s.spec->depends_on.size(); ++d) {
      const std::string& id = s.spec->depends_on[d].value;
      const auto member = members.find(id);
      if (member != members.end()) {
        s.needs.push_back(member->second);
      } else if (!state_.find_task(id)) {
        unknown.add(s.field("dependsOn[" + std::to_string(d) + "]"),
                    "names no task" + std::string(batch ? ", neither in this batch nor before it: " : ": ") + id);
      }
    }
  }
}

// Depth first, dependencies before dependents, otherwise as submitted. A cycle is refused with its names.
Result<std::vector<std::size_t>> Core::order_by_dependency(const std::vector<Submission>& submissions) const {
  enum class Mark : std::uint8_t { kNew, kOpen, kDone };
  std::vector<Mark> marks(submissions.size(), Mark::kNew);
  std::vector<std::size_t> order;
  std::vector<std::pair<std::size_t, std::size_t>> stack;  // member, next of its needs
  for (std::size_t start = 0; start < submissions.size(); ++start) {
    if (marks[start] != Mark::kNew) continue;
    stack.emplace_back(start, 0);
    marks[start] = Mark::kOpen;
    while (!stack.empty()) {
      auto& [member, next] = stack.back();
      if (next == submissions[member].needs.size()) {
        marks[member] = Mark::kDone;
        order.push_back(member);
        stack.pop_back();
        continue;
      }
      const std::size_t need = submissions[member].needs[next++];
      if (marks[need] == Mark::kDone) continue;
      if (marks[need] == Mark::kNew) {
        marks[need] = Mark::kOpen;
        stack.emplace_back(need, 0);
        continue;
      }
      std::string cycle;
      std::size_t from = 0;
      while (stack[from].first != need) ++from;
      for (std::size_t i = from; i < stack.size(); ++i) cycle += submissions[stack[i].first].id + " -> ";
      cycle += submissions[need].id;
      return fail({ErrorCode::kDependencyCycle,
                   "These tasks wait for each other: " + cycle + ".",
                   {{submissions[need].field("dependsOn"), "is part of the cycle " + cycle}}});
    }
  }
  return order;
}

Result<void> Core::check_room(const Queue& queue, std::int64_t more) {
  if (queue.draining) {
    return fail({ErrorCode::kQueueDraining, "Queue " + queue.name +
                                                " is being drained: it takes no new tasks until it is resumed. Use "
                                                "another queue, or resume it."});
  }
  const std::int64_t depth = std::accumulate(queue.depth.begin(), queue.depth.end(), std::int64_t{0});
  if (!queue.max_depth || depth + more <= queue.max_depth) return {};
  return fail({ErrorCode::kQueueFull,
               "Queue " + queue.name + " holds " + std::to_string(depth) + " of " + std::to_string(queue.max_depth) +
                   " tasks; try again later.",
               {},
               1'000});
}

Result<void> Core::check_limits(const std::vector<Submission>& submissions) const {
  std::map<std::string_view, std::int64_t> by_queue;
  std::map<const Task*, std::int64_t> by_root;
  std::int64_t created = 0;
  std::int64_t windows = state_.unique_windows;
  for (const auto& s : submissions) {
    if (s.existing) continue;
    if (auto ok = check_budgets(*s.spec, s.root); !ok) return ok;
    ++created;
    ++by_queue[s.spec->queue.value];
    if (s.root) ++by_root[s.root];
    if (s.holder && State::holds_window(*s.holder)) --windows;
    if (s.spec->unique_key && s.spec->unique_scope == UniqueScope::kWindow) ++windows;
  }
  const std::int64_t memory_max = state_.limits.memory_bytes_max;
  if (created > 0 && memory_max > 0 && state_.memory_bytes >= memory_max) {
    return fail({ErrorCode::kQueueFull,
                 "The tasks of this namespace take its " + std::to_string(memory_max) +
                     " bytes of memory; wait until some have ended, or raise limits.memoryBytesMax.",
                 {},
                 5'000});
  }
  if (windows > state_.unique_windows && windows > state_.limits.unique_windows_max) {
    return fail({ErrorCode::kQueueFull,
                 "The namespace holds its limit of " + std::to_string(state_.limits.unique_windows_max) +
                     " tasks with uniqueScope window; use shorter windows, or another scope.",
                 {},
                 1'000});
  }
  for (const auto& [name, count] : by_queue) {
    const Queue* queue = state_.find_queue(name);
    if (!queue) {
      if (static_cast<std::int64_t>(state_.queues.size()) < state_.limits.queues_max) continue;
      return fail({ErrorCode::kQueueFull,
                   "There are " + std::to_string(state_.limits.queues_max) + " queues already; use one of them.",
                   {},
                   1'000});
    }
    if (auto ok = check_room(*queue, count); !ok) return ok;
  }
  if (static_cast<std::int64_t>(state_.live.size()) + created > state_.limits.live_tasks_max) {
    return fail({ErrorCode::kQueueFull,
                 "The namespace holds its limit of " + std::to_string(state_.limits.live_tasks_max) + " live tasks.",
                 {},
                 1'000});
  }
  for (const auto& [root, count] : by_root) {
    if (root->lineage_used + count > state_.limits.lineage_max) {
      return fail({ErrorCode::kLineageLimit, "The retries and children of task " + root->id + " are limited to " +
                                                 std::to_string(state_.limits.lineage_max) + " together; " +
                                                 std::to_string(root->lineage_used) + " are used."});
    }
  }
  return {};
}

void Core::emit_submission(Submission& s, std::size_t n) {
  if (s.id.empty()) {
    const Position p = state_.position + 1;
    s.id = base::type_id("task", now_.now, base::random_at(state_.seed, p, 2 * n),
                         base::random_at(state_.seed, p, 2 * n + 1));
  }
  TaskSubmitted e;
  e.id.value = s.id;
  e.type = s.spec->type;
  e.queue = s.spec->queue;
  e.priority = s.spec->priority;
  e.fingerprint = s.fingerprint;
  e.run_at = s.spec->run_at;
  if (s.spec->delay_ms && *s.spec->delay_ms > 0) e.not_before = Timestamp{now_.now.ms + *s.spec->delay_ms};
  if (s.root) e.root_id = Name(s.root->id);
  if (!actor_.trace.empty()) e.traceparent = actor_.trace;
  bool waits = e.not_before.has_value() || (e.run_at && e.run_at->ms > now_.wall.ms);
  for (const Name& id : s.spec->depends_on) {
    const Task* dependency = state_.find_task(id.value);
    const bool anyway = s.spec->on_dependency_failure == OnDependencyFailure::kRun && is_ended(dependency->state);
    waits = waits || (dependency->state != TaskState::kCompleted && !anyway);
  }
  e.state = waits ? TaskState::kPending : TaskState::kQueued;
  auto definition = std::make_shared<TaskSpec>(*s.spec);
  e.payload = std::exchange(definition->payload, {});
  e.spec = std::move(definition);
  s.created = true;
  emit(std::move(e));
}

// After its successor has the key, so that the log names the successor first.
void Core::replace_holder(const Submission& s) {
  if (!s.holder || s.existing || is_ended(s.holder->state)) return;
  cancel(*s.holder, "replaced by task " + s.id);
}

Result<std::vector<Submitted>> Core::submit(const std::vector<const TaskSpec*>& specs, Origin origin) {
  const bool batch = origin == Origin::kBatch;
  std::vector<Submission> submissions(specs.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    Submission& s = submissions[i];
    s.given = specs[i];
    s.defaulted = with_defaults(*s.given);
    s.spec = s.defaulted ? &*s.defaulted : s.given;
    if (batch) submissions[i].path = "tasks[" + std::to_string(i) + "]";
  }
  base::FieldErrors errors;
  check_specs(submissions, errors);
  if (origin != Origin::kSchedule) check_tags(submissions, errors);
  find_duplicates(submissions, errors);
  const bool only_unknown = errors.empty();
  check_dependencies(submissions, batch, errors);
  if (!only_unknown) return fail({ErrorCode::kInvalidRequest, "Some fields are not valid.", errors.take()});
  if (auto ok = check_sizes(submissions); !ok) return fail(ok.error());
  for (const auto& s : submissions) {
    if (s.existing && s.existing->fingerprint != s.fingerprint) {
      return fail({ErrorCode::kIdConflict,
                   "Task " + s.id + " exists with another definition. Use a new id.",
                   {{s.field("id"), "is taken by another task"}}});
    }
  }
  if (auto ok = check_duplicates(submissions); !ok) return fail(ok.error());
  if (!errors.empty()) {
    return fail({ErrorCode::kUnknownDependency, "Submit a dependency before or together with what depends on it.",
                 errors.take()});
  }
  auto order = order_by_dependency(submissions);
  if (!order) return fail(order.error());
  if (auto ok = check_limits(submissions); !ok) return fail(ok.error());

  std::size_t n = 0;
  for (std::size_t i : *order) {
    if (!submissions[i].existing) emit_submission(submissions[i], n++);
    replace_holder(submissions[i]);
  }
  std::vector<Submitted> out;
  out.reserve(submissions.size());
  for (const auto& s : submissions) {
    const Task* task = state_.find_task(s.id);
    out.push_back({Name(s.id), task->state, s.created});
  }
  return out;
}

Core::Answer Core::on(const SubmitTask& c, Ticket) {
  auto submitted = submit({&c}, Origin::kSingle);
  if (!submitted) return fail(submitted.error());
  const Task* task = state_.find_task(submitted->front().id.value);
  return Reply(SubmitTaskReply{view_of(state_, *task, Detail::kFull), submitted->front().created});
}

Core::Answer Core::on(const SubmitBatch& c, Ticket) {
  std::vector<const TaskSpec*> specs;
  specs.reserve(c.tasks.size());
  for (const auto& spec : c.tasks) specs.push_back(&spec);
  auto submitted = submit(specs, Origin::kBatch);
  if (!submitted) return fail(submitted.error());
  return Reply(SubmitReply{std::move(*submitted)});
}

}  // namespace arbiter::core
