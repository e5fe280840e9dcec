#include "api/namespaces.h"

#include "api/tokens.h"

namespace arbiter::api {

using base::ErrorCode;
using base::fail;

base::Result<void> Namespaces::check_room(const std::string& name) const {
  if (is_open(name) || open_.get().size() < kNamespacesMax) return {};
  return fail({ErrorCode::kInvalidRequest,
               "A server has at most " + std::to_string(kNamespacesMax) + " namespaces.",
               {{"namespace", "would be one too many"}}});
}

void Namespaces::open(const std::string& name, Opened opened) {
  engine_.open(name, [this, name, opened = std::move(opened)](base::Result<void> result) {
    if (result && !is_open(name)) open_.update([&](auto& names) { names.insert(name); });
    opened(std::move(result));
  });
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
      opened(fail({ErrorCode::kStoreUnavailable,
                   "Namespace " + name + " cannot be opened: " + result.error().message,
                   {},
                   1'000}));
    });
  });
}

}  // namespace arbiter::api
