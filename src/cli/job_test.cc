#include "cli/job.h"

#include <gmock/gmock.h>

#include "cli/job_plan.h"

namespace arbiter::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Job good(const std::string& yaml) { return read_job(yaml, "j.yaml", "job").value(); }

std::vector<std::string> mistakes(const std::string& yaml) {
  auto job = read_job(yaml, "j.yaml", "job");
  std::vector<std::string> out;
  if (job) return out;
  for (const auto& field : job.error().fields)
    out.push_back(field.field.substr(std::min<std::size_t>(7, field.field.size())) + " " + field.message);
  if (out.empty()) out.push_back(job.error().message);
  return out;
}

constexpr const char* kJob = R"(
name: build
workers: 2
env: {MODE: fast, N: 1}
steps:
  report:
    needs: [test, fetch]
    run: cat $ARBITER_NEEDS/*
    show: true
  test:
    needs: fetch
    foreach: [unit, {a: 1}]
    run: make ${item}
    env: {WHAT: "${item}!"}
  fetch: {run: git fetch, retry: {attempts: 5, backoff: 2s}, timeout: 1m}
  review:
    type: review
    with: {path: "${item}", n: 1, s: "1", deep: [true, null, 1.5]}
    foreach: [x]
)";

TEST(Job, IsReadAndPutInOrder) {
  const Job job = good(kJob);
  EXPECT_EQ(job.name, "build");
  EXPECT_EQ(job.workers, 2);
  std::vector<std::string> names;
  names.reserve(job.steps.size());
  for (const auto& step : job.steps) names.push_back(step.name);
  EXPECT_THAT(names, ElementsAre("fetch", "test", "report", "review"));
  EXPECT_EQ(job.steps[0].attempts, 5);
  EXPECT_EQ(job.steps[0].backoff_ms, 2'000);
  EXPECT_EQ(job.steps[0].timeout_ms, 60'000);
  EXPECT_EQ(json::serialize(job.steps[3].with), R"({"path":"${item}","n":1,"s":"1","deep":[true,null,1.5E0]})");
}

TEST(Job, StepsMayBeAListWithNames) {
  const Job job = good("steps:\n- {name: a, run: x}\n- {name: b, run: y, needs: a}\n");
  EXPECT_EQ(job.name, "job");
  EXPECT_EQ(job.steps[1].needs, std::vector<std::string>{"a"});
}

TEST(Job, EveryMistakeIsNamedWithItsPlace) {
  EXPECT_THAT(mistakes(R"(nmae: x
workers: 0
steps:
  a:
    run: x
    type: y
  b:
    runn: x
  "c c": {run: x, timeout: soon, retry: {attempt: 1}}
  d: {run: x, needs: [aa, e]}
  a: {run: x, foreach: [], env: [1], show: maybe, on-needs-failure: panic}
)"),
              ElementsAre("1:1 `nmae` is no key of a job; did you mean `name`?",
                          "2:10 `workers` must be a whole number from 1 to 256",
                          "4:3 step `a` needs `run:` or `type:`, one of them",
                          "8:5 `runn` is no key of a step; did you mean `run`?",
                          "7:3 step `b` needs `run:` or `type:`, one of them",
                          "9:28 `timeout` must be a duration like 500ms, 30s, 5m or 2h",
                          "9:42 `attempt` is no key of retry; did you mean `attempts`?",
                          "9:3 a step's name has letters, digits, - and _ only, at most 48; `c c` does not fit",
                          "11:24 `foreach` must be a list of 1 to 1000 items",
                          "11:33 `env` must be a map from names to values", "11:44 `show` is true or false",
                          "11:69 `on-needs-failure` is cancel, fail or run", "11:3 there are two steps `a`"));
}

TEST(Job, AStepForOtherWorkersHasNoVariables) {
  EXPECT_THAT(mistakes("env: {A: 1}\nsteps:\n  a:\n    type: review\n    env:\n      B: 2\n"),
              ElementsAre("6:7 `env` goes with `run`, not with `type`; what such a task needs goes into `with`"));
}

TEST(Job, UnknownNeedsAreNamedWithASuggestion) {
  EXPECT_THAT(mistakes("steps:\n  build: {run: x}\n  test: {run: x, needs: [biuld, zzz]}\n"),
              ElementsAre("3:26 there is no step `biuld`; did you mean `build`?", "3:33 there is no step `zzz`"));
}

TEST(Job, CyclesAreNamed) {
  EXPECT_THAT(mistakes("steps:\n  a: {run: x, needs: b}\n  b: {run: x, needs: c}\n  c: {run: x, needs: b}\n")[0],
              HasSubstr("b -> c -> b"));
}

TEST(Job, WhatIsNotYamlOrNotAJobSaysSo) {
  EXPECT_THAT(mistakes("steps: [")[0], HasSubstr("is not YAML"));
  EXPECT_THAT(mistakes("- a")[0], HasSubstr("a job is a map"));
  EXPECT_THAT(mistakes("")[0], HasSubstr("a job is a map"));
  EXPECT_THAT(mistakes("name: x")[0], HasSubstr("`steps:` is missing"));
  EXPECT_THAT(mistakes("steps: {}")[0], HasSubstr("`steps` is empty"));
}

TEST(Plan, StepsBecomeTasksOfTheRun) {
  const Job job = good(kJob);
  const auto tasks = plan(job, "build-1");
  std::vector<std::string> ids;
  ids.reserve(tasks.size());
  for (const auto& task : tasks) ids.push_back(task.id);
  EXPECT_THAT(ids,
              ElementsAre("build-1.fetch", "build-1.test.0", "build-1.test.1", "build-1.report", "build-1.review.0"));
  EXPECT_EQ(json::serialize(tasks[0].body),
            R"({"id":"build-1.fetch","tags":["run:build-1","step:fetch"],"type":"shell","payload":{"run":"git fetch",)"
            R"("env":{"ARBITER_RUN":"build-1","ARBITER_STEP":"fetch","MODE":"fast","N":"1"},"timeoutMs":60000},)"
            R"("queue":"run.build","requirements":{"labels":{"run":"build-1"}},"timeoutMs":90000,)"
            R"("retry":{"maxAttempts":5,"backoffMs":2000}})");
  const auto& test = tasks[2].body.at("payload");
  EXPECT_EQ(test.at("run").as_string(), "make {\"a\":1}");
  EXPECT_EQ(test.at("env").at("ITEM").as_string(), "{\"a\":1}");
  EXPECT_EQ(test.at("env").at("WHAT").as_string(), "{\"a\":1}!");
  EXPECT_EQ(json::serialize(test.at("needs")), R"({"fetch":"build-1.fetch"})");
  EXPECT_FALSE(test.at("retryFailure").as_bool());
  EXPECT_EQ(json::serialize(tasks[3].body.at("dependsOn")), R"(["build-1.test.0","build-1.test.1","build-1.fetch"])");
  EXPECT_EQ(json::serialize(tasks[3].body.at("payload").at("needs")),
            R"({"test":["build-1.test.0","build-1.test.1"],"fetch":"build-1.fetch"})");
  EXPECT_EQ(tasks[4].body.at("payload").at("path").as_string(), "x");
}

TEST(Plan, TheSameRunGivesTheSameTasks) {
  const Job job = good(kJob);
  const auto once = plan(job, "build-1");
  const auto again = plan(job, "build-1");
  for (std::size_t i = 0; i < once.size(); ++i) EXPECT_EQ(once[i].body, again[i].body);
}

}  // namespace
}  // namespace arbiter::cli
