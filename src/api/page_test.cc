#include "api/page.h"

#include <gmock/gmock.h>

namespace arbiter::api {
namespace {

constexpr PageFile kFiles[] = {
    {"/", "text/html; charset=utf-8", "\"aa\"", "<!doctype html>", "", false},
    {"/assets/app-1.js", "text/javascript", "\"bb\"", "plain", "packed", true},
};

std::string header_of(const net::Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "(absent)";
}

net::Response get(const PageFile& file, std::vector<std::pair<std::string, std::string>> headers = {}) {
  return page_response(file, net::Request{"GET", std::string(file.path), "", "r1", "127.0.0.1:1", std::move(headers)});
}

TEST(Page, FindsAFileByItsWholePath) {
  const Page page(kFiles);
  EXPECT_EQ(page.find("/"), &kFiles[0]);
  EXPECT_EQ(page.find("/assets/app-1.js"), &kFiles[1]);
  for (const char* path : {"", "/assets", "/assets/", "/assets/app-1.js/", "/../", "//"}) {
    EXPECT_EQ(page.find(path), nullptr) << path;
  }
  EXPECT_EQ(Page({}).find("/"), nullptr);
}

TEST(Page, RunsNothingInlineAndIsFramedByNobody) {
  for (const auto& file : kFiles) {
    const std::string policy = header_of(get(file), "Content-Security-Policy");
    for (const char* part : {"default-src 'none'", "script-src 'self';", "style-src 'self';", "connect-src 'self';",
                             "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"}) {
      EXPECT_THAT(policy, testing::HasSubstr(part));
    }
    EXPECT_THAT(policy, testing::Not(testing::HasSubstr("unsafe")));
    EXPECT_EQ(header_of(get(file), "Referrer-Policy"), "no-referrer");
    EXPECT_EQ(header_of(get(file), "X-Frame-Options"), "DENY");
  }
}

TEST(Page, OnlyWhatChangesItsPathIsKeptWithoutAsking) {
  EXPECT_EQ(header_of(get(kFiles[0]), "Cache-Control"), "no-cache");
  EXPECT_THAT(header_of(get(kFiles[1]), "Cache-Control"), testing::HasSubstr("immutable"));
}

TEST(Page, ComesCompressedToThoseWhoTakeThat) {
  EXPECT_EQ(get(kFiles[1]).body, "plain");
  EXPECT_EQ(get(kFiles[1], {{"Accept-Encoding", "gzip;q=0"}}).body, "plain");
  const auto packed = get(kFiles[1], {{"Accept-Encoding", "gzip, br"}});
  EXPECT_EQ(packed.body, "packed");
  EXPECT_EQ(header_of(packed, "Content-Encoding"), "gzip");
  const auto small = get(kFiles[0], {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(small.body, "<!doctype html>");
  EXPECT_EQ(header_of(small, "Content-Encoding"), "(absent)");
}

TEST(Page, AKnownTagSavesTheBody) {
  for (const char* tag : {"\"aa\"", "W/\"aa\"", "\"x\", W/\"aa\"", "*"}) {
    const auto response = get(kFiles[0], {{"If-None-Match", tag}});
    EXPECT_EQ(response.status, 304) << tag;
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(header_of(response, "ETag"), "W/\"aa\"");
  }
  for (const char* tag : {"\"bb\"", "aa", "W/", ","}) {
    EXPECT_EQ(get(kFiles[0], {{"If-None-Match", tag}}).status, 200) << tag;
  }
}

TEST(Page, IsOnlyRead) {
  net::Request request{"POST", "/", "", "r1", "127.0.0.1:1", {}};
  const auto refusal = page_response(kFiles[0], request);
  EXPECT_EQ(refusal.status, 405);
  EXPECT_EQ(header_of(refusal, "Allow"), "GET, HEAD");
  request.method = "HEAD";
  EXPECT_EQ(page_response(kFiles[0], request).status, 200);
}

}  // namespace
}  // namespace arbiter::api
