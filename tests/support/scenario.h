// A small stage for tests of the core: one namespace, a clock that is moved by hand, and words that read like a story.
#pragma once

#include <gmock/gmock.h>

#include <string>

#include "core/core.h"

namespace arbiter::testing {

using base::ErrorCode;
using base::Result;

// Builds a definition from JSON, so that tests read as clients write.
inline core::TaskSpec spec(std::string_view text) {
  auto made = base::from_json_text<core::TaskSpec>(text);
  EXPECT_TRUE(made) << text;
  return made ? *made : core::TaskSpec{};
}

class Scenario {
 public:
  explicit Scenario(core::CoreLimits limits = {}) : core(std::move(limits), /*seed=*/7) {}

  core::Core core;
  base::Now now{{1'000'000}, {1'000'000}};
  core::Actor actor{"test", ""};  // of what is sent from now on
  core::Ticket next_ticket = 1;
  std::vector<core::Event> log;
  std::map<core::Ticket, Result<core::Reply>> woken;

  // Runs a command; an empty optional means that it waits under `next_ticket - 1`.
  std::optional<Result<core::Reply>> send(const core::Command& command) {
    auto answer = core.handle(command, actor, next_ticket++, now);
    collect();
    return answer;
  }
  template <typename Reply>
  Result<Reply> ask(const core::Command& command) {
    auto answer = send(command);
    if (!answer) return base::fail({ErrorCode::kInternal, "it waits"});
    if (!*answer) return base::fail(answer->error());
    return std::get<Reply>(std::move(**answer));
  }
  ErrorCode refusal(const core::Command& command) {
    auto answer = send(command);
    if (!answer || *answer) return ErrorCode::kInternal;
    return answer->error().code;
  }

  void advance(std::int64_t ms) {
    now.now.ms += ms;
    now.wall.ms += ms;
    for (int i = 0; core.has_work(now) && i < 100'000; ++i) {
      core.tick(now);
      collect();
    }
  }

  std::string submit(std::string_view text) {
    core::SubmitTask task;
    static_cast<core::TaskSpec&>(task) = spec(text);
    auto reply = ask<core::SubmitTaskReply>(task);
    EXPECT_TRUE(reply) << text << ": " << (reply ? "" : reply.error().message);
    return reply ? reply->task.id.value : "";
  }
  Result<core::SubmitReply> submit_batch(std::string_view text) {
    auto batch = base::from_json_text<core::SubmitBatch>(text);
    EXPECT_TRUE(batch) << text;
    return ask<core::SubmitReply>(*batch);
  }
  core::RegisterReply worker(const std::string& name, std::string_view rest = R"("capabilities":["*"])") {
    auto c = base::from_json_text<core::RegisterWorker>("{\"name\":\"" + name + "\",\"maxConcurrent\":100," +
                                                        std::string(rest) + "}");
    EXPECT_TRUE(c);
    return *ask<core::RegisterReply>(*c);
  }
  std::vector<core::LeaseView> lease_many(const std::string& name, std::int64_t max, std::int64_t lease_ms = 30'000) {
    core::LeaseTasks c;
    c.worker_id = name;
    c.max = max;
    c.lease_ms = lease_ms;
    auto reply = ask<core::LeaseReply>(c);
    EXPECT_TRUE(reply);
    return reply ? reply->leases : std::vector<core::LeaseView>{};
  }
  // The one task that the worker gets now; an empty view when there is none.
  core::LeaseView lease(const std::string& name, std::int64_t lease_ms = 30'000) {
    auto leases = lease_many(name, 1, lease_ms);
    return leases.empty() ? core::LeaseView{} : leases.front();
  }
  Result<core::TaskView> complete(const core::LeaseView& l, std::string_view result = "1") {
    return ask<core::TaskView>(core::CompleteTask{l.task.id, l.lease, core::RawJson(result, 1), {}, {}});
  }
  Result<core::TaskView> fail(const core::LeaseView& l, bool retryable = true) {
    core::FailTask c;
    c.id = l.task.id;
    c.lease = l.lease;
    c.error.message = "no";
    c.retryable = retryable;
    return ask<core::TaskView>(c);
  }
  core::TaskView task(const std::string& id) {
    auto view = ask<core::TaskView>(core::GetTask{core::Name(id), {}});
    EXPECT_TRUE(view) << id;
    return view ? *view : core::TaskView{};
  }
  core::TaskState state(const std::string& id) { return task(id).state; }

 private:
  void collect() {
    for (auto& e : core.take_events()) log.push_back(std::move(e));
    for (auto& w : core.take_wakeups()) woken.emplace(w.ticket, std::move(w.reply));
    (void)core.state().take_changes();
  }
};

}  // namespace arbiter::testing
