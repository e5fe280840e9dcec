#include "api/call.h"

#include "api/problem.h"

namespace arbiter::api {

void Call::count(int status) {
  const std::size_t row = operation ? operation->index : operations().size();
  const auto took = std::chrono::steady_clock::now() - started;
  metrics.observe(row, status, took);
  if (!trace.spans || !trace.context || !trace.context->sampled) return;
  RequestSpan span;
  span.context = *trace.context;
  span.parent = trace.parent;
  span.operation = operation;
  span.status = status;
  span.took = std::chrono::duration_cast<std::chrono::nanoseconds>(took);
  span.namespace_name = namespace_name;
  span.actor = actor.name;
  span.request_id = actor.request_id;
  span.links = std::move(trace.links);
  trace.spans->add(std::move(span));
}

void Call::add_trace(net::Response& response) const {
  if (trace.context) response.headers.emplace_back("traceresponse", trace.context->text());
}

void Call::reply(net::Response response, std::function<void()> undelivered) {
  count(response.status);
  add_trace(response);
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
  add_trace(head);
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
