// What all connections of one server share, and the list of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "net/gate.h"
#include "net/server.h"

namespace arbiter::net {

class Connection;

// kRefused: over the limit of connections; it gets a 503 and is closed.
enum class Admission { kServed, kRefused };

class Hub {
 public:
  Hub(ServerConfig server_config, Handler& request_handler)
      : config(std::move(server_config)), handler(request_handler) {
    std::random_device random;
    id_seed_ = (std::uint64_t{random()} << 32) | random();
  }

  const ServerConfig config;
  Handler& handler;
  Gate gate;  // Set before the first connection.
  ServerStats stats;
  std::atomic<bool> draining{false};

  // Unlike any other of this process and, very likely, of any. Short enough to need no memory of its own.
  [[nodiscard]] std::string make_request_id() {
    static constexpr char kDigits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    std::uint64_t bits = base::mix(id_seed_ + id_count_.fetch_add(1, std::memory_order_relaxed));
    std::string id(14, 'r');
    for (std::size_t i = 1; i < id.size(); ++i, bits >>= 5) id[i] = kDigits[bits & 31];
    return id;
  }

  // The list of open connections. Any thread.
  void add(const std::shared_ptr<Connection>& connection, Admission admission) {
    const std::lock_guard lock(mutex_);
    connections_.emplace(connection.get(), Entry{connection, admission});
    ++(admission == Admission::kServed ? stats.connections_open : refusing_);
  }
  void remove(Connection* connection) {
    const std::lock_guard lock(mutex_);
    const auto found = connections_.find(connection);
    if (found == connections_.end()) return;
    --(found->second.admission == Admission::kServed ? stats.connections_open : refusing_);
    connections_.erase(found);
  }
  [[nodiscard]] bool has_connections() { return stats.connections_open.load() + refusing_.load() > 0; }
  [[nodiscard]] std::uint64_t refusing() const { return refusing_.load(); }
  template <typename Predicate>
  [[nodiscard]] std::vector<std::shared_ptr<Connection>> connections(Predicate wanted) {
    std::vector<std::shared_ptr<Connection>> found;
    const std::lock_guard lock(mutex_);
    for (const auto& [connection, entry] : connections_) {
      if (!wanted(*connection)) continue;
      if (auto alive = entry.reference.lock()) found.push_back(std::move(alive));
    }
    return found;
  }

 private:
  struct Entry {
    std::weak_ptr<Connection> reference;
    Admission admission;
  };

  std::uint64_t id_seed_ = 0;
  std::atomic<std::uint64_t> id_count_{0};
  std::mutex mutex_;
  std::unordered_map<Connection*, Entry> connections_;
  std::atomic<std::uint64_t> refusing_{0};
};

}  // namespace arbiter::net
