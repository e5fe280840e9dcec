#include "cli/cli.h"

#include <gmock/gmock.h>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>

#include "cli/init_files.h"
#include "cli/job.h"
#include "cli/page_link.h"

namespace arbiter::cli {
namespace {

struct Ran {
  int exit_code = -1;
  std::string out;
  std::string err;
};

Ran run_cli(std::vector<std::string> arguments, const Program& program = {}) {
  arguments.insert(arguments.begin(), "arbiter");
  std::vector<char*> argv;
  argv.reserve(arguments.size());
  for (auto& argument : arguments) argv.push_back(argument.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Ran ran;
  ran.exit_code = run(static_cast<int>(argv.size()), argv.data(), program);
  ran.out = testing::internal::GetCapturedStdout();
  ran.err = testing::internal::GetCapturedStderr();
  return ran;
}

// Port 1 of the loopback: nobody listens there.
const std::vector<std::string> kNobody = {"--url", "http://127.0.0.1:1", "--data", "/nonexistent"};

std::vector<std::string> with_nobody(std::vector<std::string> arguments) {
  arguments.insert(arguments.end(), kNobody.begin(), kNobody.end());
  return arguments;
}

TEST(Cli, HelpTeachesWithExamples) {
  EXPECT_THAT(run_cli({"--help"}).out, testing::HasSubstr("arbiter serve"));
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"run"}, {"task", "submit"}, {"worker", "run"}, {"task", "exec"}, {"events", "tail"}, {"queue", "set"}}) {
    auto arguments = command;
    arguments.emplace_back("--help");
    const auto ran = run_cli(arguments);
    EXPECT_EQ(ran.exit_code, 0);
    EXPECT_THAT(ran.out, testing::HasSubstr("Examples:"));
  }
}

TEST(Cli, BadUsageExitsWith2) {
  EXPECT_EQ(run_cli({}).exit_code, 2);
  EXPECT_EQ(run_cli({"tsak"}).exit_code, 2);
  EXPECT_EQ(run_cli({"task", "submit"}).exit_code, 2);
  EXPECT_EQ(run_cli(with_nobody({"task", "submit", "x", "--payload", "{"})).exit_code, 2);
  EXPECT_EQ(run_cli(with_nobody({"task", "submit", "x", "--delay", "soon"})).exit_code, 2);
  EXPECT_EQ(run_cli({"worker", "run", "--capability", "x"}).exit_code, 2);
  EXPECT_EQ(run_cli({"task", "bulk-cancel"}).exit_code, 2);
}

TEST(Cli, BadUsageNamesTheWordAndWhatWasMeant) {
  const auto said = [](std::vector<std::string> arguments) { return run_cli(std::move(arguments)).err; };
  EXPECT_THAT(said({"tsak", "list"}), testing::HasSubstr("`arbiter` has no command `tsak`. Did you mean `task`?"));
  EXPECT_THAT(said({"wroker", "run"}), testing::HasSubstr("Did you mean `worker`?"));
  EXPECT_THAT(said({"task", "lst"}), testing::HasSubstr("`arbiter task` has no command `lst`. Did you mean `list`?"));
  EXPECT_THAT(said({"task", "list", "--stat", "failed"}),
              testing::HasSubstr("`arbiter task list` has no option `--stat`. Did you mean `--state`?"));
  EXPECT_THAT(said({"task", "list", "--ulr=x"}), testing::HasSubstr("Did you mean `--url`?"));
  EXPECT_THAT(said({"queue", "list", "extra"}), testing::HasSubstr("`arbiter queue list` does not expect `extra`."));
  EXPECT_THAT(said({"task", "show"}), testing::HasSubstr("See: arbiter task show --help"));
  EXPECT_THAT(said({}), testing::HasSubstr("Start here:"));
  EXPECT_THAT(said({"task"}), testing::HasSubstr("arbiter task [OPTIONS] SUBCOMMAND"));
}

TEST(Cli, BadUsageIsJsonForThoseWhoAskForJson) {
  for (const auto& arguments :
       std::vector<std::vector<std::string>>{{"-o", "json", "tsak"},
                                             {"--output=json", "task", "list", "--stat", "x"},
                                             {"task", "-ojson"},
                                             {"task", "list", "--limit", "0", "--output", "json"}}) {
    const auto ran = run_cli(arguments);
    EXPECT_EQ(ran.exit_code, 2);
    const auto said = json::parse(ran.err);
    EXPECT_EQ(said.at("code").as_string(), "invalid_request");
    EXPECT_FALSE(said.at("detail").as_string().empty());
  }
  EXPECT_THAT(run_cli({"task", "exec", "a", "--nope", "--", "x", "-o", "json"}).err, testing::StartsWith("`arbiter"));
}

TEST(Cli, NumbersThatAreTooSmallAreRefusedWithTheLeast) {
  EXPECT_THAT(run_cli({"task", "list", "--limit", "0"}).err,
              testing::HasSubstr("--limit: must be a whole number, at least 1, not 0"));
  EXPECT_THAT(run_cli({"queue", "set", "q", "--max-depth", "-1"}).err,
              testing::HasSubstr("--max-depth: must be a whole number, at least 0, not -1"));
}

