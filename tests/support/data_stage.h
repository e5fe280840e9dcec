// A stage for tests of what works on data directories: one with the namespaces `system` and `default`, in which
// commands run as a server would run them, and a clock that is moved by hand.
#pragma once

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>

#include "base/clock.h"
#include "engine/namespace.h"
#include "store/sqlite/sqlite_store.h"

namespace arbiter::testing {

class DataStage : public ::testing::Test {
 protected:
  DataStage() {
    std::string name = (std::filesystem::temp_directory_path() / "arbiter-data-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    open();
    run("system", core::CreateNamespace{base::Name("default")});
    run("default", spec("t1"));
  }
  ~DataStage() override {
    close();
    std::filesystem::remove_all(directory_);
  }

  std::filesystem::path data() const { return directory_ / "data"; }
  std::filesystem::path in_namespaces(const std::string& file) const { return data() / "namespaces" / file; }
  void open() {
    store_ = std::move(*store::open_sqlite_store(data()));
    for (const char* one : {"system", "default"}) open(one);
  }
  void open(const std::string& name) { journals_[name] = std::move(*store_->open(name, 7)); }
  void close() {
    journals_.clear();
    store_.reset();
  }

  static core::SubmitTask spec(const std::string& id, const std::string& more = "") {
    return *base::from_json_text<core::SubmitTask>(R"({"id":")" + id + R"(","type":"build")" + more + "}");
  }
  static std::string read(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  static void write(const std::filesystem::path& file, const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
  }

  base::Result<core::Reply> ask(const std::string& name, const core::Command& command) {
    auto& journal = *journals_.at(name);
    const base::Now now{clock_.wall(), clock_.wall()};
    auto loaded = engine::load(journal, core::CoreLimits{}, now);
    EXPECT_TRUE(loaded) << loaded.error().message;
    auto reply = loaded->core->handle(command, {"test", ""}, 1, now);
    engine::PendingBatch pending;
    pending.events = loaded->core->take_events();
    pending.batch.epoch = journal.state().epoch;
    for (auto& change : loaded->core->state().take_changes()) {
      pending.batch.puts.push_back(engine::to_put(std::move(change)));
    }
    pending.encode();
    EXPECT_TRUE(journal.commit(pending.batch));
    return *reply;
  }
  core::Reply run(const std::string& name, const core::Command& command) {
    auto reply = ask(name, command);
    EXPECT_TRUE(reply) << reply.error().message;
    return *reply;
  }
  // Of the task that has waited longest.
  std::string lease(const std::string& name = "default") {
    run(name, *base::from_json_text<core::RegisterWorker>(R"({"name":"w1","capabilities":["build"]})"));
    const auto reply = run(name, *base::from_json_text<core::LeaseTasks>(R"({"workerId":"w1"})"));
    const auto& leases = std::get<core::LeaseReply>(reply).leases;
    EXPECT_EQ(leases.size(), 1u);
    return leases.at(0).lease;
  }
  static core::CompleteTask completion(const std::string& id, const std::string& lease, const std::string& more = "") {
    return *base::from_json_text<core::CompleteTask>(R"({"id":")" + id + R"(","lease":")" + lease + R"(")" + more +
                                                     "}");
  }

  std::filesystem::path directory_;
  base::ManualClock clock_;
  std::unique_ptr<store::Store> store_;
  std::map<std::string, std::unique_ptr<store::Journal>> journals_;
};

}  // namespace arbiter::testing
