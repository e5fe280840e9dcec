// The ways in: Feed asks for work, Pulse keeps the worker alive and hears of cancellations. One thread each.
#pragma once

#include <thread>

#include "worker/session.h"

namespace arbiter::worker {

inline constexpr int kLeaseWaitMs = 20'000;
inline constexpr int kPulseWaitMs = 8'000;  // below the heartbeat interval of 10 s
inline constexpr int kAnswerSlackMs = 10'000;

class Feed {
 public:
  using OnLeased = std::function<void(std::vector<Leased>)>;
  Feed(const client::Endpoint& endpoint, Session& session, OnLeased on_leased);
  ~Feed();
  // Gives up the poll under way; whatever was granted to it goes back by itself.
  void stop();

 private:
  void run();
  client::Http http_;
  Session& session_;
  OnLeased on_leased_;
  std::thread thread_;
};

class Pulse {
 public:
  Pulse(const client::Endpoint& endpoint, Session& session);
  ~Pulse();
  void stop();

 private:
  void run();
  client::Http http_;
  Session& session_;
  std::thread thread_;
};

}  // namespace arbiter::worker
