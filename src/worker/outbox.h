// The way out: log lines in batches, outcomes together, each outcome after its task's lines. One thread of its own,
// which keeps what it has while the server is away: repeating is safe, since lines carry a key and outcomes their
// lease.
#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <thread>

#include "worker/session.h"

namespace arbiter::worker {

inline constexpr int kLogDelayMs = 200;
inline constexpr std::size_t kLogLinesMax = 1'000;                                // per request
inline constexpr std::size_t kLogBytesMax = std::size_t{256} * 1024;              // per request
inline constexpr std::size_t kLogBacklogBytesMax = std::size_t{4} * 1024 * 1024;  // per task, while the server is away
inline constexpr std::size_t kReportBytesMax = std::size_t{8} * 1024 * 1024;      // per request

struct Report {
  std::string task_id;
  std::string lease;
  json::object body;     // outcome, error, retryable
  std::string result{};  // JSON text that goes out as it is; empty: none
};

class Outbox {
 public:
  // What a report brought in the same round trip.
  using OnLeased = std::function<void(std::vector<Leased>)>;
  Outbox(const client::Endpoint& endpoint, Session& session, Inbox& inbox, OnLeased on_leased);
  ~Outbox();

  void add_lines(const std::string& task_id, const std::string& lease, std::vector<std::string> lines);
  void add_report(Report report);
  // Sends what is left, for at most `ms`, then ends the thread. False: something could not be sent.
  bool close(int ms);

 private:
  struct Backlog {
    std::string task_id;
    std::deque<std::string> lines;
    std::size_t bytes = 0;
    std::size_t dropped = 0;
  };
  void run();
  [[nodiscard]] bool send_lines(const std::string& lease, Backlog backlog);
  [[nodiscard]] bool send_reports(std::vector<Report> reports);
  [[nodiscard]] Result<json::value> post_reports(const std::vector<Report>& reports, int& reserved);
  void settle(const std::vector<Report>& reports, const json::value& answer, int reserved);
  [[nodiscard]] bool refused_one(const Report& report, const json::value& result);
  [[nodiscard]] bool refused(std::vector<Report> reports, const base::Error& error);

  client::Http http_;
  Session& session_;
  Inbox& inbox_;
  OnLeased on_leased_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Backlog> lines_;  // by lease
  std::vector<Report> reports_;
  std::chrono::steady_clock::time_point first_line_{};
  bool closing_ = false;
  bool idle_ = true;
  std::thread thread_;
};

}  // namespace arbiter::worker
