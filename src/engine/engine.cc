#include "engine/engine.h"

#include "engine/host.h"

namespace arbiter::engine {

Engine::Engine(boost::asio::io_context& io, store::Store& store, const base::Clock& clock, EngineConfig config)
    : io_(io), store_(store), clock_(clock), config_(config), threads_(std::make_unique<Threads>(config_)) {}

Engine::~Engine() {
  stopping_ = true;
  threads_->readers.join();
  threads_->committers.join();
}

std::shared_ptr<Engine::Host> Engine::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto it = hosts_.find(name);
  return it == hosts_.end() ? nullptr : it->second;
}

void Engine::open(const std::string& name, std::function<void(base::Result<void>)> ready) {
  std::shared_ptr<Host> host;
  {
    const std::lock_guard lock(mutex_);
    auto& slot = hosts_[name];
    if (!slot) slot = std::make_shared<Host>(*this, name);
    host = slot;
  }
  host->open(std::move(ready));
}

Ticket Engine::submit(const std::string& name, Request request, Done done) {
  const Ticket ticket = next_ticket_.fetch_add(1, std::memory_order_relaxed);
  const auto host = find(name);
  if (!host) {
    done(base::fail({base::ErrorCode::kNamespaceUnknown, "There is no namespace " + name + "."}));
  } else {
    host->submit(ticket, std::move(request), std::move(done));
  }
  return ticket;
}

void Engine::forget(const std::string& name, Ticket ticket) {
  if (const auto host = find(name)) host->forget(ticket);
}

void Engine::read(const std::string& name, std::function<void(store::Reader*)> job) {
  if (const auto host = find(name)) return host->read(std::move(job));
  job(nullptr);
}

std::uint64_t Engine::subscribe(const std::string& name, Subscriber subscriber) {
  const std::uint64_t id = next_ticket_.fetch_add(1, std::memory_order_relaxed);
  if (const auto host = find(name)) host->subscribe(id, std::move(subscriber));
  return id;
}

void Engine::unsubscribe(const std::string& name, std::uint64_t id) {
  if (const auto host = find(name)) host->unsubscribe(id);
}

std::vector<NamespaceStatus> Engine::status() const {
  std::vector<NamespaceStatus> all;
  const std::lock_guard lock(mutex_);
  for (const auto& [name, host] : hosts_) all.push_back(host->status());
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
    for (const auto& [name, host] : hosts_) hosts.push_back(host);
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

void Engine::stop(std::function<void()> stopped) {
  stopping_ = true;
  std::vector<std::shared_ptr<Host>> hosts;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [name, host] : hosts_) hosts.push_back(host);
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
