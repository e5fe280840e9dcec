#include "server/otlp.h"

#include <algorithm>
#include <random>

namespace arbiter::server {

namespace {

bool may_repeat(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

}  // namespace

OtlpExporter::OtlpExporter(OtlpConfig config, const base::Clock& clock, Log& log)
    : config_(std::move(config)),
      clock_(clock),
      log_(log),
      http_(config_.endpoint),
      budget_(config_.spans_per_second * 1'000),
      refilled_ms_(clock.monotonic_ms()),
      thread_([this] { run(); }) {}

OtlpExporter::~OtlpExporter() { close(0); }

void OtlpExporter::close(int ms) {
  {
    std::unique_lock lock(mutex_);
    closing_ = true;
    changed_.notify_all();
    changed_.wait_for(lock, std::chrono::milliseconds(ms), [&] { return queue_.empty() && idle_; });
    stopped_ = true;
    counts_.undelivered += queue_.size();
    queue_.clear();
    changed_.notify_all();
  }
  http_.cancel();
  if (thread_.joinable()) thread_.join();
}

void OtlpExporter::add(api::RequestSpan span) {
  const std::int64_t end_ns = clock_.wall().ms * 1'000'000;
  put({end_ns, {}, std::move(span)});
}

void OtlpExporter::add(const std::string& namespace_name, const std::vector<core::TaskStage>& stages) {
  for (const auto& stage : stages) put({0, namespace_name, stage});
}

bool OtlpExporter::has_room() {
  const std::int64_t now = clock_.monotonic_ms();
  std::int64_t before = refilled_ms_.load(std::memory_order_relaxed);
  // One of those who see that time has passed fills up; a span that is paid for meanwhile may be forgotten.
  if (now > before && refilled_ms_.compare_exchange_strong(before, now)) {
    const std::int64_t rate = config_.spans_per_second;
    const std::int64_t full = rate * 1'000;
    const std::int64_t owed = std::max(budget_.load(), -rate * kSpanDebtMs);
    budget_.store(std::min(full, owed + std::min<std::int64_t>(now - before, kSpanDebtMs + 1'000) * rate));
  }
  return budget_.load(std::memory_order_relaxed) > 0;
}

void OtlpExporter::put(OtlpSpan span) {
  budget_.fetch_sub(1'000, std::memory_order_relaxed);
  const std::lock_guard lock(mutex_);
  if (closing_ || queue_.size() >= kSpansQueuedMax) {
    ++counts_.overflowed;
    return;
  }
  queue_.push_back(std::move(span));
  // The thread wakes for the first one and for a full batch; in between it lets them gather.
  if (queue_.size() == 1 || queue_.size() == kSpansPerExportMax) changed_.notify_all();
}

api::SpanCounts OtlpExporter::counts() const {
  const std::lock_guard lock(mutex_);
  api::SpanCounts counts = counts_;
  counts.queued = queue_.size();
  return counts;
}

bool OtlpExporter::take(std::vector<OtlpSpan>& batch) {
  std::unique_lock lock(mutex_);
  idle_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return stopped_ || closing_ || !queue_.empty(); });
  changed_.wait_for(lock, std::chrono::milliseconds(kExportDelayMs),
                    [&] { return stopped_ || closing_ || queue_.size() >= kSpansPerExportMax; });
  if (stopped_ || queue_.empty()) return false;
  idle_ = false;
  const std::size_t count = std::min(queue_.size(), kSpansPerExportMax);
  batch.assign(std::make_move_iterator(queue_.begin()),
               std::make_move_iterator(queue_.begin() + static_cast<std::ptrdiff_t>(count)));
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
  return true;
}

void OtlpExporter::run() {
  std::vector<OtlpSpan> batch;
  while (take(batch)) send(batch);
}

void OtlpExporter::pause(int ms) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, std::chrono::milliseconds(ms), [&] { return stopped_; });
}

// Once when it begins to fail and once when it works again: a collector that is away is not the log's main matter.
void OtlpExporter::tell(bool works, const std::string& why) {
  if (works != told_) return;
  told_ = !works;
  if (works) {
    log_.info("traces are exported again");
  } else {
    log_.warn("traces cannot be exported; what the queue cannot hold is dropped and counted", {{"reason", why}});
  }
}

void OtlpExporter::send(const std::vector<OtlpSpan>& batch) {
  const std::string body = otlp_json(batch, config_.service_name);
  client::RequestOptions options;
  options.timeout_ms = kExportTimeoutMs;
  options.headers = config_.headers;
  static thread_local std::minstd_rand random{std::random_device{}()};
  int pause_ms = kExportPauseMs;
  std::string why;
  for (int attempt = 1;; ++attempt) {
    const auto answer = http_.send("POST", config_.path, body, options);
    if (answer && answer->status >= 200 && answer->status < 300) {
      const std::uint64_t rejected = std::min<std::uint64_t>(rejected_spans(answer->body), batch.size());
      tell(/*works=*/true, {});
      const std::lock_guard lock(mutex_);
      counts_.exported += batch.size() - rejected;
      counts_.rejected += rejected;
      return;
    }
    why = answer ? "the collector answered " + std::to_string(answer->status) : answer.error().message;
    if (answer && !may_repeat(answer->status)) break;
    if (attempt == kExportAttemptsMax || http_.cancelled()) break;
    const int jitter = static_cast<int>(random() % static_cast<unsigned>(pause_ms / 2 + 1));
    const int asked = answer ? std::min(answer->retry_after_ms, kExportPauseMaxMs) : 0;
    pause(std::max(asked, pause_ms / 2 + jitter));
    pause_ms = std::min(2 * pause_ms, kExportPauseMaxMs);
    if (http_.cancelled()) break;
  }
  tell(/*works=*/false, why);
  const std::lock_guard lock(mutex_);
  counts_.undelivered += batch.size();
}

}  // namespace arbiter::server
