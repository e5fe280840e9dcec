#include "server/otlp.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace arbiter::server {
namespace {

constexpr const char* kTrace = "4bf92f3577b34da6a3ce929d0e0e4736";
const std::string kSubmitted = std::string("00-") + kTrace + "-00f067aa0ba902b7-01";

std::string at(const base::json::value& value, std::string_view pointer) {
  boost::system::error_code missing;
  const auto* found = value.find_pointer(pointer, missing);
  return found ? base::json::serialize(*found) : "(absent)";
}

base::json::value first_span(const OtlpSpan& span) {
  const auto json = base::parse_json(otlp_json({span}, "arbiter"));
  return json->at_pointer("/resourceSpans/0/scopeSpans/0/spans/0");
}

api::RequestSpan request() {
  api::RequestSpan span;
  span.context = *base::TraceContext::parse(kSubmitted);
  span.operation = &api::operations().front();
  span.status = 201;
  span.took = std::chrono::milliseconds(5);
  span.namespace_name = "default";
  span.actor = "admin";
  span.request_id = "r1";
  return span;
}

core::TaskStage stage(core::TaskStage::Kind kind) {
  core::TaskStage stage;
  stage.kind = kind;
  stage.traceparent = kSubmitted;
  stage.task = "build-1";
  stage.type = "build";
  stage.queue = "default";
  stage.from_ms = 1'000;
  stage.to_ms = 3'500;
  stage.attempt = 1;
  stage.lease = 17;
  stage.worker = "w";
  stage.outcome = "completed";
  return stage;
}

TEST(Otlp, ARequestIsASpanOfAServer) {
  api::RequestSpan asked = request();
  asked.links = {asked.context.child(1)};
  const auto span = first_span({2'000'000'000, {}, asked});
  EXPECT_EQ(at(span, "/traceId"), '"' + std::string(kTrace) + '"');
  EXPECT_EQ(at(span, "/spanId"), "\"00f067aa0ba902b7\"");
  EXPECT_EQ(at(span, "/parentSpanId"), "(absent)");
  EXPECT_EQ(at(span, "/name"), "\"tasks.submit\"");
  EXPECT_EQ(at(span, "/kind"), "2");
  EXPECT_EQ(at(span, "/startTimeUnixNano"), "\"1995000000\"");
  EXPECT_EQ(at(span, "/endTimeUnixNano"), "\"2000000000\"");
  EXPECT_EQ(at(span, "/attributes/2"), R"({"key":"http.response.status_code","value":{"intValue":"201"}})");
  EXPECT_EQ(at(span, "/status"), "{}");
  EXPECT_EQ(at(span, "/links/0/traceId"), '"' + std::string(kTrace) + '"');
}

TEST(Otlp, OnlyTheServersOwnErrorsAreErrors) {
  api::RequestSpan failed = request();
  failed.status = 503;
  failed.parent = 0xab;
  EXPECT_EQ(at(first_span({0, {}, failed}), "/status"), R"({"code":2})");
  EXPECT_EQ(at(first_span({0, {}, failed}), "/parentSpanId"), "\"00000000000000ab\"");
  failed.status = 409;
  EXPECT_EQ(at(first_span({0, {}, failed}), "/status"), "{}");
}

TEST(Otlp, StagesOfATaskHangTogether) {
  using Kind = core::TaskStage::Kind;
  const auto whole = first_span({0, "default", stage(Kind::kWhole)});
  const auto run = first_span({0, "default", stage(Kind::kRun)});
  const auto queued = first_span({0, "default", stage(Kind::kQueued)});
  EXPECT_EQ(at(whole, "/parentSpanId"), "\"00f067aa0ba902b7\"");
  EXPECT_EQ(at(run, "/parentSpanId"), at(whole, "/spanId"));
  EXPECT_EQ(at(queued, "/parentSpanId"), at(whole, "/spanId"));
  EXPECT_NE(at(queued, "/spanId"), at(run, "/spanId"));
  EXPECT_EQ(
      at(run, "/spanId"),
      '"' + base::span_id_text(core::span_of_run(*base::TraceContext::parse(kSubmitted), "build-1", 17).span) + '"');
  EXPECT_EQ(at(run, "/startTimeUnixNano"), "\"1000000000\"");
  EXPECT_EQ(at(run, "/endTimeUnixNano"), "\"3500000000\"");
  EXPECT_EQ(at(run, "/status"), R"({"code":1})");
}

TEST(Otlp, AnAttemptThatFailedSaysWhy) {
  auto failed = stage(core::TaskStage::Kind::kRun);
  failed.outcome = "retried";
  failed.message = "no compiler";
  EXPECT_EQ(at(first_span({0, "default", failed}), "/status"), R"({"message":"no compiler","code":2})");
}

TEST(Otlp, RejectedSpansAreReadAsTextOrNumber) {
  EXPECT_EQ(rejected_spans(R"({"partialSuccess":{"rejectedSpans":"7"}})"), 7U);
  EXPECT_EQ(rejected_spans(R"({"partialSuccess":{"rejectedSpans":7}})"), 7U);
  EXPECT_EQ(rejected_spans("{}"), 0U);
  EXPECT_EQ(rejected_spans(""), 0U);
  EXPECT_EQ(rejected_spans(R"({"partialSuccess":{"rejectedSpans":"-7"}})"), 0U);
}

TEST(OtlpExporter, BeginsNoMoreTracesThanItsSpansPerSecondAllow) {
  base::ManualClock clock;
  Log log(LogLevel::kError);
  OtlpConfig config = *otlp_config("http://127.0.0.1:9", "", "");
  config.spans_per_second = 100;
  OtlpExporter exporter(std::move(config), clock, log);
  const auto add = [&](int spans) {
    for (int i = 0; i < spans; ++i) exporter.add(request());
  };
  EXPECT_TRUE(exporter.has_room());
  add(100);
  EXPECT_FALSE(exporter.has_room());
  clock.advance(10);
  EXPECT_TRUE(exporter.has_room());
  // A great trace is paid for afterwards, but not for ever.
  add(301);
  clock.advance(3'000);
  EXPECT_FALSE(exporter.has_room());
  clock.advance(100);
  EXPECT_TRUE(exporter.has_room());
  add(5'000);
  EXPECT_FALSE(exporter.has_room());
  clock.advance(10'100);
  EXPECT_TRUE(exporter.has_room());
  exporter.close(0);
}

TEST(Otlp, EndpointsAreReadAsOpenTelemetryHasThem) {
  EXPECT_EQ(otlp_config("http://localhost:4318", "", "")->path, "/v1/traces");
  EXPECT_EQ(otlp_config("http://localhost:4318/", "", "")->path, "/v1/traces");
  EXPECT_EQ(otlp_config("http://localhost:4318/base/", "", "")->path, "/base/v1/traces");
  EXPECT_EQ(otlp_config("", "http://localhost:4318/as/is", "")->path, "/as/is");
  EXPECT_EQ(otlp_config("http://localhost:4318", "http://localhost:1/x", "")->endpoint.port, 1);
  const auto headers = otlp_config("http://localhost:4318", "", "a=1,b=x=y")->headers;
  EXPECT_EQ(headers, (std::vector<std::pair<std::string, std::string>>{{"a", "1"}, {"b", "x=y"}}));
}

TEST(Otlp, WhatIsNoEndpointOrHeaderIsRefused) {
  for (const std::string bad : {"localhost:4318", "ftp://x", "http://", "http://x/a b", "http://x/a\r\nb: c"}) {
    EXPECT_FALSE(otlp_config(bad, "", "")) << bad;
  }
  for (const std::string bad : {"a", "=b", "a=1,b", "a=1\r\nx: y", "a:b=1"}) {
    EXPECT_FALSE(otlp_config("http://localhost:4318", "", bad)) << bad;
  }
}

}  // namespace
}  // namespace arbiter::server
