// Lines of an export: a file from anywhere is imported. What is taken for a line is JSON, and comes back the same from
// what is written of it.
#include <algorithm>

#include "maintenance/export_lines.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace arbiter;
  const auto text = fuzz::text_of(data, size);
  if (const auto header = maintenance::read_header(text)) {
    REQUIRE(maintenance::read_header(base::to_json(*header)));
  } else {
    REQUIRE(!header.error().message.empty());
  }
  const auto line = maintenance::read_line(text);
  if (!line) {
    REQUIRE(!line.error().message.empty());
    return 0;
  }
  // A line adds a level to what its values may have.
  const bool is_deep = std::count_if(text.begin(), text.end(), [](char c) { return c == '{' || c == '['; }) >=
                       static_cast<std::ptrdiff_t>(base::kJsonDepthMax);
  REQUIRE(is_deep || base::parse_json(text));
  const auto written = [](const maintenance::ExportLine& one) {
    return std::visit([](const auto& record) { return base::to_json(record); }, one);
  };
  const auto again = maintenance::read_line(written(*line));
  REQUIRE(again);
  REQUIRE(written(*again) == written(*line));
  return 0;
}
