// Many clients at once: people who submit and cancel, workers that lease and report, some of them confused, late or
// gone. Each act is by chance; a request may be repeated as it was, at any later time.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "answers.h"
#include "outside.h"
#include "specs.h"
#include "tickets.h"
#include "world.h"

namespace arbiter::sim {

class Clients {
 public:
  Clients(Random& random, World& world, Model& model, Outside& outside, const Setup& setup, Verdict& verdict,
          bool trace);

  // One act: a new request, a repetition, or a client that leaves.
  void act();
  void send(core::Command command);
  void send(std::shared_ptr<Asked> asked);
  void died(bool gracefully);

  [[nodiscard]] const std::map<engine::Ticket, Sent>& owed() const { return owed_; }
  // The request of this number.
  [[nodiscard]] const Asked* asked(std::uint64_t number) const;
  [[nodiscard]] Specs& specs() { return specs_; }

 private:
  struct Held {
    core::Name task;
    core::LeaseText lease;
    std::string worker;
  };

  void answered(engine::Ticket ticket, engine::Answer answer);
  void learn(const Sent& sent, const core::Reply& reply);
  void learn(const std::vector<core::LeaseView>& leases, const Sent& sent);
  void note_sign(const Sent& sent, const core::Reply& reply);
  void repeat();
  void leave();

  // What is asked for; each makes one command.
  core::Command submit();
  core::Command batch();
  core::Command bad_batch();
  core::Command get();
  core::Command list();
  core::Command graph();
  core::Command bulk();
  core::Command lease();
  core::Command report();
  core::Command under_lease();
  [[nodiscard]] std::optional<Held> held_at_rest();
  core::Command rest(const Held& recent);
  core::Command outcome();
  core::Command registration();
  core::Command heartbeat();
  core::Command worker_change();
  core::Command queue_change();
  core::Command schedule();
  core::Command key_change();
  core::RateLimit rate();
  template <typename Pause>
  Pause pause(const core::Name& name);
  core::Command catalogue();
  core::Command token();
  [[nodiscard]] std::string some_token();
  core::Command task_type();
  core::Command effect();
  core::Command look();
  core::Command snapshot();
  core::Command person();
  // ---- inbox_requests.cc ----
  core::Command ask();
  core::Command question();
  core::Command incident();
  core::Command inbox();
  [[nodiscard]] core::Name some_question();
  [[nodiscard]] core::Name some_incident();
  [[nodiscard]] std::string some_item();
  // ---- budget_requests.cc ----
  core::Command budget();
  core::Command set_budget(const core::Name& name);
  core::Command raise_budget(const core::Name& name);
  [[nodiscard]] static core::Usage usage(std::uint64_t mood);
  [[nodiscard]] core::BudgetAmounts amounts();

  [[nodiscard]] core::Command anything();
  [[nodiscard]] core::TaskSpec again(const core::TaskSpec& spec, bool other);
  [[nodiscard]] core::Name worker();
  [[nodiscard]] std::optional<std::int64_t> session(const core::Name& worker);
  [[nodiscard]] Held held();
  [[nodiscard]] core::Report outcome_of(const Held& held);
  [[nodiscard]] core::Int<0, 60'000> wait(std::int64_t percent);

  Random& random_;
  World& world_;
  Model& model_;
  Outside& outside_;
  Answers answers_;
  Specs specs_;
  std::map<engine::Ticket, Sent> owed_;
  std::map<std::uint64_t, std::shared_ptr<Asked>> asked_;
  std::deque<Held> held_;
  std::map<std::string, std::int64_t> sessions_;
  std::deque<std::string> bulks_;
  static constexpr std::size_t kTokensKnown = 8;
  std::deque<std::string> token_hashes_;
  std::string to_register_{};  // a worker that learned that it is unknown
  std::string worker_now_{};   // who makes the command that is being made
  bool bad_now_ = false;
  const bool trace_;
  std::uint64_t number_ = 0;
  engine::Ticket ticket_ = 0;
};

}  // namespace arbiter::sim
