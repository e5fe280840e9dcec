#include "cli/bench/scenarios.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>

#include "cli/bench/load_client.h"

namespace arbiter::cli {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// A figure measured on refused requests would be worthless.
void expect(const LoadReply& reply, const char* what) {
  if (reply.status >= 200 && reply.status < 300) return;
  std::fprintf(stderr, "arbiter bench: %s was answered with %d: %.*s\n", what, reply.status,
               static_cast<int>(std::min<std::size_t>(reply.body.size(), 500)), reply.body.data());
  std::exit(1);
}

std::string batch_body(std::int64_t first, std::int64_t count, std::int64_t payload_bytes, std::string_view queue) {
  std::string body = "{\"tasks\":[";
  const std::string filler(static_cast<std::size_t>(std::max<std::int64_t>(0, payload_bytes - 20)), 'x');
  for (std::int64_t i = 0; i < count; ++i) {
    if (i) body += ',';
    body += "{\"type\":\"bench\",\"queue\":\"";
    body += queue;
    body += "\",\"payload\":{\"n\":";
    body += std::to_string(first + i);
    if (!filler.empty()) body += ",\"text\":\"" + filler + "\"";
    body += "}}";
  }
  body += "]}";
  return body;
}

Latency summary(std::vector<double>& ms) {
  std::sort(ms.begin(), ms.end());
  if (ms.empty()) return {};
  const auto at = [&](double q) { return ms[static_cast<std::size_t>(q * static_cast<double>(ms.size() - 1))]; };
  return {at(0.50), at(0.99)};
}

void register_worker(LoadClient& load, std::size_t connection, const std::string& name) {
  load.post(connection, "/api/v1/workers",
            R"({"name":")" + name + R"(","capabilities":["bench"],"maxConcurrent":10000})",
            [](const LoadReply& r) { expect(r, "registering a worker"); });
  load.run();
}

std::string reports_of(const LoadReply& reply, const std::string& worker, std::int64_t& count) {
  const json::value value = json::parse(reply.body);
  std::string body = R"({"workerId":")" + worker + R"(","reports":[)";
  count = 0;
  for (const auto& l : value.at("leases").as_array()) {
    if (count++) body += ',';
    body += R"({"taskId":")";
    body += std::string_view(l.at("task").at("id").as_string());
    body += R"(","lease":")";
    body += std::string_view(l.at("lease").as_string());
    body += R"(","outcome":"completed","result":{"ok":true}})";
  }
  body += "]}";
  return body;
}

}  // namespace

Latency sync_latency(const std::string& directory, int times) {
  const std::string path = directory + "/sync";
  const int fd = ::open(path.c_str(), O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return {};
  const std::string block(4'096, 'x');
  std::vector<double> ms;
  for (int i = 0; i < times; ++i) {
    const auto start = Clock::now();
    if (::write(fd, block.data(), block.size()) < 0 || ::fdatasync(fd) != 0) break;
    ms.push_back(seconds_since(start) * 1e3);
  }
  ::close(fd);
  return summary(ms);
}

double bulk_submit(const client::Endpoint& endpoint, std::int64_t tasks, std::int64_t batch, std::int64_t payload_bytes,
                   std::size_t connections) {
  LoadClient load(endpoint, connections);
  std::int64_t sent = 0;
  std::vector<std::function<void()>> next(connections);
  for (std::size_t c = 0; c < connections; ++c) {
    next[c] = [&, c] {
      if (sent >= tasks) return;
      const std::string body = batch_body(sent, std::min(batch, tasks - sent), payload_bytes, "default");
      sent += batch;
      load.post(c, "/api/v1/tasks/batch", body, [&, c](const LoadReply& r) {
        expect(r, "a batch");
        next[c]();
      });
    };
  }
  const auto start = Clock::now();
  for (auto& n : next) n();
  load.run();
  return static_cast<double>(tasks) / seconds_since(start);
}

double full_life_batched(const client::Endpoint& endpoint, std::int64_t tasks, std::int64_t batch,
                         std::size_t connections) {
  LoadClient load(endpoint, connections);
  std::int64_t sent = 0;
  std::int64_t completed = 0;
  std::vector<std::function<void()>> next(connections);
  for (std::size_t c = 0; c < connections; ++c) {
    const std::string worker = "bench-" + std::to_string(c);
    register_worker(load, c, worker);
    next[c] = [&, c, worker] {
      if (sent >= tasks) return;
      const std::string body = batch_body(sent, batch, 0, "life-" + std::to_string(c));
      sent += batch;
      load.post(c, "/api/v1/tasks/batch", body, [&, c, worker](const LoadReply& r) {
        expect(r, "a batch");
        const std::string lease = R"({"workerId":")" + worker + R"(","max":)" + std::to_string(batch) +
                                  R"(,"queues":["life-)" + std::to_string(c) + R"("]})";
        load.post(c, "/api/v1/tasks/lease", lease, [&, c, worker](const LoadReply& leased) {
          expect(leased, "a lease");
          std::int64_t count = 0;
          const std::string report = reports_of(leased, worker, count);
          completed += count;
          load.post(c, "/api/v1/tasks/report", report, [&, c](const LoadReply& reported) {
            expect(reported, "a report");
            next[c]();
          });
        });
      });
    };
  }
  const auto start = Clock::now();
  for (auto& n : next) n();
  load.run();
  return static_cast<double>(completed) / seconds_since(start);
}

double full_life_single(const client::Endpoint& endpoint, std::int64_t tasks, std::size_t connections) {
  LoadClient load(endpoint, connections);
  std::int64_t sent = 0;
  std::int64_t completed = 0;
  std::vector<std::function<void()>> next(connections);
  register_worker(load, 0, "bench-single");
  for (std::size_t c = 0; c < connections; ++c) {
    next[c] = [&, c] {
      if (sent++ >= tasks) return;
      load.post(
          c, "/api/v1/tasks", R"({"type":"bench","queue":"single","payload":{"n":1}})", [&, c](const LoadReply& r) {
            expect(r, "a submit");
            load.post(c, "/api/v1/tasks/lease", R"({"workerId":"bench-single","queues":["single"],"waitMs":1000})",
                      [&, c](const LoadReply& leased) {
                        expect(leased, "a lease");
                        const json::value value = json::parse(leased.body);
                        const auto& leases = value.at("leases").as_array();
                        if (leases.empty()) return next[c]();
                        const std::string path =
                            "/api/v1/tasks/" + std::string(leases[0].at("task").at("id").as_string()) + "/complete";
                        const std::string body = R"({"lease":")" + std::string(leases[0].at("lease").as_string()) +
                                                 R"(","result":{"ok":true}})";
                        load.post(c, path, body, [&, c](const LoadReply& done) {
                          expect(done, "a completion");
                          ++completed;
                          next[c]();
                        });
                      });
          });
    };
  }
  const auto start = Clock::now();
  for (auto& n : next) n();
  load.run();
  return static_cast<double>(completed) / seconds_since(start);
}

