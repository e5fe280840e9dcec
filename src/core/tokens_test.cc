#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scenario.h"

namespace arbiter::core {
namespace {

using base::ErrorCode;
using base::Result;
using testing::Scenario;

struct Keyring : Scenario {
  explicit Keyring(CoreLimits limits = {}) : Scenario(std::move(limits)) {
    now = {{1'800'000'000'000}, {1'800'000'000'000}};
    EXPECT_TRUE(ask<Done>(AddToken{"h-admin", "admin"}));
  }
  Result<TokenView> create(const std::string& name, std::string_view rest = "") {
    auto wanted = base::from_json_text<NewToken>("{\"name\":\"" + name + '"' + std::string(rest) + "}");
    EXPECT_TRUE(wanted) << rest;
    return ask<TokenView>(CreateToken{*wanted, "h-" + name + std::to_string(++made_)});
  }
  std::string hash(const std::string& name) const { return "h-" + name + std::to_string(made_); }
  ErrorCode refused(const std::string& name, std::string_view rest = "") {
    const auto made = create(name, rest);
    return made ? ErrorCode::kInternal : made.error().code;
  }
  ErrorCode find(const std::string& of) {
    auto found = ask<TokenView>(FindToken{of});
    return found ? ErrorCode::kUnknown : found.error().code;
  }
  std::vector<std::string> names() {
    std::vector<std::string> all;
    const auto list = ask<TokenList>(ListTokens{});
    for (const auto& token : list->items) {
      all.push_back(token.name.value + ":" + base::to_text(token.state));
    }
    return all;
  }

