// The header traceparent. What is taken is written as it is read, but for later versions and other flags.
#include "base/trace_context.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using arbiter::base::TraceContext;
  const auto context = TraceContext::parse(arbiter::fuzz::text_of(data, size));
  if (!context) return 0;
  const std::string text = context->text();
  REQUIRE(text.size() == arbiter::base::kTraceparentBytes);
  const auto again = TraceContext::parse(text);
  REQUIRE(again && again->text() == text);
  REQUIRE(context->child(size).span != 0);
  return 0;
}
