#include "client/http.h"

#include <gmock/gmock.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "client/scripted_server.h"

namespace arbiter::client {
namespace {

using base::ErrorCode;

TEST(Http, OneConnectionCarriesManyRequestsWithTokenAndNamespace) {
  ScriptedServer server({{answer(200, R"({"a":1})"), answer(201, "")}});
  Http http(server.endpoint());
  EXPECT_EQ(http.get("/x").value().at("a").as_int64(), 1);
  EXPECT_TRUE(http.post("/y", {{"b", 2}}).value().is_null());
  const auto& heard = server.finish();
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_THAT(heard[0], testing::StartsWith("GET /x HTTP/1.1\r\n"));
  EXPECT_THAT(heard[0], testing::HasSubstr("Authorization: Bearer secret\r\n"));
  EXPECT_THAT(heard[0], testing::HasSubstr("Arbiter-Namespace: team\r\n"));
  EXPECT_THAT(heard[1], testing::EndsWith("\r\n\r\n{\"b\":2}"));
}

TEST(Http, AProblemDocumentBecomesItsError) {
  ScriptedServer server(
      {{answer(429, R"({"title":"t","detail":"Full.","code":"queue_full","errors":[{"field":"queue","message":"m"}]})",
               "Retry-After: 2\r\n")}});
  Http http(server.endpoint());
  const auto error = http.get("/x").error();
  EXPECT_EQ(error.code, ErrorCode::kQueueFull);
  EXPECT_EQ(error.message, "Full.");
  EXPECT_EQ(error.retry_after_ms, 2000);
  EXPECT_THAT(error.fields, testing::ElementsAre(base::FieldError{"queue", "m"}));
}

TEST(Http, ADeadKeptAliveConnectionIsReplacedForRepeatableRequests) {
  ScriptedServer server({{answer(200, "1"), ""}, {answer(200, "2")}});
  Http http(server.endpoint());
  ASSERT_TRUE(http.get("/a"));
  RequestOptions keyed;
  keyed.idempotency_key = "k";
  EXPECT_EQ(http.post("/b", {}, keyed).value().as_int64(), 2);
  EXPECT_THAT(server.finish().back(), testing::HasSubstr("Idempotency-Key: k\r\n"));
}

TEST(Http, APostWithoutAKeyIsNeverSentTwice) {
  ScriptedServer server({{answer(200, "1"), ""}, {answer(200, "2")}});
  Http http(server.endpoint());
  ASSERT_TRUE(http.get("/a"));
  EXPECT_EQ(http.post("/b", {}).error().code, ErrorCode::kConnection);
  EXPECT_EQ(server.finish().size(), 2U);
}

TEST(Http, AServerThatIsNotThereSaysWhatToDo) {
  Endpoint endpoint;
  {
    ScriptedServer gone({});
    endpoint = gone.endpoint();
  }
  Http http(endpoint);
  const auto error = http.get("/a").error();
  EXPECT_EQ(error.code, ErrorCode::kConnection);
  EXPECT_THAT(error.message, testing::HasSubstr("arbiter serve"));
}

TEST(Http, CancelEndsALongPoll) {
  ScriptedServer server({{"HTTP/1.1 200 OK\r\n", answer(200, "")}});
  Http http(server.endpoint());
  std::thread other([&] { http.cancel(); });
  EXPECT_EQ(http.get("/wait", 60'000).error().code, ErrorCode::kConnection);
  other.join();
  EXPECT_TRUE(http.cancelled());
}

TEST(Http, ReadsServerSentEventsFromChunks) {
  ScriptedServer server(
      {{"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
        "11\r\n: hi\n\nid: 1\nevent\r\n10\r\n: a\ndata: {}\n\nid\r\n11\r\n: 2\ndata: x\ndata:\r\n4\r\n y\n\n\r\n"}});
  Http http(server.endpoint());
  std::vector<std::string> seen;
  const auto end = http.events("/s", 10'000, [&](const ServerEvent& event) {
    seen.push_back(event.id + "/" + event.type + "/" + event.data);
    return seen.size() < 2;
  });
  EXPECT_TRUE(end);
  EXPECT_THAT(seen, testing::ElementsAre("1/a/{}", "2//x\ny"));
}

TEST(Endpoint, UrlsAreReadOrRefusedWithTheReason) {
  EXPECT_EQ(parse_url("http://localhost:7420/").value().authority(), "localhost:7420");
  EXPECT_EQ(parse_url("https://coordinator.example").value().url(), "https://coordinator.example:443");
  EXPECT_EQ(parse_url("http://[::1]:1").value().authority(), "[::1]:1");
  for (const char* bad : {"", "localhost:1", "http://", "http://a:0", "http://a:x", "http://a/b"}) {
    EXPECT_EQ(parse_url(bad).error().code, ErrorCode::kInvalidRequest) << bad;
  }
}

TEST(Endpoint, TheServerOfADataDirectoryIsFoundWhateverItsAddress) {
  std::string data = std::filesystem::temp_directory_path() / "arbiter-test-XXXXXX";
  ASSERT_TRUE(::mkdtemp(data.data()));
  for (const char* name : {"ARBITER_URL", "ARBITER_TOKEN", "ARBITER_TOKEN_FILE"}) ::unsetenv(name);
  const Settings settings{.url = "", .token_file = "", .data_directory = data, .namespace_name = ""};
  EXPECT_EQ(discover(settings).value().url(), kDefaultUrl);
  std::ofstream(data + "/server.url") << "http://127.0.0.1:7702\n";
  std::ofstream(data + "/admin.token") << "secret\n";
  EXPECT_EQ(discover(settings).value().url(), "http://127.0.0.1:7702");
  EXPECT_EQ(discover(settings).value().token, "secret");
  Settings named = settings;
  named.url = "http://127.0.0.1:1";
  EXPECT_EQ(discover(named).value().url(), "http://127.0.0.1:1") << "what was named goes first";
  std::ofstream(data + "/server.url") << "half a li";
  EXPECT_EQ(discover(settings).value().url(), kDefaultUrl) << "a damaged file counts as none";
  std::filesystem::remove_all(data);
}

TEST(Endpoint, QueriesLeaveOutWhatIsEmpty) {
  EXPECT_EQ(query({{"a", "1 2"}, {"b", ""}, {"c", "x/y"}}), "?a=1%202&c=x%2Fy");
  EXPECT_EQ(query({{"a", ""}}), "");
}

}  // namespace
}  // namespace arbiter::client
