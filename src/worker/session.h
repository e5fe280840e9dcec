// What the threads of one worker share: its registration, the leases it holds and how many more it can take.
// Thread-safe.
#pragma once

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "client/http.h"
#include "worker/inbox.h"

namespace arbiter::worker {

using base::Result;

struct Registration {
  std::string name;
  std::vector<std::string> capabilities;  // none: somebody else registered this worker, and only that renews it
  std::vector<std::string> languages;
  std::map<std::string, std::string> labels;
  std::vector<std::string> queues;
  std::vector<std::string> types;  // of what it may do, what it asks for; empty: all
  int max_concurrent = 1;
  int lease_ms = 30'000;
  int idle_ms = 0;  // drained by the server once it had no task for so long; 0: never
  std::string location;
};

// Whether asking again later can help: the server is away, starting, stopping or short of something.
[[nodiscard]] bool is_passing(const base::Error& error);

class Session {
 public:
  Session(Registration registration, Inbox& inbox) : registration_(std::move(registration)), inbox_(inbox) {}

  [[nodiscard]] const std::string& worker_id() const { return registration_.name; }
  [[nodiscard]] const Registration& registration() const { return registration_; }
  [[nodiscard]] std::optional<std::int64_t> number() const;

  // Registers, unless another thread has done so since session `seen`. Leases that the server counts as ours and that
  // we do not hold (a predecessor of this name held them) go to the inbox as inherited.
  [[nodiscard]] Result<void> open(client::Http& http, std::optional<std::int64_t> seen);

  // Reserves up to `max` free slots for a request; give_back() with what came of it.
  [[nodiscard]] int reserve(int max);
  void give_back(int reserved, const std::vector<Leased>& granted);
  // Waits for a free slot and reserves all there are; 0: stopped.
  [[nodiscard]] int wait_for_slots();
  // The work of a lease is done, its outcome not yet with the server: the lease is ours still, its slot is free.
  void finished(const std::string& lease);
  void released(const std::string& lease);
  [[nodiscard]] std::vector<std::string> held() const;
  // Which trace the attempt of a lease belongs to; empty: none.
  [[nodiscard]] std::string traceparent(const std::string& lease) const;
  // Of these leases the tasks are suspended, as far as we were told; they take no slots.
  [[nodiscard]] std::vector<std::string> suspended() const;
  // Leases that were there before anybody asked (for `task exec`).
  void hold(const std::string& lease);

  // No more slots are given out; wait_for_slots() ends.
  void stop_leasing();
  [[nodiscard]] bool leasing() const;
  // Every wait ends.
  void stop();
  [[nodiscard]] bool stopped() const;
  // Sleeps for at most `ms`, less when stopped.
  void pause(int ms);

  // Deals with what every answer may carry: cancellations, suspensions, lost leases, the wish that this worker drains.
  void read_signals(const json::value& answer);
  // A cancellation is repeated until its program has ended: waits a moment after an answer that carries one.
  void settle_down(const json::value& answer);
  // Deals with an error that concerns the whole worker; true: try again. `what` names the request for the remark.
  [[nodiscard]] bool recover(client::Http& http, const base::Error& error, std::optional<std::int64_t> seen,
                             std::string_view what, int& failures);

 private:
  [[nodiscard]] int free_slots() const;
  [[nodiscard]] json::object description() const;
  void remark_once(std::string text);
  void note_suspended(const json::array& leases);

  const Registration registration_;
  Inbox& inbox_;
  mutable std::mutex mutex_;
  std::mutex registering_;
  std::condition_variable changed_;
  std::optional<std::int64_t> number_;
  std::map<std::string, bool> held_;           // whether the lease takes a slot
  std::map<std::string, bool> suspended_;      // whether its program stands still
  std::map<std::string, std::string> traces_;  // of those leases that have one
  int reserved_ = 0;
  bool leasing_ = true;
  bool stopped_ = false;
  bool away_ = false;  // the last remark was that the server is away
};

// Adds `session` to a request when there is one.
void add_session(json::object& body, std::optional<std::int64_t> number);

}  // namespace arbiter::worker
