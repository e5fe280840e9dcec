// The core's replies as answers: status and JSON, with the payloads and results that memory does not hold put in, and
// in the form that is kept under an idempotency key.
#pragma once

#include <string>
#include <vector>

#include "api/operation.h"
#include "core/commands.h"
#include "engine/request.h"
#include "store/journal.h"

namespace arbiter::api {

struct Encoded {
  int status = 200;
  std::string body;
};
[[nodiscard]] Encoded encode_reply(const core::Reply& reply, Success success);

// How many things the reply lists: large replies are not encoded on the strand.
[[nodiscard]] std::size_t elements_of(const core::Reply& reply);

// The leases that the reply grants.
[[nodiscard]] std::vector<core::Cancellation> leases_in(const core::Reply& reply);

// Whether a task in the reply has its payload or result in the store only.
[[nodiscard]] bool needs_documents(const core::Reply& reply);
// Puts them in. One that retention took stays out.
[[nodiscard]] base::Result<void> attach_documents(core::Reply& reply, store::Reader& reader);

// A reply with large documents is kept without them: a first line tells what belongs where.
[[nodiscard]] engine::StoredReply to_stored(const core::Reply& reply, Success success);
[[nodiscard]] bool needs_documents(const engine::StoredReply& stored);
// The body as it was answered the first time.
[[nodiscard]] base::Result<std::string> restore(const engine::StoredReply& stored, store::Reader& reader);

}  // namespace arbiter::api
