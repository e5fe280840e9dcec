#include "net/compression.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace arbiter::net {
namespace {

std::string unzip(const std::string& bytes, std::size_t size_max) {
  std::string out(size_max, '\0');
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

TEST(AcceptEncoding, GzipIsTakenWhenItIsPreferredToNothing) {
  for (const char* yes : {"gzip", "GZIP", "x-gzip", "gzip, deflate, br", "br;q=1.0, gzip;q=0.8, *;q=0.1", "*",
                          "deflate, *;q=0.5", "gzip;q=0.001", " gzip ; q=1.000 ", "identity, gzip", "nonsense;;, gzip",
                          "identity;q=0.5, gzip;q=0.5", "gzip;Q=1"}) {
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  }
  for (const char* no : {"", "br", "identity", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *",
                         "identity, gzip;q=0.5", "gzip;q=2", "gzip;q=1.001", "gzip;q=-1", "gzip;q=", "gzip;q=0.0001",
                         "gzip;level=9", "gzipped", ",,,", ";", "gzip;q=.5", "gzip;q=0,5"}) {
    EXPECT_FALSE(accepts_gzip(no)) << no;
  }
}

TEST(Gzip, WhatIsUnpackedIsWhatWasPacked) {
  std::string body;
  for (int i = 0; i < 5'000; ++i) body += R"({"id":")" + std::to_string(i) + R"(","state":"queued"},)";
  for (int again = 0; again < 2; ++again) {
    const std::string packed = gzip(body);
    ASSERT_FALSE(packed.empty());
    EXPECT_LT(packed.size(), body.size() / 3);
    EXPECT_EQ(unzip(packed, body.size()), body);
  }
}

TEST(Gzip, WhatDoesNotShrinkStaysAsItIs) {
  std::string noise;
  std::uint64_t state = 1;
  for (int i = 0; i < 2'000; ++i) noise += static_cast<char>((state = state * 6'364'136'223'846'793'005U + 1) >> 56);
  EXPECT_EQ(gzip(noise), "");
  EXPECT_EQ(gzip("x"), "");
}

TEST(Gzip, OnlyTextOverTheSizeIsPacked) {
  Response response;
  response.body = std::string(2'000, 'a');
  EXPECT_TRUE(is_compressible(response, 1'000));
  EXPECT_FALSE(is_compressible(response, 0)) << "0 is never";
  EXPECT_FALSE(is_compressible(response, 2'001));
  response.headers.emplace_back("content-encoding", "br");
  EXPECT_FALSE(is_compressible(response, 1'000));
  response.headers.clear();
  response.content_type = "application/octet-stream";
  EXPECT_FALSE(is_compressible(response, 1'000));
  response.content_type = "text/plain; version=0.0.4";
  EXPECT_TRUE(is_compressible(response, 1'000));
  response.status = 304;
  EXPECT_FALSE(is_compressible(response, 1'000));
  response.status = 200;
  response.body.assign(kGzipBytesMax + 1, 'a');
  EXPECT_FALSE(is_compressible(response, 1'000));
}

}  // namespace
}  // namespace arbiter::net
