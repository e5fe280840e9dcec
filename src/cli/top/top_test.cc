#include <gmock/gmock.h>

#include "cli/top/keys.h"
#include "cli/top/screen.h"
#include "cli/top/sections.h"

namespace arbiter::cli::top {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

const base::Timestamp kNow{1'767'225'600'000};  // 2026-01-01T00:00:00Z

Picture picture_of(const char* text) {
  const auto value = json::parse(text);
  Picture picture;
  picture.url = "http://127.0.0.1:7420";
  picture.at = kNow;
  const auto list = [&](const char* key) { return value.at(key).as_array(); };
  picture.status = {{"version", "1.2.3"}, {"uptimeMs", 60'000}};
  picture.inbox = value.at("inbox");
  picture.workers = list("workers");
  picture.tasks = list("tasks");
  picture.queues = list("queues");
  picture.events = list("events");
  return picture;
}

Picture busy() {
  return picture_of(R"({
    "inbox": {"items": [{"item": "question:q1", "kind": "question", "id": "q1", "state": "open", "severity": "warning",
      "title": "Which database?", "taskId": "plan", "workerId": "ada", "createdAt": "2025-12-31T23:59:20Z",
      "options": ["postgres", "sqlite"], "default": "sqlite", "expiresAt": "2026-01-01T00:05:00Z"}],
      "open": {"questions": 1, "incidents": 0, "deadTasks": 0}},
    "workers": [
      {"id": "old", "state": "lost", "running": 0, "maxConcurrent": 1, "lastSeenAt": "2025-12-31T23:00:00Z"},
      {"id": "bob", "state": "live", "running": 0, "maxConcurrent": 1, "lastSeenAt": "2025-12-31T23:59:59Z"},
      {"id": "ada", "state": "live", "running": 2, "maxConcurrent": 2, "lastSeenAt": "2025-12-31T23:59:58Z"},
      {"id": "was", "state": "gone", "running": 0, "maxConcurrent": 1}],
    "tasks": [
      {"id": "build", "type": "shell", "queue": "q", "state": "running", "attempt": 1, "maxAttempts": 3,
       "workerId": "ada", "startedAt": "2025-12-31T23:59:00Z",
       "progress": {"percent": 40, "message": "half", "at": "2025-12-31T23:59:50Z"}},
      {"id": "plan", "type": "shell", "queue": "q", "state": "suspended", "attempt": 1, "maxAttempts": 3,
       "workerId": "ada", "startedAt": "2025-12-31T23:59:00Z", "reason": "question"},
      {"id": "later", "type": "shell", "queue": "q", "state": "queued", "attempt": 0, "maxAttempts": 3,
       "createdAt": "2025-12-31T23:59:00Z"}],
    "queues": [{"name": "q", "paused": true, "depth": {"queued": 1, "running": 1, "suspended": 1},
      "oldestAgeMs": 60000, "completedPerSecond": 1.25, "failedPerSecond": 0.5, "submittedPerSecond": 2}],
    "events": [
      {"position": 1, "time": "2025-12-31T23:59:00.000Z", "type": "TASK.SUBMITTED.SUCCESS", "tags": ["task:build", "task", "team:a"], "data": {}},
      {"position": 2, "time": "2025-12-31T23:59:30.000Z", "type": "TASK.FAILED.RETRY", "tags": ["task:plan", "worker:ada"],
       "data": {"reason": "exit_1"}}]})");
}

std::vector<std::string> drawn(const Picture& picture, const Choice& choice = {}, Size size = {80, 24},
                               const Link& link = {}) {
  return frame(picture, link, choice, size, kNow, /*colours=*/false);
}

std::string joined(const std::vector<std::string>& lines) {
  std::string out;
  for (const auto& line : lines) out += line + "\n";
  return out;
}

TEST(TopScreen, ShowsWhatNeedsAPersonWhoDoesWhatAndWhatHappened) {
  const auto lines = drawn(busy(), {}, {120, 30});
  EXPECT_EQ(lines.size(), 30U);
  EXPECT_THAT(lines[0], HasSubstr("arbiter 1.2.3  http://127.0.0.1:7420  default"));
  EXPECT_THAT(lines[0], HasSubstr("live  00:00:00Z"));
  EXPECT_THAT(lines[1],
              HasSubstr("workers 1 busy 1 idle 1 lost  tasks 1 running 1 suspended 1 queued  done 1.2/s failed 0.5/s"));
  EXPECT_THAT(lines[2], HasSubstr("2 Inbox (1)"));
  const auto text = joined(lines);
  EXPECT_THAT(text, HasSubstr("question  40s  Which database? [postgres | sqlite*]"));
  EXPECT_THAT(text, HasSubstr("in 5m00s"));
  EXPECT_THAT(text, testing::ContainsRegex("ada +live +2/2 +2.0s +build \\+1 +1m00s +40% half \\(10s ago\\)"));
  EXPECT_THAT(text, testing::ContainsRegex("TASK.FAILED.RETRY +plan ada  exit_1"));
  EXPECT_THAT(text, testing::ContainsRegex("TASK.SUBMITTED.SUCCESS +build task team:a"));
  EXPECT_THAT(text, HasSubstr("paused"));
  EXPECT_THAT(text, Not(HasSubstr("later")));  // It is not worked on.
  EXPECT_LT(text.find("ada "), text.find("bob "));
  EXPECT_LT(text.find("bob "), text.find("old "));
  EXPECT_THAT(text, Not(HasSubstr("was ")));
}

TEST(TopScreen, FitsIntoAnySize) {
  Picture picture = busy();
  for (int i = 0; i < 300; ++i) {
    picture.workers.push_back({{"id", "worker-with-quite-a-long-name-" + std::to_string(i)}, {"state", "live"}});
    picture.events.push_back({{"type", "TASK.SUBMITTED.SUCCESS"}, {"data", json::object()}});
  }
  for (const std::size_t columns : {1U, 7U, 20U, 40U, 80U, 200U}) {
    for (const std::size_t rows : {1U, 2U, 5U, 10U, 24U, 50U}) {
      for (std::size_t view = 0; view < kViews; ++view) {
        Choice choice;
        choice.view = static_cast<View>(view);
        const auto lines = drawn(picture, choice, {columns, rows});
        EXPECT_EQ(lines.size(), rows);
        for (const auto& line : lines) EXPECT_LE(width(line), columns) << columns << "x" << rows << ": " << line;
      }
    }
  }
}

TEST(TopScreen, HostileNamesDisturbNothing) {
  Picture picture = busy();
  picture.tasks[0].at("progress").at("message") = "\x1b[2J\u202Egnp.\x07 日本";
  picture.inbox.at("items").at(0).at("title") = "\x1b]0;owned\x07 sure?";
  for (const auto& line : drawn(picture, {}, {100, 30})) {
    EXPECT_EQ(line, printable(line));
    EXPECT_LE(width(line), 100U);
  }
}

TEST(TopScreen, SaysSinceWhenItIsNotLiveAndWhy) {
  const auto lines = drawn(busy(), {}, {100, 24}, {false, {kNow.ms - 90'000}, "Connection refused."});
  EXPECT_THAT(lines.front(), HasSubstr("NOT LIVE for 1m30s, since 23:58:30Z"));
  EXPECT_THAT(lines.back(), HasSubstr("Connection refused."));
}

TEST(TopScreen, AViewHasAllOfItsRowsAndScrolls) {
  Picture picture = busy();
  picture.workers.clear();
  for (int i = 10; i < 60; ++i) picture.workers.push_back({{"id", "w" + std::to_string(i)}, {"state", "live"}});
  Choice choice;
  choice.view = View::kWorkers;
  const Size size{80, 24};
  EXPECT_THAT(joined(drawn(picture, choice, size)), HasSubstr("w27"));
  EXPECT_THAT(joined(drawn(picture, choice, size)), HasSubstr("… 32 more"));
  choice.skip = 1'000;
  keep_in_range(picture, choice, size, kNow);
  EXPECT_EQ(choice.skip, 50 - page_of(size));
  const auto end = joined(drawn(picture, choice, size));
  EXPECT_THAT(end, HasSubstr("w59"));
  EXPECT_THAT(end, Not(HasSubstr("more")));
}

TEST(TopScreen, WhatIsToBeAnsweredIsNamedInWhole) {
  Picture picture = busy();
  picture.inbox.at("items").at(0).at("id") = "question_01h455vb4pex5vsknk084sn02q";
  Choice choice;
  choice.view = View::kInbox;
  EXPECT_THAT(joined(drawn(picture, choice)), HasSubstr("question_01h455vb4pex5vsknk084sn02q"));
  EXPECT_THAT(joined(drawn(picture, choice)), HasSubstr("arbiter question answer ID ANSWER"));
}

TEST(TopScreen, TheFilterKeepsRowsThatContainIt) {
  Choice choice;
  choice.view = View::kTasks;
  choice.filter = "BUI";
  const auto text = joined(drawn(busy(), choice));
  EXPECT_THAT(text, HasSubstr("build"));
  EXPECT_THAT(text, Not(HasSubstr("plan")));
  EXPECT_THAT(text, HasSubstr("/BUI"));
  choice.filter = "zzz";
  EXPECT_THAT(joined(drawn(busy(), choice)), HasSubstr("Nothing here contains `zzz`."));
}

TEST(TopScreen, WithoutAnEndEveryPartIsThere) {
  const auto text = joined(drawn(busy(), {}, {100, 0}));
  for (const char* heading : {"INBOX", "WORKER", "TASK", "QUEUE", "AT (UTC)"}) EXPECT_THAT(text, HasSubstr(heading));
  EXPECT_THAT(text, Not(HasSubstr("q quit")));
}

TEST(TopSection, ColumnsOfHighRankLeaveFirstThenIdsGiveWayAndTheRestStretches) {
  const Section section{{{"ID", false, false, true}, {"N", true, false, false, 1}, {"TEXT", false, true}},
                        {{"task-0123456789-abcdefgh", "7", "a remark on it that is quite long"}}};
  EXPECT_THAT(lines_of(section, 70, 5, 0, false),
              ElementsAre("ID                        N  TEXT",
                          "task-0123456789-abcdefgh  7  a remark on it that is quite long"));
  EXPECT_THAT(
      lines_of(section, 60, 5, 0, false),
      ElementsAre("ID                        N  TEXT", "task-0123456789-abcdefgh  7  a remark on it that is quite l…"));
  EXPECT_THAT(lines_of(section, 50, 5, 0, false),
              ElementsAre("ID                 N  TEXT", "task-012…abcdefgh  7  a remark on it that is quit…"));
  EXPECT_THAT(lines_of(section, 48, 5, 0, false),
              ElementsAre("ID                  TEXT", "task-0123…abcdefgh  a remark on it that is quit…"));
  EXPECT_THAT(lines_of(section, 9, 5, 0, false), ElementsAre("ID", "task…efgh"));
}

TEST(TopSection, LongIdsKeepTheirEnds) {
  EXPECT_EQ(ends_of("short", 9), "short");
  EXPECT_EQ(ends_of("repository-checkup-7dc2425a.w12", 11), "repos…a.w12");
  EXPECT_EQ(ends_of("日本日本日本", 7), "日本…本");
}

TEST(TopKeys, AreReadAndUnknownSequencesPassedOver) {
  const auto kinds = [](std::string_view bytes) {
    std::vector<KeyKind> out;
    for (const auto& key : read_keys(bytes)) out.push_back(key.kind);
    return out;
  };
  EXPECT_THAT(kinds("q\t\x1b[A\x1b[5~\x1b[Z\r"), ElementsAre(KeyKind::kText, KeyKind::kTab, KeyKind::kUp,
                                                             KeyKind::kPageUp, KeyKind::kBackTab, KeyKind::kEnter));
  EXPECT_THAT(kinds("\x1b"), ElementsAre(KeyKind::kEscape));
  EXPECT_THAT(kinds("\x1b[1;5Cx"), ElementsAre(KeyKind::kText));
  EXPECT_THAT(kinds("\x01\xc3\xa4"), ElementsAre());
}

TEST(TopKeys, ChooseViewsFilterScrollAndPause) {
  Choice choice;
  const auto type = [&](std::string_view bytes) {
    for (const auto& key : read_keys(bytes)) press(key, 10, choice);
  };
  type("\t\t");
  EXPECT_EQ(choice.view, View::kWorkers);
  type("\x1b[Z");
  EXPECT_EQ(choice.view, View::kInbox);
  type("4\x1b[B\x1b[B\x1b[6~\x1b[A");
  EXPECT_EQ(choice.view, View::kTasks);
  EXPECT_EQ(choice.skip, 11U);
  type("/quit\x7f\x7f\x7fp q\r");
  EXPECT_EQ(choice.filter, "qp q");
  EXPECT_FALSE(choice.quit);
  EXPECT_FALSE(choice.typing);
  EXPECT_EQ(choice.skip, 0U);
  type("\x1b");
  EXPECT_EQ(choice.filter, "");
  type("p");
  EXPECT_TRUE(choice.paused);
  type(" ");
  EXPECT_FALSE(choice.paused);
  type("/" + std::string(200, 'x') + "\r");
  EXPECT_THAT(choice.filter, SizeIs(kFilterMax));
  type("q");
  EXPECT_TRUE(choice.quit);
}

}  // namespace
}  // namespace arbiter::cli::top
