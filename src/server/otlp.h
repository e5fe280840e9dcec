// Spans to a collector: OTLP over HTTP with JSON (opentelemetry-proto, docs/specification.md). One thread sends what
// others put into a bounded queue; what does not fit, or what the collector does not take in time, is dropped and
// counted. Nothing of the server ever waits for it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "api/tracing.h"
#include "base/clock.h"
#include "client/http.h"
#include "core/trace.h"
#include "server/log.h"
#include "server/otlp_config.h"

namespace arbiter::server {

inline constexpr std::size_t kSpansQueuedMax = 8'192;
inline constexpr std::size_t kSpansPerExportMax = 512;
inline constexpr int kExportDelayMs = 1'000;     // how long a span waits for others
inline constexpr int kExportTimeoutMs = 10'000;  // of one attempt
inline constexpr int kExportAttemptsMax = 5;
inline constexpr int kExportPauseMs = 1'000;  // before the second attempt; doubled for each further one
inline constexpr int kExportPauseMaxMs = 30'000;
inline constexpr std::int64_t kSpanDebtMs = 10'000;

struct OtlpSpan {
  std::int64_t end_ns = 0;  // of Unix time; of requests only: stages know theirs
  std::string namespace_name;
  std::variant<api::RequestSpan, core::TaskStage> span;
};

// An ExportTraceServiceRequest of them.
[[nodiscard]] std::string otlp_json(const std::vector<OtlpSpan>& spans, const std::string& service_name);
// How many spans the collector refused, by its answer.
[[nodiscard]] std::uint64_t rejected_spans(const std::string& answer);

class OtlpExporter final : public api::SpanSink {
 public:
  OtlpExporter(OtlpConfig config, const base::Clock& clock, Log& log);
  // Sends what is queued, for at most `ms`; then nothing is taken any more.
  void close(int ms);
  ~OtlpExporter() override;

  void add(api::RequestSpan span) override;
  void add(const std::string& namespace_name, const std::vector<core::TaskStage>& stages);
  // Spans are paid for as they come: when more came than the limit allows, no further trace begins until the time for
  // them has passed, at most kSpanDebtMs. Those that callers ask for come on top.
  [[nodiscard]] bool has_room() override;
  [[nodiscard]] api::SpanCounts counts() const override;

 private:
  void put(OtlpSpan span);
  void run();
  [[nodiscard]] bool take(std::vector<OtlpSpan>& batch);
  void send(const std::vector<OtlpSpan>& batch);
  void pause(int ms);
  void tell(bool works, const std::string& why);

  const OtlpConfig config_;
  const base::Clock& clock_;
  Log& log_;
  client::Http http_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<OtlpSpan> queue_;
  std::atomic<std::int64_t> budget_;       // in thousandths of a span
  std::atomic<std::int64_t> refilled_ms_;  // when it was last filled up
  api::SpanCounts counts_;
  bool closing_ = false;  // no more are taken; what is queued is sent
  bool stopped_ = false;  // nothing is sent any more
  bool idle_ = true;
  bool told_ = false;  // the last thing that the log heard is that it does not work
  std::thread thread_;
};

}  // namespace arbiter::server
