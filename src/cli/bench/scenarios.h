// What `arbiter bench` measures. Every scenario talks to a server by HTTP, as any client would.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "client/endpoint.h"

namespace arbiter::cli {

struct Latency {
  double p50_ms = 0;
  double p99_ms = 0;
};

// How long the disk under `directory` takes to make 4 KiB durable (write and fdatasync), one after another: what every
// other figure stands on. Zeros when nothing can be written there.
[[nodiscard]] Latency sync_latency(const std::string& directory, int times);

// Tasks per second; aborts with a message when the server refuses.
[[nodiscard]] double bulk_submit(const client::Endpoint& endpoint, std::int64_t tasks, std::int64_t batch,
                                 std::int64_t payload_bytes, std::size_t connections);
// Lives (submitted, leased, completed) per second, each request carrying `batch` of them.
[[nodiscard]] double full_life_batched(const client::Endpoint& endpoint, std::int64_t tasks, std::int64_t batch,
                                       std::size_t connections);
// Lives per second with three requests each.
[[nodiscard]] double full_life_single(const client::Endpoint& endpoint, std::int64_t tasks, std::size_t connections);
// Of one submit, sent at a fixed rate whether or not earlier ones were answered; measured from when it was due.
[[nodiscard]] Latency submit_open_loop(const client::Endpoint& endpoint, double per_second, std::int64_t tasks,
                                       std::size_t connections);
// From sending a submit to having the task in a waiting worker's hands.
[[nodiscard]] Latency pick_up(const client::Endpoint& endpoint, std::int64_t tasks, bool while_streaming);
// Takes `tasks` queued tasks of `queue` through lease and complete, `batch` a request; lives per second.
[[nodiscard]] double drain(const client::Endpoint& endpoint, std::int64_t tasks, std::int64_t batch);

}  // namespace arbiter::cli
