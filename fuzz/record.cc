// Records of the store: bytes on a disk may be anything, and a server serves many namespaces. The first line is the
// kind of the entity, the second its id, the third the definition of a task, the rest the record.
#include "core/state.h"
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace arbiter;
  auto rest = fuzz::text_of(data, size);
  core::StoredEntity entity;
  entity.kind = fuzz::take_line(rest);
  entity.id = fuzz::take_line(rest);
  entity.spec = fuzz::take_line(rest);
  entity.body = rest;
  entity.document = 1;
  core::State state(core::CoreLimits{}, 1);
  if (const auto loaded = state.load(entity); !loaded) REQUIRE(!loaded.error().message.empty());
  core::State other(core::CoreLimits{}, 1);
  if (const auto admitted = other.admit(entity); !admitted) REQUIRE(!admitted.error().message.empty());
  return 0;
}
