// Paths and query strings of requests.
#include "api/input.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace arbiter;
  static const std::vector<api::Operation> operations = [] {
    std::vector<api::Operation> rows(4);
    const char* paths[] = {"/api/v1/tasks", "/api/v1/tasks/{id}", "/api/v1/tasks/lease",
                           "/api/v1/tasks/{id}/log/{part}"};
    for (std::size_t i = 0; i < rows.size(); ++i) {
      rows[i].method = "GET";
      rows[i].path = paths[i];
    }
    return rows;
  }();
  static const api::Router router(operations);
  const auto target = fuzz::text_of(data, size);
  const auto [path, query] = api::split_target(target);
  const auto route = router.find("GET", path);
  if (route.operation) REQUIRE(route.values.size() <= 2);
  const auto parsed = api::parse_query(query);
  if (!parsed) REQUIRE(!parsed.error().fields.empty());
  std::string decoded;
  if (api::percent_decode(target, /*plus_is_space=*/true, decoded)) REQUIRE(decoded.size() <= target.size());
  return 0;
}
