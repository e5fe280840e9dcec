// Dispatch: which queued tasks may start now, and in which order. core/queue.h says how they are arranged.
#include "base/check.h"
#include "core/state.h"

namespace arbiter::core {

// ---- keys -----------------------------------------------------------------------------------------------------

Key* State::find_key(std::string_view name) const {
  const auto it = keys.find(name);
  return it == keys.end() ? nullptr : it->second.get();
}

Key& State::key(const std::string& name) {
  auto it = keys.find(name);
  if (it == keys.end()) it = keys.emplace(name, std::make_unique<Key>(name)).first;
  return *it->second;
}

KeyPair* State::pair_of(const std::optional<Name>& concurrency, const std::optional<Name>& rate) {
  if (!concurrency && !rate) return nullptr;
  const std::string text = (concurrency ? concurrency->value : "") + '\n' + (rate ? rate->value : "");
  auto it = key_pairs_.find(text);
  if (it == key_pairs_.end()) {
    KeyPair pair;
    if (concurrency) ++(pair.concurrency = &key(concurrency->value))->pairs;
    if (rate) ++(pair.rate = &key(rate->value))->pairs;
    it = key_pairs_.emplace(text, pair).first;
  }
  ++it->second.tasks;
  return &it->second;
}

void State::release_pair(KeyPair& pair) {
  if (--pair.tasks > 0) return;
  Key* concurrency = pair.concurrency;
  Key* rate = pair.rate;
  key_pairs_.erase((concurrency ? concurrency->name : "") + '\n' + (rate ? rate->name : ""));
  if (concurrency) --concurrency->pairs;
  if (rate) --rate->pairs;
  if (concurrency && concurrency != rate) drop_if_idle(*concurrency, last_time);
  if (rate) drop_if_idle(*rate, last_time);
}

// A key that nothing names stays until forgetting its meter would let nothing more through.
void State::drop_if_idle(Key& key, std::int64_t now) {
  if (key.pairs > 0 || key.kept) return;
  if (!key.meter.is_full(now)) {
    const std::int64_t slow_end = key.meter.slow_from ? key.meter.slow_from + kSlowStartSeconds * 1'000 : 0;
    return gate_timers.set(key.rate_timer, std::max({(key.meter.due_us + 999) / 1'000, slow_end, now + 1}));
  }
  gate_timers.remove(key.rate_timer);
  wall_timers.remove(key.pause_timer);
  keys.erase(keys.find(key.name));
}

const KeyLimits& State::limits_of(const Key& key, const Queue& queue) {
  return key.configured ? key.limits : queue.key_limits;
}

// ---- what holds a lane back -----------------------------------------------------------------------------------

Hold State::hold_of(const Key& key, bool counts_leases, bool counts_starts, const Queue& queue,
                    std::int64_t now) const {
  if (key.paused) return {Hold::kPaused, kNever};
  if (counts_leases && spent_budget(BudgetScope::kKey, key.name)) return {Hold::kBudget, kNever};
  const KeyLimits& has = limits_of(key, queue);
  if (counts_leases && has.concurrency > 0 && key.running >= has.concurrency) return {Hold::kConcurrency, kNever};
  const std::int64_t next = key.meter.next_start(counts_starts ? has.rate : RateLimit{}, now, meters_empty_at_);
  return next > now ? Hold{Hold::kRate, next} : Hold{};
}

Hold State::hold_of(const KeyPair& pair, const Queue& queue, std::int64_t now, const Key** by) const {
  if (pair.concurrency) {
    *by = pair.concurrency;
    const Hold hold = hold_of(*pair.concurrency, true, pair.rate == pair.concurrency, queue, now);
    if (hold.why != Hold::kNothing || pair.rate == pair.concurrency) return hold;
  }
  if (!pair.rate) return {};
  *by = pair.rate;
  return hold_of(*pair.rate, false, true, queue, now);
}

Hold State::hold_of(const Queue& queue, std::int64_t now) const {
  if (queue.paused) return {Hold::kPaused, kNever};
  if (spent_budget(BudgetScope::kNamespace, kWholeNamespace) || spent_budget(BudgetScope::kQueue, queue.name)) {
    return {Hold::kBudget, kNever};
  }
  if (queue.concurrency > 0 && queue.leased >= queue.concurrency) return {Hold::kConcurrency, kNever};
  const std::int64_t next = queue.meter.next_start(queue.rate, now, meters_empty_at_);
  return next > now ? Hold{Hold::kRate, next} : Hold{};
}

// ---- lanes ----------------------------------------------------------------------------------------------------

Lane& State::lane_of(Task& task) {
  auto& groups = task.queue->ready[task.priority];
  const auto [it, fresh] = groups.try_emplace(task.profile->id);
  ReadyGroup& group = it->second;
  if (fresh) {
    group.queue = task.queue;
    group.plain.group = &group;
    group.plain.share = &plain_share_;
  }
  if (!task.keys) return group.plain;
  auto& lane = group.keyed[task.keys];
  if (!lane) {
    lane = std::make_unique<Lane>();
    lane->group = &group;
    lane->keys = task.keys;
    lane->share = &task.keys->fair()->share;
    if (task.keys->concurrency) task.keys->concurrency->lanes.push_back(lane.get());
    if (task.keys->rate && task.keys->rate != task.keys->concurrency) task.keys->rate->lanes.push_back(lane.get());
  }
  return *lane;
}

void State::drop_lane(Lane& lane) {
  const KeyPair& pair = *lane.keys;
  if (pair.concurrency) std::erase(pair.concurrency->lanes, &lane);
  if (pair.rate) std::erase(pair.rate->lanes, &lane);
  lane.group->keyed.erase(lane.keys);
}

void State::take_out(Lane& lane) {
  if (lane.LaneHook::is_linked()) lane.group->open.erase(lane.group->open.iterator_to(lane));
}

void State::add_open(Lane& lane, std::int64_t count) {
  Queue& queue = *lane.group->queue;
  lane.share->open += count;
  queue.open += count;
  if (!queue.shut) ready_tasks += count;
}

// Puts a lane where it belongs now. Until here it must have been taken out since its head or its share changed.
void State::place(Lane& lane, std::int64_t now) {
  take_out(lane);
  const Key* by = nullptr;
  const bool open =
      lane.count > 0 && (!lane.keys || hold_of(*lane.keys, *lane.group->queue, now, &by).why == Hold::kNothing);
  // Whoever had nothing to start did not save up for later.
  if (open && lane.share->open == 0) lane.share->pass = std::max(lane.share->pass, pass_);
  if (open != lane.open) add_open(lane, open ? lane.count : -lane.count);
  lane.open = open;
  if (open && lane.keys) lane.group->open.insert(lane);
}

void State::join_ready(Task& task) {
  Lane& lane = lane_of(task);
  take_out(lane);
  lane.tasks.insert(lane.tasks.end(), task);
  ++lane.count;
  if (lane.open) add_open(lane, 1);
  if (lane.keys || !lane.open) {
    place(lane, last_time);
    if (!lane.open) wake_for(lane, last_time);
  }
}

void State::leave_ready(Task& task) {
  if (!static_cast<ReadyHook&>(task).is_linked()) {
    parked.erase(task.submitted);
    return;
  }
  auto& groups = task.queue->ready[task.priority];
  const auto it = groups.find(task.profile->id);
  CHECK(it != groups.end());
  Lane& lane = lane_of(task);
  take_out(lane);
  lane.tasks.erase(lane.tasks.iterator_to(task));
  --lane.count;
  if (lane.open) add_open(lane, -1);
  if (lane.count == 0) lane.open = false;
  if (lane.count > 0 && lane.keys) place(lane, last_time);
  if (lane.count == 0 && lane.keys) drop_lane(lane);
  if (it->second.empty()) groups.erase(it);
}

// ---- gates ----------------------------------------------------------------------------------------------------

void State::wake_for(const Lane& lane, std::int64_t now) {
  for (Key* key : {lane.keys->concurrency, lane.keys->rate}) {
    if (!key) continue;
    const Hold hold = hold_of(*key, false, key == lane.keys->rate, *lane.group->queue, now);
    if (hold.why == Hold::kRate) gate_timers.set(key->rate_timer, std::min(key->rate_timer.due, hold.until));
  }
}

void State::recheck(Key& key, std::int64_t now) {
  gate_timers.remove(key.rate_timer);
  for (Lane* lane : key.lanes) {
    place(*lane, now);
    if (!lane->open) wake_for(*lane, now);
  }
}

void State::recheck(Queue& queue, std::int64_t now) {
  const Hold hold = hold_of(queue, now);
  const bool shut = hold.why != Hold::kNothing;
  if (shut != queue.shut) ready_tasks += shut ? -queue.open : queue.open;
  queue.shut = shut;
  gate_timers.set(queue.rate_timer, hold.until);
}

void State::recheck_lanes(Queue& queue, std::int64_t now) {
  std::vector<Key*> named;
  for (auto& groups : queue.ready) {
    for (auto& [profile, group] : groups) {
      for (auto& [pair, lane] : group.keyed) {
        if (pair->concurrency) named.push_back(pair->concurrency);
        if (pair->rate) named.push_back(pair->rate);
      }
    }
  }
  std::sort(named.begin(), named.end(), [](const Key* a, const Key* b) { return a->name < b->name; });
  named.erase(std::unique(named.begin(), named.end()), named.end());
  for (Key* key : named) recheck(*key, now);
}

void State::count_start(Task& task) {
  Queue& queue = *task.queue;
  ++queue.leased;
  queue.meter.start(queue.rate, last_time, meters_empty_at_);
  if (queue.has_gate()) recheck(queue, last_time);
  if (!task.keys) {
    pass_ = std::max(pass_, plain_share_.pass);
    plain_share_.pass += Share::kStride;
    return;
  }
  const KeyPair& pair = *task.keys;
  Key& fair = *pair.fair();
  for (Lane* lane : fair.lanes) take_out(*lane);
  pass_ = std::max(pass_, fair.share.pass);
  fair.share.pass += Share::kStride / static_cast<std::uint64_t>(limits_of(fair, queue).weight.value);
  if (pair.rate) pair.rate->meter.start(limits_of(*pair.rate, queue).rate, last_time, meters_empty_at_);
  if (pair.concurrency) ++pair.concurrency->running;
  if (pair.concurrency && pair.concurrency != pair.rate) {
    pair.concurrency->meter.start(RateLimit{}, last_time, meters_empty_at_);
  }
  recheck_keys(pair);
}

void State::count_end(Task& task) {
  --task.queue->leased;
  if (task.queue->has_gate()) recheck(*task.queue, last_time);
  if (!task.keys || !task.keys->concurrency) return;
  --task.keys->concurrency->running;
  recheck(*task.keys->concurrency, last_time);
}

void State::recheck_keys(const KeyPair& pair) {
  if (pair.concurrency) recheck(*pair.concurrency, last_time);
  if (pair.rate && pair.rate != pair.concurrency) recheck(*pair.rate, last_time);
}

void State::open_due_gates(std::int64_t now) {
  while (gate_timers.next() <= now) {
    auto& timer = static_cast<GateTimer&>(*gate_timers.front());
    gate_timers.remove(timer);
    if (timer.queue) {
      recheck(*timer.queue, now);
    } else {
      recheck(*timer.key, now);
      drop_if_idle(*timer.key, now);
    }
  }
}

}  // namespace arbiter::core
