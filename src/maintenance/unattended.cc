#include "maintenance/unattended.h"

#include <algorithm>

#include "engine/namespace.h"

namespace arbiter::maintenance {
namespace {

using base::fail;

// Positions go on far above all that were given out after the copy: at so many a millisecond of Unix time. No server
// makes that many events, and a position stays below 2^53, so that JavaScript can hold it.
constexpr std::int64_t kPositionsPerMs = 1'000;
constexpr store::Position kPositionsAhead = 1'000'000'000;  // where the clock stands before the copy's time
constexpr std::int64_t kEpochMs = 1'000;

std::vector<core::Cancellation> leases_in(const core::State& state) {
  std::vector<core::Cancellation> leases;
  for (const auto& [id, worker] : state.workers) {
    for (const auto& [number, task] : worker->leases) {
      leases.push_back({base::Name(task->id), std::to_string(number)});
    }
  }
  return leases;
}

// What the core made of its commands, as one batch.
base::Result<void> commit(core::Core& core, store::Journal& journal) {
  engine::PendingBatch pending;
  pending.events = core.take_events();
  pending.batch.epoch = journal.state().epoch;
  for (auto& change : core.state().take_changes()) {
    if (change.deleted) {
      pending.batch.deletes.push_back({std::move(change.kind), std::move(change.id)});
    } else {
      pending.batch.puts.push_back(engine::to_put(std::move(change)));
    }
  }
  pending.encode();
  return journal.commit(pending.batch);
}

// The namespace's time never goes back.
base::Now now_of(const store::JournalState& state, base::Timestamp wall) {
  return {{std::max(wall.ms, state.last_time.ms)}, wall};
}

}  // namespace

base::Result<Beginning> begin_anew(store::Journal& journal, const std::string& origin, const base::Clock& clock) {
  const base::Timestamp wall = clock.wall();
  const auto before = journal.state();
  const auto far = static_cast<store::Position>(wall.ms * kPositionsPerMs);
  const auto head = far > before.head ? far : before.head + kPositionsAhead;
  const auto epoch = std::max<store::Epoch>(before.epoch + 1, static_cast<store::Epoch>(wall.ms / kEpochMs));
  if (auto skipped = journal.skip_to(head, epoch); !skipped) return fail(std::move(skipped.error()));

  const base::Now now = now_of(before, wall);
  auto loaded = engine::load(journal, core::CoreLimits{}, now);
  if (!loaded) return fail(std::move(loaded.error()));
  core::Core& core = *loaded->core;
  const core::Actor actor{"restore", ""};
  const std::string detail = origin + "; events after position " + std::to_string(before.head) +
                             " are lost, and leases given before are not valid";
  core::ReturnLeases returned;
  returned.leases = leases_in(core.state());
  const auto count = static_cast<std::int64_t>(returned.leases.size());
  (void)core.handle(core::RecordLifecycle{"RESTORED", detail}, actor, 1, now);
  (void)core.handle(returned, actor, 2, now);
  if (auto written = commit(core, journal); !written) return fail(std::move(written.error()));
  if (auto again = engine::load(journal, core::CoreLimits{}, now); !again) return fail(std::move(again.error()));
  return Beginning{static_cast<std::int64_t>(before.head), static_cast<std::int64_t>(journal.state().head), count};
}

base::Result<void> add_to_catalogue(store::Journal& system, const std::string& name, const base::Clock& clock) {
  const base::Now now = now_of(system.state(), clock.wall());
  auto loaded = engine::load(system, core::CoreLimits{}, now);
  if (!loaded) return fail(std::move(loaded.error()));
  auto added = loaded->core->handle(core::CreateNamespace{base::Name(name)}, {"import", ""}, 1, now);
  if (!*added) return fail(std::move(added->error()));
  return commit(*loaded->core, system);
}

}  // namespace arbiter::maintenance
