// What can be asked about access tokens, in the namespace `system`. The core knows their SHA-256 only.
#pragma once

#include "core/task_commands.h"

namespace arbiter::core {

BOOST_DEFINE_ENUM_CLASS(TokenState, kLive, kExpired, kRevoked)

struct TokenView {
  Name id;
  Name name;
  TokenState state = TokenState::kLive;
  std::optional<Timestamp> created_at;
  std::optional<Name> created_by;  // the token that asked for it; none: the server made it at its start
  std::optional<Timestamp> expires_at;
  std::optional<Timestamp> last_used_at;
};
BOOST_DESCRIBE_STRUCT(TokenView, (), (id, name, state, created_at, created_by, expires_at, last_used_at))

struct NewToken {
  static constexpr std::array kRequired{"name"};
  Name name;
  std::optional<Timestamp> expires_at;  // of the wall clock; without either: never
  std::optional<Int<1'000, 3'650 * kDayMs>> expires_in_ms;
};
BOOST_DESCRIBE_STRUCT(NewToken, (), (name, expires_at, expires_in_ms))
// The API makes the secret and hands in its hash; not reachable from outside as it is.
struct CreateToken {
  NewToken token;
  std::string hash;  // SHA-256, hexadecimal
};
struct ListTokens {
  Limit limit{100};
  std::optional<Text<1, 256>> cursor;
};
BOOST_DESCRIBE_STRUCT(ListTokens, (), (limit, cursor))
struct TokenList {
  std::vector<TokenView> items;
  std::optional<std::string> next_cursor;
};
BOOST_DESCRIBE_STRUCT(TokenList, (), (items, next_cursor))
struct RevokeToken {
  static constexpr std::array kRequired{"name"};
  Name name;  // or its id
};
BOOST_DESCRIBE_STRUCT(RevokeToken, (), (name))

// The token that the server finds at its start; not reachable from outside. kUnauthorized: it has been revoked.
struct AddToken {
  std::string hash;
  Name name;  // another is made of it when a live token has it
};
// Tells who a token's hash belongs to; not reachable from outside.
struct FindToken {
  std::string hash;
};
// When tokens were used last; not reachable from outside. Unknown ones and older times are passed over.
struct NoteTokenUses {
  struct Use {
    std::string hash;
    Timestamp at;
  };
  std::vector<Use> uses;
};

}  // namespace arbiter::core
