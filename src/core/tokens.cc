// The commands about access tokens, in the namespace `system` only.
//
// Names are unique among live tokens. There is always a live token that does not expire, so nobody is locked out.
#include "core/core.h"
#include "core/page.h"

namespace arbiter::core {
namespace {

using base::ErrorCode;
using base::fail;

constexpr std::string_view kIdPrefix = "tok_";
constexpr std::size_t kIdDigits = 16;  // of the hash

std::string id_of(std::string_view hash) { return std::string(kIdPrefix) + std::string(hash.substr(0, kIdDigits)); }

std::optional<Timestamp> time_of(std::int64_t ms) { return ms ? std::optional(Timestamp{ms}) : std::nullopt; }

TokenView view_of(const std::string& hash, const Token& token, std::int64_t wall) {
  TokenView view;
  view.id = id_of(hash);
  view.name = token.name;
  if (!token.is_live(wall)) view.state = token.revoked_at ? TokenState::kRevoked : TokenState::kExpired;
  view.created_at = time_of(token.created_at);
  if (!token.created_by.empty()) view.created_by.emplace(token.created_by);
  view.expires_at = time_of(token.expires_at);
  view.last_used_at = time_of(token.last_used_at);
  return view;
}

base::Error bad_field(std::string field, std::string message) {
  return {ErrorCode::kInvalidRequest, "Some fields are not valid.", {{std::move(field), std::move(message)}}};
}

base::Result<std::int64_t> expiry_of(const NewToken& token, std::int64_t wall) {
  if (token.expires_at && token.expires_in_ms) return fail(bad_field("expiresInMs", "cannot go with expiresAt"));
  if (token.expires_in_ms) return wall + *token.expires_in_ms;
  if (!token.expires_at) return 0;
  if (token.expires_at->ms <= wall) return fail(bad_field("expiresAt", "must be in the future"));
  return token.expires_at->ms;
}

base::Result<void> check_name(const std::string& name) {
  if (name == "system") return fail(bad_field("name", "is reserved"));
  if (name.starts_with(kIdPrefix)) return fail(bad_field("name", "must not begin like an id, with tok_"));
  return {};
}

}  // namespace

const Token* Core::live_token(const std::string& name) const {
  for (const auto& [hash, token] : state_.tokens) {
    if (token.name == name && token.is_live(now_.wall.ms)) return &token;
  }
  return nullptr;
}

// What has expired under this name leaves the list. Otherwise a clock that is set back would bring a second one to
// life.
void Core::drop_expired(const std::string& name) {
  std::vector<std::string> expired;
  for (const auto& [hash, token] : state_.tokens) {
    if (token.name == name && token.revoked_at == 0) expired.push_back(hash);
  }
  for (const auto& hash : expired) emit(TokenExpired{hash, name});
}

Core::Answer Core::on(const AddToken& c, Ticket) {
  const auto known = state_.tokens.find(c.hash);
  if (known != state_.tokens.end()) {
    if (known->second.revoked_at) return fail({ErrorCode::kUnauthorized, "This token has been revoked."});
    return Reply(Done{});
  }
  std::string name = c.name.value;
  for (int n = 2; live_token(name); ++n) name = c.name.value + "-" + std::to_string(n);
  drop_expired(name);
  emit(TokenCreated{c.hash, name, {}, {}});
  return Reply(Done{});
}

Core::Answer Core::on(const FindToken& c, Ticket) {
  const auto it = state_.tokens.find(c.hash);
  if (it == state_.tokens.end()) return fail({ErrorCode::kUnauthorized, "This token is not known."});
  const TokenView view = view_of(it->first, it->second, now_.wall.ms);
  if (view.state == TokenState::kRevoked) return fail({ErrorCode::kUnauthorized, "This token has been revoked."});
  if (view.state == TokenState::kExpired) return fail({ErrorCode::kUnauthorized, "This token has expired."});
  return Reply(view);
}

Core::Answer Core::on(const CreateToken& c, Ticket) {
  const std::string& name = c.token.name.value;
  if (auto ok = check_name(name); !ok) return fail(ok.error());
  const auto expires_at = expiry_of(c.token, now_.wall.ms);
  if (!expires_at) return fail(expires_at.error());
  if (live_token(name) || state_.tokens.contains(c.hash)) {
    return fail({ErrorCode::kIdConflict, "There is a token named " + name + ". Revoke it, or choose another name."});
  }
  if (static_cast<std::int64_t>(state_.tokens.size()) >= state_.limits.tokens_max) {
    return fail({ErrorCode::kOverloaded,
                 "There are " + std::to_string(state_.limits.tokens_max) +
                     " tokens already, expired ones included; revoke some.",
                 {},
                 10'000});
  }
  drop_expired(name);
  emit(TokenCreated{c.hash, name, time_of(*expires_at), actor_.name});
  return Reply(view_of(c.hash, state_.tokens.find(c.hash)->second, now_.wall.ms));
}

Core::Answer Core::on(const ListTokens& c, Ticket) {
  std::map<std::string, const std::pair<const std::string, Token>*> ordered;
  for (const auto& entry : state_.tokens) ordered.emplace(entry.second.name + ' ' + id_of(entry.first), &entry);
  TokenList list;
  list.next_cursor = page(ordered, c.cursor, c.limit, list.items, [&](const auto& entry, auto& items) {
    items.push_back(view_of(entry.second->first, entry.second->second, now_.wall.ms));
  });
  return Reply(std::move(list));
}

Core::Answer Core::on(const RevokeToken& c, Ticket) {
  const auto* found = static_cast<const std::pair<const std::string, Token>*>(nullptr);
  bool other_for_good = false;  // another live one that does not expire
  int named = 0;
  for (const auto& entry : state_.tokens) {
    const auto& [hash, token] = entry;
    if (token.revoked_at) continue;
    const bool meant = token.name == c.name.value || id_of(hash) == c.name.value;
    if (meant) found = &entry, ++named;
    if (!meant && token.expires_at == 0) other_for_good = true;
  }
  if (!found) return fail({ErrorCode::kNotFound, "There is no token " + c.name.value + ", or it is revoked already."});
  if (named > 1) {
    return fail({ErrorCode::kInvalidState, "Several tokens are named " + c.name.value + "; revoke them by their ids."});
  }
  if (found->second.expires_at == 0 && !other_for_good) {
    return fail({ErrorCode::kInvalidState, "This is the last token that does not expire. Create another one first."});
  }
  const std::string hash = found->first;
  TokenView view = view_of(hash, found->second, now_.wall.ms);
  view.state = TokenState::kRevoked;
  emit(TokenRevoked{hash, view.name.value});
  return Reply(std::move(view));
}

Core::Answer Core::on(const NoteTokenUses& c, Ticket) {
  for (const auto& use : c.uses) {
    const auto it = state_.tokens.find(use.hash);
    const bool newer = it != state_.tokens.end() && !it->second.revoked_at && use.at.ms > it->second.last_used_at;
    if (newer) emit(TokenUsed{use.hash, it->second.name, use.at});
  }
  return Reply(Done{});
}

}  // namespace arbiter::core
