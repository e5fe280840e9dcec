#include "api/token_operations.h"

#include <algorithm>

namespace arbiter::api {

using base::ErrorCode;

void run_create_token(Service& service, const CallPtr& call) {
  auto request = call->decode<core::NewToken>();
  if (!request) return call->refuse(request.error());
  auto secret = make_token();
  if (!secret) return call->refuse(secret.error());
  core::CreateToken command{std::move(*request), token_hash(*secret)};
  service.execute(call, std::move(command), /*waits=*/false, [call, secret = std::move(*secret)](engine::Answer made) {
    if (!made) return call->refuse(made.error());
    if (std::holds_alternative<engine::StoredReply>(*made)) {
      return call->refuse({ErrorCode::kIdConflict,
                           "This request has made the token before. The secret was in that answer and is kept nowhere; "
                           "if it is lost, revoke the token and create another one."});
    }
    CreatedToken created;
    static_cast<core::TokenView&>(created) = std::move(std::get<core::TokenView>(std::get<core::Reply>(*made)));
    created.token = secret;
    call->reply_json(201, base::to_json(created));
  });
}

// What `system` has of the last use is old; what this process has seen is newer.
void run_list_tokens(Service& service, const CallPtr& call) {
  auto request = call->decode<core::ListTokens>();
  if (!request) return call->refuse(request.error());
  service.execute(call, std::move(*request), /*waits=*/false, [&service, call](engine::Answer answer) {
    if (!answer) return call->refuse(answer.error());
    auto& list = std::get<core::TokenList>(std::get<core::Reply>(*answer));
    const auto uses = service.tokens().last_uses();
    for (auto& token : list.items) {
      const auto use = uses.find(token.id.value);
      const std::int64_t known = token.last_used_at ? token.last_used_at->ms : 0;
      if (use != uses.end() && use->second > known) token.last_used_at = base::Timestamp{use->second};
    }
    service.finish(call, std::move(answer));
  });
}

void run_revoke_token(Service& service, const CallPtr& call) {
  auto request = call->decode<core::RevokeToken>();
  if (!request) return call->refuse(request.error());
  const std::string name = request->name.value;
  service.execute(call, std::move(*request), /*waits=*/false, [&service, call, name](engine::Answer answer) {
    // When the outcome is unknown the token may be gone: whoever uses it is asked again.
    if (answer || base::info(answer.error().code).http_status >= 500) service.tokens().revoke(name);
    service.finish(call, std::move(answer));
  });
}

}  // namespace arbiter::api
