#include "worker/worktree.h"

#include <gtest/gtest.h>

namespace arbiter::worker {
namespace {

TEST(Worktree, BranchesAreNamedAfterTheirTasks) {
  EXPECT_EQ(branch_name("build-1", 1), "arbiter/build-1");
  EXPECT_EQ(branch_name("build-1", 2), "arbiter/build-1-2");
  EXPECT_EQ(branch_name("v1.2", 1), "arbiter/v1.2");
}

// What git's check-ref-format refuses, and what would lead out of the directory.
TEST(Worktree, NoNameOfATaskLeadsElsewhere) {
  for (const auto& [task, branch] :
       std::vector<std::pair<std::string, std::string>>{{"a:b", "arbiter/a_b"},
                                                        {"a..b", "arbiter/a._b"},
                                                        {"../../etc", "arbiter/_._.__etc"},
                                                        {"a/b", "arbiter/a_b"},
                                                        {"x.lock", "arbiter/x.lock_"},
                                                        {"x.", "arbiter/x._"},
                                                        {"-f", "arbiter/-f"},
                                                        {"a@{1}", "arbiter/a__1_"},
                                                        {"a b\n~^*?[\\", "arbiter/a_b_______"},
                                                        {".", "arbiter/_"},
                                                        {"", "arbiter/_"}}) {
    EXPECT_EQ(branch_name(task, 1), branch) << task;
    EXPECT_EQ(branch_name(task, 1).find('/', 8), std::string::npos) << task;
  }
}

}  // namespace
}  // namespace arbiter::worker
