// Entities as the core hands them to the engine for the store, and as they come back.
#pragma once

#include <string>
#include <string_view>

#include "core/task_types.h"

namespace arbiter::core {

// An entity as it is to be written: the current body, or its removal.
struct EntityChange {
  std::string kind;
  std::string id;
  std::string body;
  Position document = 0;
  bool deleted = false;
  bool revived = false;
  bool ended = false;  // with the four below
  Position ended_position = 0;
  Timestamp ended_at;
  std::string state, queue, type;
};

// An entity as the store gives it back.
struct StoredEntity {
  std::string_view kind;
  std::string_view id;
  std::string_view body;
  Position document = 0;
  std::string_view spec;
  std::string_view payload;
  std::size_t payload_bytes = 0;
};

}  // namespace arbiter::core
