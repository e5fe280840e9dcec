// What the events of access tokens change, and the store's form of a token.
#include <algorithm>

#include "core/state.h"

namespace arbiter::core {
namespace {

struct TokenRecord {
  static constexpr bool kSparse = true;
  std::string name;
  std::int64_t created_ms = 0;
  std::string created_by;
  std::int64_t expires_ms = 0;
  std::int64_t last_used_ms = 0;
  std::int64_t revoked_ms = 0;
};
BOOST_DESCRIBE_STRUCT(TokenRecord, (), (name, created_ms, created_by, expires_ms, last_used_ms, revoked_ms))

}  // namespace

void State::on(const TokenCreated& e, const Event& event) {
  Token& token = tokens[e.hash];
  token = {};
  token.name = e.name;
  token.created_at = event.time.ms;
  token.created_by = e.created_by.value_or("");
  token.expires_at = e.expires_at ? e.expires_at->ms : 0;
  dirty_tokens_.push_back(e.hash);
}

void State::on(const TokenRevoked& e, const Event& event) {
  const auto it = tokens.find(e.hash);
  if (it->second.is_servers_own()) {
    it->second.revoked_at = event.time.ms;
  } else {
    tokens.erase(it);
  }
  dirty_tokens_.push_back(e.hash);
}

void State::on(const TokenExpired& e, const Event&) {
  tokens.erase(e.hash);
  dirty_tokens_.push_back(e.hash);
}

void State::on(const TokenUsed& e, const Event&) {
  tokens.find(e.hash)->second.last_used_at = e.at.ms;
  dirty_tokens_.push_back(e.hash);
}

// ---- records --------------------------------------------------------------------------------------------------

EntityChange State::token_change(const std::string& hash) const {
  const auto it = tokens.find(hash);
  if (it == tokens.end()) return {.kind = "token", .id = hash, .deleted = true};
  const Token& t = it->second;
  const TokenRecord record{t.name, t.created_at, t.created_by, t.expires_at, t.last_used_at, t.revoked_at};
  return {.kind = "token", .id = hash, .body = base::to_json(record)};
}

void State::take_tokens(std::vector<EntityChange>& changes) {
  std::sort(dirty_tokens_.begin(), dirty_tokens_.end());
  dirty_tokens_.erase(std::unique(dirty_tokens_.begin(), dirty_tokens_.end()), dirty_tokens_.end());
  for (const auto& hash : dirty_tokens_) changes.push_back(token_change(hash));
  dirty_tokens_.clear();
}

base::Result<void> State::load_token(const StoredEntity& entity) {
  auto record = base::from_json_text<TokenRecord>(entity.body);
  if (!record) return base::fail(unreadable(entity, record.error()));
  tokens[std::string(entity.id)] = {record->name,       record->created_ms,   record->created_by,
                                    record->expires_ms, record->last_used_ms, record->revoked_ms};
  return {};
}

}  // namespace arbiter::core
