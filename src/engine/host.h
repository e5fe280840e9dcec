// One open namespace with its threads: the strand that runs it, the committer that writes for it, the timer that wakes
// it. Only engine.cc uses this.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>

#include "engine/engine.h"
#include "engine/namespace.h"

namespace arbiter::engine {

struct Engine::Threads {
  explicit Threads(const EngineConfig& config) : committers(config.committer_threads), readers(config.reader_threads) {}
  boost::asio::thread_pool committers;
  boost::asio::thread_pool readers;
};

class Engine::Host final : public Environment, public std::enable_shared_from_this<Engine::Host> {
 public:
  Host(Engine& engine, std::string name);

  void open(std::function<void(base::Result<void>)> ready);
  void submit(Ticket ticket, Request request, Done done);
  void forget(Ticket ticket);
  void read(std::function<void(store::Reader*)> job);
  void subscribe(std::uint64_t id, Subscriber subscriber);
  void unsubscribe(std::uint64_t id);
  void stop(std::function<void()> stopped);
  [[nodiscard]] NamespaceStatus status() const;
  void report(std::function<void(NamespaceReport)> done);

 private:
  [[nodiscard]] base::Now now() override;
  void commit(std::unique_ptr<PendingBatch> batch) override;
  template <typename Query, typename Found>
  void ask_reader(base::Result<Found> (store::Reader::*ask)(const Query&), Query query,
                  std::function<void(base::Result<Found>)> found);
  void lookup(std::vector<store::EntityKey> keys, std::function<void(base::Result<store::Lookup>)> found) override;
  void list_ended(store::EndedQuery query, std::function<void(base::Result<store::EndedPage>)> found) override;
  void list_events(store::EventQuery query, std::function<void(base::Result<store::EventPage>)> found) override;
  void reopen(base::ErrorCode after) override;
  void wake_at(std::int64_t deadline) override;
  void post(std::function<void()> job) override;
  void publish(EventBatch events) override;

  void set_time(store::JournalState state);
  void open_journal();                                                                       // on the committer
  void come_back();                                                                          // on the committer
  [[nodiscard]] base::Result<void> recover();                                                // on the committer
  void come_back_later(base::ErrorCode next, const std::string& why, std::int64_t took_ms);  // on the strand
  void tell(const std::string& what);                                                        // on the strand
  void loaded(base::Result<Loaded> result);                                                  // on the strand
  void committed(std::unique_ptr<PendingBatch> batch, base::Result<void> result);            // on the strand
  void schedule_retention();
  void retain();
  void note_status();
  void check_stopped();

  Engine& engine_;
  const std::string name_;
  boost::asio::strand<boost::asio::io_context::executor_type> strand_;
  boost::asio::strand<boost::asio::thread_pool::executor_type> committer_;  // one commit at a time
  boost::asio::steady_timer timer_;
  boost::asio::steady_timer retry_timer_;
  boost::asio::steady_timer retention_timer_;
  std::shared_ptr<store::Journal> journal_;  // replaced on the committer only
  mutable std::mutex journal_mutex_;         // guards the pointer, for readers
  Namespace namespace_;
  // `now` = base_now_ms_ + monotonic time since base_monotonic_ms_.
  std::atomic<std::int64_t> base_now_ms_{0};
  std::int64_t base_monotonic_ms_ = 0;
  std::vector<std::function<void(base::Result<void>)>> ready_;
  std::map<std::uint64_t, Subscriber> subscribers_;
  std::function<void()> stopped_;
  bool opening_ = false;
  bool has_been_open_ = false;
  // While the store keeps it closed:
  bool coming_back_ = false;
  std::atomic<base::ErrorCode> problem_{};        // what has to be overcome
  std::string first_problem_;                     // what closed it
  std::int64_t retry_pause_ms_ = 0;               // before the next attempt
  store::JournalState last_;                      // what the last journal knew; of the committer
  std::weak_ptr<store::Journal> failed_journal_;  // of the committer

  base::SharedLatencies commit_time_;
  base::SharedLatencies strand_lag_;
  base::SharedHistogram<kBatchBounds> batch_events_;
  std::atomic<std::uint64_t> submits_{0};
  mutable std::mutex status_mutex_;
  NamespaceStatus status_;
};

}  // namespace arbiter::engine
