#include "worker/feed.h"

namespace arbiter::worker {

Feed::Feed(const client::Endpoint& endpoint, Session& session, OnLeased on_leased)
    : http_(endpoint), session_(session), on_leased_(std::move(on_leased)), thread_([this] { run(); }) {}

Feed::~Feed() { stop(); }

void Feed::stop() {
  session_.stop_leasing();
  http_.cancel();
  if (thread_.joinable()) thread_.join();
}

void Feed::run() {
  const auto& registration = session_.registration();
  int failures = 0;
  for (int slots = session_.wait_for_slots(); slots > 0; slots = session_.wait_for_slots()) {
    const auto seen = session_.number();
    json::object body{{"workerId", session_.worker_id()},
                      {"max", slots},
                      {"waitMs", kLeaseWaitMs},
                      {"leaseMs", registration.lease_ms}};
    if (!registration.types.empty()) body["types"] = client::to_array(registration.types);
    add_session(body, seen);
    auto answer = http_.post("/api/v1/tasks/lease", body, {.timeout_ms = kLeaseWaitMs + kAnswerSlackMs});
    std::vector<Leased> granted;
    const auto* object = answer ? answer->if_object() : nullptr;
    const auto* leases = object ? object->if_contains("leases") : nullptr;
    if (leases && leases->is_array()) {
      for (const auto& view : leases->get_array()) granted.push_back(read_leased(view));
    }
    session_.give_back(slots, granted);
    if (answer) {
      failures = 0;
      session_.read_signals(*answer);
      if (!granted.empty()) on_leased_(std::move(granted));
    } else if (!session_.recover(http_, answer.error(), seen, "lease", failures) && http_.cancelled()) {
      return;
    }
  }
}

Pulse::Pulse(const client::Endpoint& endpoint, Session& session)
    : http_(endpoint), session_(session), thread_([this] { run(); }) {}

Pulse::~Pulse() { stop(); }

void Pulse::stop() {
  http_.cancel();
  if (thread_.joinable()) thread_.join();
}

void Pulse::run() {
  int failures = 0;
  const auto path = "/api/v1/workers/" + client::escape(session_.worker_id()) + "/heartbeat";
  while (!http_.cancelled()) {
    const auto seen = session_.number();
    json::object body{{"waitMs", kPulseWaitMs},
                      {"leases", client::to_array(session_.held())},
                      {"suspended", client::to_array(session_.suspended())}};
    add_session(body, seen);
    auto answer = http_.post(path, body, {.timeout_ms = kPulseWaitMs + kAnswerSlackMs, .repeatable = true});
    if (answer) {
      failures = 0;
      session_.read_signals(*answer);
      session_.settle_down(*answer);
    } else if (!session_.recover(http_, answer.error(), seen, "heartbeat", failures) && session_.stopped()) {
      return;
    }
  }
}

}  // namespace arbiter::worker
