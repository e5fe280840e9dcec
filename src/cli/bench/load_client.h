// A client made for load: many connections on one thread, each with one request at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "client/endpoint.h"

namespace arbiter::cli {

// Answers of the server; a broken connection has status 0.
struct LoadReply {
  int status = 0;
  std::string_view body;
};
using OnReply = std::function<void(const LoadReply&)>;

class LoadClient {
 public:
  LoadClient(const client::Endpoint& endpoint, std::size_t connections);
  ~LoadClient();
  LoadClient(const LoadClient&) = delete;
  LoadClient& operator=(const LoadClient&) = delete;

  // Sends on connection `i`, whose last answer has come. `done` runs inside run().
  void post(std::size_t i, std::string_view path, std::string_view body, OnReply done);
  // Calls `job` after so many microseconds (0: as soon as possible).
  void after(std::int64_t microseconds, std::function<void()> job);
  // Until no request and no timer is left.
  void run();

 private:
  class Connection;
  struct Loop;
  std::unique_ptr<Loop> loop_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace arbiter::cli
