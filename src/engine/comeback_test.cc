// How a namespace comes back after its store has closed it.
#include <gmock/gmock.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <condition_variable>
#include <future>
#include <thread>

#include "engine/engine.h"
#include "store/memory/memory_store.h"

namespace arbiter::engine {
namespace {

using base::ErrorCode;
using testing::ElementsAre;
using testing::HasSubstr;

// What the engine told, for whoever waits for it.
class Notices {
 public:
  void add(const std::string& what) {
    const std::lock_guard lock(mutex_);
    all_.push_back(what);
    added_.notify_all();
  }
  std::string wait_for(const std::string& text) {
    std::unique_lock lock(mutex_);
    std::string found;
    added_.wait(lock, [&] {
      for (const auto& one : all_) {
        if (one.find(text) != std::string::npos) found = one;
      }
      return !found.empty();
    });
    return found;
  }
  std::vector<std::string> pauses() {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const auto& one : all_) {
      const auto at = one.find("follows in ");
      if (at != std::string::npos) out.push_back(one.substr(at + 11));
    }
    return out;
  }

 private:
  std::mutex mutex_;
  std::condition_variable added_;
  std::vector<std::string> all_;
};

class ComesBack : public testing::Test {
 protected:
  ComesBack() : work_(io_.get_executor()), thread_([this] { io_.run(); }) {
    std::promise<bool> opened;
    engine_.open("default", [&](const auto& result) { opened.set_value(result.has_value()); });
    EXPECT_TRUE(opened.get_future().get());
    store_.set_fault_hook([this](const store::Batch&) { return fault_.exchange(store::Fault::kNone); });
  }
  ~ComesBack() override {
    std::promise<void> stopped;
    engine_.stop([&] { stopped.set_value(); });
    stopped.get_future().wait();
    work_.reset();
    thread_.join();
  }

  EngineConfig config() {
    EngineConfig config;
    config.retry_pause_ms = 2;
    config.retry_pause_max_ms = 8;
    config.notice = [this](const std::string&, const std::string& what) { notices_.add(what); };
    return config;
  }

  // The error of one more change; kInternal when it was made.
  base::Error change() {
    Request request;
    request.command = core::RecordLifecycle{"STARTED", "test"};
    std::promise<base::Error> done;
    engine_.submit("default", std::move(request), [&](Answer answer) {
      done.set_value(answer ? base::Error{ErrorCode::kInternal, "made"} : answer.error());
    });
    return done.get_future().get();
  }

  std::vector<std::string> types() {
    std::promise<std::vector<std::string>> read;
    engine_.read("default", [&](store::Reader* reader) {
      std::vector<std::string> types;
      const auto page = reader->events({});
      for (const auto& event : page->events) types.push_back(event.type);
      read.set_value(std::move(types));
    });
    return read.get_future().get();
  }

  Notices notices_;
  store::MemoryStore store_;
  base::ManualClock clock_;
  std::atomic<store::Fault> fault_ = store::Fault::kNone;
  boost::asio::io_context io_;
  Engine engine_{io_, store_, clock_, config()};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

TEST_F(ComesBack, FromAFailedDeviceOnceItsDataAreRecovered) {
  ASSERT_EQ(change().code, ErrorCode::kInternal);
  std::promise<void> recovering, go_on;
  store_.set_recovery_hook([&]() -> base::Result<void> {
    recovering.set_value();
    go_on.get_future().wait();
    return {};
  });
  fault_ = store::Fault::kIoErrorAfter;
  const auto refused = change();
  EXPECT_EQ(refused.code, ErrorCode::kStoreUnavailable);
  EXPECT_THAT(refused.message, HasSubstr("The device failed."));
  EXPECT_GT(refused.retry_after_ms, 0);
  recovering.get_future().wait();
  const auto meanwhile = change();
  EXPECT_EQ(meanwhile.code, ErrorCode::kStoreUnavailable);
  EXPECT_THAT(meanwhile.message, HasSubstr("verified and copied"));
  EXPECT_FALSE(engine_.status().front().open);
  EXPECT_THAT(engine_.status().front().problem, HasSubstr("verified and copied"));
  go_on.set_value();
  notices_.wait_for("serves again");
  EXPECT_EQ(change().code, ErrorCode::kInternal);
  EXPECT_EQ(engine_.status().front().recoveries, 1u);
  // What the failed commit had brought is there, too; and an incident tells people what happened.
  EXPECT_THAT(types(), ElementsAre("SERVER.STARTED.SUCCESS", "SERVER.STARTED.SUCCESS", "INCIDENT.OPENED.SUCCESS",
                                   "SERVER.STARTED.SUCCESS"));
}

TEST_F(ComesBack, WithPausesThatGrowUpToALimit) {
  int failures = 4;
  store_.set_recovery_hook([&]() -> base::Result<void> {
    if (failures-- > 0) return base::fail({ErrorCode::kIoError, "It still fails."});
    return {};
  });
  fault_ = store::Fault::kIoError;
  EXPECT_EQ(change().code, ErrorCode::kStoreUnavailable);
  notices_.wait_for("serves again");
  EXPECT_THAT(notices_.pauses(), ElementsAre("2 ms.", "4 ms.", "8 ms.", "8 ms."));
  EXPECT_THAT(notices_.wait_for("follows in"), HasSubstr("It still fails."));
}

TEST_F(ComesBack, FromAFullDiskWithPausesThatGrow) {
  store_.set_no_space(true);
  EXPECT_EQ(change().code, ErrorCode::kStoreUnavailable);
  notices_.wait_for("follows in 8 ms");
  EXPECT_THAT(change().message, HasSubstr("No space is left"));
  store_.set_no_space(false);
  notices_.wait_for("serves again");
  EXPECT_EQ(change().code, ErrorCode::kInternal);
}

TEST_F(ComesBack, NotFromANewerOwner) {
  fault_ = store::Fault::kFence;
  EXPECT_EQ(change().code, ErrorCode::kStoreUnavailable);
  const auto again = change();
  EXPECT_EQ(again.code, ErrorCode::kStoreUnavailable);
  EXPECT_THAT(again.message, HasSubstr("newer owner"));
}

}  // namespace
}  // namespace arbiter::engine
