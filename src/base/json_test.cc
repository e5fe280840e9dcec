#include "base/json.h"

#include <gmock/gmock.h>

namespace arbiter::base {
namespace {

BOOST_DEFINE_ENUM_CLASS(Colour, kRed, kDarkBlue)

struct Inner {
  static constexpr std::array kRequired{"name"};
  Name name;
  Int<1, 10> weight{5};
};
BOOST_DESCRIBE_STRUCT(Inner, (), (name, weight))

struct Outer {
  static constexpr std::array kRequired{"kind"};
  Name kind;
  List<Inner, 0, 3> all_inner;
  std::optional<Text<1, 4>> short_text;
  std::optional<Timestamp> run_at;
  RawJson payload;
  Colour colour = Colour::kRed;
  Number<0.0, 1.0> ratio{0.5};
  std::map<std::string, std::string> labels;
};
BOOST_DESCRIBE_STRUCT(Outer, (), (kind, all_inner, short_text, run_at, payload, colour, ratio, labels))

std::vector<std::string> bad_fields(std::string_view text) {
  std::vector<std::string> fields;
  auto result = from_json_text<Outer>(text);
  if (result) return fields;
  for (const auto& e : result.error().fields) fields.push_back(e.field);
  return fields;
}

TEST(Json, RoundTripsAndKeepsDefaults) {
  auto outer = from_json_text<Outer>(R"({"kind":"a","allInner":[{"name":"x"}],"payload":{"b":[1,null]},
      "colour":"dark_blue","runAt":"2026-01-31T12:00:00.5+01:00","labels":{"os":"linux"}})");
  ASSERT_TRUE(outer);
  EXPECT_EQ(outer->all_inner[0].weight, 5);
  EXPECT_EQ(to_json(*outer), R"({"kind":"a","allInner":[{"name":"x","weight":5}],"runAt":"2026-01-31T11:00:00.500Z",)"
                             R"("payload":{"b":[1,null]},"colour":"dark_blue","ratio":0.5,"labels":{"os":"linux"}})");
}

TEST(Json, NamesEveryBadFieldAtOnce) {
  EXPECT_THAT(bad_fields(R"({"allInner":[{"name":"x"},{"name":"/","weight":11,"extra":1}],"shortText":"12345",
      "runAt":"yesterday","colour":"green","ratio":2,"labels":{"a":1},"unknown":true})"),
              testing::ElementsAre("kind", "allInner[1].name", "allInner[1].weight", "allInner[1].extra", "shortText",
                                   "runAt", "colour", "ratio", "labels.a", "unknown"));
}

TEST(Json, RefusesWhatIsNotTheRightKind) {
  EXPECT_THAT(bad_fields("[]"), testing::ElementsAre(""));
  EXPECT_THAT(bad_fields(R"({"kind":1,"allInner":{},"ratio":"x"})"), testing::ElementsAre("kind", "allInner", "ratio"));
  EXPECT_THAT(bad_fields(R"({"kind":"a","allInner":[{"name":"b","weight":1.5}]})"),
              testing::ElementsAre("allInner[0].weight"));
}

TEST(Json, MalformedAndDeepTextIsAnError) {
  for (const auto& text :
       std::vector<std::string>{"", "{", "{\"a\":1,}", "nul", "\"\xff\"", "{} {}", std::string(100'000, '[')}) {
    EXPECT_FALSE(parse_json(text)) << text.substr(0, 20);
  }
}

TEST(Json, AFieldGivenTwiceIsAnErrorThatNamesIt) {
  EXPECT_THAT(bad_fields(R"({"kind":"a","kind":"b"})"), testing::ElementsAre("kind"));
  EXPECT_THAT(bad_fields(R"({"kind":"a:\"","allInner":[{"name":"x"},{"name":"y","name":"z"}]})"),
              testing::ElementsAre("allInner[1].name"));
  EXPECT_TRUE(bad_fields(R"({"kind":"a","payload":{"a":":","b":{"a":1}}})").empty());
}

TEST(Json, NumbersStayAsPeopleWriteThem) {
  RawJson kept;
  FieldErrors errors;
  JsonCodec<RawJson>::decode(*parse_json(R"({"a":1.10,"b":[12345678901234567,-0.5,1e3],"c":"\u00e9","d":{}})"), kept,
                             {}, errors);
  EXPECT_EQ(kept.text(), R"({"a":1.1,"b":[12345678901234567,-0.5,1000],"c":"é","d":{}})");
}

// The parser makes infinity of it, which would be kept as null.
TEST(Json, ANumberTooLargeForADoubleIsAnError) {
  for (const char* text : {"1e400", "[1,{\"a\":-1e999}]"}) EXPECT_FALSE(parse_json(text)) << text;
  EXPECT_TRUE(parse_json("[1e308,-1.7e308,123456789012345678901234567890]"));
}

TEST(Json, SchemaShowsLimits) {
  Schemas schemas;
  auto reference = schema<Outer>(schemas);
  EXPECT_EQ(reference["$ref"], "#/components/schemas/Outer");
  const auto& outer = schemas.by_name.at("Outer");
  EXPECT_EQ(json::serialize(outer.at("required")), R"(["kind"])");
  EXPECT_EQ(json::serialize(schemas.by_name.at("Inner").at("properties").at("weight")),
            R"({"type":"integer","minimum":1,"maximum":10})");
}

}  // namespace
}  // namespace arbiter::base
