// What only the namespace `system` holds: the catalogue of namespaces, starts and stops. Its tokens are in tokens.cc.
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

Core::Answer Core::on(const RecordLifecycle& c, Ticket) {
  emit(ServerLifecycle{c.what, c.detail});
  return Reply(Done{});
}

}  // namespace arbiter::core
