// Unique keys: at most one task holds a key; its scope says how long. Part of State.
#include "core/state.h"

namespace arbiter::core {

Task* State::holder_of(std::string_view unique_key) const {
  const auto it = unique_.find(unique_key);
  return it == unique_.end() ? nullptr : it->second;
}

bool State::holds_window(const Task& task) {
  if (!task.extras || task.extras->unique_over) return false;
  const TaskSpec& spec = *task.extras->spec;
  return spec.unique_key && spec.unique_scope == UniqueScope::kWindow;
}

// The key passes to the newest task that asks for it; who held it before does not any more.
void State::claim_unique(Task& task) {
  if (!task.extras || !task.extras->spec->unique_key || task.extras->unique_over) return;
  const std::string& key = task.extras->spec->unique_key->value;
  if (Task* holder = holder_of(key); holder && holder != &task) end_claim(*holder);
  unique_[key] = &task;
  if (!holds_window(task)) return;
  ++unique_windows;
  task.extras->unique_timer = std::make_unique<TaskExtras::UniqueTimer>(task);
  timers.set(*task.extras->unique_timer, task.created_at + task.extras->spec->unique_window_ms->value);
  if (is_ended(task.state)) hold(task);  // brought back by a restart
}

void State::end_claim(Task& task) {
  if (!task.extras || !task.extras->spec->unique_key || task.extras->unique_over) return;
  const bool window = holds_window(task);
  if (window) --unique_windows;
  task.extras->unique_over = true;
  unique_.erase(task.extras->spec->unique_key->value);
  if (task.extras->unique_timer) timers.remove(*task.extras->unique_timer);
  touch(task);
  if (window && is_ended(task.state)) settled(task);
}

// A redriven task takes its key again when nobody has it; that is a person's decision and not refused.
void State::claim_again(Task& task) {
  if (!task.extras || !task.extras->spec->unique_key || !task.extras->unique_over) return;
  if (task.extras->spec->unique_scope == UniqueScope::kWindow) return;
  if (holder_of(task.extras->spec->unique_key->value)) return;
  task.extras->unique_over = false;
  claim_unique(task);
}

void State::on(const TaskUniqueExpired& e, const Event&) { end_claim(*find_task(e.id.value)); }

}  // namespace arbiter::core