Latency submit_open_loop(const client::Endpoint& endpoint, double per_second, std::int64_t tasks,
                         std::size_t connections) {
  LoadClient load(endpoint, connections);
  std::vector<double> ms;
  std::deque<Clock::time_point> due;
  std::vector<std::size_t> idle;
  for (std::size_t c = 0; c < connections; ++c) idle.push_back(c);
  const auto start = Clock::now();
  std::int64_t planned = 0;
  std::function<void()> send = [&] {
    while (!due.empty() && !idle.empty()) {
      const auto when = due.front();
      due.pop_front();
      const std::size_t c = idle.back();
      idle.pop_back();
      load.post(c, "/api/v1/tasks", R"({"type":"open","queue":"open","payload":{"n":1}})",
                [&, c, when](const LoadReply& r) {
                  expect(r, "a submit");
                  ms.push_back(seconds_since(when) * 1e3);
                  idle.push_back(c);
                  send();
                });
    }
  };
  std::function<void()> plan = [&] {
    while (planned < tasks) {
      const auto when = start + std::chrono::duration_cast<Clock::duration>(
                                    std::chrono::duration<double>(static_cast<double>(planned) / per_second));
      if (when > Clock::now()) {
        load.after(std::chrono::duration_cast<std::chrono::microseconds>(when - Clock::now()).count(), plan);
        break;
      }
      due.push_back(when);
      ++planned;
    }
    send();
  };
  plan();
  load.run();
  return summary(ms);
}

Latency pick_up(const client::Endpoint& endpoint, std::int64_t tasks, bool while_streaming) {
  LoadClient load(endpoint, 3);
  register_worker(load, 0, "bench-pick-up");
  std::vector<double> ms;
  Clock::time_point sent;
  bool stop = false;
  std::int64_t streamed = 0;
  std::function<void()> lease;
  const std::function<void()> submit = [&] {
    sent = Clock::now();
    load.post(1, "/api/v1/tasks", R"({"type":"bench","queue":"pick-up","priority":9,"payload":{"n":1}})",
              [](const LoadReply& r) { expect(r, "a submit"); });
  };
  lease = [&] {
    load.post(0, "/api/v1/tasks/lease", R"({"workerId":"bench-pick-up","queues":["pick-up"],"waitMs":10000})",
              [&](const LoadReply& r) {
                expect(r, "a lease");
                ms.push_back(seconds_since(sent) * 1e3);
                std::int64_t count = 0;
                const std::string report = reports_of(r, "bench-pick-up", count);
                load.post(0, "/api/v1/tasks/report", report, [&](const LoadReply& reported) {
                  expect(reported, "a report");
                  if (static_cast<std::int64_t>(ms.size()) >= tasks) {
                    stop = true;
                    return;
                  }
                  lease();
                  load.after(2'000, submit);
                });
              });
  };
  std::function<void()> stream = [&] {
    if (stop) return;
    load.post(2, "/api/v1/tasks/batch", batch_body(streamed, 1'000, 0, "stream"), [&](const LoadReply& r) {
      expect(r, "a batch");
      streamed += 1'000;
      stream();
    });
  };
  if (while_streaming) stream();
  lease();
  load.after(20'000, submit);
  load.run();
  return summary(ms);
}

double drain(const client::Endpoint& endpoint, std::int64_t tasks, std::int64_t batch) {
  LoadClient load(endpoint, 1);
  register_worker(load, 0, "bench-drain");
  std::int64_t completed = 0;
  std::function<void()> next = [&] {
    load.post(0, "/api/v1/tasks/lease",
              R"({"workerId":"bench-drain","queues":["default"],"max":)" + std::to_string(batch) + "}",
              [&](const LoadReply& r) {
                expect(r, "a lease");
                std::int64_t count = 0;
                const std::string report = reports_of(r, "bench-drain", count);
                if (count == 0) return;
                load.post(0, "/api/v1/tasks/report", report, [&, count](const LoadReply& reported) {
                  expect(reported, "a report");
                  completed += count;
                  if (completed < tasks) next();
                });
              });
  };
  const auto start = Clock::now();
  next();
  load.run();
  return static_cast<double>(completed) / seconds_since(start);
}

}  // namespace arbiter::cli
