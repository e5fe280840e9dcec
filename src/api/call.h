// One request on its way through the API.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/credential.h"
#include "api/input.h"
#include "api/metrics.h"
#include "api/tracing.h"
#include "core/events.h"
#include "net/server.h"

namespace arbiter::api {

struct Call {
  Call(Metrics& counters, net::Request r, std::shared_ptr<net::Responder> way_back)
      : metrics(counters), request(std::move(r)), responder(std::move(way_back)) {
    metrics.in_flight.fetch_add(1, std::memory_order_relaxed);
  }
  ~Call() { metrics.in_flight.fetch_sub(1, std::memory_order_relaxed); }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  Metrics& metrics;
  net::Request request;
  std::shared_ptr<net::Responder> responder;
  const Operation* operation = nullptr;
  PathValues path;
  std::vector<QueryValue> query;
  std::optional<base::Error> bad_query;
  std::string namespace_name;
  core::Actor actor;
  std::shared_ptr<Credential> credential;  // null: without authentication
  bool is_admin = false;
  std::string idempotency_key;
  std::string fingerprint;  // with a key only
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  CallTrace trace;

  // Exactly one of these ends the call.
  void reply(net::Response response, std::function<void()> undelivered = {});
  void reply_json(int status, std::string body, std::function<void()> undelivered = {});
  void refuse(const base::Error& error);
  [[nodiscard]] std::shared_ptr<net::Stream> stream(net::Response head, std::function<void()> gone);

  [[nodiscard]] std::shared_ptr<net::WebSocket> web_socket(std::string protocol,
                                                           std::function<void(std::string)> message,
                                                           std::function<void()> gone);

  // The request as its struct; the body is let go.
  template <typename Request>
  [[nodiscard]] base::Result<Request> decode() {
    base::FieldErrors errors;
    auto input = take_input(errors);
    if (!input) return base::fail(input.error());
    Request out{};
    base::decode(*input, out, base::Path{}, errors);
    if (errors.empty()) return out;
    return base::fail({base::ErrorCode::kInvalidRequest, "Some fields are not valid.", errors.take()});
  }

 private:
  [[nodiscard]] base::Result<base::json::value> take_input(base::FieldErrors& errors);
  void count(int status);
  void add_trace(net::Response& response) const;
};

using CallPtr = std::shared_ptr<Call>;

}  // namespace arbiter::api