 private:
  int made_ = 0;
};

constexpr auto kFound = ErrorCode::kUnknown;

TEST(Tokens, WhoAskedAndWhenItEndsIsShown) {
  Keyring k;
  const auto made = k.create("ci", R"(,"expiresInMs":60000)");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->created_by->value, "test");
  EXPECT_EQ(made->expires_at->ms, k.now.wall.ms + 60'000);
  EXPECT_EQ(made->created_at->ms, k.now.now.ms);
  EXPECT_FALSE(made->last_used_at);
  EXPECT_TRUE(made->id.value.starts_with("tok_")) << made->id.value;
  EXPECT_THAT(k.names(), ::testing::ElementsAre("admin:live", "ci:live"));
  EXPECT_FALSE(k.ask<TokenList>(ListTokens{})->items.front().created_by) << "the server's own";
}

TEST(Tokens, ARevokedTokenIsNotFound) {
  Keyring k;
  ASSERT_TRUE(k.create("ci"));
  const std::string hash = k.hash("ci");
  EXPECT_EQ(k.find(hash), kFound);
  const auto revoked = k.ask<TokenView>(RevokeToken{Name("ci")});
  ASSERT_TRUE(revoked);
  EXPECT_EQ(revoked->state, TokenState::kRevoked);
  EXPECT_EQ(k.find(hash), ErrorCode::kUnauthorized);
  EXPECT_EQ(k.refusal(RevokeToken{Name("ci")}), ErrorCode::kNotFound);
  EXPECT_TRUE(k.create("ci")) << "the name is free again";
}

TEST(Tokens, ATokenEndsAtItsTimeByTheWallClock) {
  Keyring k;
  ASSERT_TRUE(k.create("ci", R"(,"expiresInMs":60000)"));
  const std::string hash = k.hash("ci");
  k.now.now.ms += 120'000;
  EXPECT_EQ(k.find(hash), kFound);
  k.now.wall.ms += 59'999;
  EXPECT_EQ(k.find(hash), kFound);
  k.now.wall.ms += 1;
  EXPECT_EQ(k.find(hash), ErrorCode::kUnauthorized);
  EXPECT_THAT(k.names(), ::testing::ElementsAre("admin:live", "ci:expired"));
}

TEST(Tokens, NamesAreUniqueAmongLiveTokens) {
  Keyring k;
  ASSERT_TRUE(k.create("ci", R"(,"expiresInMs":60000)"));
  EXPECT_EQ(k.refused("ci"), ErrorCode::kIdConflict);
  k.now.wall.ms += 60'000;
  ASSERT_TRUE(k.create("ci"));
  EXPECT_THAT(k.names(), ::testing::ElementsAre("admin:live", "ci:live")) << "the expired one has left";
}

TEST(Tokens, ExpiryMustBeInTheFutureAndGivenOnce) {
  Keyring k;
  EXPECT_EQ(k.refused("a", R"(,"expiresAt":"2020-01-01T00:00:00Z")"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(k.refused("a", R"(,"expiresAt":"2090-01-01T00:00:00Z","expiresInMs":1000)"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(k.refused("system"), ErrorCode::kInvalidRequest);
  EXPECT_EQ(k.refused("tok_0123"), ErrorCode::kInvalidRequest);
  EXPECT_TRUE(k.create("a", R"(,"expiresAt":"2090-01-01T00:00:00Z")"));
}

TEST(Tokens, TheLastOneThatDoesNotExpireStays) {
  Keyring k;
  EXPECT_EQ(k.refusal(RevokeToken{Name("admin")}), ErrorCode::kInvalidState);
  ASSERT_TRUE(k.create("short", R"(,"expiresInMs":60000)"));
  EXPECT_EQ(k.refusal(RevokeToken{Name("admin")}), ErrorCode::kInvalidState);
  ASSERT_TRUE(k.create("other"));
  EXPECT_TRUE(k.ask<TokenView>(RevokeToken{Name("admin")}));
  EXPECT_EQ(k.refusal(RevokeToken{Name("other")}), ErrorCode::kInvalidState);
  EXPECT_TRUE(k.ask<TokenView>(RevokeToken{Name("short")}));
}

TEST(Tokens, ARevokedTokenOfTheServerStaysRevokedAfterItsNextStart) {
  Keyring k;
  ASSERT_TRUE(k.create("other"));
  ASSERT_TRUE(k.ask<TokenView>(RevokeToken{Name("admin")}));
  EXPECT_EQ(k.refusal(AddToken{"h-admin", "admin"}), ErrorCode::kUnauthorized);
  EXPECT_EQ(k.find("h-admin"), ErrorCode::kUnauthorized);
  ASSERT_TRUE(k.ask<Done>(AddToken{"h-new", "admin"}));
  EXPECT_THAT(k.names(), ::testing::ElementsAre("admin:revoked", "admin:live", "other:live"));
  ASSERT_TRUE(k.ask<Done>(AddToken{"h-newer", "admin"}));
  EXPECT_EQ(k.ask<TokenView>(FindToken{"h-newer"})->name.value, "admin-2") << "names stay unique";
}

TEST(Tokens, ATokenIsRevokedByItsIdToo) {
  Keyring k;
  const auto made = k.create("ci");
  ASSERT_TRUE(made);
  EXPECT_TRUE(k.ask<TokenView>(RevokeToken{made->id}));
  EXPECT_EQ(k.find(k.hash("ci")), ErrorCode::kUnauthorized);
}

TEST(Tokens, ThereAreOnlySoMany) {
  CoreLimits limits;
  limits.tokens_max = 3;
  Keyring k(limits);
  ASSERT_TRUE(k.create("a"));
  ASSERT_TRUE(k.create("b"));
  EXPECT_EQ(k.refused("c"), ErrorCode::kOverloaded);
  ASSERT_TRUE(k.ask<TokenView>(RevokeToken{Name("a")}));
  EXPECT_TRUE(k.create("c"));
}

TEST(Tokens, TheLatestUseIsKept) {
  Keyring k;
  NoteTokenUses uses;
  uses.uses = {{"h-admin", {5'000}}, {"h-nobody", {5'000}}};
  const auto events = k.log.size();
  ASSERT_TRUE(k.ask<Done>(uses));
  EXPECT_EQ(k.log.size(), events + 1) << "one of them is known";
  uses.uses = {{"h-admin", {4'000}}};
  ASSERT_TRUE(k.ask<Done>(uses));
  EXPECT_EQ(k.log.size(), events + 1) << "an older time changes nothing";
  EXPECT_EQ(k.ask<TokenView>(FindToken{"h-admin"})->last_used_at->ms, 5'000);
}

TEST(Tokens, RecordsOfOlderVersionsAreRead) {
  Keyring k;
  State state({}, 7);
  ASSERT_TRUE(state.load({"token", "h-old", R"({"name":"admin"})"}));
  EXPECT_TRUE(state.tokens.at("h-old").is_live(1'800'000'000'000));
  EXPECT_TRUE(state.tokens.at("h-old").is_servers_own());
  EXPECT_EQ(state.snapshot().front().body, R"({"name":"admin"})");
}

TEST(Tokens, ReplayAndRecordsGiveTheSameState) {
  Keyring k;
  ASSERT_TRUE(k.create("a", R"(,"expiresInMs":60000)"));
  ASSERT_TRUE(k.create("b"));
  k.now.wall.ms += 60'000;
  ASSERT_TRUE(k.create("a"));
  ASSERT_TRUE(k.ask<TokenView>(RevokeToken{Name("b")}));
  ASSERT_TRUE(k.ask<TokenView>(RevokeToken{Name("admin")}));
  State replayed({}, 7);
  for (const auto& event : k.log) {
    const auto read = from_record(to_record(event));
    ASSERT_TRUE(read);
    replayed.apply(*read);
  }
  State loaded({}, 7);
  for (const auto& change : k.core.state().snapshot()) {
    ASSERT_TRUE(loaded.load({change.kind, change.id, change.body}));
  }
  for (State* other : {&replayed, &loaded}) {
    const auto there = other->snapshot();
    const auto here = k.core.state().snapshot();
    ASSERT_EQ(there.size(), here.size());
    for (std::size_t i = 0; i < here.size(); ++i) EXPECT_EQ(there[i].body, here[i].body);
  }
}

}  // namespace
}  // namespace arbiter::core
