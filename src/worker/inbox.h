// What the threads that talk to the server tell the thread that runs programs.
#pragma once

#include <boost/json.hpp>
#include <mutex>
#include <string>
#include <vector>

namespace arbiter::worker {

namespace json = boost::json;

// A task as the server leased it.
struct Leased {
  std::string task_id;
  std::string type;
  std::string lease;
  std::int64_t attempt = 1;
  std::int64_t timeout_ms = 0;                               // 0: none
  json::value payload;                                       // null when absent
  std::vector<std::pair<std::string, std::string>> needs{};  // name and text of each result that the task asked for
  std::string traceparent{};  // W3C Trace Context of the attempt; empty: it is not traced
};

// Reads one element of `leases`.
[[nodiscard]] Leased read_leased(const json::value& view);

struct Notice {
  enum class Kind {
    kLeased,     // run `leased`
    kCancelled,  // end the program of `lease`; the task was cancelled
    kSuspended,  // let it stand still
    kResumed,    // let it go on
    kLost,       // end it; the lease is not ours any more
    kInherited,  // `leased` was our predecessor's, whose programs are dead
    kDrain,      // take no more work
    kReplaced,   // another worker has our name now; `text` says so
    kRemark      // `text` is for the operator
  };
  Kind kind = Kind::kRemark;
  Leased leased{};
  std::string lease{};
  std::string text{};
};

// Any thread puts, one thread takes.
class Inbox {
 public:
  Inbox();
  ~Inbox();
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;
  void put(Notice notice);
  void remark(std::string text) { put({Notice::Kind::kRemark, {}, {}, std::move(text)}); }
  [[nodiscard]] std::vector<Notice> take();
  [[nodiscard]] int fd() const { return fd_; }  // readable while there is something to take

 private:
  std::mutex mutex_;
  std::vector<Notice> notices_;
  int fd_;
};

}  // namespace arbiter::worker
