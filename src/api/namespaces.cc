#include "api/namespaces.h"

#include "api/tokens.h"

namespace arbiter::api {

using base::ErrorCode;
using base::fail;

base::Result<void> Namespaces::check_room(const std::string& name) const {
  if (exists(name) || engine_.counts().known < namespaces_max_) return {};
  return fail({ErrorCode::kInvalidRequest,
               "A server has at most " + std::to_string(namespaces_max_) + " namespaces (limits.namespacesMax).",
               {{"namespace", "would be one too many"}}});
}

void Namespaces::create(const std::string& name, const core::Actor& actor, Opened opened) {
  if (auto room = check_room(name); !room) return opened(std::move(room));
  engine::Request request;
  request.command = core::CreateNamespace{name};
  request.actor = actor;
  engine_.submit(std::string(kSystem), std::move(request), [this, name, opened = std::move(opened)](auto answer) {
    if (!answer) return opened(fail(answer.error()));
    open(name, [name, opened](base::Result<void> result) {
      if (result) return opened({});
      if (result.error().code == ErrorCode::kOverloaded) return opened(std::move(result));
      opened(fail({ErrorCode::kStoreUnavailable,
                   "Namespace " + name + " cannot be opened: " + result.error().message,
                   {},
                   1'000}));
    });
  });
}

}  // namespace arbiter::api
