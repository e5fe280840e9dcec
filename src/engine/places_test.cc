// Namespaces that open when they are needed and close when nobody uses them.
#include <gmock/gmock.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <future>
#include <thread>

#include "base/json.h"
#include "engine/engine.h"
#include "store/memory/memory_store.h"

namespace arbiter::engine {
namespace {

using base::ErrorCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

constexpr std::int64_t kMinute = 60'000;

template <typename T>
T decoded(const std::string& json) {
  auto out = base::from_json_text<T>(json);
  EXPECT_TRUE(out) << json;
  return std::move(*out);
}

class OnDemand : public testing::Test {
 protected:
  OnDemand() : work_(io_.get_executor()), thread_([this] { io_.run(); }) { start({}); }
  ~OnDemand() override {
    stop();
    work_.reset();
    thread_.join();
  }

  // A server's start: it knows these.
  void start(const std::vector<std::string>& names) {
    EngineConfig config;
    config.open_max = 2;
    config.committer_threads = 1;
    config.sweep_ms = 3'600'000;  // The tests sweep.
    config.keep_open = {"kept"};
    config.limits.worker_lost_ms = 10 * kMinute;
    config.limits.inbox.queue_age_ms = 0;  // A task that is queued has nothing to do by itself.
    config.retention_days = retention_days_;
    engine_ = std::make_unique<Engine>(io_, store_, clock_, config);
    ASSERT_TRUE(engine_->know(names));
  }
  void stop() {
    if (!engine_) return;
    std::promise<void> stopped;
    engine_->stop([&] { stopped.set_value(); });
    stopped.get_future().wait();
    engine_.reset();
  }

  base::Result<void> open(const std::string& name) {
    std::promise<base::Result<void>> opened;
    engine_->open(name, [&](auto result) { opened.set_value(std::move(result)); });
    return opened.get_future().get();
  }

  Answer ask(const std::string& name, core::Command command) {
    std::promise<Answer> answered;
    Request request;
    request.command = std::move(command);
    engine_->submit(name, std::move(request), [&](Answer answer) { answered.set_value(std::move(answer)); });
    return answered.get_future().get();
  }
  template <typename Reply>
  Reply must(const std::string& name, core::Command command) {
    Answer answer = ask(name, std::move(command));
    EXPECT_TRUE(answer) << answer.error().message;
    return std::get<Reply>(std::get<core::Reply>(std::move(*answer)));
  }
  void submit(const std::string& name, const std::string& id) {
    must<core::SubmitTaskReply>(name, decoded<core::SubmitTask>(R"({"id":")" + id + R"(","type":"build"})"));
  }
  std::int64_t tasks(const std::string& name) {
    return static_cast<std::int64_t>(must<core::TaskList>(name, core::ListTasks{}).items.size());
  }
  // What is due when it opens comes behind the requests that waited for that.
  void wait_for_task(const std::string& name) {
    while (tasks(name) == 0) std::this_thread::yield();
  }

  std::vector<std::string> open_ones() {
    std::vector<std::string> names;
    for (const auto& one : engine_->status()) {
      if (one.open) names.push_back(one.name);
    }
    return names;
  }
  // Sweeps until so many namespaces have a place.
  void sweep_until_open(std::size_t count) {
    while (engine_->counts().open != count) {
      engine_->sweep();
      std::this_thread::yield();
    }
  }
  // A sweep has been through when whatever it asked of a namespace was asked before this.
  void sweep_and_settle(const std::string& name) {
    engine_->sweep();
    std::promise<void> answered;
    engine_->unsubscribe(name, 0);
    engine_->open(name, [&](const auto&) { answered.set_value(); });
    answered.get_future().wait();
  }
  void pass(std::int64_t ms) { clock_.advance(ms); }

