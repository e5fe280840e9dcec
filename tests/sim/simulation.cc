#include "simulation.h"

#include <cstdio>

#include "clients.h"
#include "drain.h"
#include "referee.h"
#include "replay.h"
#include "rest.h"

namespace arbiter::sim {
namespace {

std::int64_t one_of(Random& random, std::initializer_list<std::int64_t> values) {
  return *(values.begin() + static_cast<std::ptrdiff_t>(random.below(values.size())));
}

void add_notifiers(Random& random, core::CoreLimits& limits) {
  limits.effects_max = one_of(random, {3, 30, 10'000});
  limits.effect_shown_ms = one_of(random, {0, 1'000, 60'000});
  limits.effect_kept_ms = one_of(random, {1'000, 100'000, 10'000'000});
  static const std::vector<std::vector<std::string>> kTypes{{}, {}, {"TASK.FAILED.*"}, {"WORKER.*", "QUEUE.*"}, {"*"}};
  const auto count = random.range(0, 2);
  for (std::int64_t i = 0; i < count; ++i) {
    core::Notifier n;
    n.name = "notifier-" + std::to_string(i);
    n.types = kTypes[random.below(kTypes.size())];
    n.least = random.percent(80) ? core::Severity::kInfo : core::Severity::kWarning;
    n.quiet_ms = one_of(random, {0, 1'000, 30'000, 600'000});
    n.timeout_ms = one_of(random, {100, 2'000, 10'000});
    n.attempts_max = one_of(random, {1, 2, 4});
    n.backoff_ms = one_of(random, {10, 1'000});
    n.backoff_max_ms = one_of(random, {10, 5'000, 300'000});
    limits.notifiers.push_back(std::move(n));
  }
}

Setup make_setup(Random& random) {
  Setup s;
  s.limits.worker_lost_ms = random.range(3'000, 30'000);
  s.limits.worker_retired_ms = one_of(random, {0, 2'000, 60'000});
  s.limits.memory_bytes_max = one_of(random, {0, 40'000, 1'000'000'000});
  s.limits.task_types_max = one_of(random, {1, 1'000});
  s.limits.unique_windows_max = one_of(random, {1, 3, 1'000'000});
  s.limits.cancel_grace_ms = random.range(500, 10'000);
  s.limits.cascade_events_max = one_of(random, {5, 20, 100, 1'000});
  s.limits.ended_in_memory_max = one_of(random, {0, 3, 50});
  s.limits.ended_in_memory_ms = one_of(random, {100, 5'000, 60'000});
  s.limits.lineage_max = one_of(random, {2, 10, 100});
  s.limits.waiters_max = one_of(random, {2, 10, 100});
  s.limits.scan_max = one_of(random, {5, 100, 10'000});
  s.limits.bulks_in_memory_max = one_of(random, {1, 3, 1'000});
  s.limits.queues_max = one_of(random, {2, 10'000, 10'000});
  s.limits.workers_max = one_of(random, {4, 100, 100});
  s.limits.live_tasks_max = one_of(random, {60, 5'000'000, 5'000'000});
  s.limits.payload_bytes_max = 20'000;
  s.limits.result_bytes_max = one_of(random, {200, 1'000'000, 1'000'000});
  s.limits.inline_bytes_max = static_cast<std::size_t>(one_of(random, {16, 200, 4'096}));
  s.engine_limits.batch_events_max = static_cast<std::size_t>(one_of(random, {3, 50, 2'000}));
  s.engine_limits.backlog_max = static_cast<std::size_t>(one_of(random, {3, 20'000}));
  s.limits.tokens_max = one_of(random, {3, 6, 100});
  s.limits.inbox.questions_max = one_of(random, {3, 10'000});
  s.limits.inbox.questions_of_task_max = one_of(random, {1, 3, 10});
  s.limits.inbox.incidents_max = one_of(random, {2, 1'000});
  s.limits.inbox.dead_tasks_max = one_of(random, {2, 10, 10'000});
  s.limits.inbox.dead_task_ms = one_of(random, {5'000, 30LL * 86'400'000});
  s.limits.inbox.kept_max = one_of(random, {1, 2, 1'000});
  s.limits.inbox.queue_age_ms = one_of(random, {0, 2'000, 20'000});
  s.limits.inbox.dead_tasks_alert = one_of(random, {0, 2, 5});
  s.limits.inbox.worker_losses_alert = one_of(random, {0, 1, 3});
  s.limits.budgets_max = one_of(random, {2, 200});
  s.limits.task_budgets_max = one_of(random, {1, 16});
  s.limits.budget_meters_max = one_of(random, {1, 2, 10'000});
  s.limits.schedules_max = one_of(random, {2, 100});
  s.limits.schedule_runs_max = one_of(random, {2, 10});
  s.limits.schedule_queued_max = one_of(random, {2, 5});
  s.limits.misfire_runs_max = one_of(random, {1, 3, 20});
  s.limits.skip_count_max = one_of(random, {10, 10'000});
  add_notifiers(random, s.limits);
  s.faults.slow = one_of(random, {0, 30, 80});
  s.faults.clock_ticks = one_of(random, {0, 5});
  if (random.percent(20)) return s;  // Some runs see no faults at all.
  s.faults.fail_before = random.range(0, 20);
  s.faults.fail_after = random.range(0, 20);
  s.faults.no_space = random.range(0, 10);
  s.faults.io_error = random.range(0, 5);
  s.faults.fence = random.range(0, 5);
  s.faults.crash = random.range(0, 10);
  s.faults.stop = random.range(0, 2);
  s.faults.take_over = random.range(0, 2);
  s.faults.stall = random.range(0, 2);
  s.faults.wall_jump = random.range(0, 3);
  s.faults.open_fails = random.range(0, 100);
  s.faults.recovery_fails = random.range(0, 700);
  return s;
}

class Simulation final : public Watcher {
 public:
  Simulation(std::uint64_t seed, bool trace)
      : trace_(trace),
        random_(seed),
        setup_(make_setup(random_)),
        model_(),
        world_(random_, setup_, counts_, verdict_, *this),
        clients_(random_, world_, model_, outside_, setup_, verdict_, trace),
        referee_(model_, outside_, world_, setup_.limits, verdict_),
        replay_(setup_.limits, world_.watching().state().seed),
        rest_(model_, outside_, world_, clients_, setup_, verdict_) {
    model_.budgets.meters_max = setup_.limits.budget_meters_max;
  }

  Outcome run(std::uint64_t commands) {
    while (commands > 0 && !verdict_.failed()) {
      const auto n = random_.below(100);
      if (world_.is_at_rest() && random_.percent(85)) {
        if (!world_.step()) world_.advance(random_.range(0, one_of(random_, {300, 30'000, 3'000'000})));
      } else if (n < 35) {
        clients_.act();
        --commands;
        if (random_.one_in(40)) rest();
      } else if (n < 82) {
        if (!world_.step()) world_.advance(random_.range(0, 100));
      } else if (!world_.advance(random_.range(0, one_of(random_, {20, 300, 3'000})))) {
        world_.step();
      }
      world_.maybe_fault();
      world_.maybe_close();
    }
    rest();
    if (!verdict_.failed()) {
      Drain(random_, world_, model_, clients_, verdict_).run([this] { rest(); });
    }
    rest();
    if (!verdict_.failed()) replay_.compare_ended(world_.reader(), verdict_);
    if (!verdict_.failed()) replay_all();
    return {verdict_.text(), std::move(counts_)};
  }

 private:
  // Everything that is due is done; then everything must be in its place.
  void rest() {
    world_.settle();
    // An ended task may be known to be settled without an event; the next batch tells the store.
    const std::size_t written = model_.lifecycle.size();
    for (int i = 0; i < 100 && model_.lifecycle.size() == written && !verdict_.failed(); ++i) {
      clients_.send(core::RecordLifecycle{"STARTED", "rest " + std::to_string(++rests_)});
      world_.settle();
    }
    if (verdict_.failed()) return;
    if (!world_.is_open() || !world_.get().is_idle()) return verdict_.broken("8", "the namespace never comes to rest");
    rest_.check();
    if (!verdict_.failed()) replay_.compare(world_.get().core()->state(), world_.watching(), verdict_);
    EXPECT_RULE(verdict_, published_ == model_.position || published_gap_, "6", "committed events were not published");
  }

  // The whole log once more, from the first event.
  void replay_all() {
    Replay fresh(setup_.limits, world_.watching().state().seed);
    store::EventQuery query;
    query.limit = store::kPageRowsMax;
    for (bool more = true; more;) {
      const auto page = world_.reader().events(query);
      for (const auto& row : page->events) {
        EXPECT_RULE(verdict_, hash_of(row) == hashes_[row.position], "6", "an event of the log was changed");
        const auto event = event_of(row, world_.reader());
        if (!event) return verdict_.broken("2", "an event of the log cannot be read: " + event.error().message);
        fresh.apply(*event);
      }
      query.after = page->scanned_to;
      more = page->more;
    }
    fresh.compare(world_.get().core()->state(), world_.watching(), verdict_);
  }

  static std::uint64_t hash_of(const store::EventRow& row) {
    std::string text = row.type + row.entity + row.data + row.metadata + std::to_string(row.time.ms);
    for (const auto& tag : row.tags) text += tag;
    return std::hash<std::string>{}(text);
  }

  void written(const std::vector<store::EventRow>& rows) override {
    std::vector<std::uint64_t> marked;
    for (const auto& row : rows) {
      if (trace_) {
        std::printf("%8llu  %lld %s %s\n", static_cast<unsigned long long>(row.position),
                    static_cast<long long>(row.time.ms), row.type.c_str(), row.data.c_str());
      }
      counts_.add(Kind::kEvent, row.type);
      auto event = event_of(row, world_.reader());
      if (!event) return verdict_.broken("2", "an event of the log cannot be read: " + event.error().message);
      referee_.judge(*event);
      if (verdict_.failed()) return;
      model_.apply(*event);
      replay_.apply(*event);
      hashes_.push_back(hash_of(row));
      if (const auto* submitted = std::get_if<core::TaskSubmitted>(&event->body)) {
        if (const auto marker = model_.task(submitted->id.value)->marker) marked.push_back(marker);
      }
    }
    for (const auto marker : marked) check_whole(marker);
  }

  void is_whole() override { referee_.check_owed_effects(); }

  // A batch is in the log wholly or not at all; under a key or with ids of its own, once.
  void check_whole(std::uint64_t number) {
    const Asked* asked = clients_.asked(number);
    if (!asked) return verdict_.broken("2", "a task in the log was never asked for");
    const int wanted = marked_tasks(*asked);
    const int found = model_.marked[number];
    EXPECT_RULE(verdict_, !asked->bad, "1", "a refused request left tasks in the log");
    EXPECT_RULE(verdict_, wanted > 0 ? found % wanted == 0 : found == 0, "1",
                "request " + std::to_string(number) + " is half in the log: " + std::to_string(found) + " of " +
                    std::to_string(wanted) + " tasks");
    const int most = asked->key.empty() ? asked->sends : 1;
    EXPECT_RULE(verdict_, found <= wanted * most, "9",
                "request " + std::to_string(number) + " has more effects than it was sent");
  }

  void starts(const core::EffectOrder& order) override {
    const auto found = model_.effects.find(order.id);
    const bool is_durable = found != model_.effects.end() && found->second.now.state == core::EffectState::kStarted &&
                            found->second.now.attempt == order.attempt;
    EXPECT_RULE(verdict_, is_durable, "1", "effect " + order.id + " is tried before that is durable");
  }

  void settled(const core::SettleEffect& settle) override {
    const auto found = model_.effects.find(settle.id);
    const bool is_open = found != model_.effects.end() && found->second.exists &&
                         found->second.now.state == core::EffectState::kStarted &&
                         found->second.now.attempt == settle.attempt;
    EXPECT_RULE(verdict_, !is_open, "1", "what became of effect " + settle.id + " is acknowledged, but not in the log");
  }

  void published(const std::vector<store::EventRow>& rows) override {
    for (const auto& row : rows) {
      EXPECT_RULE(verdict_, row.position <= model_.position, "6", "an event is published before it is durable");
      if (verdict_.failed()) return;
      const bool next = row.position == published_ + 1 || (published_gap_ && row.position > published_);
      EXPECT_RULE(verdict_, next, "6",
                  "event " + std::to_string(row.position) + " is published after event " + std::to_string(published_));
      EXPECT_RULE(verdict_, hash_of(row) == hashes_[row.position], "6", "an event is published otherwise than stored");
      published_ = row.position;
      published_gap_ = false;
    }
  }

  void loaded(std::int64_t now, store::Position head) override {
    if (trace_)
      std::printf("          loaded at %lld, head %llu\n", static_cast<long long>(now),
                  static_cast<unsigned long long>(head));
    EXPECT_RULE(verdict_, head == model_.position, "1", "the namespace loads another log than was written");
    outside_.by_worker.clear();
    outside_.by_lease.clear();
    outside_.renewed.clear();
    outside_.extended_to.clear();
    outside_.last_possible.clear();
    outside_.loads.push_back({now, head, now});
    // A subscriber reads from the log what was written, but not published, before this.
    published_gap_ = true;
  }

  void comes_back(std::int64_t now) override {
    if (trace_) std::printf("          comes back at %lld\n", static_cast<long long>(now));
    rest_.check_nothing_missed();
  }

  void opened(std::int64_t now) override { outside_.loads.back().opened = now; }

  void died(bool gracefully) override {
    if (trace_) std::printf("          the process ends%s\n", gracefully ? " gracefully" : "");
    clients_.died(gracefully);
  }

  const bool trace_;
  Counts counts_;
  Verdict verdict_;
  Random random_;
  Setup setup_;
  Model model_;
  Outside outside_;
  World world_;
  Clients clients_;
  Referee referee_;
  Replay replay_;
  Rest rest_;
  std::vector<std::uint64_t> hashes_{0};  // of the rows, by position
  Position published_ = 0;
  bool published_gap_ = true;
  std::uint64_t rests_ = 0;
};

}  // namespace

Outcome simulate(std::uint64_t seed, std::uint64_t commands, bool trace) {
  return Simulation(seed, trace).run(commands);
}

}  // namespace arbiter::sim
