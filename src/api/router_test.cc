#include "api/router.h"

#include <gmock/gmock.h>

namespace arbiter::api {
namespace {

const Router& router() {
  static const Router table(operations());
  return table;
}

std::string name_of(const Route& route) { return route.operation ? std::string(route.operation->name) : ""; }

TEST(Router, FindsEveryOperationByItsOwnPath) {
  for (const auto& operation : operations()) {
    const Route route = router().find(operation.method, operation.path);
    ASSERT_TRUE(route.operation) << operation.path;
    EXPECT_EQ(route.operation->name, operation.name);
  }
}

TEST(Router, AFixedSegmentGoesBeforeAValue) {
  struct Case {
    const char* method;
    const char* path;
    const char* name;
    std::vector<std::string> values;
  };
  const Case cases[] = {
      {"POST", "/api/v1/tasks/lease", "tasks.lease", {}},
      {"GET", "/api/v1/tasks/lease", "tasks.get", {"lease"}},  // a task may have that name
      {"POST", "/api/v1/tasks/bulk/cancel", "tasks.cancel", {"bulk"}},
      {"GET", "/api/v1/tasks/bulk/b1", "tasks.get_bulk", {"b1"}},
      {"GET", "/api/v1/tasks/a%3Ab%2Fc", "tasks.get", {"a:b/c"}},
      {"HEAD", "/api/v1/tasks/a", "tasks.get", {"a"}},
      {"PUT", "/api/v1/queues/q", "queues.configure", {"q"}},
  };
  for (const auto& c : cases) {
    const Route route = router().find(c.method, c.path);
    EXPECT_EQ(name_of(route), c.name) << c.path;
    std::vector<std::string> values;
    for (const auto& [name, value] : route.values) values.push_back(value);
    EXPECT_EQ(values, c.values) << c.path;
  }
}

TEST(Router, AWrongMethodIsToldTheRightOnes) {
  const Route route = router().find("PATCH", "/api/v1/workers/w1");
  EXPECT_FALSE(route.operation);
  EXPECT_EQ(route.allow, "GET, DELETE");
}

TEST(Router, AnUnknownPathHasNoMethods) {
  for (const char* path :
       {"", "/", "/api", "/api/v1", "/api/v1/nothing", "/api/v1/tasks/", "/api/v1/tasks//cancel",
        "/api/v1/tasks/a/b/c/d/e/f/g", "/api/v1/tasks/%zz", "/api/v1/tasks/%4", "api/v1/tasks", "/API/v1/tasks"}) {
    const Route route = router().find("GET", path);
    EXPECT_FALSE(route.operation) << path;
    EXPECT_EQ(route.allow, "") << path;
  }
}

TEST(Operations, NamesAndRoutesAreUnique) {
  std::set<std::string_view> names;
  std::set<std::pair<std::string_view, std::string_view>> routes;
  for (const auto& operation : operations()) {
    EXPECT_TRUE(names.insert(operation.name).second) << operation.name;
    EXPECT_TRUE(routes.emplace(operation.method, operation.path).second) << operation.path;
    EXPECT_FALSE(operation.help.empty()) << operation.name;
  }
}

}  // namespace
}  // namespace arbiter::api
