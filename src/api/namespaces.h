// The namespaces of this server: the catalogue is in `system`, and each is opened before its first request.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "api/snapshot.h"
#include "engine/engine.h"

namespace arbiter::api {

inline constexpr std::size_t kNamespacesMax = 256;

class Namespaces {
 public:
  using Opened = std::function<void(base::Result<void>)>;
  explicit Namespaces(engine::Engine& engine) : engine_(engine) {}

  [[nodiscard]] bool is_open(std::string_view name) const { return open_.get().contains(name); }
  // Opens one that is in the catalogue.
  void open(const std::string& name, Opened opened);
  // Puts it into the catalogue if it is not there, then opens it.
  void create(const std::string& name, const core::Actor& actor, Opened opened);
  // kInvalidRequest when this one would be too many.
  [[nodiscard]] base::Result<void> check_room(const std::string& name) const;

 private:
  engine::Engine& engine_;
  Snapshot<std::set<std::string, std::less<>>> open_;
};

}  // namespace arbiter::api
