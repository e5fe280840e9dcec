#include "server/config.h"

#include <gmock/gmock.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "cli/init_files.h"

namespace arbiter::server {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const char* no_environment(const char*) { return nullptr; }

std::string mistake_in(const std::string& yaml) {
  Config config;
  const auto read = read_text("arbiter.yaml", yaml, config);
  return read ? "" : read.error().message;
}

TEST(Environment, AMisspeltVariableIsNamedWithTheNearest) {
  EXPECT_THAT(misspelt_variables({"PATH", "ARBITER_LISTEN", "ARBITER_TOKEN", "ARBITER_TASK_ID", "ARBITER_BINARY",
                                  "ARBITER_LISTN", "ARBITER_LIMIT_PAYLOAD_BYTES_MAX"}),
              ElementsAre(HasSubstr("ARBITER_LISTN is not known and has no effect; did you mean ARBITER_LISTEN?"),
                          HasSubstr("did you mean ARBITER_LIMITS_PAYLOAD_BYTES_MAX?")));
}

TEST(ConfigFile, WhatABeginnerGetsIsRightAndShowsTheDefaults) {
  Config config;
  const std::string text(cli::kInitConfig);
  ASSERT_TRUE(read_text("arbiter.yaml", text, config));
  EXPECT_TRUE(check_together(config));
  // With what is commented out put in as well.
  const std::string whole = std::regex_replace(text, std::regex("(^|\\n)( *)# ( *[A-Za-z]+: )"), "$1$2$3");
  Config all;
  const auto put_in = std::regex_replace(whole, std::regex("\\n# log:"), "\nlog:");
  const auto read = read_text("arbiter.yaml", put_in, all);
  ASSERT_TRUE(read) << read.error().message << put_in;
  EXPECT_THAT(put_in, HasSubstr("\nretentionDays: 30\n"));
  EXPECT_THAT(put_in, HasSubstr("\nlog:\n  level: \"info\""));
  EXPECT_THAT(put_in, HasSubstr("\n  diskReserveBytes: "));
  EXPECT_EQ(config_yaml(all), config_yaml(Config{}));
}

TEST(ConfigFile, EveryMistakeIsNamedWithItsLine) {
  struct Case {
    const char* yaml;
    const char* expected;
  };
  const Case cases[] = {
      {"listen: 127.0.0.1:1\nlisten: 127.0.0.1:2\n", "arbiter.yaml:2: listen: is given twice"},
      {"data: d\ncolour: red\n", "arbiter.yaml:2: colour: is not a known key"},
      {"limits:\n  http:\n    nothing: 1\n", "arbiter.yaml:3: limits.http.nothing: is not a known key"},
      {"allowedHosts: [a\x86 b]\n", "arbiter.yaml:1: allowedHosts: is not UTF-8"},
      {"threads: many\n", "arbiter.yaml:1: threads: must be a whole number, not `many`"},
      {"threads: 65\n", "arbiter.yaml:1: threads: must be from 0 to 64, not 65"},
      {"log:\n  level: loud\n", "arbiter.yaml:2: log.level: must be debug, info, warn or error"},
      {"log: info\n", "arbiter.yaml:1: log: must have keys of its own below it"},
      {"allowedHosts: a\n", "arbiter.yaml:1: allowedHosts: must be a list"},
      {"data: [a]\n", "arbiter.yaml:1: data: must be a single value"},
      {"listen: example.org:7420\n", "arbiter.yaml:1: listen: must name an IP address"},
      {"data: d\n  listen: x\n", "arbiter.yaml:2: "},
      {"- a\n", "arbiter.yaml:1: the file must be a list of `key: value` lines"},
  };
  for (const auto& c : cases) EXPECT_THAT(mistake_in(c.yaml), HasSubstr(c.expected)) << c.yaml;
}

TEST(ConfigFile, AllMistakesAreToldAtOnce) {
  EXPECT_THAT(mistake_in("a: 1\nb: 2\n"), HasSubstr("arbiter.yaml:1: a: is not a known key\narbiter.yaml:2: b: "));
}

TEST(ConfigFile, AnEmptyFileChangesNothing) {
  EXPECT_EQ(mistake_in(""), "");
  EXPECT_EQ(mistake_in("# only a comment\n"), "");
}

TEST(Config, FlagsGoBeforeTheEnvironmentAndTheEnvironmentBeforeTheDefaults) {
  const Lookup environment = [](const char* name) -> const char* {
    if (std::string_view(name) == "ARBITER_THREADS") return "2";
    if (std::string_view(name) == "ARBITER_RETENTION_DAYS") return "7";
    if (std::string_view(name) == "ARBITER_ALLOWED_HOSTS") return "a.test,b.test";
    return nullptr;
  };
  const auto config = load_config("", environment, {{"threads", {"3"}}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->threads, 3);
  EXPECT_EQ(config->retention_days, 7);
  EXPECT_EQ(config->allowed_hosts, (std::vector<std::string>{"a.test", "b.test"}));
  EXPECT_EQ(config->listen, "127.0.0.1:7420");
}

TEST(Config, ABadVariableOrFlagIsNamed) {
  const auto by_variable =
      load_config("", [](const char* name) { return std::string_view(name) == "ARBITER_THREADS" ? "x" : nullptr; }, {});
  EXPECT_THAT(by_variable.error().message, HasSubstr("ARBITER_THREADS: must be a whole number"));
  const auto by_flag = load_config("", no_environment, {{"limits.payloadBytesMax", {"0"}}});
  EXPECT_THAT(by_flag.error().message, HasSubstr("--limits-payload-bytes-max: must be from 1"));
}

TEST(Config, AddressesAreNumbersWithAPort) {
  for (const char* good : {"127.0.0.1:7420", "0.0.0.0:0", "[::1]:80", "localhost:65535"}) {
    EXPECT_TRUE(parse_listen(good)) << good;
  }
  for (const char* bad : {"example.org:1", "127.0.0.1", "127.0.0.1:65536", ":1"}) {
    EXPECT_FALSE(parse_listen(bad)) << bad;
  }
}

TEST(Config, AddressesThatOthersReachNeedTlsAndTokens) {
  const std::vector<std::string> yes{"true"};
  const Flags tls{{"tls.cert", {"c.pem"}}, {"tls.key", {"k.pem"}}};
  for (const char* own : {"127.0.0.1:0", "127.1.2.3:0", "[::1]:80"}) {
    EXPECT_TRUE(load_config("", no_environment, {{"listen", {own}}, {"insecureNoAuth", yes}})) << own;
  }
  for (const char* open : {"0.0.0.0:1", "192.168.1.1:1", "[::]:1"}) {
    Flags flags{{"listen", {open}}};
    EXPECT_THAT(load_config("", no_environment, flags).error().message, HasSubstr("--tls-cert")) << open;
    flags.insert(tls.begin(), tls.end());
    EXPECT_TRUE(load_config("", no_environment, flags)) << open;
    flags["insecureNoAuth"] = yes;
    EXPECT_THAT(load_config("", no_environment, flags).error().message, HasSubstr("insecureNoAuth")) << open;
  }
  const auto half = load_config("", no_environment, {{"tls.cert", {"c.pem"}}});
  EXPECT_THAT(half.error().message, HasSubstr("go together"));
}

TEST(Config, TheExampleFileIsTheDefaultsAndIsReadBackAsThem) {
  std::ifstream in(ARBITER_SOURCE_DIR "/arbiter.example.yaml");
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_EQ(text.str(), config_yaml(Config{})) << "arbiter config-example > arbiter.example.yaml writes it anew";
  Config config;
  config.threads = 9;
  ASSERT_TRUE(read_text("arbiter.example.yaml", text.str(), config));
  EXPECT_EQ(config_json(config), config_json(Config{}));
}

TEST(Config, EveryKeyHasItsOwnFlagAndVariable) {
  std::set<std::string> flags;
  for (const auto& key : keys()) {
    EXPECT_TRUE(flags.insert(key.flag()).second) << key.name;
    EXPECT_FALSE(key.help.empty()) << key.name;
  }
  EXPECT_EQ(keys().front().flag(), "--listen");
  EXPECT_TRUE(flags.contains("--limits-http-body-bytes-max"));
}

}  // namespace
}  // namespace arbiter::server
