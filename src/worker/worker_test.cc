// Programs under their supervisor. This executable is also the supervisor and the worker that gets killed: see main().
#include <fcntl.h>
#include <gmock/gmock.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>

#include "base/check.h"
#include "worker/executor.h"
#include "worker/process_tree.h"
#include "worker/removal.h"
#include "worker/runner.h"
#include "worker/supervisor.h"
#include "worker/text.h"
#include "worker/workspace.h"

namespace arbiter::worker {
namespace {

namespace fs = std::filesystem;

// A directory of this test's own, and a FIFO in it: whoever still has it open for writing lives.
class Scratch {
 public:
  Scratch() : path_((fs::temp_directory_path() / "arbiter-test-XXXXXX").string()) {
    CHECK(::mkdtemp(path_.data()));
    CHECK(::mkfifo(fifo().c_str(), 0600) == 0);
    fd_ = ::open(fifo().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    CHECK(fd_ >= 0);
  }
  ~Scratch() {
    ::close(fd_);
    fs::remove_all(path_);
  }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string fifo() const { return path_ + "/alive"; }
  // Waits until somebody has written `text`.
  void await(std::string_view text) {
    while (heard_.find(text) == std::string::npos) CHECK(read_more());
    heard_.clear();
  }
  // Waits until nobody holds the FIFO any more.
  void await_all_gone() {
    while (read_more()) {
    }
  }

 private:
  bool read_more() {
    pollfd one{fd_, POLLIN, 0};
    CHECK(::poll(&one, 1, 60'000) > 0);
    char buffer[256];
    const auto n = ::read(fd_, buffer, sizeof buffer);
    if (n > 0) heard_.append(buffer, static_cast<std::size_t>(n));
    return n > 0;
  }
  std::string path_;
  std::string heard_;
  int fd_ = -1;
};

Job shell(const std::string& text, const std::string& lease = "1") {
  Job job;
  job.task_id = "t" + lease;
  job.lease = lease;
  job.spec.argv = {"/bin/sh", "-c", text};
  job.spec.environment = environment_with({});
  return job;
}

struct Recorder {
  std::vector<std::string> lines;
  std::vector<Ended> ended;
  Runner runner{[this](const auto&, const auto&, auto more) { lines.insert(lines.end(), more.begin(), more.end()); },
                [this](Ended one) { ended.push_back(std::move(one)); }};
  Ended run(Job job) {
    CHECK(runner.start(std::move(job)).has_value());
    std::vector<pollfd> none;
    while (ended.empty()) runner.turn(none, -1);
    return ended.back();
  }
};

TEST(Runner, InputGoesInAndOutputLinesAndExitCodeComeOut) {
  Recorder recorder;
  Job job = shell("cat; echo one >&2; echo two >&2; printf three >&2; exit 3");
  job.input = std::string(1'000'000, 'x');
  const auto ended = recorder.run(std::move(job));
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_EQ(ended.output.size(), 1'000'000);
  EXPECT_EQ(ended.output_cut, 0);
  EXPECT_EQ(ended.last_line, "three");
  EXPECT_THAT(recorder.lines, testing::ElementsAre("one", "two", "three"));
}

TEST(Runner, OutputIsKeptUpToWhatAResultMayHaveAndPassedOnInFull) {
  const std::size_t over = kOutputBytesMax + 1;
  std::size_t passed_on = 0;
  std::optional<Ended> ended;
  Runner runner([](const auto&, const auto&, auto) {}, [&](Ended one) { ended = std::move(one); },
                [&](std::string_view bytes) { passed_on += bytes.size(); });
  ASSERT_TRUE(runner.start(shell("head -c " + std::to_string(over) + " /dev/zero | tr '\\0' x")));
  std::vector<pollfd> none;
  while (!ended) runner.turn(none, -1);
  EXPECT_EQ(passed_on, over);
  EXPECT_EQ(ended->output.size(), kOutputBytesMax);
  EXPECT_EQ(ended->output_cut, 1);
}

TEST(Runner, AProgramThatDoesNotReadItsInputIsFine) {
  Recorder recorder;
  Job job = shell("exec true");
  job.input = std::string(1'000'000, 'x');
  EXPECT_EQ(recorder.run(std::move(job)).exit_code, 0);
}

TEST(Runner, AProgramThatDoesNotExistEndsWith127AndSaysSo) {
  Recorder recorder;
  Job job = shell("");
  job.spec.argv = {"/no/such/program"};
  const auto ended = recorder.run(std::move(job));
  EXPECT_EQ(ended.exit_code, 127);
  EXPECT_THAT(ended.last_line, testing::HasSubstr("cannot start /no/such/program"));
}

TEST(Runner, AProgramOverItsTimeIsEndedWithAllItStarted) {
  Scratch scratch;
  Recorder recorder;
  Job job = shell("exec 9>" + scratch.fifo() + "; setsid sh -c 'sleep 1000' & sleep 1000");
  job.timeout_ms = 50;
  const auto ended = recorder.run(std::move(job));
  EXPECT_EQ(ended.stop, Stop::kTimedOut);
  scratch.await_all_gone();
}

TEST(Runner, WhatAProgramLeavesInTheBackgroundEndsWithIt) {
  Scratch scratch;
  Recorder recorder;
  const auto ended = recorder.run(shell(
      "exec 9>" + scratch.fifo() + "; (setsid sh -c 'trap \"\" TERM HUP; echo up >&9; sleep 1000 & wait' &) ; exit 0"));
  EXPECT_EQ(ended.exit_code, 0);
  scratch.await_all_gone();
}

TEST(Runner, ACancelledProgramMayTidyUpOnTermination) {
  Scratch scratch;
  Recorder recorder;
  ASSERT_TRUE(recorder.runner.start(
      shell("exec 9>" + scratch.fifo() +
            "; trap 'echo tidy >&2; exit 0' TERM; echo up >&9; while :; do sleep 1000 & wait; done")));
  scratch.await("up");
  recorder.runner.stop("1", Stop::kCancelled);
  std::vector<pollfd> none;
  while (recorder.ended.empty()) recorder.runner.turn(none, -1);
  EXPECT_EQ(recorder.ended[0].stop, Stop::kCancelled);
  EXPECT_THAT(recorder.lines, testing::Contains("tidy"));
  EXPECT_EQ(make_report(recorder.ended[0])->body.at("outcome").as_string(), "released");
}

TEST(Supervisor, NothingIsLeftWhenTheWorkerIsKilled) {
  Scratch scratch;
  const std::string work = scratch.path() + "/work";
  fs::create_directory(work);
  const pid_t worker = ::fork();
  if (worker == 0) {
    ::execl("/proc/self/exe", "worker", "test-worker", work.c_str(), scratch.fifo().c_str(), nullptr);
    ::_exit(127);
  }
  scratch.await("grandchild up");
  ASSERT_EQ(::kill(worker, SIGKILL), 0);
  ASSERT_EQ(::waitpid(worker, nullptr, 0), worker);
  // The supervisor holds the FIFO too, and lets go of it after everything else, the directory included.
  scratch.await_all_gone();
  EXPECT_FALSE(fs::exists(work));
}

TEST(Supervisor, WhatAProgramStartedEndsAlsoWhenItsSupervisorIsKilled) {
  Scratch scratch;
  const std::string work = scratch.path() + "/work";
  fs::create_directory(work);
  Recorder recorder;
  // What the program starts is deaf, and each in a session of its own.
  Job job = shell("exec 9>" + scratch.fifo() +
                  "; setsid sh -c 'trap \"\" TERM HUP; setsid sleep 1000 & echo up >&9; sleep 1000' & wait");
  job.spec.remove_directory = work;
  const auto before = descendants(::getpid()).size();
  ASSERT_TRUE(recorder.runner.start(std::move(job)));
  scratch.await("up");
  const pid_t supervisor = descendants(::getpid()).at(before);
  // Another program, which has nothing to do with it.
  const std::string go = scratch.path() + "/go";
  ASSERT_EQ(::mkfifo(go.c_str(), 0600), 0);
  const int gate = ::open(go.c_str(), O_RDWR | O_CLOEXEC);
  ASSERT_TRUE(recorder.runner.start(shell("read -r line < " + go + "; echo $line", "2")));
  ASSERT_EQ(::kill(supervisor, SIGKILL), 0);
  std::vector<pollfd> none;
  while (recorder.ended.empty()) recorder.runner.turn(none, -1);
  EXPECT_EQ(recorder.ended[0].lease, "1");
  EXPECT_EQ(recorder.ended[0].exit_code, 128 + SIGKILL);
  EXPECT_FALSE(fs::exists(work));
  scratch.await_all_gone();
  ASSERT_EQ(::write(gate, "unharmed\n", 9), 9);
  while (recorder.ended.size() < 2) recorder.runner.turn(none, -1);
  EXPECT_EQ(recorder.ended[1].output, "unharmed\n");
  ::close(gate);
}

// In a process that is bound by permissions, which root is not.
bool as_somebody(const std::string& path, const std::function<bool()>& does) {
  constexpr uid_t kNobody = 65'534;
  if (::getuid() == 0) {
    for (const auto& entry : fs::recursive_directory_iterator(path)) {
      CHECK(::lchown(entry.path().c_str(), kNobody, kNobody) == 0);
    }
    CHECK(::lchown(path.c_str(), kNobody, kNobody) == 0);
  }
  const pid_t pid = ::fork();
  if (pid == 0) {
    const bool bound = ::getuid() != 0 || (::setgid(kNobody) == 0 && ::setuid(kNobody) == 0);
    ::_exit(bound && does() ? 0 : 1);
  }
  int status = 1;
  ::waitpid(pid, &status, 0);
  return status == 0;
}

TEST(Removal, WhatItsOwnerMayNotWriteGoesAndLinksAreNotFollowed) {
  Scratch scratch;
  const std::string tree = scratch.path() + "/tree";
  const std::string outside = scratch.path() + "/outside";
  fs::create_directories(tree + "/module/deep");
  fs::create_directory(outside);
  for (const auto& file : {tree + "/module/go.mod", tree + "/module/deep/file", outside + "/precious"}) {
    std::ofstream(file) << "x";
  }
  fs::create_directory_symlink(outside, tree + "/module/link");
  const auto read_only = fs::perms::owner_read | fs::perms::owner_exec;
  EXPECT_TRUE(as_somebody(scratch.path(), [&] {
    fs::permissions(tree + "/module/deep", fs::perms::none);
    fs::permissions(tree + "/module", read_only);
    fs::permissions(outside, read_only);
    return remove_tree(tree).has_value();
  }));
  EXPECT_FALSE(fs::exists(tree));
  EXPECT_TRUE(fs::exists(outside + "/precious"));
  EXPECT_EQ(fs::status(outside).permissions(), read_only);
  EXPECT_TRUE(remove_tree(tree)) << "nothing there is fine";
}

TEST(Removal, WhatCannotBeRemovedIsNamedAndEverythingElseGoes) {
  Scratch scratch;
  const std::string closed = scratch.path() + "/closed";
  fs::create_directories(closed + "/tree/below");
  EXPECT_TRUE(as_somebody(scratch.path(), [&] {
    fs::permissions(closed, fs::perms::owner_read | fs::perms::owner_exec);
    const auto removed = remove_tree(closed + "/tree");
    fs::permissions(closed, fs::perms::owner_all);
    return !removed && removed.error().message == "`" + closed + "/tree` cannot be removed: Permission denied.";
  }));
  EXPECT_TRUE(fs::is_empty(closed + "/tree"));
}

TEST(Workspace, WhatAProgramClosedGoesWithTheTaskAndTheNextWorkersStart) {
  Scratch scratch;
  const std::string root = scratch.path() + "/root";
  EXPECT_TRUE(as_somebody(scratch.path(), [&] {
    const pid_t dead = ::fork();
    if (dead == 0) {
      auto workspace = Workspace::open(root).value();
      const auto place = workspace->make_directory("a").value();
      std::ofstream(place + "/file") << "x";
      for (const auto& path : {place, workspace->path()}) fs::permissions(path, fs::perms::owner_read);
      ::_exit(0);  // without any tidying up
    }
    ::waitpid(dead, nullptr, 0);
    auto workspace = Workspace::open(root).value();
    const auto places = std::distance(fs::directory_iterator(root), fs::directory_iterator());
    const bool alone = places == 2 && workspace->remarks().empty();  // our own, and the lock
    return alone && workspace->close() && !fs::exists(workspace->path());
  }));
}

TEST(Workspace, TheNextWorkerRemovesWhatADeadOneLeft) {
  Scratch scratch;
  const std::string root = scratch.path() + "/root";
  std::string dead;
  {
    const pid_t pid = ::fork();
    if (pid == 0) {
      auto workspace = Workspace::open(root);
      ::_exit(workspace && (*workspace)->make_directory("a") ? 0 : 1);  // without any tidying up
    }
    int status = 1;
    ::waitpid(pid, &status, 0);
    ASSERT_EQ(status, 0);
    for (const auto& entry : fs::directory_iterator(root)) {
      if (entry.is_directory()) dead = entry.path().string();
    }
    ASSERT_FALSE(dead.empty());
  }
  auto alive = Workspace::open(root).value();
  EXPECT_FALSE(fs::exists(dead));
  auto other = Workspace::open(root).value();
  EXPECT_TRUE(fs::exists(alive->path()));
  EXPECT_TRUE(other->make_directory("x"));
}

TEST(Workspace, ADirectoryThatOthersCanWriteToIsRefused) {
  Scratch scratch;
  fs::permissions(scratch.path(), fs::perms::all);
  EXPECT_EQ(Workspace::open(scratch.path()).error().code, base::ErrorCode::kInvalidRequest);
}

TEST(Executor, ExitCodesBecomeOutcomes) {
  Ended ended;
  ended.task_id = "t";
  ended.lease = "1";
  EXPECT_EQ(json::serialize(make_report(ended)->body), R"({"outcome":"completed"})");
  ended.output = "{\"a\": 1}\n";
  EXPECT_EQ(json::serialize(make_report(ended)->body), R"({"outcome":"completed"})");
  EXPECT_EQ(make_report(ended)->result, "{\"a\": 1}");
  ended.output_cut = 1;
  const auto too_large = make_report(ended)->body;
  EXPECT_EQ(too_large.at("outcome").as_string(), "failed");
  EXPECT_EQ(too_large.at("error").at("code").as_string(), "too_large");
  EXPECT_THAT(std::string(too_large.at("error").at("message").as_string()), testing::HasSubstr("8388608 bytes"));
  EXPECT_FALSE(too_large.at("retryable").as_bool());
  ended.output_cut = 0;
  ended.exit_code = 2;
  ended.last_line = "no luck";
  EXPECT_EQ(json::serialize(make_report(ended)->body),
            R"({"outcome":"failed","error":{"message":"no luck","code":"exit_2"},"retryable":true})");
  ended.exit_code = kExitForGood;
  EXPECT_FALSE(make_report(ended)->body.at("retryable").as_bool());
  ended.exit_code = 128 + 9;
  EXPECT_EQ(make_report(ended)->body.at("error").at("code").as_string(), "signal_9");
  ended.stop = Stop::kTimedOut;
  EXPECT_EQ(make_report(ended)->body.at("error").at("code").as_string(), "timeout");
  EXPECT_TRUE(make_report(ended)->body.at("retryable").as_bool());
  ended.retry_failure = false;
  EXPECT_FALSE(make_report(ended)->body.at("retryable").as_bool());
  ended.stop = Stop::kShutdown;
  EXPECT_EQ(make_report(ended)->body.at("outcome").as_string(), "released");
  ended.stop = Stop::kLost;
  EXPECT_FALSE(make_report(ended));
}

TEST(Executor, OutputIsJsonWhenItParsesElseAString) {
  EXPECT_EQ(read_result(" [1]\n"), "[1]");
  EXPECT_EQ(read_result("{\"version\": 1.10}\n"), "{\"version\": 1.10}");
  EXPECT_EQ(read_result("\"text\"\n"), "\"text\"");
  EXPECT_EQ(read_result("true"), "true");
  EXPECT_EQ(read_result("null\n"), "null");
  EXPECT_EQ(read_result("two\nlines\n"), R"("two\nlines")");
  EXPECT_EQ(read_result("\xff!"), "\"\xEF\xBF\xBD!\"");
  EXPECT_EQ(read_result(" \n"), "");
}

TEST(Executor, ANumberIsANumberOnlyWhenNobodyCanChangeIt) {
  for (const auto* exact : {"0", "-7", "42", "1.5", "-0.25", "0.1", "9007199254740992", "-9007199254740992"}) {
    EXPECT_EQ(read_result(std::string(exact) + "\n"), exact);
  }
  for (const auto* other :
       {"12345e6", "1234e567", "1E5", "1.10", "1.0", "-0", "9007199254740993", "18446744073709551615",
        "123456789012345678901234567890", "0.10000000000000000001", "12345678901234567890.5"}) {
    EXPECT_EQ(read_result(std::string(other) + "\n"), "\"" + std::string(other) + "\"");
  }
  EXPECT_EQ(read_result("[1234e567]"), "\"[1234e567]\"") << "no reader takes it";
}

TEST(Executor, ProgramsKnowTheirTaskAndShellTasksTheirNeeds) {
  Scratch scratch;
  auto workspace = Workspace::open(scratch.path() + "/root").value();
  Executor executor;
  executor.endpoint = {"127.0.0.1", 7420, "secret", ""};
  executor.worker = "w1";
  executor.fresh = true;
  executor.workspace = workspace.get();
  Leased leased{"job.step", "shell", "17", 2, 0, {}, {{"scan.0", "zero"}, {"../x", "safe"}}};
  leased.payload = {{"run",
                     "echo $A $ARBITER_TASK_ID $ARBITER_ATTEMPT $ARBITER_NAMESPACE $(cat $ARBITER_NEEDS/scan.0); "
                     "ls -A $ARBITER_NEEDS | wc -l; ls | wc -l; pwd"},
                    {"env", {{"A", 1}}}};
  Recorder recorder;
  auto job = make_job(executor, leased).value();
  const auto place = job.spec.remove_directory;
  EXPECT_TRUE(fs::exists(place));
  const auto ended = recorder.run(std::move(job));
  EXPECT_EQ(ended.output, "1 job.step 2 default zero\n2\n0\n" + place + "/work\n");
  EXPECT_FALSE(fs::exists(place));
}

TEST(Executor, AShellTaskStopsAtItsFirstFailure) {
  Executor executor;
  Leased leased{"t", "shell", "1", 1, 0, {{"run", "false\necho not reached"}}};
  Recorder recorder;
  EXPECT_EQ(recorder.run(make_job(executor, leased).value()).exit_code, 1);
  leased.payload = {{"cmd", "x"}};
  EXPECT_EQ(make_job(executor, leased).error().code, base::ErrorCode::kInvalidRequest);
}

TEST(Text, LinesAreCutAndMadeUtf8) {
  LineCutter cutter;
  EXPECT_THAT(cutter.add("a\r\nb"), testing::ElementsAre("a"));
  EXPECT_THAT(cutter.add("c\n\xc3"), testing::ElementsAre("bc"));
  EXPECT_THAT(cutter.add("\xa9\n"), testing::ElementsAre("\xc3\xa9"));
  EXPECT_THAT(cutter.add(std::string(kLineBytesMax + 1, 'x')), testing::SizeIs(1));
  EXPECT_EQ(cutter.rest(), "x");
}

TEST(Text, WhatIsNotUtf8IsReplaced) {
  const std::string mark = "\xEF\xBF\xBD";
  EXPECT_EQ(clean_utf8("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80");
  EXPECT_EQ(clean_utf8(std::string("a\0b", 3)), "a" + mark + "b");
  EXPECT_EQ(clean_utf8("\xed\xa0\x80"), mark + mark + mark);
  EXPECT_EQ(clean_utf8("\xc0\xaf"), mark + mark);
}

// The worker that NothingIsLeftWhenTheWorkerIsKilled kills: one program with a child in a session of its own.
int run_test_worker(const std::string& work, const std::string& fifo) {
  Recorder recorder;
  Job job =
      shell("exec 9>" + fifo + "; setsid sh -c 'trap \"\" TERM HUP; echo grandchild up >&9; sleep 1000' & sleep 1000");
  job.spec.directory = work;
  job.spec.remove_directory = work;
  // The supervisor inherits this one: above the numbers that it gets otherwise, and open across exec.
  CHECK(::fcntl(::open(fifo.c_str(), O_WRONLY), F_DUPFD, 100) >= 0);
  recorder.run(std::move(job));
  return 0;
}

}  // namespace
}  // namespace arbiter::worker

int main(int argc, char** argv) {
  if (argc > 1 && argv[1] == arbiter::worker::kSupervisorCommand) return arbiter::worker::run_supervisor(argc, argv);
  if (argc > 3 && std::string_view(argv[1]) == "test-worker") {
    return arbiter::worker::run_test_worker(argv[2], argv[3]);
  }
  ::signal(SIGPIPE, SIG_IGN);
  testing::InitGoogleMock(&argc, argv);
  return RUN_ALL_TESTS();
}
