#include "worker/outbox.h"

#include <algorithm>

namespace arbiter::worker {
namespace {

using base::ErrorCode;

// Errors about the lease itself: the work was for nothing, and there is nothing to repeat.
bool is_lease_lost(ErrorCode code) {
  return code == ErrorCode::kStaleLease || code == ErrorCode::kNotFound || code == ErrorCode::kInvalidState;
}

// `object` as text with one more member, whose value is JSON text already.
std::string with_member(const json::object& object, std::string_view name, const std::string& value) {
  std::string text = json::serialize(object);
  text.pop_back();
  return text.append(object.empty() ? "\"" : ",\"").append(name).append("\":").append(value).append("}");
}

std::string entry_text(const Report& report, const std::string& traceparent) {
  json::object entry = report.body;
  if (!traceparent.empty()) entry["traceparent"] = traceparent;
  entry["taskId"] = report.task_id;
  entry["lease"] = report.lease;
  return report.result.empty() ? json::serialize(entry) : with_member(entry, "result", report.result);
}

// What becomes of an outcome that the server will not take. Another attempt may have a result that fits its schema.
Report failure_of(const Report& report, ErrorCode code, const std::string& message) {
  const std::string why = "The server refused the outcome: " + message;
  return {report.task_id,
          report.lease,
          {{"outcome", "failed"},
           {"error", {{"message", why.substr(0, 4'000)}, {"code", base::info(code).name}}},
           {"retryable", code == ErrorCode::kInvalidRequest}}};
}

}  // namespace

Outbox::Outbox(const client::Endpoint& endpoint, Session& session, Inbox& inbox, OnLeased on_leased)
    : http_(endpoint), session_(session), inbox_(inbox), on_leased_(std::move(on_leased)), thread_([this] { run(); }) {}

Outbox::~Outbox() { (void)close(0); }

void Outbox::add_lines(const std::string& task_id, const std::string& lease, std::vector<std::string> lines) {
  const std::lock_guard guard(mutex_);
  if (lines_.empty()) first_line_ = std::chrono::steady_clock::now();
  Backlog& backlog = lines_[lease];
  backlog.task_id = task_id;
  for (auto& line : lines) {
    if (backlog.bytes + line.size() > kLogBacklogBytesMax) {
      ++backlog.dropped;
      continue;
    }
    backlog.bytes += line.size();
    backlog.lines.push_back(std::move(line));
  }
  changed_.notify_all();
}

void Outbox::add_report(Report report) {
  const std::lock_guard guard(mutex_);
  reports_.push_back(std::move(report));
  changed_.notify_all();
}

bool Outbox::close(int ms) {
  bool all = true;
  {
    std::unique_lock guard(mutex_);
    closing_ = true;
    changed_.notify_all();
    all = changed_.wait_for(guard, std::chrono::milliseconds(ms),
                            [&] { return idle_ && reports_.empty() && lines_.empty(); });
  }
  session_.stop();
  http_.cancel();
  {
    const std::lock_guard guard(mutex_);
    changed_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  return all;
}

void Outbox::run() {
  for (;;) {
    std::map<std::string, Backlog> lines;
    std::vector<Report> reports;
    {
      std::unique_lock guard(mutex_);
      idle_ = true;
      changed_.notify_all();
      changed_.wait(guard, [&] { return closing_ || !reports_.empty() || !lines_.empty(); });
      changed_.wait_until(guard, first_line_ + std::chrono::milliseconds(kLogDelayMs),
                          [&] { return closing_ || !reports_.empty(); });
      if (session_.stopped() || (closing_ && reports_.empty() && lines_.empty())) return;
      idle_ = false;
      lines.swap(lines_);
      reports.swap(reports_);
    }
    for (auto& [lease, backlog] : lines) {
      if (!send_lines(lease, std::move(backlog))) break;
    }
    if (!reports.empty() && !send_reports(std::move(reports)) && session_.stopped()) return;
  }
}

bool Outbox::send_lines(const std::string& lease, Backlog backlog) {
  if (backlog.dropped > 0) {
    backlog.lines.push_back("[" + std::to_string(backlog.dropped) +
                            " lines dropped: the log could not be sent in time]");
  }
  while (!backlog.lines.empty()) {
    json::array lines;
    for (std::size_t bytes = 0; !backlog.lines.empty() && lines.size() < kLogLinesMax && bytes < kLogBytesMax;) {
      bytes += backlog.lines.front().size();
      lines.emplace_back(std::move(backlog.lines.front()));
      backlog.lines.pop_front();
    }
    const json::object body{{"lease", lease}, {"lines", std::move(lines)}};
    const auto path = "/api/v1/tasks/" + client::escape(backlog.task_id) + "/log";
    const auto key = client::new_key();
    for (int failures = 0;;) {
      const auto seen = session_.number();
      auto answer = http_.post(path, body, {.idempotency_key = key});
      if (answer) {
        const auto* status = answer->if_object();
        const auto* cancel = status ? status->if_contains("cancelRequested") : nullptr;
        if (cancel && cancel->is_bool() && cancel->get_bool()) inbox_.put({Notice::Kind::kCancelled, {}, lease, {}});
        break;
      }
      if (is_lease_lost(answer.error().code)) {
        inbox_.put({Notice::Kind::kLost, {}, lease, {}});
        return true;
      }
      if (!session_.recover(http_, answer.error(), seen, "log of " + backlog.task_id, failures)) {
        return !session_.stopped();
      }
    }
  }
  return true;
}

bool Outbox::send_reports(std::vector<Report> reports) {
  for (std::size_t from = 0; from < reports.size();) {
    std::vector<Report> part;
    for (std::size_t bytes = 0; from < reports.size() && part.size() < 1'000; ++from) {
      bytes += json::serialize(reports[from].body).size() + reports[from].result.size();
      if (!part.empty() && bytes > kReportBytesMax) break;
      part.push_back(std::move(reports[from]));
    }
    for (int failures = 0;;) {
      int reserved = 0;
      const auto seen = session_.number();
      auto answer = post_reports(part, reserved);
      if (answer) {
        settle(part, *answer, reserved);
        break;
      }
      session_.give_back(reserved, {});
      if (!is_passing(answer.error()) && answer.error().code != ErrorCode::kUnknownWorker &&
          answer.error().code != ErrorCode::kSessionReplaced) {
        if (!refused(std::move(part), answer.error())) return false;
        break;
      }
      if (!session_.recover(http_, answer.error(), seen, "report", failures)) return false;
    }
  }
  return true;
}

Result<json::value> Outbox::post_reports(const std::vector<Report>& reports, int& reserved) {
  json::object body{{"workerId", session_.worker_id()}};
  std::string list;
  client::RequestOptions options;
  for (const auto& report : reports) {
    const std::string traceparent = session_.traceparent(report.lease);
    list += (list.empty() ? "" : ",") + entry_text(report, traceparent);
    // One alone is a part of its attempt; many are no part of one.
    if (reports.size() == 1 && !traceparent.empty()) options.headers = {{"traceparent", traceparent}};
  }
  add_session(body, session_.number());
  // The slots of the reported tasks are free; the next tasks are asked for with the report itself. What is handed back
  // goes to others that wait: asked for at once, it would come back here.
  for (const auto& report : reports) session_.finished(report.lease);
  const auto done = std::count_if(reports.begin(), reports.end(), [](const Report& report) {
    return report.body.at("outcome") != json::value("released");
  });
  reserved = done == 0 ? 0 : session_.reserve(static_cast<int>(done));
  if (reserved > 0) {
    const auto& registration = session_.registration();
    json::object next{{"max", reserved}, {"leaseMs", registration.lease_ms}};
    if (!registration.types.empty()) next["types"] = client::to_array(registration.types);
    body["lease"] = std::move(next);
  }
  options.repeatable = reserved == 0;
  return http_.call("POST", "/api/v1/tasks/report", with_member(body, "reports", "[" + list + "]"), options);
}

void Outbox::settle(const std::vector<Report>& reports, const json::value& answer, int reserved) {
  std::vector<Leased> granted;
  const auto* object = answer.if_object();
  const auto* leases = object ? object->if_contains("leases") : nullptr;
  if (leases && leases->is_array()) {
    for (const auto& view : leases->get_array()) granted.push_back(read_leased(view));
  }
  session_.give_back(reserved, granted);
  const auto* results = object ? object->if_contains("results") : nullptr;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const bool answered = results && results->is_array() && i < results->get_array().size();
    if (!answered || !refused_one(reports[i], results->get_array()[i])) session_.released(reports[i].lease);
  }
  session_.read_signals(answer);
  if (!granted.empty()) on_leased_(std::move(granted));
}

// One of many was refused. True: its attempt is still ours, and its failure follows.
bool Outbox::refused_one(const Report& report, const json::value& result) {
  const auto text = [&](std::string_view key) -> std::string {
    const auto* value = result.is_object() ? result.get_object().if_contains(key) : nullptr;
    return value && value->is_string() ? std::string(value->get_string()) : "";
  };
  if (text("code").empty()) return false;
  inbox_.remark("the outcome of " + report.task_id + " was refused: " + text("message"));
  const ErrorCode code = base::error_code_named(text("code"));
  const auto* outcome = report.body.if_contains("outcome");
  if (!outcome || *outcome != json::value("completed")) return false;
  if (code != ErrorCode::kInvalidRequest && code != ErrorCode::kTooLarge) return false;
  add_report(failure_of(report, code, text("message")));
  return true;
}

// The server will not take the request as it is: each report then goes alone, and one that is refused alone (a result
// too large, say) becomes a failure that says so.
bool Outbox::refused(std::vector<Report> reports, const base::Error& error) {
  if (reports.size() > 1) {
    for (auto& report : reports) {
      if (!send_reports({std::move(report)})) return false;
    }
    return true;
  }
  Report& report = reports.front();
  session_.released(report.lease);
  inbox_.remark("the outcome of " + report.task_id + " was refused: " + error.message);
  const Report failure = failure_of(report, error.code, error.message);
  int reserved = 0;
  if (auto answer = post_reports({failure}, reserved)) {
    settle({failure}, *answer, reserved);
  } else {
    session_.give_back(reserved, {});
    session_.released(failure.lease);
  }
  return true;
}

}  // namespace arbiter::worker
