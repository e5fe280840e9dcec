// The dispatcher with a real engine: what is started is told, and what became of it comes back.
#include "effects/dispatcher.h"

#include <gmock/gmock.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <future>

#include "base/check.h"
#include "store/memory/memory_store.h"

namespace arbiter::effects {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What tests say and hear, beyond the life of the dispatcher.
struct Script {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::string> answers;  // one for each attempt: empty: delivered; "hang"; else a failure. Then delivered
  std::vector<Delivery> heard;

  bool wait_for(std::size_t count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(30), [&] { return heard.size() >= count; });
  }
};

class ScriptedChannel final : public Channel {
 public:
  explicit ScriptedChannel(Script& script) : script_(script) {}
  [[nodiscard]] base::Result<void> deliver(const Delivery& delivery, const std::atomic<bool>& stopping) override {
    std::string answer;
    {
      const std::lock_guard lock(script_.mutex);
      const std::size_t n = script_.heard.size();
      if (n < script_.answers.size()) answer = script_.answers[n];
      script_.heard.push_back(delivery);
      script_.changed.notify_all();
    }
    if (answer.empty()) return {};
    while (answer == "hang" && !stopping) std::this_thread::yield();
    return base::fail({base::ErrorCode::kUnknown, answer});
  }

 private:
  Script& script_;
};

class DispatcherTest : public ::testing::Test {
 protected:
  DispatcherTest() : work_(io_.get_executor()), thread_([this] { io_.run(); }) {
    core::Notifier ops;
    ops.name = "ops";
    ops.types = {"QUEUE.PAUSED.*"};
    ops.quiet_ms = 60'000;
    ops.backoff_ms = 1;
    engine::EngineConfig config;
    config.limits.notifiers = {ops};
    config.effects = [this](const std::string& name, std::vector<core::EffectOrder> orders) {
      dispatcher_->start(name, std::move(orders));
    };
    engine_ = std::make_unique<engine::Engine>(io_, store_, clock_, std::move(config));
    std::vector<Target> targets;
    targets.push_back({"ops", 60'000, std::make_unique<ScriptedChannel>(script_)});
    dispatcher_ =
        std::make_unique<Dispatcher>(*engine_, std::move(targets), [this](const std::string& what, const Delivery&) {
          const std::lock_guard lock(script_.mutex);
          notices_.push_back(what);
        });
    std::promise<void> opened;
    engine_->open("default", [&](const auto&) { opened.set_value(); });
    opened.get_future().wait();
  }
  ~DispatcherTest() override {
    dispatcher_->stop(0);
    std::promise<void> stopped;
    engine_->stop([&] { stopped.set_value(); });
    stopped.get_future().wait();
    work_.reset();
    thread_.join();
  }

  core::Reply ask(core::Command command) {
    std::promise<engine::Answer> answer;
    engine_->submit("default", {std::move(command), {"test", ""}},
                    [&](engine::Answer a) { answer.set_value(std::move(a)); });
    auto got = answer.get_future().get();
    CHECK(got.has_value());
    return std::get<core::Reply>(std::move(*got));
  }
  void pause(const std::string& queue) { (void)ask(core::PauseQueue{core::Name(queue), {}, {}, {}}); }
  // Once no effect is open any more.
  std::vector<core::EffectView> settled() {
    for (;;) {
      auto effects = std::get<core::EffectList>(ask(core::ListEffects{})).items;
      const bool open = std::any_of(effects.begin(), effects.end(), [](const auto& e) {
        return e.state == core::EffectState::kWaiting || e.state == core::EffectState::kStarted;
      });
      if (!open) return effects;
      std::this_thread::yield();
    }
  }

  store::MemoryStore store_;
  base::SystemClock clock_;
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
  Script script_;
  std::vector<std::string> notices_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<Dispatcher> dispatcher_;
};

TEST_F(DispatcherTest, WhatIsCommittedIsToldWithItsEvent) {
  pause("builds");
  const auto effects = settled();
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(effects.front().state, core::EffectState::kDelivered);
  ASSERT_EQ(script_.heard.size(), 1U);
  EXPECT_EQ(script_.heard.front().order.id, effects.front().id.value);
  EXPECT_THAT(script_.heard.front().body, HasSubstr(R"("event":{"position":1,)"));
  EXPECT_THAT(script_.heard.front().body, HasSubstr(R"("tags":["queue:builds"])"));
}

TEST_F(DispatcherTest, AFailureIsTriedAgainUnderTheSameId) {
  script_.answers = {"no route", "502"};
  pause("builds");
  const auto effects = settled();
  ASSERT_EQ(script_.heard.size(), 3U);
  EXPECT_EQ(script_.heard[0].order.id, script_.heard[2].order.id);
  EXPECT_EQ(script_.heard[2].order.attempt, 3);
  EXPECT_EQ(effects.front().state, core::EffectState::kDelivered);
  EXPECT_EQ(effects.front().error, "502");
  EXPECT_THAT(notices_, ElementsAre(HasSubstr("no route"), HasSubstr("502")));
}

TEST_F(DispatcherTest, ATestGoesTheSameWay) {
  const auto made = std::get<core::EffectView>(ask(core::TestNotifier{core::Name("ops")}));
  ASSERT_TRUE(script_.wait_for(1));
  EXPECT_EQ(script_.heard.front().order.id, made.id.value);
  EXPECT_EQ(script_.heard.front().body.find("\"event\""), std::string::npos);
}

TEST_F(DispatcherTest, AStopBreaksOffWhatHangsAndLeavesItToTheNextStart) {
  script_.answers = {"hang"};
  pause("builds");
  ASSERT_TRUE(script_.wait_for(1));
  dispatcher_->stop(0);
  const auto effects = std::get<core::EffectList>(ask(core::ListEffects{})).items;
  EXPECT_EQ(effects.front().state, core::EffectState::kStarted);
}

}  // namespace
}  // namespace arbiter::effects
