#include "cli/completion/complete.h"

#include <gmock/gmock.h>

#include <CLI/CLI.hpp>

namespace arbiter::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

// A tree like the program's, in small.
class Complete : public testing::Test {
 protected:
  Complete() {
    root_.fallthrough();
    root_.add_option("-o,--output", text_, "How to print")->type_name("FORMAT");
    root_.add_option("--data", text_, "The data directory")->type_name("DIR");
    root_.add_subcommand("secret", "Not for people")->group("");
    auto* task = root_.add_subcommand("task", "Tasks");
    auto* list = task->add_subcommand("list", "Tasks, newest first");
    list->add_option("--state", text_, "Only these");
    list->add_option("--queue", text_, "Only of this queue");
    list->add_flag("--all", flag_, "All of them");
    auto* show = task->add_subcommand("show", "One task");
    show->add_option("task", text_, "Its id");
    auto* exec = task->add_subcommand("exec", "Do it");
    exec->add_option("task", text_, "Its id");
    exec->add_option("command", list_, "The program");
    auto* cancel = task->add_subcommand("cancel", "Cancel tasks");
    cancel->add_option("tasks", list_, "Their ids");
    auto* worker = root_.add_subcommand("worker", "Workers");
    auto* run = worker->add_subcommand("run", "Be one");
    run->add_option("--workdir", text_, "Where")->check(CLI::IsMember({"shared", "fresh"}));
    worker->add_subcommand("show", "One worker")->add_option("name", text_, "The worker");
    worker->add_subcommand("register", "A new one")->add_option("name,--name", text_, "Its name");
    root_.add_subcommand("serve", "The server")->add_option("--config", text_, "A file")->type_name("FILE");
  }

  std::vector<std::string> words(const std::vector<std::string>& typed) {
    std::vector<std::string> out;
    for (const auto& suggestion : complete(root_, typed).words) out.push_back(suggestion.word);
    return out;
  }

  CLI::App root_{"", "arbiter"};
  std::string text_;
  std::vector<std::string> list_;
  bool flag_ = false;
};

TEST_F(Complete, CommandsThatBeginLikeTheLastWord) {
  EXPECT_THAT(words({""}), ElementsAre("task", "worker", "serve"));
  EXPECT_THAT(words({"wo"}), ElementsAre("worker"));
  EXPECT_THAT(words({"task", "s"}), ElementsAre("show"));
  EXPECT_THAT(words({"nothing", ""}), ElementsAre("task", "worker", "serve"));
  EXPECT_EQ(complete(root_, {"wo"}).words[0].what, "Workers");
}

TEST_F(Complete, OptionsOfTheCommandAndThoseAboveIt) {
  EXPECT_THAT(words({"task", "list", "--"}),
              testing::IsSupersetOf({"--state", "--queue", "--all", "--output", "--data", "--help"}));
  EXPECT_THAT(words({"task", "list", "--st"}), ElementsAre("--state"));
  EXPECT_THAT(words({"task", "--st"}), IsEmpty());
}

TEST_F(Complete, ValuesOfOptionsInBothForms) {
  EXPECT_THAT(words({"worker", "run", "--workdir", ""}), UnorderedElementsAre("shared", "fresh"));
  EXPECT_THAT(words({"worker", "run", "--workdir=f"}), ElementsAre("--workdir=fresh"));
  EXPECT_THAT(words({"-o", "j"}), ElementsAre("json"));
  EXPECT_THAT(words({"task", "list", "--state", "susp"}), ElementsAre("suspended"));
  // A value is no command, and a flag takes none.
  EXPECT_THAT(words({"-o", "json", "task", "l"}), ElementsAre("list"));
  EXPECT_THAT(words({"--data", "task", "wo"}), ElementsAre("worker"));
  EXPECT_THAT(words({"task", "list", "--all", "--st"}), ElementsAre("--state"));
}

TEST_F(Complete, WhatTheServerKnows) {
  EXPECT_EQ(complete(root_, {"task", "show", ""}).names, Names::kTasks);
  EXPECT_EQ(complete(root_, {"task", "cancel", "a", "b", ""}).names, Names::kTasks);
  EXPECT_EQ(complete(root_, {"worker", "show", "w"}).names, Names::kWorkers);
  EXPECT_EQ(complete(root_, {"task", "list", "--queue", ""}).names, Names::kQueues);
  const auto inside = complete(root_, {"task", "list", "--queue=b"});
  EXPECT_EQ(inside.names, Names::kQueues);
  EXPECT_EQ(inside.prefix, "--queue=");
  EXPECT_EQ(complete(root_, {"worker", "register", ""}).names, Names::kNone) << "a new name is nobody's yet";
}

TEST_F(Complete, FilesAndDirectories) {
  EXPECT_TRUE(complete(root_, {"serve", "--config", ""}).files);
  EXPECT_TRUE(complete(root_, {"--data", "x"}).directories);
  const auto program = complete(root_, {"task", "exec", "a", "--", "ls", "--"});
  EXPECT_TRUE(program.files);
  EXPECT_THAT(program.words, IsEmpty());
}

TEST(ValueOf, FindsGlobalOptionsThatAreComplete) {
  EXPECT_EQ(value_of({"--data", "d", "task", ""}, "--data"), "d");
  EXPECT_EQ(value_of({"task", "show", "--data=d", ""}, "--data"), "d");
  EXPECT_EQ(value_of({"task", "--data", "half"}, "--data"), "");
  EXPECT_EQ(value_of({"task", "exec", "--", "--data", "d", ""}, "--data"), "");
}

}  // namespace
}  // namespace arbiter::cli
