// The operations of access tokens. In this version every token is an administrator's.
#pragma once

#include "api/service.h"

namespace arbiter::api {

// A token with its secret, which is shown this once and kept nowhere.
struct CreatedToken : core::TokenView {
  std::string token;
};
BOOST_DESCRIBE_STRUCT(CreatedToken, (core::TokenView), (token))

void run_create_token(Service& service, const CallPtr& call);
void run_list_tokens(Service& service, const CallPtr& call);
void run_revoke_token(Service& service, const CallPtr& call);

}  // namespace arbiter::api
