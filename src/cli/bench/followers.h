// Clients that read event streams beside a measurement, on a thread of their own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "client/endpoint.h"

namespace arbiter::cli {

class Followers {
 public:
  // Opens `count` streams of server-sent events; `query(i)` is the i-th one's, with its question mark. Returns when the
  // server has begun all of them.
  Followers(const client::Endpoint& endpoint, std::size_t count, const std::function<std::string(std::size_t)>& query);
  ~Followers();
  Followers(const Followers&) = delete;
  Followers& operator=(const Followers&) = delete;

  // So far, together. Only bytes are counted while the load runs, so that counting costs little.
  [[nodiscard]] std::uint64_t bytes() const;

 private:
  struct Loop;
  std::unique_ptr<Loop> loop_;
};

}  // namespace arbiter::cli
