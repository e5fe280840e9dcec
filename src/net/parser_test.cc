#include "net/parser.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace arbiter::net {
namespace {

using base::ErrorCode;
using Step = RequestParser::Step;

Limits small_limits() {
  Limits limits;
  limits.header_bytes_max = 512;
  limits.body_bytes_max = 64;
  return limits;
}

// Presents `bytes` in pieces of `piece` bytes, as a connection does, until the request is whole or wrong.
Step feed(RequestParser& parser, std::string_view bytes, std::size_t piece) {
  std::string buffered;
  std::size_t given = 0;
  for (;;) {
    const auto [step, consumed] = parser.put(buffered);
    buffered.erase(0, consumed);
    if (step == Step::kDone || step == Step::kFailed) return step;
    if (step == Step::kHeader) continue;
    if (given == bytes.size()) return step;
    buffered += bytes.substr(given, piece);
    given = std::min(given + piece, bytes.size());
  }
}

TEST(RequestParser, BytesMayArriveInAnyPieces) {
  const std::string request =
      "\r\nPOST /a?b=c HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nX-Word:  hi \r\n\r\n"
      "4\r\nwiki\r\n5;name=value\r\npedia\r\n0\r\nTrailer: ignored\r\n\r\n";
  for (std::size_t piece = 1; piece <= request.size(); ++piece) {
    RequestParser parser(small_limits());
    ASSERT_EQ(feed(parser, request, piece), Step::kDone) << piece;
    EXPECT_EQ(parser.request().method, "POST");
    EXPECT_EQ(parser.request().target, "/a?b=c");
    EXPECT_EQ(parser.request().body, "wikipedia");
    EXPECT_EQ(parser.request().header("x-word"), "hi");
    EXPECT_EQ(parser.request().header("trailer"), "");
  }
}

TEST(RequestParser, EmptyChunkedBodyMayArriveByteByByte) {
  RequestParser parser(small_limits());
  EXPECT_EQ(feed(parser, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1), Step::kDone);
  EXPECT_TRUE(parser.request().body.empty());
}

TEST(RequestParser, TargetWithAHostCountsInsteadOfTheHeader) {
  RequestParser parser(small_limits());
  ASSERT_EQ(feed(parser, "GET http://evil.example?x=1 HTTP/1.1\r\nHost: localhost\r\n\r\n", 99), Step::kDone);
  EXPECT_EQ(parser.host(), "evil.example");
  EXPECT_EQ(parser.request().target, "/?x=1");
}

std::string repeat(std::string_view text, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += text;
  return all;
}

struct Refusal {
  const char* what;
  std::string bytes;
  ErrorCode code = ErrorCode::kInvalidRequest;
};

TEST(RequestParser, RefusesWhatIsNotARequest) {
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\n";
  const Refusal refusals[] = {
      {"garbage", "hello\r\n\r\n"},
      {"TLS", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)},
      {"HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"},
      {"no version", "GET /\r\n\r\n"},
      {"bare newline", "GET / HTTP/1.1\nHost: a\r\n\r\n"},
      {"no Host", "GET / HTTP/1.1\r\n\r\n"},
      {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
      {"two Origins", head + "Origin: a\r\nOrigin: b\r\n\r\n"},
      {"space before colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n"},
      {"control character", head + "X: a\x01" + "b\r\n\r\n"},
      {"target without slash", "GET x HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"target of a proxy", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"target with other bytes", "GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n"},
      {"length and chunks", head + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"chunks and length", head + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n"},
      {"two lengths", head + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n"},
      {"negative length", head + "Content-Length: -1\r\n\r\n"},
      {"length with sign", head + "Content-Length: +1\r\n\r\n"},
      {"huge length", head + "Content-Length: 99999999999999999999999\r\n\r\n"},
      {"other encoding", head + "Transfer-Encoding: gzip\r\n\r\n"},
      {"two encodings", head + "Transfer-Encoding: gzip, chunked\r\n\r\n"},
      {"chunks in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
      {"bad chunk size", head + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"},
      {"chunk overruns", head + "Transfer-Encoding: chunked\r\n\r\n1\r\nabcdef\r\n"},
      {"large chunk", head + "Transfer-Encoding: chunked\r\n\r\n41\r\nx", ErrorCode::kTooLarge},
      {"long line", "GET /" + std::string(600, 'a'), ErrorCode::kHeadersTooLarge},
      {"many headers", head + repeat("a: b\r\n", 100) + "\r\n", ErrorCode::kHeadersTooLarge},
      {"long chunk extension", head + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(600, 'a'),
       ErrorCode::kHeadersTooLarge},
      {"long trailers", head + "Transfer-Encoding: chunked\r\n\r\n0\r\nA: " + std::string(600, 'a'),
       ErrorCode::kHeadersTooLarge},
  };
  for (const auto& refusal : refusals) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, refusal.bytes.size()}) {
      RequestParser parser(small_limits());
      ASSERT_EQ(feed(parser, refusal.bytes, piece), Step::kFailed) << refusal.what << " by " << piece;
      EXPECT_EQ(parser.error().code, refusal.code) << refusal.what << " by " << piece;
    }
  }
}

}  // namespace
}  // namespace arbiter::net
