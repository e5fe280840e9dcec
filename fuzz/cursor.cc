// The cursors of lists, which clients send back.
#include "api/task_cursor.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace arbiter;
  const auto text = fuzz::text_of(data, size);
  if (const auto cursor = api::read_cursor(text)) {
    const auto again = api::read_cursor(api::to_text(*cursor));
    REQUIRE(again && *again == *cursor);
  }
  return 0;
}
