#include "server/notifications.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "server/config.h"

namespace arbiter::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string mistake_in(const std::string& yaml) {
  Config config;
  const auto read = read_text("arbiter.yaml", yaml, config);
  return read ? "" : read.error().message;
}

Config config_of(const std::string& yaml) {
  Config config;
  const auto read = read_text("arbiter.yaml", yaml, config);
  EXPECT_TRUE(read) << (read ? "" : read.error().message);
  return config;
}

constexpr const char* kBoth = R"(notifications:
  - name: ops
    webhook: https://hooks.example.com/services/T0/secret-part
    secretEnv: OPS_SECRET
    types: [TASK.*, QUEUE.PAUSED.SUCCESS]
    severity: warning
    namespaces: [default, team]
    quietMs: 1000
    timeoutMs: 2000
    attemptsMax: 3
  - name: pager
    command: [/usr/local/bin/page, --key=hidden]
notificationNetworks: [10.0.0.0/8]
)";

TEST(Notifications, AreReadFromTheFile) {
  const Config config = config_of(kBoth);
  ASSERT_EQ(config.notifications.size(), 2U);
  const auto& ops = config.notifications[0];
  EXPECT_EQ(ops.notifier.name, "ops");
  EXPECT_EQ(ops.webhook, "https://hooks.example.com/services/T0/secret-part");
  EXPECT_EQ(ops.secret_env, "OPS_SECRET");
  EXPECT_THAT(ops.notifier.types, ElementsAre("TASK.*", "QUEUE.PAUSED.SUCCESS"));
  EXPECT_EQ(ops.notifier.least, core::Severity::kWarning);
  EXPECT_THAT(ops.notifier.namespaces, ElementsAre("default", "team"));
  EXPECT_EQ(ops.notifier.quiet_ms, 1'000);
  EXPECT_EQ(ops.notifier.timeout_ms, 2'000);
  EXPECT_EQ(ops.notifier.attempts_max, 3);
  const auto& pager = config.notifications[1];
  EXPECT_THAT(pager.command, ElementsAre("/usr/local/bin/page", "--key=hidden"));
  EXPECT_TRUE(pager.notifier.types.empty());
  EXPECT_EQ(pager.notifier.quiet_ms, 600'000);
  EXPECT_THAT(config.notification_networks, ElementsAre("10.0.0.0/8"));
}

TEST(Notifications, WhatIsShownHoldsNoSecret) {
  for (const std::string& shown : {config_json(config_of(kBoth)), config_yaml(config_of(kBoth))}) {
    EXPECT_THAT(shown, HasSubstr("https://hooks.example.com\""));
    EXPECT_THAT(shown, HasSubstr("/usr/local/bin/page"));
    EXPECT_THAT(shown, Not(HasSubstr("secret-part")));
    EXPECT_THAT(shown, Not(HasSubstr("hidden")));
  }
}

TEST(Notifications, WhatIsShownIsReadAgain) {
  const Config config = config_of(config_yaml(config_of(kBoth)));
  ASSERT_EQ(config.notifications.size(), 2U);
  EXPECT_EQ(config.notifications[0].notifier.types.size(), 2U);
  EXPECT_EQ(config.notifications[0].notifier.quiet_ms, 1'000);
}

TEST(Notifications, EveryMistakeIsNamedWithItsLine) {
  const std::string fine = "notifications:\n  - name: a\n    command: [x]\n";
  EXPECT_EQ(mistake_in(fine), "");
  struct Case {
    std::string yaml;
    const char* expected;
  };
  const Case cases[] = {
      {"notifications: ops\n", "arbiter.yaml:1: notifications: must be a list"},
      {"notifications:\n  - ops\n", "arbiter.yaml:2: notifications[0]: must have keys"},
      {"notifications:\n  - command: [x]\n", "arbiter.yaml:2: notifications[0].name: is missing"},
      {"notifications:\n  - name: a b\n    command: [x]\n", "arbiter.yaml:2: notifications[0].name: must be a name"},
      {"notifications:\n  - name: a\n", "arbiter.yaml:2: notifications[0]: must have either webhook or command"},
      {fine + "    webhook: https://a/\n    secretEnv: A\n", "must have either webhook or command"},
      {fine + "    secretEnv: A\n", "notifications[0].command: has no use for secretFile"},
      {fine + "    colour: red\n", "arbiter.yaml:4: notifications[0].colour: is not a known key"},
      {fine + "    name: b\n", "arbiter.yaml:4: notifications[0].name: is given twice"},
      {fine + "  - name: a\n    command: [x]\n", "arbiter.yaml:4: notifications[1].name: there is another a"},
      {fine + "    types: TASK.*\n", "arbiter.yaml:4: notifications[0].types: must be a list"},
      {fine + "    types: [TASK.*, TASKS.*]\n",
       "arbiter.yaml:4: notifications[0].types: no event has the type `TASKS.*`"},
      {fine + "    severity: loud\n", "arbiter.yaml:4: notifications[0].severity: must be info, warning or critical"},
      {fine + "    quietMs: -1\n", "arbiter.yaml:4: notifications[0].quietMs: must be a whole number from 0"},
      {fine + "    timeoutMs: 99\n", "arbiter.yaml:4: notifications[0].timeoutMs: must be a whole number from 100"},
      {fine + "    attemptsMax: 0\n", "arbiter.yaml:4: notifications[0].attemptsMax: must be a whole number from 1"},
      {"notifications:\n  - name: a\n    webhook: https://a/\n", "notifications[0].webhook: must have a secret"},
      {"notifications:\n  - name: a\n    webhook: ftp://a/\n    secretEnv: A\n",
       "arbiter.yaml:3: notifications[0].webhook: must begin with https://"},
      {"notificationNetworks: [10.0.0.1/8]\n", "arbiter.yaml:1: notificationNetworks: `10.0.0.1/8` has bits beyond"},
  };
  for (const auto& c : cases) EXPECT_THAT(mistake_in(c.yaml), HasSubstr(c.expected)) << c.yaml;
}

TEST(Notifications, ThereIsALimit) {
  std::string yaml = "notifications:\n";
  for (std::size_t i = 0; i < core::kNotifiersMax; ++i)
    yaml += "  - {name: n" + std::to_string(i) + ", command: [x]}\n";
  EXPECT_EQ(mistake_in(yaml), "");
  EXPECT_THAT(mistake_in(yaml + "  - {name: more, command: [x]}\n"),
              HasSubstr("arbiter.yaml:34: notifications: there may"));
}

TEST(Notifications, ASecretThatIsNotThereIsNamedAndNotShown) {
  ::unsetenv("OPS_SECRET");
  const Config config = config_of(kBoth);
  auto targets = make_targets(config.notifications, config.notification_networks, "1");
  ASSERT_FALSE(targets);
  EXPECT_EQ(targets.error().message, "notifications: ops: secretEnv: OPS_SECRET is not set");
  ::setenv("OPS_SECRET", "\n", 1);
  EXPECT_THAT(make_targets(config.notifications, {}, "1").error().message, HasSubstr("is empty"));
  ::setenv("OPS_SECRET", "word", 1);
  targets = make_targets(config.notifications, config.notification_networks, "1");
  ASSERT_TRUE(targets);
  EXPECT_EQ(targets->size(), 2U);
  auto in_file = config.notifications;
  in_file[0].secret_env.clear();
  in_file[0].secret_file = "/nowhere/secret";
  EXPECT_EQ(make_targets(in_file, {}, "1").error().message,
            "notifications: ops: secretFile: /nowhere/secret cannot be read");
}

}  // namespace
}  // namespace arbiter::server
