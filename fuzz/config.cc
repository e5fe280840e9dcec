// The server's configuration: a YAML file and addresses.
#include "server/config.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace arbiter;
  const std::string text(fuzz::text_of(data, size));
  server::Config config;
  const auto read = server::read_text("arbiter.yaml", text, config);
  if (!read) {
    REQUIRE(!read.error().message.empty());
  } else {
    // What it says of itself can be read again.
    server::Config again;
    REQUIRE(server::read_text("arbiter.yaml", server::config_yaml(config), again).has_value());
    REQUIRE(server::config_json(again) == server::config_json(config));
  }
  (void)server::parse_listen(text.substr(0, text.find('\n')));
  return 0;
}
