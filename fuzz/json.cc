// JSON text. What is written can be read.
#include "base/json.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace arbiter;
  const auto value = base::parse_json(fuzz::text_of(data, size));
  if (!value) {
    REQUIRE(!value.error().message.empty());
    return 0;
  }
  std::string written;
  base::write_value(*value, written);
  const auto again = base::parse_json(written);
  REQUIRE(again.has_value());
  (void)base::hash_content(*value);
  return 0;
}
