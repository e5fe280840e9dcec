#include "engine/engine.h"

#include <algorithm>

#include "engine/host.h"
#include "engine/places.h"

namespace arbiter::engine {

using base::ErrorCode;
using base::fail;

namespace {

constexpr std::size_t kOpeningMax = 4;      // of those that are opened because something is due
constexpr std::int64_t kEarlyMs = 2'000;    // so much earlier: it is to be open in time
constexpr std::int64_t kNoPlaceMs = 1'000;  // until the next attempt when all places are taken
constexpr std::int64_t kBrokenMs = 10'000;  // until the next when it could not be opened

std::int64_t later(std::int64_t from, std::int64_t by) { return by >= core::kNever - from ? core::kNever : from + by; }

}  // namespace

// Outlives the engine by as long as its timer needs.
struct Engine::Sweeper : std::enable_shared_from_this<Sweeper> {
  Sweeper(Engine& owner, boost::asio::io_context& io) : engine(&owner), timer(io) {}
  void wait();
  void end();

  std::mutex mutex;  // Guards the next two.
  Engine* engine;
  boost::asio::steady_timer timer;
  std::atomic<bool> started{false};
};

void Engine::Sweeper::wait() {
  timer.expires_after(std::chrono::milliseconds(engine->config_.sweep_ms));
  timer.async_wait([self = shared_from_this()](boost::system::error_code cancelled) {
    const std::lock_guard lock(self->mutex);
    if (cancelled || !self->engine) return;
    self->engine->sweep();
    self->wait();
  });
}

void Engine::Sweeper::end() {
  const std::lock_guard lock(mutex);
  engine = nullptr;
  timer.cancel();
}

Engine::Engine(boost::asio::io_context& io, store::Store& store, const base::Clock& clock, EngineConfig config)
    : io_(io),
      store_(store),
      clock_(clock),
      config_(std::move(config)),
      threads_(std::make_unique<Threads>(config_)),
      places_(std::make_unique<Places>(*this, config_.open_max)),
      sweeper_(std::make_shared<Sweeper>(*this, io)) {}

Engine::~Engine() {
  stopping_ = true;
  sweeper_->end();
  threads_->readers.join();
  threads_->committers.join();
}

// ---- what is known --------------------------------------------------------------------------------------------

base::Result<void> Engine::know(const std::vector<std::string>& names) {
  auto resting = store_.resting();
  if (!resting) return fail(std::move(resting.error()));
  std::map<std::string_view, std::int64_t> due;
  for (const auto& one : *resting) due.emplace(one.name, one.due.ms);
  {
    const std::lock_guard lock(mutex_);
    for (const auto& name : names) {
      const auto [at, is_new] = slots_.try_emplace(name);
      if (!is_new) continue;
      const auto kept = due.find(name);
      set_due(at->second, kept == due.end() ? clock_.wall().ms : kept->second);
    }
  }
  start_sweeping();
  sweep();
  return {};
}

bool Engine::knows(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return slots_.contains(name);
}

std::shared_ptr<Engine::Host> Engine::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto it = slots_.find(name);
  return it == slots_.end() ? nullptr : it->second.host;
}

Engine::Use Engine::use(const std::string& name, bool add) {
  const std::lock_guard lock(mutex_);
  auto at = slots_.find(name);
  if (at == slots_.end()) {
    if (!add) return Use(nullptr);
    at = slots_.try_emplace(name).first;
  }
  if (!at->second.host) at->second.host = std::make_shared<Host>(*this, name);
  return Use(at->second.host);
}

// ---- requests -------------------------------------------------------------------------------------------------

void Engine::open(const std::string& name, std::function<void(base::Result<void>)> ready) {
  start_sweeping();
  Use used = use(name, /*add=*/true);
  Host& host = *used;
  host.touch();
  host.open(std::move(used), std::move(ready));
}

