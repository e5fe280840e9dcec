// The engine with its threads: how it stops.
#include "engine/engine.h"

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <future>
#include <thread>

#include "store/memory/memory_store.h"

namespace arbiter::engine {
namespace {

class EngineTest : public testing::Test {
 protected:
  EngineTest() : work_(io_.get_executor()), thread_([this] { io_.run(); }) {}
  ~EngineTest() override {
    work_.reset();
    thread_.join();
  }

  void open(const std::string& name) {
    std::promise<bool> opened;
    engine_.open(name, [&](const auto& result) { opened.set_value(result.has_value()); });
    ASSERT_TRUE(opened.get_future().get());
  }

  store::MemoryStore store_;
  base::SystemClock clock_;
  boost::asio::io_context io_;
  Engine engine_{io_, store_, clock_, EngineConfig{}};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

TEST_F(EngineTest, StopsOnlyWhenReadsUnderWayAreOver) {
  open("default");
  std::promise<void> reading, go_on, stopped;
  engine_.read("default", [&](store::Reader*) {
    reading.set_value();
    go_on.get_future().wait();
  });
  reading.get_future().wait();
  engine_.stop([&] { stopped.set_value(); });
  // The other reader thread serves until the namespace has stopped.
  for (bool serving = true; serving;) {
    std::promise<bool> served;
    engine_.read("default", [&](store::Reader* reader) { served.set_value(reader != nullptr); });
    serving = served.get_future().get();
  }
  auto done = stopped.get_future();
  EXPECT_EQ(done.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  go_on.set_value();
  done.wait();
}

TEST_F(EngineTest, AReadAfterTheStopHasNothingToRead) {
  open("default");
  std::promise<void> stopped;
  engine_.stop([&] { stopped.set_value(); });
  stopped.get_future().wait();
  bool asked = false;
  engine_.read("default", [&](store::Reader* reader) {
    asked = true;
    EXPECT_EQ(reader, nullptr);
  });
  EXPECT_TRUE(asked);
}

// Whatever a disk makes of a record, the process and its other namespaces live on.
TEST_F(EngineTest, ANamespaceWithARecordThatCannotBeReadStaysClosedAndNamesIt) {
  for (const char* body : {"{", "[]", R"({"state":"nonsense"})"}) {
    store::MemoryStore store;
    {
      auto journal = store.open("default", 1);
      ASSERT_TRUE(journal);
      store::Batch batch{.epoch = (*journal)->state().epoch};
      batch.puts.push_back({.kind = "task", .id = "build-1", .body = body});
      ASSERT_TRUE((*journal)->commit(batch));
    }
    Engine engine(io_, store, clock_, EngineConfig{});
    std::promise<base::Result<void>> opened;
    engine.open("default", [&](auto result) { opened.set_value(std::move(result)); });
    const auto outcome = opened.get_future().get();
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, base::ErrorCode::kIoError);
    EXPECT_NE(outcome.error().message.find("task build-1"), std::string::npos) << outcome.error().message;
    std::promise<void> stopped;
    engine.stop([&] { stopped.set_value(); });
    stopped.get_future().wait();
  }
}

}  // namespace
}  // namespace arbiter::engine