TEST(Cli, WithoutAServerItExitsWith7AndSaysWhatToDo) {
  for (const auto& command : std::vector<std::vector<std::string>>{
           {"task", "list"}, {"queue", "list"}, {"worker", "show", "w"}, {"events", "query"}, {"namespace", "list"}}) {
    const auto ran = run_cli(with_nobody(command));
    EXPECT_EQ(ran.exit_code, 7) << command[0];
    EXPECT_THAT(ran.err, testing::HasSubstr("arbiter serve"));
  }
  EXPECT_THAT(run_cli(with_nobody({"task", "list", "-o", "json"})).err,
              testing::StartsWith("{\"code\":\"connection\""));
}

TEST(Cli, TheProgramAddsItsOwnCommandsAndChecks) {
  Program program;
  bool served = false;
  program.commands.emplace_back([&](Commands& commands) {
    commands.add("serve", {"Serve"}, [&]() -> Result<int> {
      served = true;
      return 5;
    });
  });
  program.check_config = [](const std::string& path) -> Result<void> {
    return base::fail({base::ErrorCode::kInvalidRequest, path + " is bad."});
  };
  EXPECT_EQ(run_cli({"serve"}, program).exit_code, 5);
  EXPECT_TRUE(served);
  const auto checked = run_cli({"config", "check", "a.yaml"}, program);
  EXPECT_EQ(checked.exit_code, 2);
  EXPECT_THAT(checked.err, testing::HasSubstr("a.yaml is bad."));
  program.check_config = [](const std::string&) -> Result<void> { return {}; };
  EXPECT_EQ(run_cli({"config", "check", "a.yaml"}, program).out, "a.yaml is valid.\n");
  EXPECT_EQ(run_cli({"-o", "json", "config", "check", "a.yaml"}, program).out,
            "{\"file\":\"a.yaml\",\"valid\":true}\n");
}

class Init : public testing::Test {
 protected:
  Init() : directory_(std::filesystem::temp_directory_path() / ("arbiter-init-" + std::to_string(::getpid()))) {}
  ~Init() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string content(const char* name) const {
    std::ifstream file(directory_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const std::filesystem::path directory_;
};

TEST_F(Init, WritesWhatABeginnerNeedsAndSaysHowToGoOn) {
  const auto ran = run_cli({"init", directory_.string()});
  EXPECT_EQ(ran.exit_code, 0);
  for (const char* said : {"arbiter serve --config arbiter.yaml", "arbiter page", "arbiter run job.yaml"}) {
    EXPECT_THAT(ran.out, testing::HasSubstr(said));
  }
  EXPECT_EQ(content("arbiter.yaml"), kInitConfig);
  const auto job = read_job(content("job.yaml"), "job.yaml", "job");
  ASSERT_TRUE(job) << job.error().message;
  EXPECT_EQ(job->steps.size(), 3U);
}

TEST_F(Init, NeverOverwritesUnlessItIsTold) {
  std::filesystem::create_directories(directory_);
  std::ofstream(directory_ / "job.yaml") << "mine";
  const auto refused = run_cli({"init", directory_.string()});
  EXPECT_EQ(refused.exit_code, 4);
  EXPECT_THAT(refused.err, testing::HasSubstr("job.yaml` is there already"));
  EXPECT_EQ(content("job.yaml"), "mine");
  EXPECT_FALSE(std::filesystem::exists(directory_ / "arbiter.yaml"));
  EXPECT_EQ(run_cli({"init", "--force", directory_.string()}).exit_code, 0);
  EXPECT_EQ(content("job.yaml"), kInitJob);
}

TEST(Page, TheLinkSignsInAndTheTokenReachesNoServerLog) {
  client::Endpoint endpoint{"127.0.0.1", 7420, "a/b+c", ""};
  EXPECT_EQ(page_link(endpoint), "http://127.0.0.1:7420/#token=a%2Fb%2Bc");
  endpoint.token.clear();
  endpoint.secure = true;
  EXPECT_EQ(page_link(endpoint), "https://127.0.0.1:7420/");
}

TEST(Page, ARedirectCannotBeBrokenOutOf) {
  const auto page = redirect_page("http://h/#token=\"><script>&");
  EXPECT_THAT(page, testing::HasSubstr("url=http://h/#token=&quot;>&lt;script>&amp;\""));
  EXPECT_THAT(page, testing::Not(testing::HasSubstr("<script>")));
}

TEST(Completion, EveryShellGetsItsScriptAndAsksTheProgram) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const auto ran = run_cli({"completion", shell});
    EXPECT_EQ(ran.exit_code, 0);
    EXPECT_THAT(ran.out, testing::HasSubstr("__complete"));
  }
  EXPECT_EQ(run_cli({"completion", "tcsh"}).exit_code, 2);
  EXPECT_THAT(run_cli({"__complete", "task", "submi"}).out, testing::StartsWith("submit\tSubmit one task\n"));
}

TEST(Completion, WithoutAServerThereAreNoNames) {
  EXPECT_EQ(run_cli({"__complete", "--url", "http://127.0.0.1:1", "task", "show", ""}).out, "");
}

TEST(Cli, VersionWorksWithoutAServer) {
  const auto ran = run_cli(with_nobody({"version"}));
  EXPECT_EQ(ran.exit_code, 0);
  EXPECT_THAT(ran.out, testing::StartsWith("arbiter "));
}

}  // namespace
}  // namespace arbiter::cli
