// What a subscription begins with: the state of tasks, queues and workers as the lists show it, all at one position.
#include "core/core.h"
#include "core/views.h"

namespace arbiter::core {
namespace {

// The first page of a list, and a note when there are more.
template <typename View, typename List>
void take(std::optional<std::vector<View>>& into, List&& list, SnapshotPart part, SnapshotReply& snapshot) {
  into = std::move(list.items);
  if (list.next_cursor) snapshot.truncated.push_back(part);
}

bool wants(const TakeSnapshot& c, SnapshotPart part) {
  return std::find(c.parts.begin(), c.parts.end(), part) != c.parts.end();
}

}  // namespace

Core::Answer Core::on(const TakeSnapshot& c, Ticket ticket) {
  SnapshotReply snapshot;
  snapshot.position = static_cast<std::int64_t>(state_.position);
  if (wants(c, SnapshotPart::kTasks) && c.task) {
    snapshot.tasks.emplace();
    // A task that nobody submitted yet may be followed before it comes.
    if (const Task* task = state_.find_task(c.task->value)) {
      snapshot.tasks->push_back(view_of(state_, *task, Detail::kWithoutBodies));
    }
  } else if (wants(c, SnapshotPart::kTasks)) {
    ListTasks list;
    list.limit = kSnapshotItemsMax;
    for (const auto state :
         {TaskState::kPending, TaskState::kQueued, TaskState::kAssigned, TaskState::kRunning, TaskState::kSuspended}) {
      list.state.push_back(state);
    }
    take(snapshot.tasks, std::get<TaskList>(std::move(**on(list, ticket))), SnapshotPart::kTasks, snapshot);
  }
  if (wants(c, SnapshotPart::kQueues)) {
    ListQueues list;
    list.limit = kSnapshotItemsMax;
    take(snapshot.queues, std::get<QueueList>(std::move(**on(list, ticket))), SnapshotPart::kQueues, snapshot);
  }
  if (wants(c, SnapshotPart::kWorkers)) {
    ListWorkers list;
    list.limit = kSnapshotItemsMax;
    take(snapshot.workers, std::get<WorkerList>(std::move(**on(list, ticket))), SnapshotPart::kWorkers, snapshot);
  }
  if (wants(c, SnapshotPart::kInbox)) {
    ListInbox list;
    list.limit = kSnapshotItemsMax;
    take(snapshot.inbox, std::get<InboxList>(std::move(**on(list, ticket))), SnapshotPart::kInbox, snapshot);
  }
  return Reply(std::move(snapshot));
}

}  // namespace arbiter::core