Ticket Engine::submit(const std::string& name, Request request, Done done) {
  const Ticket ticket = next_ticket_.fetch_add(1, std::memory_order_relaxed);
  Use used = use(name);
  if (!used) {
    done(fail({ErrorCode::kNamespaceUnknown, "There is no namespace " + name + "."}));
  } else {
    Host& host = *used;
    host.submit(std::move(used), ticket, std::move(request), std::move(done));
  }
  return ticket;
}

void Engine::forget(const std::string& name, Ticket ticket) {
  if (const auto host = find(name)) host->forget(ticket);
}

void Engine::read(const std::string& name, std::function<void(store::Reader*)> job) {
  Use used = use(name);
  if (!used) return job(nullptr);
  Host& host = *used;
  host.read(std::move(used), std::move(job));
}

std::uint64_t Engine::subscribe(const std::string& name, Subscriber subscriber) {
  const std::uint64_t id = next_ticket_.fetch_add(1, std::memory_order_relaxed);
  Use used = use(name);
  if (!used) return id;
  Host& host = *used;
  host.subscribe(std::move(used), id, std::move(subscriber));
  return id;
}

void Engine::unsubscribe(const std::string& name, std::uint64_t id) {
  if (const auto host = find(name)) host->unsubscribe(id);
}

std::vector<NamespaceStatus> Engine::status() const {
  std::vector<NamespaceStatus> all;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, slot] : slots_) {
    if (!slot.host) continue;
    auto one = slot.host->status();
    if (one.open || !one.problem.empty()) all.push_back(std::move(one));
  }
  return all;
}

void Engine::report(std::function<void(std::vector<NamespaceReport>)> done) const {
  struct Gathered {
    std::mutex mutex;
    std::vector<NamespaceReport> reports;
    std::size_t left = 0;
    std::function<void(std::vector<NamespaceReport>)> done;
  };
  std::vector<std::shared_ptr<Host>> hosts;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, slot] : slots_) {
      if (slot.host && slot.host->status().open) hosts.push_back(slot.host);
    }
  }
  if (hosts.empty()) return done({});
  auto gathered = std::make_shared<Gathered>();
  gathered->reports.resize(hosts.size());
  gathered->left = hosts.size();
  gathered->done = std::move(done);
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    hosts[i]->report([gathered, i](NamespaceReport report) {
      {
        const std::lock_guard lock(gathered->mutex);
        gathered->reports[i] = std::move(report);
        if (--gathered->left > 0) return;
      }
      gathered->done(std::move(gathered->reports));
    });
  }
}

EngineCounts Engine::counts() const {
  const std::size_t open = places_->taken();
  const std::lock_guard lock(mutex_);
  return {slots_.size(), open, opened_, closed_};
}

// ---- open and closed ------------------------------------------------------------------------------------------

std::vector<std::shared_ptr<Engine::Host>> Engine::least_recently_used() const {
  std::vector<std::shared_ptr<Host>> open;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, slot] : slots_) {
      if (slot.host && slot.host->is_closable()) open.push_back(slot.host);
    }
  }
  std::sort(open.begin(), open.end(),
            [](const auto& a, const auto& b) { return a->last_used_ms() > b->last_used_ms(); });
  return open;
}

void Engine::opened(Host& host) {
  const std::lock_guard lock(mutex_);
  ++opened_;
  Slot& slot = slots_.at(host.name());
  slot.due_wall_ms = slot.due_monotonic_ms = core::kNever;
}

void Engine::closed(Host& host, Closing how, std::int64_t due_ms) {
  {
    const std::lock_guard lock(mutex_);
    if (how != Closing::kBroken) ++closed_;
    Slot& slot = slots_.at(host.name());
    set_due(slot, due_ms);
    if (how == Closing::kAtRest && host.is_unused()) slot.host.reset();
  }
  places_->free();
}

// With the mutex held.
void Engine::set_due(Slot& slot, std::int64_t due_wall_ms) {
  slot.due_wall_ms = due_wall_ms;
  slot.due_monotonic_ms = due_wall_ms == core::kNever
                              ? core::kNever
                              : later(clock_.monotonic_ms(), std::max<std::int64_t>(0, due_wall_ms - clock_.wall().ms));
  next_wall_ms_ = std::min(next_wall_ms_, slot.due_wall_ms);
  next_monotonic_ms_ = std::min(next_monotonic_ms_, slot.due_monotonic_ms);
}

