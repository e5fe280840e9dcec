#include "clients.h"

#include <cstdio>

namespace arbiter::sim {

Clients::Clients(Random& random, World& world, Model& model, Outside& outside, const Setup& setup, Verdict& verdict,
                 bool trace)
    : random_(random),
      world_(world),
      model_(model),
      outside_(outside),
      answers_(model, world, setup, verdict),
      specs_(random, setup.limits),
      trace_(trace) {}

// ---- sending and being answered -------------------------------------------------------------------------------

void Clients::act() {
  if (random_.percent(7)) return repeat();
  if (random_.percent(4)) return leave();
  ++number_;
  worker_now_.clear();
  bad_now_ = false;
  auto asked = std::make_shared<Asked>();
  asked->number = number_;
  asked->command = anything();
  asked->worker = worker_now_;
  asked->bad = bad_now_;
  if (random_.percent(20)) {
    // Sometimes a key that belongs to another request already.
    asked->key = random_.percent(90) || asked_.empty() ? "key-" + std::to_string(number_)
                                                       : "key-" + std::to_string(1 + random_.below(number_));
    asked->fingerprint = "request-" + std::to_string(number_);
  }
  asked_.emplace(number_, asked);
  send(std::move(asked));
}

void Clients::repeat() {
  if (asked_.empty()) return;
  const std::size_t last = std::min<std::size_t>(asked_.size(), 30);
  send(std::prev(asked_.end(), static_cast<std::ptrdiff_t>(1 + random_.below(last)))->second);
}

void Clients::leave() {
  if (owed_.empty()) return;
  auto it = owed_.begin();
  std::advance(it, static_cast<std::ptrdiff_t>(random_.below(owed_.size())));
  if (it->second.left) return;
  it->second.left = true;
  world_.count(Kind::kFault, "client left");
  world_.get().forget(it->first);
}

void Clients::send(core::Command command) {
  auto asked = std::make_shared<Asked>();
  asked->number = ++number_;
  asked->worker = worker_of(command).id;
  asked->command = std::move(command);
  asked_.emplace(number_, asked);
  send(std::move(asked));
}

void Clients::send(std::shared_ptr<Asked> asked) {
  world_.count(Kind::kCommand, name_of(asked->command));
  ++asked->sends;
  Sent sent;
  sent.asked = asked;
  sent.ticket = ++ticket_;
  sent.at = world_.peek().now.ms;
  sent.head = model_.position;
  world_.want();
  sent.closings = world_.closings();
  sent.was_open = world_.is_open() && !world_.is_stopping();
  if (!asked->worker.empty()) outside_.last_possible[asked->worker] = sent.at;
  if (const auto* c = std::get_if<core::Heartbeat>(&asked->command); c && c->leases) {
    std::set<std::int64_t> numbers;
    for (const auto& lease : *c->leases) numbers.insert(std::stoll(lease.value));
    outside_.named[c->id.value].emplace_back(sent.at, std::move(numbers));
  }
  const engine::Ticket ticket = sent.ticket;
  if (trace_) {
    std::printf("          %lld ask #%llu as %llu: %s\n", static_cast<long long>(sent.at),
                static_cast<unsigned long long>(asked->number), static_cast<unsigned long long>(ticket),
                text_of(*asked).c_str());
  }
  owed_.emplace(ticket, std::move(sent));
  core::Actor actor{"client", "request-" + std::to_string(asked->number)};
  // Some come with a trace of their own, which their tasks keep.
  if (asked->number % 3 == 0) actor.trace = base::TraceContext{{1, asked->number}, 1, asked->number % 2 == 0}.text();
  engine::Request request{asked->command, std::move(actor), asked->key, asked->fingerprint, stored};
  world_.get().submit(ticket, std::move(request),
                      [this, ticket](engine::Answer answer) { answered(ticket, std::move(answer)); });
}

void Clients::answered(engine::Ticket ticket, engine::Answer answer) {
  const auto found = owed_.find(ticket);
  if (found == owed_.end()) return world_.verdict().broken("9", "a request is answered twice");
  const Sent sent = std::move(found->second);
  owed_.erase(found);
  const std::int64_t now = world_.peek().now.ms;
  if (trace_) {
    std::printf("          %lld answer #%llu as %llu: %s\n", static_cast<long long>(now),
                static_cast<unsigned long long>(sent.asked->number), static_cast<unsigned long long>(ticket),
                text_of(answer).c_str());
  }
  if (!sent.asked->worker.empty()) outside_.last_possible[sent.asked->worker] = now;
  answers_.judge(sent, answer);
  if (!answer && answer.error().code == base::ErrorCode::kUnknownWorker && sent.asked->worker.starts_with("w")) {
    to_register_ = sent.asked->worker;
  }
  if (!answer) return;
  ++sent.asked->successes;
  const auto* reply = std::get_if<core::Reply>(&*answer);
  if (reply) learn(sent, *reply);
}

void Clients::died(bool gracefully) {
  if (gracefully) {
    for (const auto& [ticket, sent] : owed_) {
      if (!sent.left) world_.verdict().broken("1", "a graceful stop left a request without an answer");
    }
  }
  owed_.clear();
}

const Asked* Clients::asked(std::uint64_t number) const {
  const auto found = asked_.find(number);
  return found == asked_.end() ? nullptr : found->second.get();
}

// ---- what they learn ------------------------------------------------------------------------------------------

void Clients::learn(const std::vector<core::LeaseView>& leases, const Sent& sent) {
  if (sent.left && !leases.empty()) {
    // Nobody takes these: they go back at once.
    core::ReturnLeases back;
    for (const auto& l : leases) back.leases.push_back({l.task.id, l.lease});
    return send(std::move(back));
  }
  for (const auto& l : leases) {
    held_.push_back({l.task.id, l.lease, l.task.worker_id.value_or("")});
    if (held_.size() > 60) held_.pop_front();
  }
}

void Clients::learn(const Sent& sent, const core::Reply& reply) {
  note_sign(sent, reply);
  if (const auto* one = std::get_if<core::SubmitTaskReply>(&reply)) specs_.learn(one->task.id.value);
  if (const auto* many = std::get_if<core::SubmitReply>(&reply)) {
    for (const auto& t : many->tasks) specs_.learn(t.id.value);
  }
  if (const auto* lease = std::get_if<core::LeaseReply>(&reply)) {
    learn(lease->leases, sent);
    const auto* asked = std::get_if<core::LeaseTasks>(&sent.asked->command);
    const std::int64_t waited = world_.peek().now.ms - sent.at;
    if (asked && asked->wait_ms > 0 && waited > 0) {
      world_.count(Kind::kReaction, lease->leases.empty() ? "waited in vain" : "grant to a waiting worker");
    }
  }
  if (const auto* report = std::get_if<core::ReportReply>(&reply)) learn(report->leases, sent);
  if (const auto* worker = std::get_if<core::RegisterReply>(&reply)) {
    sessions_[worker->worker.id.value] = worker->worker.session;
    for (const auto& l : worker->worker.leases) held_.push_back({l.task.id, l.lease, worker->worker.id.value});
  }
  if (const auto* bulk = std::get_if<core::BulkView>(&reply)) {
    bulks_.push_back(bulk->id.value);
    if (bulks_.size() > 10) bulks_.pop_front();
  }
}

// A request that was accepted shows that its worker is alive, and renews what it holds.
void Clients::note_sign(const Sent& sent, const core::Reply& reply) {
  const std::int64_t now = world_.peek().now.ms;
  Sign sign{sent.at, now, 0, true};
  const core::Command& command = sent.asked->command;
  const auto alive = [&](const core::LeaseText& lease) {
    const std::string& holder = model_.holders[std::stoll(lease.value)];
    outside_.by_worker[holder].push_back({sent.at, now, 0, true});
    outside_.last_possible[holder] = now;
  };
  const auto progressed = [&](const core::LeaseText& lease) {
    outside_.by_lease[std::stoll(lease.value)].push_back(sign);
    alive(lease);
  };
  if (const auto* c = std::get_if<core::ReportProgress>(&command)) progressed(c->lease);
  if (const auto* c = std::get_if<core::AppendLog>(&command)) progressed(c->lease);
  if (const auto* c = std::get_if<core::StartTask>(&command)) alive(c->lease);
  if (const auto* c = std::get_if<core::AskQuestion>(&command)) alive(c->lease);
  if (const auto* c = std::get_if<core::CompleteTask>(&command)) alive(c->lease);
  if (const auto* c = std::get_if<core::FailTask>(&command)) alive(c->lease);
  if (const auto* c = std::get_if<core::ReleaseTask>(&command)) alive(c->lease);
  if (const auto* c = std::get_if<core::ReportTasks>(&command)) {
    const auto& results = std::get<core::ReportReply>(reply).results;
    for (std::size_t i = 0; i < results.size(); ++i) {
      if (!results[i].code) alive(c->reports[i].lease);
    }
  }
  if (const auto* c = std::get_if<core::ExtendLease>(&command)) {
    sign.lease_ms = c->lease_ms ? c->lease_ms->value : 0;
    progressed(c->lease);
    std::int64_t& to = outside_.extended_to[std::stoll(c->lease.value)];
    to = std::max(to, now + std::max<std::int64_t>(sign.lease_ms, 30'000));
  }
  if (const auto* c = std::get_if<core::LeaseTasks>(&command)) outside_.by_worker[c->worker_id.value].push_back(sign);
  if (const auto* c = std::get_if<core::ReportTasks>(&command)) outside_.by_worker[c->worker_id.value].push_back(sign);
  if (const auto* c = std::get_if<core::Heartbeat>(&command)) {
    sign.renews_all = !c->leases;
    outside_.by_worker[c->id.value].push_back(sign);
    if (c->leases) {
      for (const auto& l : *c->leases) outside_.renewed[std::stoll(l.value)].push_back(sign);
    }
  }
  if (const auto* r = std::get_if<core::RegisterReply>(&reply)) outside_.by_worker[r->worker.id.value].push_back(sign);
}

}  // namespace arbiter::sim
