#include "effects/dispatcher.h"

#include <signal.h>

namespace arbiter::effects {

using std::chrono::steady_clock;

namespace {

constexpr std::size_t kJobsMax = 1'000;  // of one notifier that wait for a thread; the core starts two per namespace
constexpr std::size_t kThreadsPerNotifier = 2;

std::optional<store::EventRow> event_at(store::Reader* reader, store::Position position) {
  if (!reader || position == 0) return std::nullopt;
  store::EventQuery query;
  query.after = position - 1;
  query.up_to = position;
  query.limit = 1;
  auto page = reader->events(query);
  if (!page || page->events.empty() || page->events.front().position != position) return std::nullopt;
  return std::move(page->events.front());
}

}  // namespace

Dispatcher::Dispatcher(engine::Engine& engine, std::vector<Target> targets, Notice notice)
    : engine_(engine), notice_(std::move(notice)) {
  for (auto& target : targets) lanes_[target.notifier].target = std::move(target);
  // Signals are for the threads that wait for them.
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  for (auto& [name, lane] : lanes_) {
    for (std::size_t i = 0; i < kThreadsPerNotifier; ++i) {
      lane.threads.emplace_back([this, &its = lane] { serve(its); });
    }
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Dispatcher::~Dispatcher() { stop(0); }

void Dispatcher::start(const std::string& namespace_name, std::vector<core::EffectOrder> orders) {
  const auto now = steady_clock::now();
  for (auto& order : orders) {
    const store::Position position = order.position;
    auto delivery = std::make_shared<Delivery>(Delivery{namespace_name, std::move(order), {}});
    if (position == 0) {
      delivery->body = message(delivery->namespace_name, delivery->order, std::nullopt);
      enqueue(std::move(*delivery), now);
      continue;
    }
    engine_.read(namespace_name, [this, delivery, now, position](store::Reader* reader) {
      delivery->body = message(delivery->namespace_name, delivery->order, event_at(reader, position));
      enqueue(std::move(*delivery), now);
    });
  }
}

void Dispatcher::enqueue(Delivery delivery, steady_clock::time_point since) {
  const auto lane = lanes_.find(delivery.order.notifier);
  if (lane == lanes_.end()) return;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    if (lane->second.jobs.size() < kJobsMax) {
      lane->second.jobs.push_back({std::move(delivery), since});
      return changed_.notify_all();
    }
  }
  notice_("too many notifications wait for this notifier; this one is tried again later", delivery);
}

void Dispatcher::serve(Lane& lane) {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stopping_ || !lane.jobs.empty(); });
    if (stopping_) return;
    const Job job = std::move(lane.jobs.front());
    lane.jobs.pop_front();
    ++under_way_;
    lock.unlock();
    attempt(lane, job);
    lock.lock();
    --under_way_;
    changed_.notify_all();
  }
}

void Dispatcher::attempt(Lane& lane, const Job& job) {
  // It waited so long that its answer would come too late.
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - job.since).count();
  if (waited > lane.target.timeout_ms) {
    return notice_("a notification waited too long for its turn; it is tried again later", job.delivery);
  }
  const auto outcome = lane.target.channel->deliver(job.delivery, breaking_off_);
  if (!outcome && breaking_off_) return;
  engine::Request request;
  core::SettleEffect settle{job.delivery.order.id, job.delivery.order.attempt, {}};
  if (!outcome) {
    settle.error = outcome.error().message;
    notice_("a notification was not delivered: " + outcome.error().message, job.delivery);
  }
  request.command = std::move(settle);
  request.actor.name = "system";
  engine_.submit(job.delivery.namespace_name, std::move(request), [](const engine::Answer&) {});
}

void Dispatcher::stop(std::int64_t grace_ms) {
  {
    std::unique_lock lock(mutex_);
    if (std::exchange(stopping_, true)) return;
    for (auto& [name, lane] : lanes_) lane.jobs.clear();
    changed_.notify_all();
    (void)changed_.wait_for(lock, std::chrono::milliseconds(grace_ms), [&] { return under_way_ == 0; });
    breaking_off_ = true;
  }
  for (auto& [name, lane] : lanes_) {
    for (auto& thread : lane.threads) thread.join();
  }
}

}  // namespace arbiter::effects
