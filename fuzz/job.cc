// The YAML file of `arbiter run`.
#include "cli/job.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace arbiter;
  const auto job = cli::read_job(std::string(fuzz::text_of(data, size)), "job.yaml", "job");
  if (!job) {
    REQUIRE(!job.error().message.empty());
    return 0;
  }
  REQUIRE(!job->steps.empty());
  REQUIRE(job->workers >= 1 && job->workers <= cli::kWorkersMax);
  for (const auto& step : job->steps) {
    REQUIRE(cli::is_step_name(step.name));
    REQUIRE(step.foreach.size() <= cli::kForeachMax);
  }
  return 0;
}
