#include "api/call.h"

#include "api/problem.h"

namespace arbiter::api {

void Call::count(int status) {
  const std::size_t row = operation ? operation->index : operations().size();
  metrics.observe(row, status, std::chrono::steady_clock::now() - started);
}

void Call::reply(net::Response response, std::function<void()> undelivered) {
  count(response.status);
  responder->respond(std::move(response), std::move(undelivered));
}

void Call::reply_json(int status, std::string body, std::function<void()> undelivered) {
  net::Response response;
  response.status = status;
  response.body = std::move(body);
  reply(std::move(response), std::move(undelivered));
}

void Call::refuse(const base::Error& error) { reply(problem_response(error, request.id)); }

std::shared_ptr<net::Stream> Call::stream(net::Response head, std::function<void()> gone) {
  count(head.status);
  return responder->stream(std::move(head), std::move(gone));
}

std::shared_ptr<net::WebSocket> Call::web_socket(std::string protocol, std::function<void(std::string)> message,
                                                 std::function<void()> gone) {
  count(101);
  return responder->web_socket(request, std::move(protocol), std::move(message), std::move(gone));
}

base::Result<base::json::value> Call::take_input(base::FieldErrors& errors) {
  auto input = gather_input(*operation, request.body, path, query, errors);
  request.body = {};
  if (input && !idempotency_key.empty()) {
    fingerprint = request.method;
    fingerprint += ' ';
    fingerprint += split_target(request.target).first;
    fingerprint += ' ';
    fingerprint += std::to_string(base::hash_content(*input));
  }
  return input;
}

}  // namespace arbiter::api
