// Requests: what was asked, how often it was sent, and which answers are still owed.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "engine/request.h"
#include "model.h"

namespace arbiter::sim {

// One request of a client, however often it is repeated.
struct Asked {
  std::uint64_t number = 0;
  core::Command command;
  std::string key{};          // Idempotency-Key
  std::string fingerprint{};  // of the request
  std::string worker{};       // who shows to be alive with it
  bool bad = false;           // has bad fields on purpose
  int sends = 0;
  int successes = 0;
};

// One sending of it.
struct Sent {
  std::shared_ptr<Asked> asked;
  engine::Ticket ticket = 0;
  std::int64_t at = 0;
  Position head = 0;           // durable when it was sent
  std::uint64_t closings = 0;  // of the world
  bool was_open = true;
  bool left = false;  // the client did not wait for the answer
};

// The reply as it is stored under an idempotency key.
[[nodiscard]] engine::StoredReply stored(const core::Reply& reply);

// How many tasks the command surely brings, when its tasks carry its number: those that may stand for another that
// holds their unique key are not counted.
[[nodiscard]] int marked_tasks(const Asked& asked);

// The milliseconds that the request may wait in the core.
[[nodiscard]] std::int64_t wait_of(const core::Command& command);

// The worker that the command names as its own, and its session.
struct WorkerName {
  std::string id{};
  std::optional<std::int64_t> session{};
};
[[nodiscard]] WorkerName worker_of(const core::Command& command);

// For traces.
[[nodiscard]] std::string text_of(const Asked& asked);
[[nodiscard]] std::string text_of(const engine::Answer& answer);

}  // namespace arbiter::sim
