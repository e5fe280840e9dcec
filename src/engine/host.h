// One namespace with its threads: the strand that runs it, the committer that writes for it, the timer that wakes it.
// It opens when it is asked for something and waits for a place for that. Only the engine uses this.
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

// Whoever asks a host for something holds one of these until the host's strand has taken it in, or the reader is done.
class Engine::Use {
 public:
  explicit Use(std::shared_ptr<Host> host);  // With the engine's mutex held. May be null.
  ~Use();
  Use(Use&& other) noexcept = default;
  Use& operator=(Use&&) = delete;
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  explicit operator bool() const { return host_ != nullptr; }
  [[nodiscard]] Host& operator*() const { return *host_; }

 private:
  std::shared_ptr<Host> host_;
};

class Engine::Host final : public Environment, public std::enable_shared_from_this<Engine::Host> {
 public:
  Host(Engine& engine, std::string name);

  void open(Use use, std::function<void(base::Result<void>)> ready);
  void submit(Use use, Ticket ticket, Request request, Done done);
  void forget(Ticket ticket);
  void read(Use use, std::function<void(store::Reader*)> job);
  void subscribe(Use use, std::uint64_t id, Subscriber subscriber);
  void unsubscribe(std::uint64_t id);
  void stop(std::function<void()> stopped);
  [[nodiscard]] NamespaceStatus status() const;
  void report(std::function<void(NamespaceReport)> done);

  // Closes the namespace if it is at rest with nothing due within `horizon_ms`; says on the strand whether it does.
  void try_close(std::int64_t horizon_ms, std::function<void(bool)> answer);
  // What Places says to one that wants to open.
  void place_given(bool given);

  [[nodiscard]] const std::string& name() const { return name_; }
  void touch() { last_used_ms_ = engine_.clock_.monotonic_ms(); }            // It is used now.
  [[nodiscard]] std::int64_t last_used_ms() const { return last_used_ms_; }  // of the monotonic clock
  [[nodiscard]] bool is_closable() const { return phase_ == Phase::kOpen && !is_kept_open_; }
  // Closed, and not because something is wrong.
  [[nodiscard]] bool is_unneeded() const;
  [[nodiscard]] bool is_unused() const { return uses_ == 0; }  // With the engine's mutex held.

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
  void start_effects(std::vector<core::EffectOrder> orders) override;

  friend class Use;
  // kOpen: as long as it has its place, also while its store keeps it from serving.
  enum class Phase : std::uint8_t { kClosed, kWaiting, kOpening, kOpen, kClosing };
  struct Waiting {
    Ticket ticket = 0;
    Request request;
    Done done;
  };

  void when_open(std::function<void(base::Result<void>)> ready);  // on the strand
  void start_opening();                                           // on the strand
  void not_opened(const base::Error& why);                        // on the strand
  void answer_waiting(const base::Result<void>& outcome);         // on the strand
  [[nodiscard]] bool can_close(std::int64_t horizon_ms);          // on the strand
  void start_closing();                                           // on the strand
  void close_journal(std::int64_t due_ms, bool has_events);       // on the committer
  void closed(std::int64_t due_ms);                               // on the strand
  void closing_failed(const base::Error& why);                    // on the strand
  [[nodiscard]] base::Result<bool> retain_step();                 // on the committer
  [[nodiscard]] std::int64_t due_of(std::int64_t deadline_ms);    // of the wall clock
  void read_now(std::function<void(store::Reader*)> job);

  void set_time(store::JournalState state);
  void open_journal();                                                                       // on the committer
  void come_back();                                                                          // on the committer
  [[nodiscard]] base::Result<void> recover();                                                // on the committer
  void come_back_later(base::ErrorCode next, const std::string& why, std::int64_t took_ms);  // on the strand
  void record_outage();                                                                      // on the strand
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
  std::atomic<Phase> phase_{Phase::kClosed};  // changed on the strand only
  const bool is_kept_open_;
  std::atomic<bool> serving_{false};  // reads need not wait for it to open
  std::atomic<int> uses_{0};          // grows with the engine's mutex held
  std::atomic<std::int64_t> last_used_ms_;
  std::atomic<store::Position> keep_events_from_{0};  // what open effects tell of; 0: nothing
  std::deque<Waiting> waiting_;                       // for it to open
  bool has_been_open_ = false;                        // since it was closed last
  std::optional<base::Error> broken_;                 // why it could not be opened
  std::int64_t broken_at_ms_ = 0;
  bool was_at_rest_ = false;  // when it was told to stop, with
  std::int64_t due_ms_ = 0;   // when it is due
  // While the store keeps it closed:
  bool coming_back_ = false;
  bool device_failed_ = false;
  std::int64_t closed_since_ms_ = 0;              // monotonic
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
