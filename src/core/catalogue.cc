// What only the namespace `system` holds: tokens, the catalogue of namespaces, starts and stops.
#include "core/core.h"

namespace arbiter::core {

using base::ErrorCode;
using base::fail;

Core::Answer Core::on(const CreateNamespace& c, Ticket) {
  const bool created = !state_.namespaces.contains(c.name.value);
  if (created) {
    if (c.name.value == "system") {
      return fail({ErrorCode::kInvalidRequest, "The name system is reserved.", {{"name", "is reserved"}}});
    }
    emit(NamespaceCreated{c.name});
  }
  return Reply(CreateNamespaceReply{{c.name, Timestamp{state_.namespaces.find(c.name.value)->second}}, created});
}

Core::Answer Core::on(const AddToken& c, Ticket) {
  if (!state_.tokens.contains(c.hash)) emit(TokenCreated{c.hash, c.name});
  return Reply(Done{});
}

Core::Answer Core::on(const FindToken& c, Ticket) {
  const auto it = state_.tokens.find(c.hash);
  if (it == state_.tokens.end()) return fail({ErrorCode::kUnauthorized, "This token is not known."});
  return Reply(TokenView{it->second});
}

Core::Answer Core::on(const RecordLifecycle& c, Ticket) {
  emit(ServerLifecycle{c.what, c.detail});
  return Reply(Done{});
}

}  // namespace arbiter::core
