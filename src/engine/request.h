// What crosses the border of the engine: requests with their answers.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <variant>

#include "core/core.h"

namespace arbiter::engine {

using core::Ticket;

// The answer kept under an idempotency key, as it was given the first time.
struct StoredReply {
  int status = 200;
  std::string body;
};

// Success: the core's reply, or the one stored under the request's idempotency key.
using Answer = base::Result<std::variant<core::Reply, StoredReply>>;
using Done = std::function<void(Answer)>;

struct Request {
  core::Command command;
  core::Actor actor;
  // With a key: the same request again gets the stored answer, another one is refused (idempotency_mismatch).
  std::string idempotency_key{};
  std::string fingerprint{};  // of operation, path and body
  // Turns a success into what is stored under the key. Called on the strand, only for requests with a key.
  std::function<StoredReply(const core::Reply&)> encode{};
};

}  // namespace arbiter::engine