  std::int64_t retention_days_ = 0;
  store::MemoryStore store_;
  base::ManualClock clock_;
  boost::asio::io_context io_;
  std::unique_ptr<Engine> engine_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

TEST_F(OnDemand, AnIdleNamespaceClosesAndOpensAgainForTheNextRequest) {
  ASSERT_TRUE(open("a"));
  submit("a", "t1");
  engine_->sweep();
  EXPECT_EQ(engine_->counts().open, 1u) << "it was just used";
  pass(kMinute);
  sweep_until_open(0);
  EXPECT_EQ(engine_->counts().known, 1u);
  EXPECT_TRUE(engine_->status().empty());
  EXPECT_EQ(tasks("a"), 1);
  EXPECT_EQ(engine_->counts().opened, 2u);
  EXPECT_EQ(engine_->counts().closed, 1u);
}

TEST_F(OnDemand, AReadOpensIt) {
  ASSERT_TRUE(open("a"));
  submit("a", "t1");
  pass(kMinute);
  sweep_until_open(0);
  std::promise<std::size_t> events;
  engine_->read("a", [&](store::Reader* reader) { events.set_value(reader ? reader->events({})->events.size() : 0); });
  EXPECT_EQ(events.get_future().get(), 1u);
}

TEST_F(OnDemand, ASubscriberOpensItAndKeepsItOpen) {
  ASSERT_TRUE(open("a"));
  pass(kMinute);
  sweep_until_open(0);
  std::promise<std::string> seen;
  const auto id = engine_->subscribe("a", [&](const EventBatch& batch) { seen.set_value(batch->front().type); });
  while (open_ones().empty()) std::this_thread::yield();
  pass(10 * kMinute);
  sweep_and_settle("a");
  EXPECT_THAT(open_ones(), ElementsAre("a"));
  EXPECT_EQ(engine_->counts().closed, 1u);
  submit("a", "t1");
  EXPECT_EQ(seen.get_future().get(), "TASK.SUBMITTED.SUCCESS");
  engine_->unsubscribe("a", id);
  pass(10 * kMinute);
  sweep_until_open(0);
}

TEST_F(OnDemand, ADueScheduleOpensItInTime) {
  ASSERT_TRUE(open("a"));
  auto schedule = decoded<core::SetSchedule>(R"({"name":"nightly","cron":"0 0 * * *","task":{"type":"build"}})");
  must<core::SetScheduleReply>("a", schedule);
  pass(2 * kMinute);
  sweep_until_open(0);
  pass(24 * 60 * kMinute - 3 * kMinute);
  engine_->sweep();
  EXPECT_EQ(engine_->counts().open, 0u) << "a minute is left";
  pass(kMinute);
  sweep_until_open(1);
  wait_for_task("a");
}

// The wall clock moves alone: what follows it is due.
TEST_F(OnDemand, AJumpOfTheWallClockIsSeenForClosedOnesToo) {
  ASSERT_TRUE(open("a"));
  must<core::SetScheduleReply>(
      "a", decoded<core::SetSchedule>(R"({"name":"nightly","cron":"0 0 * * *","task":{"type":"build"}})"));
  pass(2 * kMinute);
  sweep_until_open(0);
  clock_.jump_wall(25 * 60 * kMinute);
  sweep_until_open(1);
  wait_for_task("a");
}

TEST_F(OnDemand, ALeaseKeepsItOpen) {
  ASSERT_TRUE(open("a"));
  submit("a", "t1");
  must<core::RegisterReply>("a", decoded<core::RegisterWorker>(R"({"name":"w1","capabilities":["build"]})"));
  const auto leased =
      must<core::LeaseReply>("a", decoded<core::LeaseTasks>(R"({"workerId":"w1","max":1,"leaseMs":3600000})"));
  ASSERT_EQ(leased.leases.size(), 1u);
  pass(2 * kMinute);
  sweep_and_settle("a");
  EXPECT_THAT(open_ones(), ElementsAre("a"));
  EXPECT_EQ(engine_->counts().closed, 0u);
}

TEST_F(OnDemand, TheOneUsedLongestAgoMakesRoom) {
  ASSERT_TRUE(open("a"));
  submit("a", "t1");
  pass(1);
  ASSERT_TRUE(open("b"));
  submit("b", "t1");
  pass(1);
  ASSERT_TRUE(open("c"));
  submit("c", "t1");
  EXPECT_THAT(open_ones(), UnorderedElementsAre("b", "c"));
  pass(1);
  EXPECT_EQ(tasks("a"), 1);
  EXPECT_THAT(open_ones(), UnorderedElementsAre("a", "c"));
}

TEST_F(OnDemand, WhenAllAreInUseTheNextIsRefusedAndNothingIsLost) {
  ASSERT_TRUE(open("c"));
  submit("c", "t1");
  ASSERT_TRUE(open("a"));
  ASSERT_TRUE(open("b"));
  const auto of_a = engine_->subscribe("a", [](const EventBatch&) {});
  engine_->subscribe("b", [](const EventBatch&) {});
  ASSERT_TRUE(open("a"));  // The subscriptions stand.
  ASSERT_TRUE(open("b"));
  const Answer refused = ask("c", core::ListTasks{});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kOverloaded);
  EXPECT_THAT(refused.error().message, HasSubstr("2 others are in use"));
  EXPECT_GT(refused.error().retry_after_ms, 0);
  EXPECT_EQ(ask("c", core::ListTasks{}).error().code, ErrorCode::kOverloaded) << "at once, the second time";
  submit("a", "t1");
  engine_->unsubscribe("a", of_a);
  pass(1'000);
  EXPECT_EQ(tasks("c"), 1);
  EXPECT_EQ(tasks("a"), 1) << "and back again";
}

TEST_F(OnDemand, RequestsThatComeWhileItClosesAreAnsweredAfterItOpenedAgain) {
  ASSERT_TRUE(open("a"));
  submit("a", "t1");
  pass(kMinute);
  // The only committer is busy for another namespace, so that the closing gets no further than its beginning.
  std::promise<void> committing, go_on;
  store_.set_fault_hook([&](const store::Batch&) {
    committing.set_value();
    go_on.get_future().wait();
    return store::Fault::kNone;
  });
  ASSERT_TRUE(open("kept"));
  Request request;
  request.command = decoded<core::SubmitTask>(R"({"id":"t2","type":"build"})");
  std::promise<void> submitted;
  engine_->submit("kept", std::move(request), [&](const Answer&) { submitted.set_value(); });
  committing.get_future().wait();
  while (!open_ones().empty() && open_ones() != std::vector<std::string>{"kept"}) engine_->sweep();
  std::promise<std::size_t> listed, read;
  Request list;
  list.command = core::ListTasks{};
  engine_->submit("a", std::move(list), [&](Answer answer) {
    listed.set_value(std::get<core::TaskList>(std::get<core::Reply>(*answer)).items.size());
  });
  engine_->read("a", [&](store::Reader* reader) { read.set_value(reader->events({})->events.size()); });
  go_on.set_value();
  EXPECT_EQ(listed.get_future().get(), 1u);
  EXPECT_EQ(read.get_future().get(), 1u);
  submitted.get_future().wait();
  EXPECT_EQ(engine_->counts().closed, 1u);
}

TEST_F(OnDemand, SomeAreNeverClosed) {
  ASSERT_TRUE(open("kept"));
  pass(kMinute);
  sweep_and_settle("kept");
  EXPECT_THAT(open_ones(), ElementsAre("kept"));
  EXPECT_EQ(engine_->counts().opened, 1u);
}

TEST_F(OnDemand, AStartOpensOnlyThoseOfWhichItIsNotKnownWhatTheyHaveToDo) {
  ASSERT_TRUE(open("never"));
  submit("never", "t1");
  pass(kMinute);
  sweep_until_open(0);
  ASSERT_TRUE(open("scheduled"));
  must<core::SetScheduleReply>(
      "scheduled", decoded<core::SetSchedule>(R"({"name":"nightly","cron":"0 0 * * *","task":{"type":"build"}})"));
  stop();  // In order: what it has to do is kept.
  start({"never", "scheduled"});
  EXPECT_EQ(engine_->counts().opened, 0u);
  ASSERT_TRUE(open("scheduled"));
  stop();
  (void)store_.open("scheduled", 1);  // As a start does that then crashes.
  start({"never", "scheduled"});
  while (engine_->counts().opened == 0) std::this_thread::yield();
  EXPECT_EQ(engine_->counts().known, 2u);
  EXPECT_THAT(open_ones(), ElementsAre("scheduled"));
  sweep_until_open(0);
  pass(25 * 60 * kMinute);
  sweep_until_open(1);
  wait_for_task("scheduled");
  EXPECT_EQ(engine_->counts().opened, 2u) << "the other one has slept through it";
}

TEST_F(OnDemand, RetentionReachesClosedOnes) {
  stop();
  retention_days_ = 1;
  start({});
  ASSERT_TRUE(open("a"));
  submit("a", "t1");
  submit("a", "t2");
  pass(kMinute);
  sweep_until_open(0);
  const auto oldest = [&] {
    std::promise<store::Position> found;
    engine_->read("a", [&](store::Reader* reader) { found.set_value(reader->events({})->oldest); });
    return found.get_future().get();
  };
  const auto opened = engine_->counts().opened;
  pass(25 * 60 * kMinute);
  while (engine_->counts().closed < 2) {
    engine_->sweep();
    std::this_thread::yield();
  }
  EXPECT_EQ(engine_->counts().opened, opened + 1);
  EXPECT_EQ(oldest(), 2u) << "the newest event stays, the older one is gone";
}

TEST_F(OnDemand, AStopWhileNamespacesOpenAnswersEverything) {
  for (const char* name : {"a", "b", "c", "d"}) ASSERT_TRUE(open(name));
  std::atomic<int> answers = 0;
  for (int round = 0; round < 25; ++round) {
    for (const char* name : {"a", "b", "c", "d"}) {
      Request request;
      request.command = core::ListTasks{};
      engine_->submit(name, std::move(request), [&](const Answer&) { ++answers; });
      engine_->read(name, [&](store::Reader*) { ++answers; });
    }
  }
  stop();
  EXPECT_EQ(answers, 200);
}

}  // namespace
}  // namespace arbiter::engine
