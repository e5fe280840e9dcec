// The JSON of OTLP: camelCase keys, ids as hexadecimal text, 64-bit numbers as decimal text, enums as numbers.
#include "base/json.h"
#include "server/otlp.h"

namespace arbiter::server {
namespace {

namespace json = base::json;

constexpr int kInternal = 1;  // SpanKind
constexpr int kServer = 2;
constexpr int kConsumer = 5;
constexpr int kOk = 1;  // StatusCode
constexpr int kError = 2;
constexpr int kServerErrors = 500;

json::object text(std::string_view key, std::string_view value) {
  return {{"key", key}, {"value", {{"stringValue", value}}}};
}
json::object number(std::string_view key, std::int64_t value) {
  return {{"key", key}, {"value", {{"intValue", std::to_string(value)}}}};
}

json::object begin_span(const base::TraceContext& context, std::uint64_t parent, std::string_view name, int kind,
                        std::int64_t from_ns, std::int64_t to_ns) {
  json::object span{{"traceId", context.trace_id()}, {"spanId", base::span_id_text(context.span)}};
  if (parent != 0) span["parentSpanId"] = base::span_id_text(parent);
  span["name"] = name;
  span["kind"] = kind;
  span["startTimeUnixNano"] = std::to_string(from_ns);
  span["endTimeUnixNano"] = std::to_string(to_ns);
  return span;
}

json::object span_of(const api::RequestSpan& request, std::int64_t end_ns) {
  const api::Operation& operation = *request.operation;
  json::object span =
      begin_span(request.context, request.parent, operation.name, kServer, end_ns - request.took.count(), end_ns);
  json::array attributes{text("http.request.method", operation.method), text("http.route", operation.path),
                         number("http.response.status_code", request.status),
                         text("arbiter.request.id", request.request_id)};
  if (!request.namespace_name.empty()) attributes.push_back(text("arbiter.namespace", request.namespace_name));
  if (!request.actor.empty()) attributes.push_back(text("arbiter.actor", request.actor));
  span["attributes"] = std::move(attributes);
  json::array links;
  for (const auto& link : request.links) {
    links.push_back(json::object{{"traceId", link.trace_id()}, {"spanId", base::span_id_text(link.span)}});
  }
  if (!links.empty()) span["links"] = std::move(links);
  // As semantic conventions have it, what the client did wrong is no error of the server.
  span["status"] = request.status >= kServerErrors ? json::object{{"code", kError}} : json::object{};
  return span;
}

std::string name_of(const core::TaskStage& stage) {
  switch (stage.kind) {
    case core::TaskStage::Kind::kQueued:
      return "queued " + stage.queue;
    case core::TaskStage::Kind::kRun:
      return "run " + stage.type;
    case core::TaskStage::Kind::kWhole:
      return "task " + stage.type;
  }
  return {};
}

json::object status_of(const core::TaskStage& stage) {
  if (stage.outcome == "completed") return {{"code", kOk}};
  if (stage.outcome != "failed" && stage.outcome != "retried") return {};
  return {{"message", stage.message}, {"code", kError}};
}

json::object span_of(const core::TaskStage& stage, const std::string& namespace_name) {
  constexpr std::int64_t kNanos = 1'000'000;
  const auto submitted = base::TraceContext::parse(stage.traceparent).value_or(base::TraceContext{});
  const bool whole = stage.kind == core::TaskStage::Kind::kWhole;
  const std::uint64_t parent = whole ? submitted.span : core::span_of_task(submitted, stage.task).span;
  json::object span = begin_span(core::span_of_stage(stage, submitted), parent, name_of(stage),
                                 stage.kind == core::TaskStage::Kind::kRun ? kConsumer : kInternal,
                                 stage.from_ms * kNanos, stage.to_ms * kNanos);
  json::array attributes{text("arbiter.namespace", namespace_name), text("arbiter.task.id", stage.task),
                         text("arbiter.task.type", stage.type), text("arbiter.task.queue", stage.queue),
                         text("arbiter.task.outcome", stage.outcome)};
  if (stage.attempt > 0) attributes.push_back(number("arbiter.task.attempt", stage.attempt));
  if (stage.lease > 0) attributes.push_back(text("arbiter.task.lease", std::to_string(stage.lease)));
  if (!stage.worker.empty()) attributes.push_back(text("arbiter.worker", stage.worker));
  span["attributes"] = std::move(attributes);
  if (stage.kind != core::TaskStage::Kind::kQueued) {
    span["status"] = status_of(stage);
  } else {
    span["status"] = json::object{};
  }
  return span;
}

}  // namespace

std::string otlp_json(const std::vector<OtlpSpan>& spans, const std::string& service_name) {
  json::array out;
  out.reserve(spans.size());
  for (const auto& one : spans) {
    if (const auto* request = std::get_if<api::RequestSpan>(&one.span)) {
      out.push_back(span_of(*request, one.end_ns));
    } else {
      out.push_back(span_of(std::get<core::TaskStage>(one.span), one.namespace_name));
    }
  }
  const json::object body{
      {"resourceSpans",
       {json::object{{"resource",
                      {{"attributes", {text("service.name", service_name), text("service.version", ARBITER_VERSION)}}}},
                     {"scopeSpans",
                      {json::object{{"scope", {{"name", "arbiter"}, {"version", ARBITER_VERSION}}},
                                    {"spans", std::move(out)}}}}}}}};
  return json::serialize(body);
}

std::uint64_t rejected_spans(const std::string& answer) {
  const auto parsed = base::parse_json(answer);
  if (!parsed || !parsed->is_object()) return 0;
  boost::system::error_code missing;
  const auto* rejected = parsed->find_pointer("/partialSuccess/rejectedSpans", missing);
  if (!rejected) return 0;
  if (rejected->is_int64()) return static_cast<std::uint64_t>(std::max<std::int64_t>(0, rejected->get_int64()));
  // 64-bit numbers are text in this JSON.
  if (!rejected->is_string()) return 0;
  std::uint64_t count = 0;
  for (const char c : rejected->get_string()) {
    if (c < '0' || c > '9' || count > 1'000'000'000) return 0;
    count = count * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return count;
}

}  // namespace arbiter::server
