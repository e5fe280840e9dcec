#include "effects/command.h"

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace arbiter::effects {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class CommandTest : public ::testing::Test {
 protected:
  CommandTest() {
    ::signal(SIGPIPE, SIG_IGN);
    std::string name = (std::filesystem::temp_directory_path() / "arbiter-command-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    delivery_.namespace_name = "team";
    delivery_.order.id = "effect_1";
    delivery_.order.attempt = 3;
    delivery_.order.notifier = "ops";
    delivery_.order.title = "$(touch /nowhere); `x`";
    delivery_.body = R"({"id":"effect_1"})";
  }
  ~CommandTest() override { std::filesystem::remove_all(directory_); }

  base::Result<void> run(std::vector<std::string> argv, std::int64_t timeout_ms = 10'000) {
    return make_command({std::move(argv), timeout_ms})->deliver(delivery_, stopping_);
  }
  base::Result<void> shell(const std::string& script, std::int64_t timeout_ms = 10'000) {
    return run({"/bin/sh", "-c", script, "sh", directory_.string()}, timeout_ms);
  }
  std::string file(const std::string& name) const {
    std::ifstream in(directory_ / name);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }

  std::filesystem::path directory_;
  Delivery delivery_;
  std::atomic<bool> stopping_{false};
};

TEST_F(CommandTest, GetsTheMessageOnItsInputAndTheRestInItsEnvironment) {
  ::setenv("ARBITER_TOKEN", "secret", 1);
  ASSERT_TRUE(shell("cat > $1/input; env > $1/env; pwd > $1/pwd"));
  EXPECT_EQ(file("input"), delivery_.body);
  EXPECT_EQ(file("pwd"), "/\n");
  const std::string env = file("env");
  EXPECT_THAT(env, HasSubstr("ARBITER_EFFECT_ID=effect_1\n"));
  EXPECT_THAT(env, HasSubstr("ARBITER_EFFECT_ATTEMPT=3\n"));
  EXPECT_THAT(env, HasSubstr("ARBITER_NAMESPACE=team\n"));
  EXPECT_THAT(env, HasSubstr("ARBITER_TITLE=$(touch /nowhere); `x`\n"));
  EXPECT_THAT(env, Not(HasSubstr("ARBITER_TOKEN")));
}

TEST_F(CommandTest, ArgumentsArePassedAsTheyAre) {
  ASSERT_TRUE(run({"/bin/sh", "-c", "printf %s \"$2\" > $1/argument", "sh", directory_.string(), "$(id) 'x'"}));
  EXPECT_EQ(file("argument"), "$(id) 'x'");
}

TEST_F(CommandTest, AnInputThatNobodyReadsIsNoFailure) {
  delivery_.body = std::string(1'000'000, 'x');
  EXPECT_TRUE(shell("exit 0"));
  EXPECT_TRUE(shell("exec <&-; exit 0"));
}

TEST_F(CommandTest, AFailureIsToldWithWhatItSaid) {
  auto failed = shell("echo 'no route\tto \xFF host' >&2; exit 3");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "The command exited with status 3: no route to ? host");
  failed = shell("kill -SEGV $$");
  EXPECT_THAT(failed.error().message, HasSubstr("ended by signal 11"));
  failed = run({"/nowhere/program"});
  EXPECT_THAT(failed.error().message, HasSubstr("/nowhere/program cannot be run: No such file"));
}

TEST_F(CommandTest, OfALongErrorTheEndIsKept) {
  const auto failed =
      shell("i=0; while [ $i -lt 20000 ]; do echo 0123456789 >&2; i=$((i+1)); done; echo last >&2; exit 1");
  EXPECT_THAT(failed.error().message, HasSubstr("last"));
  EXPECT_LT(failed.error().message.size(), 500U);
}

bool is_gone(pid_t pid) { return ::kill(pid, 0) != 0; }

TEST_F(CommandTest, WhenItsTimeIsOverItsWholeGroupIsKilled) {
  const auto failed = shell("sleep 1000 & echo $! > $1/child; sleep 1000", 300);
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("longer than 300 ms"));
  const auto child = static_cast<pid_t>(std::stol(file("child")));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!is_gone(child) && std::chrono::steady_clock::now() < end) ::usleep(1'000);  // init has yet to reap it
  EXPECT_TRUE(is_gone(child));
}

TEST_F(CommandTest, WhatItLeavesBehindIsKilledToo) {
  ASSERT_TRUE(shell("sleep 1000 & echo $! > $1/child"));
  const auto child = static_cast<pid_t>(std::stol(file("child")));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!is_gone(child) && std::chrono::steady_clock::now() < end) ::usleep(1'000);
  EXPECT_TRUE(is_gone(child));
}

TEST_F(CommandTest, AStopBreaksItOff) {
  stopping_ = true;
  EXPECT_FALSE(shell("sleep 1000", 100'000));
}

}  // namespace
}  // namespace arbiter::effects