void Engine::start_sweeping() {
  if (sweeper_->started.exchange(true)) return;
  const std::lock_guard lock(sweeper_->mutex);
  if (sweeper_->engine) sweeper_->wait();
}

void Engine::sweep() {
  if (stopping_) return;
  std::vector<std::shared_ptr<Host>> idle;
  {
    const std::lock_guard lock(mutex_);
    take_due();
    const std::int64_t used_before = clock_.monotonic_ms() - config_.idle_ms;
    for (auto& [name, slot] : slots_) {
      if (!slot.host) continue;
      if (slot.host->is_closable() && slot.host->last_used_ms() <= used_before) idle.push_back(slot.host);
      if (slot.host->is_unneeded() && slot.host->is_unused()) slot.host.reset();
    }
  }
  for (const auto& host : idle) host->try_close(config_.idle_ms, [](bool) {});
  open_due();
}

// With the mutex held.
void Engine::take_due() {
  const std::int64_t wall = clock_.wall().ms + kEarlyMs;
  const std::int64_t monotonic = clock_.monotonic_ms() + kEarlyMs;
  if (wall < next_wall_ms_ && monotonic < next_monotonic_ms_) return;
  next_wall_ms_ = next_monotonic_ms_ = core::kNever;
  for (auto& [name, slot] : slots_) {
    if (slot.due_wall_ms <= wall || slot.due_monotonic_ms <= monotonic) {
      slot.due_wall_ms = slot.due_monotonic_ms = core::kNever;
      due_.push_back(name);
    }
    next_wall_ms_ = std::min(next_wall_ms_, slot.due_wall_ms);
    next_monotonic_ms_ = std::min(next_monotonic_ms_, slot.due_monotonic_ms);
  }
}

void Engine::open_due() {
  for (;;) {
    std::string name;
    {
      const std::lock_guard lock(mutex_);
      if (stopping_ || due_.empty() || opening_due_ >= kOpeningMax) return;
      name = std::move(due_.front());
      due_.pop_front();
      ++opening_due_;
    }
    Use used = use(name);
    Host& host = *used;
    host.open(std::move(used), [this, name](base::Result<void> opened) {
      {
        const std::lock_guard lock(mutex_);
        --opening_due_;
        if (!opened) {
          const bool no_place = opened.error().code == ErrorCode::kOverloaded;
          set_due(slots_.at(name), clock_.wall().ms + (no_place ? kNoPlaceMs : kBrokenMs));
        }
      }
      open_due();
    });
  }
}

// ---- stop -----------------------------------------------------------------------------------------------------

void Engine::stop(std::function<void()> stopped) {
  stopping_ = true;
  sweeper_->end();
  std::vector<std::shared_ptr<Host>> hosts;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, slot] : slots_) {
      if (slot.host) hosts.push_back(slot.host);
    }
  }
  if (hosts.empty()) return hosts_stopped(std::move(stopped));
  auto left = std::make_shared<std::atomic<std::size_t>>(hosts.size());
  for (const auto& host : hosts) {
    host->stop([this, left, stopped] {
      if (left->fetch_sub(1) == 1) hosts_stopped(stopped);
    });
  }
}

void Engine::hosts_stopped(std::function<void()> stopped) {
  {
    const std::lock_guard lock(reads_mutex_);
    no_more_reads_ = true;
    if (reads_ > 0) return wait_for_reads_.push_back(std::move(stopped));
  }
  stopped();
}

bool Engine::begin_read() {
  const std::lock_guard lock(reads_mutex_);
  if (no_more_reads_) return false;
  ++reads_;
  return true;
}

void Engine::end_read() {
  std::vector<std::function<void()>> done;
  {
    const std::lock_guard lock(reads_mutex_);
    if (--reads_ == 0) done.swap(wait_for_reads_);
  }
  for (const auto& stopped : done) stopped();
}

}  // namespace arbiter::engine
