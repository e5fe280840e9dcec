// The bytes of a connection, as requests. However the network cuts them into pieces, the requests are the same; only
// how soon a mistake is seen depends on it, because a head is looked at once it is whole.
#include <string>
#include <vector>

#include "net/parser.h"
#include "target.h"

namespace {

using arbiter::net::RequestParser;

using Seen = std::vector<std::string>;

// Feeds `bytes` in pieces of at most `piece`; what the parser left is presented again, as a connection does.
Seen parse(std::string_view bytes, std::size_t piece) {
  arbiter::net::Limits limits;
  limits.body_bytes_max = 1'000;
  limits.header_bytes_max = 2'000;
  RequestParser parser(limits);
  Seen seen;
  std::string waiting;
  std::size_t taken = 0;
  for (bool stuck = false; !stuck && seen.size() < 100;) {
    const std::size_t more = std::min(piece, bytes.size() - taken);
    waiting += bytes.substr(taken, more);
    taken += more;
    stuck = more == 0;
    while (!waiting.empty()) {
      const auto progress = parser.put(waiting);
      REQUIRE(progress.consumed <= waiting.size());
      waiting.erase(0, progress.consumed);
      if (progress.step == RequestParser::Step::kFailed) {
        REQUIRE(!parser.error().message.empty());
        return seen;
      }
      if (progress.step == RequestParser::Step::kNeedMore) break;
      stuck = false;
      if (progress.step == RequestParser::Step::kHeader) {
        (void)parser.host();
        (void)parser.origin();
        (void)parser.content_length();
        (void)parser.expects_continue();
        continue;
      }
      const auto& request = parser.request();
      REQUIRE(request.body.size() <= limits.body_bytes_max);
      seen.push_back(request.method + ' ' + request.target + '\n' + request.body);
      parser.reset();
    }
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = arbiter::fuzz::text_of(data, size);
  const Seen whole = parse(bytes, bytes.size() + 1);
  REQUIRE(parse(bytes, 1) == whole);
  REQUIRE(parse(bytes, 7) == whole);
  return 0;
}
